use super::{Constant, Name};

/// One `name = value` of WITH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// The option.
    pub name: Name,
    /// Its value.
    pub value: PropertyValue,
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PropertyValue {
    /// A literal, or a bare word.
    Constant(Constant),
    /// A map of literals, in the order written.
    Map(Vec<(Constant, Constant)>),
}
