//! Runs plans: binds them, reads and writes through the coordinator, filters, aggregates and pages into a row sink.
//!
//! - `request`: what a client asked for besides the statement.
//! - `select`: one page of a SELECT; `cursor` walks its pieces, `piece` lays them out, `page_state` remembers where it stopped,
//!   `join` puts rows and static rows together, `sorted` holds those that have to be put in order first.
//! - `modify`: INSERT, UPDATE, DELETE and batches of them; `before` reads what such a statement has to know of its rows.
//! - `conditional`: statements with IF.
//! - `tombstones`: how many deletions a read goes over.
//! - `error`: what can go wrong, by class.

mod before;
mod conditional;
mod cursor;
mod error;
mod found;
mod group;
#[cfg(test)]
mod hostile;
mod join;
mod modify;
mod page_state;
mod piece;
mod request;
mod select;
mod sorted;
mod tombstones;

pub use conditional::{Applied, batch_if, modify_if};
pub use error::Error;
pub use modify::{BatchPart, batch, batch_of, modify};
pub use page_state::{PageState, PageStateError};
pub use request::{Page, Request};
pub use select::{select, try_select};
