//! The operator's interface of a node: what is asked of its admin port, and what it answers. Both sides use these types.
//!
//! - `operation`: what takes long: it is started, watched, and aborted where that makes sense; `operation_words`: its words; `named_tables`:
//!   tables that it is about.
//! - `report`, `preview`: what is answered at once; `inspection`, `logging`: what nodetool shows of one node; `health`, `activity`, `backup`:
//!   what members say to each other in an operator's name.
//! - `size_text`: bytes as people read them; `failure`: why something was not done; `route`: paths, and the header that every request has.

mod activity;
mod backup;
mod failure;
mod health;
mod inspection;
mod logging;
mod named_tables;
mod operation;
mod operation_words;
mod preview;
mod report;
pub mod route;
mod size_text;

pub use activity::*;
pub use backup::{BackupOrder, MemberBackup, RestoredName, RestoredTable};
pub use failure::{Failure, FailureKind};
pub use health::*;
pub use inspection::*;
pub use logging::{LoggingLevel, LoggingLevels};
pub use named_tables::NamedTables;
pub use operation::{
    Operation, OperationId, OperationOutcome, OperationRequest, OperationState, Progress, RepairedTable,
};
pub use preview::*;
pub use report::*;
pub use size_text::size_text;
