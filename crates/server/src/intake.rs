//! Accounts of clients: requests under way, their bytes, and the bytes of answers that are read or wait to be sent. Each has a
//! limit for all clients, one for each client address and one for each connection.
//!
//! A request beyond the limit is refused at once: a client that is answered Overloaded goes elsewhere or waits, while a request that times
//! out has cost as much as one that was served. A read waits for room for its answer before it begins. Beyond its own limits a connection
//! waits instead, which harms nobody else.

mod account;
mod answers;
mod connection_account;
mod overload;

pub(crate) use account::{ConnectionLimits, Intake, IntakeLimits, Limits, client_of};
pub(crate) use answers::{AnswerLease, AnswerRows};
pub(crate) use connection_account::{Admission, ConnectionAccount, PrepareTurn};
pub(crate) use overload::Overload;
