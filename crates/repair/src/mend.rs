//! The rows that each replica lacks: its own merged with those of the others.

use crate::difference::DifferentRow;
use henge_base::Bytes;
use henge_model::merge_encoded;
use std::collections::BTreeMap;

/// Rows to write at one replica.
pub(crate) type MendedRows = Vec<(Bytes, Bytes)>;

/// Versions of rows, by key and the replica that each was fetched from; `None` if it was gone.
pub(crate) type Versions = BTreeMap<(Bytes, usize), Option<Bytes>>;

/// Merges the versions of each row. Returns for each replica the merged rows of which it has another version, or none.
pub(crate) fn rows_lacking(rows: &[DifferentRow], versions: &Versions, replica_count: usize) -> Vec<MendedRows> {
    let mut lacking: Vec<MendedRows> = vec![Vec::new(); replica_count];
    for row in rows {
        let holders = row.holder_of_each_version();
        let version = |replica: usize| versions.get(&(row.key.clone(), replica)).and_then(Option::as_ref);
        let known: Vec<&Bytes> = holders.iter().filter_map(|replica| version(*replica)).collect();
        if known.is_empty() {
            continue;
        }
        let merged = Bytes::from(merge_encoded(&row.key, known.iter().map(|row| &row[..])));
        for (replica, hash) in row.hashes.iter().enumerate() {
            let holder = holders.iter().find(|holder| hash.is_some() && row.hashes[**holder] == *hash);
            if holder.and_then(|holder| version(*holder)) != Some(&merged) {
                lacking[replica].push((row.key.clone(), merged.clone()));
            }
        }
    }
    lacking
}
