use super::Name;

/// A type as written. The user type that a name refers to is only known with a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum TypeName {
    /// A native or user type.
    Named {
        keyspace: Option<Name>,
        name: Name,
    },
    List(Box<TypeName>),
    Set(Box<TypeName>),
    Map(Box<TypeName>, Box<TypeName>),
    Tuple(Vec<TypeName>),
    Vector(Box<TypeName>, u32),
    Frozen(Box<TypeName>),
    /// A Java class in quotes.
    Custom(Name),
}
