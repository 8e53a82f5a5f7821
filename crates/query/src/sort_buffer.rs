//! ORDER BY over several partitions: the rows are read partition by partition, held, and answered in the order of
//! clustering columns. As in Cassandra there is no paging.

use crate::Error;
use henge_base::Bytes;
use henge_cql::SelectPlan;
use henge_model::RowSink;

/// The most bytes of rows held for sorting, including the overhead of each value and row.
const SORT_BYTES_MAX: usize = 64 << 20;
/// Bytes of overhead per value, besides its own bytes, of which an allocation has at least [`ALLOCATION_BYTES_MIN`].
const VALUE_OVERHEAD_BYTES: usize = size_of::<Option<Bytes>>();
const ALLOCATION_BYTES_MIN: usize = 16;
/// Bytes of overhead per row: a vector, which begins with room for four values.
const ROW_OVERHEAD_BYTES: usize = size_of::<Vec<Option<Bytes>>>() + 4 * VALUE_OVERHEAD_BYTES;

/// Refuses paging, unless there is nothing to sort.
pub(crate) fn check_unpaged(plan: &SelectPlan, reads_nothing: bool, page_size: Option<u32>) -> Result<(), Error> {
    let counts = plan.is_aggregate() || plan.is_grouped();
    if page_size.is_none() || reads_nothing && !counts {
        return Ok(());
    }
    let message = "Cannot page queries with both ORDER BY and a IN restriction on the partition key; you must either \
                   remove the ORDER BY or the IN and sort client side, or disable paging for this query";
    Err(Error::Invalid(message.to_owned()))
}

/// Fails if the rows held exceed [`SORT_BYTES_MAX`].
pub(crate) fn check_size(plan: &SelectPlan, sink: &dyn RowSink) -> Result<(), Error> {
    if !plan.is_sorted() || sink.bytes() <= SORT_BYTES_MAX {
        return Ok(());
    }
    let message = format!(
        "ORDER BY of several partitions would have to sort more than {SORT_BYTES_MAX} bytes; read less of them, or sort client side"
    );
    Err(Error::Invalid(message))
}

/// A sink that holds rows of the plan's selectors and answers the first of them in order.
pub(crate) struct SortBuffer<'a> {
    plan: &'a SelectPlan,
    /// The most rows to answer.
    limit: usize,
    rows: Vec<Vec<Option<Bytes>>>,
    bytes: usize,
    /// The sink for the answer, whose room the rows held take as well.
    target: &'a mut (dyn RowSink + Send),
}

impl<'a> SortBuffer<'a> {
    pub(crate) fn new(plan: &'a SelectPlan, limit: u32, target: &'a mut (dyn RowSink + Send)) -> Self {
        let limit = if limit == u32::MAX { usize::MAX } else { limit as usize };
        SortBuffer { plan, limit, rows: Vec::new(), bytes: 0, target }
    }

    /// Pushes the rows in order, without the columns that only serve sorting.
    pub(crate) fn push_sorted(mut self) {
        self.sort_and_truncate();
        let shown = self.plan.result_width();
        for row in self.rows.drain(..) {
            self.target.begin_row();
            row.iter().take(shown).for_each(|value| self.target.value(value.as_deref()));
        }
    }

    /// Sorts the rows held, equal ones in the order of arrival, and drops those beyond the limit.
    fn sort_and_truncate(&mut self) {
        let plan = self.plan;
        self.rows.sort_by(|a, b| plan.compare(a, b));
        self.rows.truncate(self.limit);
        let values = self.rows.iter().flatten().map(|value| value_bytes(value.as_deref()));
        self.bytes = values.sum::<usize>() + self.rows.len() * ROW_OVERHEAD_BYTES;
    }
}

fn value_bytes(value: Option<&[u8]>) -> usize {
    VALUE_OVERHEAD_BYTES + value.map_or(0, |value| value.len().max(ALLOCATION_BYTES_MIN))
}

