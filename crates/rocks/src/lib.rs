//! Henge's storage engine over RocksDB. The server alone uses it: testing everything above compiles no C++.
//!
//! - `engine`, `scan`, `view`: the engine, its iterators and its snapshots; `merge`: how rows of one key come together.
//! - `record_types`: a look at its logs before it opens them. `options`: its settings; `error`: its statuses; `figures`: what it says of itself.

mod engine;
mod error;
mod figures;
mod merge;
mod options;
mod record_types;
mod scan;
mod view;

pub use engine::RocksEngine;
pub use error::OpenError;
pub use options::RocksOptions;
