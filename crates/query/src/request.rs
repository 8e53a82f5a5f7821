//! The parameters of a request besides the statement.

use henge_base::Mono;
use henge_cql::BindContext;
use henge_model::{Consistency, WriteId};

/// One execution of a plan.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Values, timestamp, clock and random seed.
    pub context: BindContext<'a>,
    /// The consistency level.
    pub consistency: Consistency,
    /// The level of the conditions: SERIAL or LOCAL_SERIAL.
    pub serial: Consistency,
    /// The time at which the client gives up.
    pub deadline: Mono,
    /// The identity of what it writes.
    pub id: WriteId,
    /// The page of the answer that is asked for.
    pub page: Page<'a>,
}

/// The bounds of a page.
#[derive(Clone, Copy, Debug, Default)]
pub struct Page<'a> {
    /// The most rows; `None` for all.
    pub size: Option<u32>,
    /// The state at the end of the page before, as it was issued; `None` for the first page.
    pub state: Option<&'a [u8]>,
}
