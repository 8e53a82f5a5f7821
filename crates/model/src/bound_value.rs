//! Values that a client binds to markers.

/// A value for a bind marker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoundValue<'a> {
    /// Null: deletes the column or element that it is bound to.
    Null,
    /// Not set: the column or element keeps its value.
    Unset,
    /// A value in native encoding.
    Value(&'a [u8]),
}
