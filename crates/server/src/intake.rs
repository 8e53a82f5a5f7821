//! Accounts of clients: requests under way, their bytes, and the bytes of answers that are read or wait to be sent. Each has a
//! limit for all clients and one for each client address.
//!
//! Beyond the limit of requests one is refused at once: a client that hears "overloaded" goes elsewhere or waits, while one that times out
//! has cost as much as one that was served. A read waits for room for its answer before it begins.

mod account;
mod answers;
mod overload;

pub(crate) use account::{Address, Admission, Intake, IntakeLimits, Limits};
pub(crate) use answers::{AnswerLease, AnswerRows};
pub(crate) use overload::Overload;
