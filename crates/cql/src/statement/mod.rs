//! The statement tree: what the text says, before any schema is asked, and its `Display`, so that reading what was printed gives the same
//! tree again. Parentheses and quotes are printed where reading needs them, and nowhere else.
//!
//! A statement and its text share a file. A new statement needs a file here and one in `parser`.

mod access;
mod batch;
mod describe;
mod function;
mod identity;
mod index;
mod keyspace;
mod mask;
mod modify;
mod name;
mod property;
mod relation;
mod select;
mod separated_list;
mod table;
mod term;
mod trigger;
mod type_name;
mod user_type;
mod view;

pub use access::{Access, Password, PermissionList, PermissionStatement, ResourceName, RoleOptions, RoleStatement};
pub use batch::{Batch, BatchKind};
pub use describe::{Describe, DescribeSubject};
pub use function::{CreateAggregate, CreateFunction, DropFunction, FunctionStatement, Presence};
pub use identity::IdentityStatement;
pub use index::{CreateIndex, DropIndex, IndexTarget};
pub use keyspace::{AlterKeyspace, CreateKeyspace, DropKeyspace, Use};
pub use mask::{MaskCall, MaskClause};
pub use modify::{
    Assignment, AssignmentKind, Condition, Delete, Deletion, Insert, InsertValues, ModifyStatement, Update, Using,
};
pub use name::{Name, TableName};
pub use property::{Property, PropertyValue};
pub use relation::{Operator, Relation, Subject};
pub use select::{Limit, OrderBy, Select, SelectItem};
pub use table::{AlterTable, AlterTableChange, ColumnDefinition, CreateTable, DropTable, Truncate};
pub use term::{Arguments, ArithmeticOperator, Constant, Marker, Term, TermKind};
pub use trigger::TriggerStatement;
pub use type_name::TypeName;
pub use user_type::{AlterType, AlterTypeChange, CreateType, DropType};
pub use view::{CreateView, ViewStatement};

use crate::error::Position;
use std::fmt::{Display, Formatter, Result};

/// One CQL statement.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Each variant is the statement of its name.
pub enum Statement {
    Select(Select),
    Modify(ModifyStatement),
    Batch(Batch),
    Use(Use),
    CreateKeyspace(CreateKeyspace),
    AlterKeyspace(AlterKeyspace),
    DropKeyspace(DropKeyspace),
    CreateTable(CreateTable),
    AlterTable(AlterTable),
    DropTable(DropTable),
    CreateType(CreateType),
    AlterType(AlterType),
    DropType(DropType),
    CreateIndex(CreateIndex),
    DropIndex(DropIndex),
    Truncate(Truncate),
    Describe(Describe),
    Explain(Explain),
    Role(RoleStatement),
    Permission(PermissionStatement),
    Identity(IdentityStatement),
    Function(FunctionStatement),
    View(ViewStatement),
    Trigger(TriggerStatement),
}

/// `EXPLAIN` and `EXPLAIN ANALYZE`.
#[derive(Clone, Debug, PartialEq)]
pub struct Explain {
    /// True if the statement is carried out, so that its costs are told.
    pub analyzes: bool,
    /// The statement: a SELECT or a write.
    pub statement: Box<Statement>,
    /// Position of the statement in the text.
    pub position: Position,
}

impl Display for Explain {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(if self.analyzes { "EXPLAIN ANALYZE " } else { "EXPLAIN " })?;
        self.statement.fmt(f)
    }
}

impl Display for Statement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Statement::Select(s) => s.fmt(f),
            Statement::Modify(s) => s.fmt(f),
            Statement::Batch(s) => s.fmt(f),
            Statement::Use(s) => s.fmt(f),
            Statement::CreateKeyspace(s) => s.fmt(f),
            Statement::AlterKeyspace(s) => s.fmt(f),
            Statement::DropKeyspace(s) => s.fmt(f),
            Statement::CreateTable(s) => s.fmt(f),
            Statement::AlterTable(s) => s.fmt(f),
            Statement::DropTable(s) => s.fmt(f),
            Statement::CreateType(s) => s.fmt(f),
            Statement::AlterType(s) => s.fmt(f),
            Statement::DropType(s) => s.fmt(f),
            Statement::CreateIndex(s) => s.fmt(f),
            Statement::DropIndex(s) => s.fmt(f),
            Statement::Role(s) => s.fmt(f),
            Statement::Permission(s) => s.fmt(f),
            Statement::Identity(s) => s.fmt(f),
            Statement::Function(s) => s.fmt(f),
            Statement::View(s) => s.fmt(f),
            Statement::Trigger(s) => s.fmt(f),
            Statement::Truncate(s) => s.fmt(f),
            Statement::Describe(s) => s.fmt(f),
            Statement::Explain(s) => s.fmt(f),
        }
    }
}
