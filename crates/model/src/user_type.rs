//! User types within other types, and their changes. A column's type holds the complete user type, so that reading a row needs no schema besides its
//! table. When a type is altered, the metadata log rewrites the tables that use it.

use crate::{DataType, UserType};
use serde::{Deserialize, Serialize};

/// The change that an `ALTER TYPE` makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TypeChange {
    /// `ADD`: a field is appended.
    Add {
        /// The field's name.
        field: String,
        /// The field's type.
        data_type: DataType,
        /// True if an existing field of that name is not an error.
        if_not_exists: bool,
    },
    /// `RENAME`: fields get other names.
    Rename {
        /// Old and new name of each field.
        names: Vec<(String, String)>,
        /// True if fields that do not exist are skipped.
        if_exists: bool,
    },
}

/// The path of a field's cell, in a column whose type is not frozen: the field's index, 2 bytes big-endian.
pub fn field_path(place: usize) -> [u8; 2] {
    // A type has far fewer fields than 16 bits can count: see the limit on fields in `cql`.
    u16::try_from(place).unwrap_or(u16::MAX).to_be_bytes()
}

impl DataType {
    /// Calls `show` with every user type that the type is or contains, at any depth.
    pub fn each_user_type(&self, show: &mut dyn FnMut(&UserType)) {
        match self {
            DataType::Udt(own) => {
                show(own);
                own.fields.iter().for_each(|(_, field)| field.each_user_type(show));
            }
            DataType::List(of) | DataType::Set(of) | DataType::Vector(of, _) | DataType::Frozen(of) => {
                of.each_user_type(show);
            }
            DataType::Map(key, value) => {
                key.each_user_type(show);
                value.each_user_type(show);
            }
            DataType::Tuple(fields) => fields.iter().for_each(|field| field.each_user_type(show)),
            _ => {}
        }
    }

    /// True if the type is or contains the user type of that name, at any depth.
    pub fn mentions(&self, keyspace: &str, name: &str) -> bool {
        let mut found = false;
        self.each_user_type(&mut |own| found |= own.keyspace == keyspace && own.name == name);
        found
    }

    /// The type with each user type replaced by a tuple. The type of a dropped column is kept so, as it may outlive its
    /// user types.
    pub fn without_user_types(&self) -> DataType {
        let boxed = |of: &DataType| Box::new(of.without_user_types());
        match self {
            DataType::Udt(own) => {
                DataType::Tuple(own.fields.iter().map(|(_, field)| field.without_user_types()).collect())
            }
            // A tuple is frozen by itself.
            DataType::Frozen(of) => match of.without_user_types() {
                tuple @ DataType::Tuple(_) => tuple,
                other => DataType::Frozen(Box::new(other)),
            },
            DataType::List(of) => DataType::List(boxed(of)),
            DataType::Set(of) => DataType::Set(boxed(of)),
            DataType::Vector(of, n) => DataType::Vector(boxed(of), *n),
            DataType::Map(key, value) => DataType::Map(boxed(key), boxed(value)),
            DataType::Tuple(fields) => DataType::Tuple(fields.iter().map(DataType::without_user_types).collect()),
            other => other.clone(),
        }
    }

    /// The type with every occurrence of the altered user type replaced by its new definition.
    pub fn with_user_type(&self, altered: &UserType) -> DataType {
        let boxed = |of: &DataType| Box::new(of.with_user_type(altered));
        match self {
            DataType::Udt(own) if own.keyspace == altered.keyspace && own.name == altered.name => {
                DataType::Udt(altered.clone())
            }
            DataType::Udt(own) => {
                let fields =
                    own.fields.iter().map(|(name, field)| (name.clone(), field.with_user_type(altered))).collect();
                DataType::Udt(UserType { fields, ..own.clone() })
            }
            DataType::List(of) => DataType::List(boxed(of)),
            DataType::Set(of) => DataType::Set(boxed(of)),
            DataType::Vector(of, dimension) => DataType::Vector(boxed(of), *dimension),
            DataType::Frozen(of) => DataType::Frozen(boxed(of)),
            DataType::Map(key, value) => DataType::Map(boxed(key), boxed(value)),
            DataType::Tuple(fields) => {
                DataType::Tuple(fields.iter().map(|field| field.with_user_type(altered)).collect())
            }
            native => native.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user_type(name: &str, fields: &[(&str, DataType)]) -> UserType {
        let fields = fields.iter().map(|(name, data_type)| ((*name).to_owned(), data_type.clone())).collect();
        UserType { keyspace: "ks".to_owned(), name: name.to_owned(), fields }
    }

    #[test]
    fn an_altered_type_is_found_wherever_it_stands() {
        let frozen = |t| DataType::Frozen(Box::new(t));
        let inner = user_type("inner", &[("a", DataType::Int)]);
        let outer = user_type("outer", &[("i", frozen(DataType::Udt(inner.clone())))]);
        let column = DataType::Map(Box::new(DataType::Text), Box::new(frozen(DataType::Udt(outer))));
        assert!(column.mentions("ks", "inner") && column.mentions("ks", "outer"));
        assert!(!column.mentions("other", "inner"));
        let altered = user_type("inner", &[("a", DataType::Int), ("b", DataType::Text)]);
        let DataType::Map(_, value) = column.with_user_type(&altered) else { panic!("still a map") };
        let DataType::Udt(outer) = value.unfrozen() else { panic!("still a user type") };
        assert_eq!(outer.field("i").map(|(_, t)| t.clone()), Some(frozen(DataType::Udt(altered))));
    }

    #[test]
    fn without_user_types_there_are_tuples() {
        let frozen = |t| DataType::Frozen(Box::new(t));
        let inner =
            user_type("inner", &[("a", DataType::Int), ("l", frozen(DataType::List(Box::new(DataType::Text))))]);
        let column = DataType::Set(Box::new(frozen(DataType::Udt(inner))));
        assert_eq!(column.without_user_types().to_string(), "set<frozen<tuple<int, frozen<list<text>>>>>");
    }

    #[test]
    fn names_are_quoted_where_they_must_be() {
        assert_eq!(DataType::Udt(user_type("plain_1", &[])).to_string(), "plain_1");
        assert_eq!(DataType::Udt(user_type("Mixed", &[])).to_string(), "\"Mixed\"");
    }
}
