//! Types that `<`, `>` and the like may compare.

use crate::error::Error;
use henge_model::{DataType, DurationHolder};

/// Refuses `<`, `>` and the like on durations and types that contain them, which have no order.
pub(crate) fn check_slice(of: &DataType) -> Result<(), Error> {
    match of.holder_of_durations() {
        Some(DurationHolder::Itself) => Err(Error::invalid("Slice restrictions are not supported on duration columns")),
        Some(holder) => {
            Err(Error::invalid(format!("Slice restrictions are not supported on {holder} containing durations")))
        }
        None => Ok(()),
    }
}
