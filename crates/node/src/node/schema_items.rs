//! The schema in statements, for operators.

use super::Node;
use crate::ground::world::World;
use henge_cql::{ClusterFacts, DescribeTarget, Error};
use henge_operator::SchemaItem;

impl<W: World> Node<W> {
    /// Everything in the schema as DESCRIBE has it, keyspace by keyspace, each before what it holds.
    pub fn schema_items(&self) -> Result<Vec<SchemaItem>, Error> {
        let view = self.parts().cluster.view();
        let target = DescribeTarget::Schema { full: true, internals: false };
        let rows = henge_cql::describe(&target, &view.schema, &ClusterFacts::default())?;
        let text = |value: Option<henge_base::Bytes>| {
            value.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
        };
        let item = |row: Vec<Option<henge_base::Bytes>>| {
            let mut columns = row.into_iter().map(text);
            let mut next = || columns.next().unwrap_or_default();
            SchemaItem { keyspace: next(), kind: next(), name: next(), statement: next() }
        };
        Ok(rows.into_iter().map(item).collect())
    }
}
