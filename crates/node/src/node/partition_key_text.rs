//! Partition keys as text, as `nodetool getendpoints` takes them.

use henge_cql::{BindContext, Plan};
use henge_model::{DataType, Schema, Table, Token};

/// The question cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnknownPlace {
    /// There is no such keyspace.
    #[error("Unknown keyspace '{0}'")]
    Keyspace(String),
    /// There is no such table.
    #[error("Unknown table '{1}' in keyspace '{0}'")]
    Table(String, String),
    /// The text is no key of the table.
    #[error("{0:?} is no partition key of {1}: {2}")]
    Key(String, String, String),
}

/// The statement that reads the partition of a key; `None` if the key has another number of values.
pub(super) fn statement_of_key(table: &Table, key: &str) -> Option<String> {
    let values: Vec<&str> = match table.partition_key.len() {
        1 => vec![key],
        _ => key.split(':').collect(),
    };
    let name = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let fit = values.len() == table.partition_key.len();
    let parts = table.partition_key.iter().zip(values);
    let wheres = parts.map(|(column, value)| format!("{} = {}", name(&column.name), literal(&column.data_type, value)));
    let wheres = wheres.collect::<Vec<_>>().join(" AND ");
    fit.then(|| format!("SELECT * FROM {}.{} WHERE {wheres}", name(&table.keyspace), name(&table.name)))
}

/// The literal of a value in text. A value that would end its literal is one that the type does not take.
fn literal(data_type: &DataType, value: &str) -> String {
    use DataType::{
        Bigint, Blob, Boolean, Counter, Decimal, Double, Float, Int, Smallint, Timeuuid, Tinyint, Uuid, Varint,
    };
    let is_bare = !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || "+-._".contains(c));
    match data_type {
        Blob if is_bare => format!("0x{}", value.strip_prefix("0x").unwrap_or(value)),
        Bigint | Boolean | Counter | Decimal | Double | Float | Int | Smallint | Timeuuid | Tinyint | Uuid | Varint
            if is_bare =>
        {
            value.to_owned()
        }
        _ => format!("'{}'", value.replace('\'', "''")),
    }
}

/// The token of the one partition that a statement reads.
pub(super) fn token_of(statement: &str, schema: &Schema) -> Result<Token, String> {
    let text = |error: henge_cql::Error| error.to_string();
    let parsed = henge_cql::parse(statement).map_err(text)?;
    let prepared = henge_cql::prepare(&parsed, schema, None).map_err(text)?;
    let Plan::Select(plan) = &prepared.plan else { return Err("it is no value".to_owned()) };
    let told = plan.explain(&plan.bind(&BindContext::constant()).map_err(text)?);
    told.tokens.and_then(|tokens| tokens.first().copied()).ok_or_else(|| "it names no partition".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_stay_within_their_statement() {
        for (data_type, value, expected) in [
            (DataType::Int, "-7", "-7"),
            (DataType::Int, "1 OR 1", "'1 OR 1'"),
            (DataType::Text, "it's", "'it''s'"),
            (DataType::Blob, "cafe", "0xcafe"),
            (DataType::Blob, "0xcafe", "0xcafe"),
            (DataType::Timestamp, "2026-01-01 00:00:00", "'2026-01-01 00:00:00'"),
        ] {
            assert_eq!(literal(&data_type, value), expected, "{value}");
        }
    }
}
