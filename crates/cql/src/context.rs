//! The request's part in binding a plan.

use crate::error::Error;
use crate::guardrails::Guard;
use henge_base::Micros;
use henge_model::RowView;

pub use henge_model::BoundValue;

/// The values, clock and random seed of one execution of a statement.
#[derive(Clone, Copy, Debug)]
pub struct BindContext<'a> {
    /// The values of the bind markers, in order. Every statement of a batch's text gets the values of the whole text.
    pub values: &'a [BoundValue<'a>],
    /// The timestamp of writes without USING TIMESTAMP.
    pub timestamp: Micros,
    /// The wall clock in microseconds since 1970, for `now()` and the like.
    pub now_us: Micros,
    /// The wall clock in seconds since 1970. Times to live count from it, and tombstones get it as their age.
    pub now_seconds: i64,
    /// The stored row, for statements that need it (see [`crate::ModifyPlan::reads_rows`]).
    pub before: Option<&'a RowView<'a>>,
    /// The position of the statement in its batch. List elements of later statements are appended after those of
    /// earlier ones.
    pub statement: u16,
    /// The seed of the random bits in `now()` and `uuid()`, different for every execution of a statement.
    pub seed: u64,
    /// The guardrails of the request, and the destination of its warnings.
    pub guard: Guard<'a>,
}

impl<'a> BindContext<'a> {
    /// The context of terms that contain no marker, column, time or random number.
    pub fn constant() -> BindContext<'static> {
        BindContext {
            values: &[],
            timestamp: 0,
            now_us: 0,
            now_seconds: 0,
            before: None,
            statement: 0,
            seed: 0,
            guard: Guard::default(),
        }
    }

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
