//! What a client binds to a marker.

/// A value for a bind marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundValue<'a> {
    /// Null: deletes what it is written to.
    Null,
    /// Left out: leaves what it is written to as it is.
    Unset,
    /// Native bytes.
    Value(&'a [u8]),
}
