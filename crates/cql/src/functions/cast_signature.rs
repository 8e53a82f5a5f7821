//! Resolution of `CAST`: the conversions that it supports.

use super::cast::Cast;
use super::number::is_number;
use super::{Expression, Function, Signature, ambiguous, no_signature};
use crate::error::Error;
use crate::statement::TypeName;
use henge_model::DataType;

const CASTABLE_TYPES: [DataType; 16] = [
    DataType::Tinyint,
    DataType::Smallint,
    DataType::Int,
    DataType::Bigint,
    DataType::Counter,
    DataType::Varint,
    DataType::Float,
    DataType::Double,
    DataType::Decimal,
    DataType::Ascii,
    DataType::Boolean,
    DataType::Inet,
    DataType::Date,
    DataType::Time,
    DataType::Timestamp,
    DataType::Timeuuid,
];

/// True if a cast to `to` accepts a value of type `from` directly.
fn takes(to: &DataType, from: &DataType) -> bool {
    let of_time = |t: &DataType| matches!(t, DataType::Timestamp | DataType::Date);
    match (from, to) {
        (from, to) if from == to => false,
        (from, to) if is_number(from) && is_number(to) => *to != DataType::Counter,
        (DataType::Timeuuid, to) if of_time(to) => true,
        (from, to) if of_time(from) && of_time(to) => true,
        (DataType::Ascii, DataType::Text) => true,
        (DataType::Ascii, _) => false,
        (_, DataType::Text | DataType::Ascii) => *from != DataType::Text,
        _ => false,
    }
}

/// Resolves the type name after `AS`.
pub(crate) fn cast_target(target: &TypeName) -> Result<DataType, Error> {
    match target {
        TypeName::Named { keyspace: None, name } => DataType::native(&name.text)
            .ok_or_else(|| Error::syntax(name.position, format!("expected a native type, found {}", name.text))),
        TypeName::Named { name, .. } | TypeName::Custom(name) => {
            Err(Error::syntax(name.position, format!("expected a native type, found {}", name.text)))
        }
        // Such type names carry no position; the parser's error would give line and column.
        _ => Err(Error::syntax(Default::default(), "CAST is to native types only")),
    }
}

/// The conversion of a value of type `from`, printed as `shown` in messages; `None` if the value already has the target
/// type. `assignable` is true if the bytes of one type are also a value of the other.
pub(crate) fn cast_signature(
    from: &DataType,
    target: &TypeName,
    shown: &str,
    assignable: impl Fn(&DataType, &DataType) -> bool,
) -> Result<Option<Signature>, Error> {
    let to = cast_target(target)?;
    if *from == to {
        return Ok(None);
    }
    let by_other_name = matches!(target, TypeName::Named { name, .. } if name.text == "varchar");
    let known: Vec<&DataType> =
        CASTABLE_TYPES.iter().chain([&DataType::Uuid]).filter(|from| takes(&to, from)).collect();
    if by_other_name || known.is_empty() {
        let name = if by_other_name { "varchar".to_owned() } else { to.to_string() };
        return Err(Error::invalid(format!("{shown} cannot be cast to {name}")));
    }
    let exact = known.contains(&from);
    let fitting: Vec<&DataType> =
        known.into_iter().filter(|known| if exact { *known == from } else { assignable(from, known) }).collect();
    let chosen = match &fitting[..] {
        [only] => DataType::clone(only),
        [] => {
            let refused = no_signature(&format!("system.cast_as_{to}"));
            return Err(Error::invalid(format!("{} ({shown} of type {from} cannot be cast to {to})", refused.message)));
        }
        _ => return Err(ambiguous(&format!("system.cast_as_{to}"))),
    };
    let cast = Cast { from: chosen.clone(), to: to.clone() };
    let function = Function::Expression(Expression::Cast(Box::new(cast)));
    Ok(Some(Signature { function, parameters: vec![chosen], result: to }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::Name;

    fn target(name: &str) -> TypeName {
        TypeName::Named { keyspace: None, name: Name { text: name.to_owned(), position: Default::default() } }
    }

    fn cast(from: DataType, value: &[u8], to: &str) -> String {
        let signature = cast_signature(&from, &target(to), "x", |_, _| false).unwrap().unwrap();
        let Function::Expression(expression) = &signature.function else { panic!("a cast is an expression") };
        signature.result.literal(&expression.call(&[Some(value)]).unwrap().unwrap())
    }

    #[test]
    fn values_turn_into_text_and_numbers() {
        assert_eq!(cast(DataType::Float, &(-0.001f32).to_be_bytes(), "decimal"), "-0.001");
        assert_eq!(cast(DataType::Double, &1e30f64.to_be_bytes(), "varint"), "9223372036854775807");
        assert_eq!(cast(DataType::Int, &70_000i32.to_be_bytes(), "tinyint"), "112");
        assert_eq!(cast(DataType::Int, &70_000i32.to_be_bytes(), "decimal"), "70000");
        assert_eq!(
            cast(DataType::Timestamp, &1_582_978_394_567i64.to_be_bytes(), "text"),
            "'2020-02-29T12:13:14.567Z'"
        );
        assert_eq!(cast(DataType::Boolean, &[1], "ascii"), "'true'");
        assert_eq!(cast(DataType::Timestamp, &0i64.to_be_bytes(), "date"), "'1970-01-01'");
    }

    #[test]
    fn what_does_not_go_is_refused() {
        let signature = |from: &DataType, to: &str| cast_signature(from, &target(to), "x", |_, _| false);
        assert!(signature(&DataType::Int, "int").unwrap().is_none());
        assert!(signature(&DataType::Int, "boolean").is_err());
        assert!(signature(&DataType::Text, "int").is_err());
        assert!(signature(&DataType::Int, "varchar").is_err());
        assert!(signature(&DataType::Blob, "text").is_err());
        let nan = Cast { from: DataType::Double, to: DataType::Decimal };
        assert!(nan.call(&f64::NAN.to_be_bytes()).is_err());
    }
}
