//! From plan and bound values to keys, rows and filters.

mod aggregate;
mod collection;
mod condition;
mod conditional;
mod context;
mod filter;
mod keys;
mod marker;
mod modify;
mod output;
mod part;
mod probe;
mod select;
mod selected;
mod slice;
mod source;

#[cfg(test)]
mod cell_time_tests;
#[cfg(test)]
mod expression_tests;
#[cfg(test)]
mod tests;

pub use condition::Present;
pub use conditional::{Conditional, ConditionalPart};
pub use context::{BindContext, BoundValue};
pub use filter::Filter;
pub(crate) use filter::FilterRelation;
pub(crate) use keys::{Choices, null_value};
pub use modify::BoundModify;
pub use output::Output;
pub use select::{BoundSelect, PartitionRead, Reads};
pub(crate) use source::Source;
