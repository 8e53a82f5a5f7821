//! Executes plans: binds them, reads and writes through the coordinator, filters, aggregates and pages into a row sink.
//!
//! - `request`: the parameters of a client's request besides the statement.
//! - `select`: a SELECT; `page_run`: the reading of one of its pages, with `group`; `piece` cuts it into pieces, `cursor` walks them,
//!   `piece_read` and `read_ahead` read one and several at once, `page_state` records where it stopped, `join` joins rows with static rows, `sort_buffer` holds rows that have to be sorted first.
//! - `modify`: INSERT, UPDATE, DELETE and batches of them; `read_before_write` reads the rows that such a statement depends on.
//! - `conditional`: statements with IF; `batch_part`: one statement of a batch.
//! - `tombstones`: the count of deletions that a read passes.
//! - `error`: errors by class.

mod batch_part;
mod condition_rows;
mod conditional;
mod cursor;
mod error;
mod group;
#[cfg(test)]
mod hostile;
mod join;
mod modify;
mod page_run;
mod page_state;
mod piece;
mod piece_read;
mod read_ahead;
mod read_before_write;
mod request;
mod select;
mod sort_buffer;
mod tombstones;

pub use batch_part::BatchPart;
pub use conditional::{ConditionalResult, batch_conditionally, modify_conditionally};
pub use error::Error;
pub use modify::{batch, batch_parts, modify};
pub use page_state::{PageState, PageStateError};
pub use request::{Page, Request};
pub use select::{select, try_select};
