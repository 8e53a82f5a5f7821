//! What a client asked for besides the statement.

use henge_base::{Micros, Mono};
use henge_cql::BindContext;
use henge_model::Consistency;

/// One execution of a plan.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// Values, timestamp, clock and chance.
    pub context: BindContext<'a>,
    /// How many replicas must agree.
    pub consistency: Consistency,
    /// Who decides on a condition: SERIAL or LOCAL_SERIAL.
    pub serial: Consistency,
    /// When the client gives up.
    pub deadline: Mono,
    /// The coordinator's stamp of this request (see architecture, "Encode once").
    pub issued: Micros,
    /// Which page of the answer.
    pub page: Page<'a>,
}

/// A page of an answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Page<'a> {
    /// Rows at most; `None` for all of them.
    pub size: Option<u32>,
    /// Where the page before stopped, as it was handed out.
    pub state: Option<&'a [u8]>,
}
