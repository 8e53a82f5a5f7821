//! From plan and bound values to keys, rows and filters.

mod aggregate;
mod collection;
mod condition;
mod condition_parts;
mod conditional;
mod filter;
mod json;
mod keys;
mod list;
mod modify;
mod output;
mod part;
mod part_filter;
mod probe;
mod ranked_cells;
mod select;
mod selected;
mod slice;
mod splits;

#[cfg(test)]
mod cell_time_tests;
#[cfg(test)]
mod expression_tests;
#[cfg(test)]
mod tests;

pub use condition::RowValues;
pub use conditional::{Conditional, ConditionalPart};
pub use filter::Filter;
pub(crate) use json::fill_from_json;
pub use modify::BoundModify;
pub use output::Output;
pub use select::{BoundSelect, PartitionRead, Reads};
