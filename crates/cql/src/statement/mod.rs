//! The statement tree: what the text says, before any schema is asked. One file per family of statements.
//!
//! Families that Henge recognises but cannot do yet are a [`Statement::Unsupported`] with their name; each gets its own
//! file and variant when it comes to life.

mod access;
mod batch;
mod describe;
mod function;
mod identity;
mod keyspace;
mod modify;
mod name;
mod property;
mod relation;
mod select;
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
pub use keyspace::{AlterKeyspace, CreateKeyspace, DropKeyspace, Use};
pub use modify::{Assignment, AssignmentKind, Condition, Delete, Deletion, Insert, InsertValues, Update, Using};
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

/// One CQL statement.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Each variant is the statement of its name.
pub enum Statement {
    Select(Select),
    Insert(Insert),
    Update(Update),
    Delete(Delete),
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
    Truncate(Truncate),
    Describe(Describe),
    Role(RoleStatement),
    Permission(PermissionStatement),
    Identity(IdentityStatement),
    Function(FunctionStatement),
    View(ViewStatement),
    Trigger(TriggerStatement),
    Unsupported(Unsupported),
}

/// A statement that was recognised by its first words and read to its end, but not further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsupported {
    /// What it is, as the subject of a sentence: `CREATE INDEX`.
    pub what: String,
    /// Where it begins.
    pub position: Position,
}
