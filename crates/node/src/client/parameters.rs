//! Parameters of a statement.

use henge_base::{Micros, Mono};
use henge_cql::{BoundValue, Warnings};
use henge_model::Consistency;
use henge_query::Page;
use std::net::IpAddr;

/// The parameters that a client sends with a statement.
#[derive(Clone, Copy)]
pub struct Parameters<'a> {
    /// Bound values, in the order of the statement's markers.
    pub values: &'a [BoundValue<'a>],
    /// Consistency level.
    pub consistency: Consistency,
    /// The level of conditions: SERIAL or LOCAL_SERIAL.
    pub serial: Consistency,
    /// The driver's timestamp for writes, if it sent one.
    pub timestamp: Option<Micros>,
    /// The driver's clock in seconds, if it sent one (v5).
    pub now_seconds: Option<i64>,
    /// The page that is asked for.
    pub page: Page<'a>,
    /// The role that is logged in; `None` where nobody has to.
    pub user: Option<&'a str>,
    /// The address of the client; `None` where the node asks for itself.
    pub client: Option<IpAddr>,
    /// Takes warnings for the user.
    pub warnings: &'a Warnings,
    /// The time at which the request was received, from which its deadline counts; `None` for now.
    pub received: Option<Mono>,
}
