use super::separated_list::{ands, clause, commas, words};
use super::{MaskClause, Name, Property, TableName, Term, TypeName};
use crate::error::Position;
use std::fmt::{Display, Formatter, Result};

/// `CREATE TABLE`.
#[derive(Clone, Debug, PartialEq)]
pub struct CreateTable {
    /// Its name.
    pub table: TableName,
    /// `IF NOT EXISTS`.
    pub if_not_exists: bool,
    /// Its columns, in the order written.
    pub columns: Vec<ColumnDefinition>,
    /// Every `PRIMARY KEY ((a, b), c)`, as partition key and clustering columns. Any number but one is refused later.
    pub primary_keys: Vec<(Vec<Name>, Vec<Name>)>,
    /// `CLUSTERING ORDER BY`: a column, and true for DESC.
    pub clustering_order: Vec<(Name, bool)>,
    /// `COMPACT STORAGE`.
    pub compact_storage: Option<Position>,
    /// Every other option of `WITH`.
    pub properties: Vec<Property>,
}

/// One column of `CREATE TABLE` or `ALTER TABLE ADD`.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDefinition {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub data_type: TypeName,
    /// `STATIC`.
    pub is_static: bool,
    /// `MASKED WITH`.
    pub masked: Option<MaskClause>,
    /// `PRIMARY KEY` behind the type.
    pub is_primary_key: bool,
}

/// `ALTER TABLE`.
#[derive(Clone, Debug, PartialEq)]
pub struct AlterTable {
    /// Its name.
    pub table: TableName,
    /// `IF EXISTS`.
    pub if_exists: bool,
    /// The change.
    pub change: AlterTableChange,
    /// Position of the change in the text.
    pub position: Position,
}

/// The change of an `ALTER TABLE`.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum AlterTableChange {
    Add {
        if_not_exists: bool,
        columns: Vec<ColumnDefinition>,
    },
    Drop {
        if_exists: bool,
        columns: Vec<Name>,
        timestamp: Option<Term>,
    },
    Rename {
        if_exists: bool,
        names: Vec<(Name, Name)>,
    },
    With(Vec<Property>),
    /// `ALTER column MASKED WITH ...`, or `DROP MASKED` without one.
    Mask {
        if_exists: bool,
        column: Name,
        masked: Option<MaskClause>,
    },
    /// `ALTER column TYPE ...`, which is always refused.
    Retype(Name),
    DropCompactStorage,
}

/// `DROP TABLE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropTable {
    /// Its name.
    pub table: TableName,
    /// `IF EXISTS`.
    pub if_exists: bool,
}

/// `TRUNCATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truncate {
    /// Its name.
    pub table: TableName,
}

impl Display for CreateTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let condition = if self.if_not_exists { "IF NOT EXISTS " } else { "" };
        let mut elements: Vec<String> = self.columns.iter().map(ToString::to_string).collect();
        elements.extend(self.primary_keys.iter().map(primary_key));
        write!(f, "CREATE TABLE {condition}{} ({})", self.table, commas(&elements))?;
        let options = options(self);
        if !options.is_empty() {
            write!(f, " WITH {}", ands(&options))?;
        }
        Ok(())
    }
}

pub(super) fn primary_key((partition, clustering): &(Vec<Name>, Vec<Name>)) -> String {
    let clustering: String = clustering.iter().map(|name| format!(", {name}")).collect();
    format!("PRIMARY KEY (({}){clustering})", commas(partition))
}

fn options(create: &CreateTable) -> Vec<String> {
    let mut options = Vec::new();
    if create.compact_storage.is_some() {
        options.push("COMPACT STORAGE".to_owned());
    }
    options.extend(clustering_order(&create.clustering_order));
    options.extend(create.properties.iter().map(ToString::to_string));
    options
}

/// The `CLUSTERING ORDER BY (...)` clause, or `None` if there are no columns.
pub(super) fn clustering_order(order: &[(Name, bool)]) -> Option<String> {
    let one = |(name, descending): &(Name, bool)| format!("{name} {}", if *descending { "DESC" } else { "ASC" });
    let columns: Vec<String> = order.iter().map(one).collect();
    (!columns.is_empty()).then(|| format!("CLUSTERING ORDER BY ({})", commas(&columns)))
}

impl Display for ColumnDefinition {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "{} {}", self.name, self.data_type)?;
        words(f, self.is_static, "STATIC")?;
        if let Some(masked) = &self.masked {
            write!(f, " {masked}")?;
        }
        words(f, self.is_primary_key, "PRIMARY KEY")
    }
}

impl Display for AlterTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let condition = if self.if_exists { "IF EXISTS " } else { "" };
        write!(f, "ALTER TABLE {condition}{} {}", self.table, self.change)
    }
}

impl Display for AlterTableChange {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            AlterTableChange::Add { if_not_exists, columns } => {
                f.write_str("ADD")?;
                words(f, *if_not_exists, "IF NOT EXISTS")?;
                write!(f, " ({})", commas(columns))
            }
            AlterTableChange::Drop { if_exists, columns, timestamp } => {
                f.write_str("DROP")?;
                words(f, *if_exists, "IF EXISTS")?;
                write!(f, " ({})", commas(columns))?;
                clause(f, "USING TIMESTAMP", timestamp.as_ref())
            }
            AlterTableChange::Rename { if_exists, names } => {
                f.write_str("RENAME")?;
                words(f, *if_exists, "IF EXISTS")?;
                let names: Vec<String> = names.iter().map(|(from, to)| format!("{from} TO {to}")).collect();
                write!(f, " {}", ands(&names))
            }
            AlterTableChange::With(properties) => write!(f, "WITH {}", ands(properties)),
            AlterTableChange::Mask { if_exists, column, masked } => {
                f.write_str("ALTER")?;
                words(f, *if_exists, "IF EXISTS")?;
                match masked {
                    Some(masked) => write!(f, " {column} {masked}"),
                    None => write!(f, " {column} DROP MASKED"),
                }
            }
            // The new type is not kept by the parser; any type will do.
            AlterTableChange::Retype(column) => write!(f, "ALTER {column} TYPE blob"),
            AlterTableChange::DropCompactStorage => f.write_str("DROP COMPACT STORAGE"),
        }
    }
}

impl Display for DropTable {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let condition = if self.if_exists { "IF EXISTS " } else { "" };
        write!(f, "DROP TABLE {condition}{}", self.table)
    }
}

impl Display for Truncate {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "TRUNCATE {}", self.table)
    }
}
