//! The statement tree: what the text says, before any schema is asked. One file per family of statements.

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
pub use mask::{MaskCall, Masked};
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
    CreateIndex(CreateIndex),
    DropIndex(DropIndex),
    Truncate(Truncate),
    Describe(Describe),
    Role(RoleStatement),
    Permission(PermissionStatement),
    Identity(IdentityStatement),
    Function(FunctionStatement),
    View(ViewStatement),
    Trigger(TriggerStatement),
}
