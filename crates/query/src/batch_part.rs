//! One statement of a batch, and the checks that every write passes.

use crate::{Error, Request};
use henge_coordinator::KeyspacePlacement;
use henge_cql::{BoundValue, ModifyPlan};

/// The distance between the seeds of a batch's statements: 2^64 divided by the golden ratio, the step of SplitMix64.
const SEED_STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// One statement of a protocol batch, with values of its own.
#[derive(Clone, Copy)]
pub struct BatchPart<'a> {
    /// The statement's plan.
    pub plan: &'a ModifyPlan,
    /// The placement of the keyspace of its table.
    pub placed: &'a KeyspacePlacement,
    /// The values of its markers.
    pub values: &'a [BoundValue<'a>],
}

/// The random seed of a batch's statement. Each has its own, so that two `uuid()` of one batch differ.
pub(crate) fn statement_seed(request: &Request<'_>, number: usize) -> u64 {
    request.context.seed.wrapping_add((number as u64).wrapping_mul(SEED_STEP))
}

/// Checks a statement outside of a batch against the guardrails.
pub(crate) fn check_guardrails(plan: &ModifyPlan, request: &Request<'_>) -> Result<(), Error> {
    request.context.guard.write_levels(request.consistency, request.serial)?;
    Ok(plan.guard(&request.context, false)?)
}
