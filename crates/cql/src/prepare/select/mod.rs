//! SELECT: projection, expressions, grouping and sorting.

pub(super) mod aggregate;
pub(super) mod cell_times;
pub(super) mod computed;
pub(super) mod group;
pub(super) mod masked;
pub(super) mod selector;
pub(super) mod sorting;
pub(super) mod statement;