impl RowSink for SortBuffer<'_> {
    fn begin_row(&mut self) {
        // Sorting only at twice the limit keeps its cost per row small.
        if self.rows.len() >= self.limit.saturating_mul(2) {
            self.sort_and_truncate();
        }
        self.rows.push(Vec::new());
        self.bytes += ROW_OVERHEAD_BYTES;
    }

    fn value(&mut self, value: Option<&[u8]>) {
        self.bytes += value_bytes(value);
        if let Some(row) = self.rows.last_mut() {
            row.push(value.map(Bytes::copy_from_slice));
        }
    }

    fn rows(&self) -> usize {
        self.rows.len()
    }

    fn bytes(&self) -> usize {
        self.bytes
    }

    fn mark(&self) -> (usize, usize) {
        (self.rows.len(), self.bytes)
    }

    fn rollback(&mut self, (rows, bytes): (usize, usize)) {
        self.rows.truncate(rows);
        self.bytes = bytes;
    }

    fn reserve(&mut self, bytes: usize) -> bool {
        self.target.reserve(self.bytes + bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_cql::{Plan, parse, prepare};
    use henge_model::{
        Column, ColumnId, ColumnKind, DataType, Keyspace, Order, Replication, Rows, Schema, StorageId, Table,
        TableHistory, TableId, TableOptions,
    };
    use std::collections::BTreeMap;
    use std::sync::Arc;

    fn plan(text: &str) -> Box<SelectPlan> {
        let column = |id, name: &str, kind, order| {
            let data_type = DataType::Int;
            Column { id: ColumnId(id), name: name.to_owned(), data_type, kind, order }
        };
        let table = Table {
            id: TableId::nil(),
            storage_id: StorageId(9),
            keyspace: "ks".to_owned(),
            name: "t".to_owned(),
            partition_key: vec![column(0, "k", ColumnKind::PartitionKey, Order::Ascending)],
            clustering: vec![
                column(1, "c", ColumnKind::Clustering, Order::Ascending),
                column(2, "d", ColumnKind::Clustering, Order::Descending),
            ],
            statics: Vec::new(),
            regulars: vec![column(3, "v", ColumnKind::Regular, Order::Ascending)],
            options: TableOptions::default(),
            indexes: Vec::new(),
            history: TableHistory::default(),
            masks: Default::default(),
        };
        let keyspace = Keyspace {
            name: "ks".to_owned(),
            replication: Replication::Simple { factor: 1 },
            durable_writes: true,
            tables: BTreeMap::from([("t".to_owned(), Arc::new(table))]),
            types: BTreeMap::new(),
        };
        let schema = Schema { keyspaces: BTreeMap::from([("ks".to_owned(), Arc::new(keyspace))]) };
        match prepare(&parse(text).unwrap(), &schema, Some("ks")).unwrap().plan {
            Plan::Select(plan) => plan,
            other => panic!("{other:?}"),
        }
    }

    /// The order in which rows of `v`, followed by the columns they are sorted by, are answered.
    fn sort_rows(text: &str, limit: u32, rows: &[&[Option<i32>]]) -> Vec<i32> {
        let plan = plan(text);
        let mut out = Rows::new(1);
        let mut buffer = SortBuffer::new(&plan, limit, &mut out);
        for row in rows {
            buffer.begin_row();
            row.iter().for_each(|n| buffer.value(n.map(i32::to_be_bytes).as_ref().map(<[u8; 4]>::as_slice)));
        }
        buffer.push_sorted();
        let number = |row: Vec<Option<Bytes>>| {
            assert_eq!(row.len(), 1);
            i32::from_be_bytes(row[0].as_deref().unwrap().try_into().unwrap())
        };
        out.rows.into_iter().map(number).collect()
    }

    const BY_C: &str = "SELECT v FROM t WHERE k IN (1, 2) ORDER BY c";
    const BY_D: &str = "SELECT v FROM t WHERE k IN (1, 2) AND c = 1 ORDER BY d";

    #[test]
    fn rows_alike_stay_as_they_came_and_null_is_the_least() {
        let rows: [&[Option<i32>]; 5] =
            [&[Some(1), Some(5)], &[Some(2), Some(3)], &[Some(3), None], &[Some(4), Some(3)], &[Some(5), Some(-1)]];
        assert_eq!(sort_rows(BY_C, u32::MAX, &rows), [3, 5, 2, 4, 1]);
        assert_eq!(sort_rows(&format!("{BY_C} DESC"), u32::MAX, &rows), [1, 2, 4, 5, 3]);
        for limit in 1..=5 {
            assert_eq!(sort_rows(BY_C, limit, &rows), [3, 5, 2, 4, 1][..limit as usize]);
        }
    }

    #[test]
    fn columns_stored_downwards_are_sorted_upwards_where_that_is_asked_for() {
        let rows: [&[Option<i32>]; 3] = [&[Some(1), Some(1)], &[Some(2), Some(2)], &[Some(3), None]];
        assert_eq!(sort_rows(BY_D, u32::MAX, &rows), [1, 2, 3]);
        assert_eq!(sort_rows(&format!("{BY_D} DESC"), u32::MAX, &rows), [3, 2, 1]);
    }

    #[test]
    fn only_several_partitions_are_sorted_and_never_in_pages() {
        let several = plan(BY_C);
        assert!(several.is_sorted() && !plan("SELECT v FROM t WHERE k = 1 ORDER BY c").is_sorted());
        assert!(!plan("SELECT v FROM t WHERE k IN (1) ORDER BY c").is_sorted());
        assert!(!plan("SELECT v FROM t WHERE k IN (1, 2)").is_sorted());
        assert!(check_unpaged(&several, false, Some(5_000)).is_err());
        assert!(check_unpaged(&several, true, Some(5_000)).is_ok());
        assert!(check_unpaged(&several, false, None).is_ok());
        let counted = plan("SELECT count(*) FROM t WHERE k IN (1, 2) ORDER BY c");
        assert!(check_unpaged(&counted, true, Some(5_000)).is_err());
    }

    #[test]
    fn what_is_held_is_limited() {
        let (several, one) = (plan(BY_C), plan("SELECT v FROM t WHERE k = 1 ORDER BY c"));
        let mut out = Rows::new(1);
        let mut buffer = SortBuffer::new(&several, u32::MAX, &mut out);
        buffer.begin_row();
        buffer.value(Some(&vec![0; SORT_BYTES_MAX]));
        assert!(check_size(&several, &buffer).is_err());
        assert!(check_size(&one, &buffer).is_ok());
        buffer.rollback((0, 0));
        assert!(check_size(&several, &buffer).is_ok());
    }
}
