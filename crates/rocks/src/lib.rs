//! Henge's storage engine over RocksDB. The server alone uses it: testing everything above compiles no C++.
//!
//! - `engine`, `view`: the engine and its snapshots; `merge`: how rows of one key come together.
//! - `options`: RocksDB's settings; `error`: its statuses.

mod engine;
mod error;
mod merge;
mod options;
mod view;

pub use engine::RocksEngine;
pub use error::OpenError;
pub use options::RocksOptions;
