//! Settings of the guardrails on statements that change the schema.

use crate::guardrails::{RestrictedValues, Threshold};
use crate::table_property::is_table_property;

/// Guardrails on statements that change the schema.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaGuardrails {
    /// `keyspaces`.
    pub keyspaces: Threshold,
    /// `tables`, of all keyspaces.
    pub tables: Threshold,
    /// `columns_per_table`, including key columns.
    pub columns_per_table: Threshold,
    /// `fields_per_udt`.
    pub fields_per_udt: Threshold,
    /// `vector_dimensions`.
    pub vector_dimensions: Threshold,
    /// `maximum_replication_factor`.
    pub maximum_replication_factor: Threshold,
    /// `minimum_replication_factor`.
    pub minimum_replication_factor: Threshold,
    /// `table_properties`.
    pub table_properties: RestrictedValues<String>,
    /// `vector_type_enabled`.
    pub vectors: bool,
    /// `alter_table_enabled`.
    pub alter_table: bool,
    /// `drop_truncate_table_enabled`.
    pub drop_truncate_table: bool,
    /// `drop_keyspace_enabled`.
    pub drop_keyspace: bool,
    /// `simplestrategy_enabled`.
    pub simple_strategy: bool,
    /// `uncompressed_tables_enabled`.
    pub uncompressed_tables: bool,
    /// `zero_ttl_on_twcs_warned`.
    pub zero_ttl_on_twcs_warned: bool,
    /// `zero_ttl_on_twcs_enabled`.
    pub zero_ttl_on_twcs: bool,
}

impl Default for SchemaGuardrails {
    fn default() -> Self {
        SchemaGuardrails {
            keyspaces: Threshold::default(),
            tables: Threshold::default(),
            columns_per_table: Threshold::default(),
            fields_per_udt: Threshold::default(),
            vector_dimensions: Threshold::default(),
            maximum_replication_factor: Threshold::default(),
            minimum_replication_factor: Threshold::default(),
            table_properties: RestrictedValues::default(),
            vectors: true,
            alter_table: true,
            drop_truncate_table: true,
            drop_keyspace: true,
            simple_strategy: true,
            uncompressed_tables: true,
            zero_ttl_on_twcs_warned: true,
            zero_ttl_on_twcs: true,
        }
    }
}

impl SchemaGuardrails {
    /// True if `WITH` of a table accepts a property of that name, so that `table_properties` may list it.
    pub fn is_property(name: &str) -> bool {
        is_table_property(name)
    }
}
