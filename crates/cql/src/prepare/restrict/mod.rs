//! WHERE: relations to restrictions, and the index that answers them.

pub(super) mod access;
pub(super) mod entry;
pub(super) mod probe;
pub(super) mod relation;
mod repeats;
pub(super) mod restriction;
pub(super) mod slice;
pub(super) mod slice_order;
mod token_bounds;
