//! What a request brings to a plan.

use crate::error::Error;
use crate::guardrails::Guard;
use henge_base::Micros;
use henge_model::RowView;

pub use henge_model::BoundValue;

/// Values, clock and chance for one execution of a statement.
#[derive(Clone, Copy, Debug)]
pub struct BindContext<'a> {
    /// One for each bind marker, in order. The statements of a batch's text all get the values of the whole text.
    pub values: &'a [BoundValue<'a>],
    /// Timestamp of writes without USING TIMESTAMP.
    pub timestamp: Micros,
    /// The wall clock, for `now()` and its like.
    pub now_us: Micros,
    /// Seconds since the epoch: TTLs count from here, and tombstones are as old as this.
    pub now_seconds: i64,
    /// The row as it is, for statements that say they must know (see [`crate::ModifyPlan::reads_rows`]).
    pub before: Option<&'a RowView<'a>>,
    /// Its place in its batch: what later statements add to a list comes later in it.
    pub statement: u16,
    /// What `now()` and `uuid()` draw their random bits from; fresh for every execution of a statement.
    pub seed: u64,
    /// What the request is held to, and where its warnings go.
    pub guard: Guard<'a>,
}

impl<'a> BindContext<'a> {
    /// Refuses a wrong number of values.
    pub(crate) fn expect(&self, markers: usize) -> Result<(), Error> {
        let given = self.values.len();
        if given == markers {
            return Ok(());
        }
        let message = format!(
            "Invalid amount of bind variables: there were {markers} markers(?) in CQL but {given} bound variables"
        );
        Err(Error::invalid(message))
    }

    pub(crate) fn value(&self, index: u16) -> Result<BoundValue<'a>, Error> {
        let value = self.values.get(usize::from(index)).copied();
        value.ok_or_else(|| Error::invalid(format!("no value for bind marker {index}")))
    }
}
