//! The operator's interface of a node: what is asked of its admin port, and what it answers. Both sides use these types.
//!
//! - `operation`: what takes long: it is started, watched, and aborted where that makes sense; `report`: what is answered at once;
//!   `health`: what a member says of itself, also to other members.
//! - `size_text`: bytes as people read them; `failure`: why something was not done; `route`: paths, and the header that every request has.

mod failure;
mod health;
mod operation;
mod report;
pub mod route;
mod size_text;

pub use failure::{Failure, FailureKind};
pub use health::*;
pub use operation::{
    Operation, OperationId, OperationOutcome, OperationRequest, OperationState, Progress, RepairedTable,
};
pub use report::*;
pub use size_text::size_text;
