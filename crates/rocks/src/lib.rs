//! Henge's storage engine over RocksDB. Only the server depends on it, so that testing the other crates compiles no
//! C++.
//!
//! - `engine`, `scan`: the engine with its snapshots, and its iterators.
//! - `merge`: the merge operator for rows of one key.
//! - `record_types`: a check of the logs before RocksDB opens them.
//! - `options`: RocksDB's settings; `error`: its errors; `figures`: its statistics.

mod engine;
mod error;
mod figures;
mod merge;
mod options;
mod record_types;
mod scan;

pub use engine::RocksEngine;
pub use error::OpenError;
pub use options::RocksOptions;
