//! Background work.

pub(crate) mod indexes;
pub(crate) mod once_each;
pub(crate) mod purge;
pub(crate) mod space;
