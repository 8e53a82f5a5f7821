//! The objects that a statement was resolved against. Most changes of the schema concern other tables: a statement whose own tables,
//! types and placements are the same objects as before need not be prepared again.

use crate::cluster::view::View;
use henge_coordinator::KeyspacePlacement;
use henge_model::{Table, UserType};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The part of a view that a statement was resolved against, besides its tables and their placements: its user types.
#[derive(Clone, Debug)]
pub(crate) struct Resolution {
    /// The number of the newest view in which the statement is known to mean the same.
    view: Arc<AtomicU64>,
    /// The user types that its text may name, by keyspace.
    types: BTreeMap<String, Vec<Arc<UserType>>>,
}

impl Resolution {
    /// For a statement that reads or writes `tables` of a view.
    pub(super) fn of<'t>(view: &View, tables: impl Iterator<Item = &'t Table>) -> Resolution {
        // What was resolved without types means the same when there are some.
        let with_types = tables.filter(|table| types(view, &table.keyspace).next().is_some());
        let types = with_types.map(|table| (table.keyspace.clone(), types(view, &table.keyspace).cloned().collect()));
        Resolution { view: Arc::new(AtomicU64::new(view.number)), types: types.collect() }
    }

    /// True if these tables and placements, and the types, are the view's own objects. Statements without tables name
    /// other things, and are resolved again.
    pub(super) fn holds_in<'t>(
        &self,
        view: &View,
        mut tables: impl Iterator<Item = &'t Table>,
        placed: &[KeyspacePlacement],
    ) -> bool {
        if self.view.load(Ordering::Relaxed) == view.number {
            return true;
        }
        let is_same = |table: &Table, placed: &KeyspacePlacement| {
            let now = view.keyspace_placement(&table.keyspace);
            view.schema.table(&table.keyspace, &table.name).is_some_and(|now| std::ptr::eq(&**now, table))
                && now.is_some_and(|now| {
                    Arc::ptr_eq(&now.placement, &placed.placement) && now.replication == placed.replication
                })
        };
        let mut placed = placed.iter();
        let same_types = |(keyspace, before): (&String, &Vec<Arc<UserType>>)| {
            let now = types(view, keyspace);
            now.map(Arc::as_ptr).eq(before.iter().map(Arc::as_ptr))
        };
        let holds = placed.len() > 0
            && tables.all(|table| placed.next().is_some_and(|placed| is_same(table, placed)))
            && self.types.iter().all(same_types);
        if holds {
            self.view.store(view.number, Ordering::Relaxed);
        }
        holds
    }
}

/// The user types of a keyspace, by name.
fn types<'v>(view: &'v View, keyspace: &str) -> impl Iterator<Item = &'v Arc<UserType>> {
    view.schema.keyspaces.get(keyspace).into_iter().flat_map(|keyspace| keyspace.types.values())
}
