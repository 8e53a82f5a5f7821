//! Flushes and compactions, of all tables or of some.

use super::{Interruption, Operations, Steps, failure};
use henge_operator::{Failure, FailureKind, NamedTables, OperationOutcome};
use henge_storage::Family;
use std::sync::atomic::Ordering;

/// A part of the engine's keys: a family, and within it a range.
#[derive(Debug, PartialEq)]
struct Part {
    family: Family,
    start: Option<Vec<u8>>,
    end: Option<Vec<u8>>,
}

impl Operations {
    /// Writes all memory to files, whichever tables are named: they share it.
    pub(super) fn flush(&self, named: &NamedTables) -> Result<OperationOutcome, Failure> {
        self.storage_ids(named)?;
        let memory_bytes = self.store.figures().memtable_bytes;
        self.store.flush().map_err(failure)?;
        Ok(OperationOutcome::Flushed { memory_bytes })
    }

    /// Rewrites files into the fewest, table by table.
    pub(super) fn compact(&self, named: &NamedTables, steps: &Steps) -> Result<OperationOutcome, Interruption> {
        let failed = Interruption::Failed;
        let tables = self.storage_ids(named).map_err(failed)?;
        self.store.flush().map_err(|error| failed(failure(error)))?;
        let before_bytes = self.disk_bytes(named).map_err(failed)?;
        let parts = if named.keyspace.is_some() { parts_of(&tables) } else { all_parts(&tables) };
        steps.total.store(parts.len() as u64, Ordering::Relaxed);
        for part in parts {
            if steps.is_aborted.load(Ordering::Relaxed) {
                return Err(Interruption::Aborted);
            }
            self.engine.compact_range(part.family, part.start.as_deref(), part.end.as_deref());
            steps.done.fetch_add(1, Ordering::Relaxed);
        }
        let after_bytes = self.disk_bytes(named).map_err(failed)?;
        Ok(OperationOutcome::Compacted { named: named.clone(), before_bytes, after_bytes })
    }

    /// The storage ids of tables, ascending. Fails if a name is not known.
    fn storage_ids(&self, named: &NamedTables) -> Result<Vec<u32>, Failure> {
        let tables = self.node.tables();
        let names: Vec<(&str, &str)> = tables.iter().map(|table| (&*table.keyspace, &*table.name)).collect();
        let keyspaces = self.node.keyspaces().1;
        check_names(named, |name| keyspaces.iter().any(|(known, _)| known == name), &names)?;
        let included = tables.iter().filter(|table| named.include(&table.keyspace, &table.name));
        let mut ids: Vec<u32> = included.map(|table| table.storage_id.0).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    /// Bytes of tables in files.
    fn disk_bytes(&self, named: &NamedTables) -> Result<u64, Failure> {
        let tables = self.node.tables();
        let included = tables.iter().filter(|table| named.include(&table.keyspace, &table.name));
        included.map(|table| self.store.disk_bytes(table.storage_id)).sum::<Result<u64, _>>().map_err(failure)
    }
}

/// Fails if there is no such keyspace, or not all of the tables in it. `tables` are pairs of keyspace and table.
fn check_names(
    named: &NamedTables,
    is_keyspace: impl Fn(&str) -> bool,
    tables: &[(&str, &str)],
) -> Result<(), Failure> {
    let unknown = |reason: String| Err(Failure::new(FailureKind::NotFound, reason));
    let Some(keyspace) = &named.keyspace else {
        return match named.tables.as_slice() {
            [] => Ok(()),
            _ => Err(Failure::new(FailureKind::Invalid, "tables are named without their keyspace")),
        };
    };
    if !is_keyspace(keyspace) {
        return unknown(format!("Keyspace [{keyspace}] does not exist."));
    }
    match named.tables.iter().find(|name| !tables.contains(&(keyspace.as_str(), name.as_str()))) {
        Some(name) => unknown(format!("Unknown keyspace/cf pair ({keyspace}.{name})")),
        None => Ok(()),
    }
}

/// The keys of some tables, table by table.
fn parts_of(tables: &[u32]) -> Vec<Part> {
    let key = |id: u32| id.to_be_bytes().to_vec();
    let of_table = |table: &u32| {
        let (start, end) = (Some(key(*table)), table.checked_add(1).map(key));
        let families = Family::ALL.into_iter().filter(|family| family.is_of_tables());
        families.map(move |family| Part { family, start: start.clone(), end: end.clone() })
    };
    tables.iter().flat_map(of_table).collect()
}

/// All keys of the engine in parts, so that a compaction has steps: rows by their tables, other families whole.
fn all_parts(tables: &[u32]) -> Vec<Part> {
    let mut parts = Vec::new();
    for family in Family::ALL {
        let mut start = None;
        if family == Family::Rows {
            for table in tables {
                let end = Some(table.to_be_bytes().to_vec());
                parts.push(Part { family, start: std::mem::replace(&mut start, end.clone()), end });
            }
        }
        parts.push(Part { family, start, end: None });
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_table_end_where_the_next_begins() {
        let parts = parts_of(&[7, u32::MAX]);
        let families: Vec<Family> = parts[..5].iter().map(|part| part.family).collect();
        assert_eq!(families, [Family::Rows, Family::Timed, Family::Tombstones, Family::Paxos, Family::Index]);
        let [first, last] = [&parts[0], &parts[9]];
        assert_eq!((first.family, first.start.as_deref()), (Family::Rows, Some(&[0, 0, 0, 7][..])));
        assert_eq!(first.end.as_deref(), Some(&[0, 0, 0, 8][..]));
        assert_eq!((last.family, last.end.as_deref()), (Family::Index, None));
    }

    #[test]
    fn names_that_are_not_known_are_refused() {
        let tables = [("ks", "a"), ("other", "b")];
        let kind = |keyspace: Option<&str>, names: &[&str]| {
            let tables_named = names.iter().map(|name| (*name).to_owned()).collect();
            let named = NamedTables { keyspace: keyspace.map(str::to_owned), tables: tables_named };
            check_names(&named, |name| ["ks", "other", "void"].contains(&name), &tables).map_err(|failure| failure.kind)
        };
        for (keyspace, names) in [(None, &[][..]), (Some("ks"), &[]), (Some("void"), &[]), (Some("ks"), &["a"])] {
            assert_eq!(kind(keyspace, names), Ok(()), "{keyspace:?} {names:?}");
        }
        for (keyspace, names) in [(Some("none"), &[][..]), (Some("ks"), &["b"]), (Some("ks"), &["a", "c"])] {
            assert_eq!(kind(keyspace, names), Err(FailureKind::NotFound), "{keyspace:?} {names:?}");
        }
        assert_eq!(kind(None, &["a"]), Err(FailureKind::Invalid));
    }

    #[test]
    fn all_parts_leave_no_key_out() {
        let parts = all_parts(&[3, 9]);
        let rows: Vec<&Part> = parts.iter().filter(|part| part.family == Family::Rows).collect();
        assert!(rows.windows(2).all(|pair| pair[0].end.is_some() && pair[0].end == pair[1].start), "{rows:?}");
        assert_eq!((rows.len(), &rows[0].start, &rows[2].end), (3, &None, &None));
        let whole = parts.iter().filter(|part| part.start.is_none() && part.end.is_none()).count();
        assert_eq!(whole, Family::ALL.len() - 1);
    }
}
