//! Sources of values: the text, a bind marker, or a function of either.

use super::bound;
use crate::collection;
use crate::context::{BindContext, BoundValue};
use crate::error::Error;
use crate::functions::{Call, Function};
use henge_base::Bytes;
use henge_model::DataType;
use std::borrow::Cow;

/// A prepared term.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Null,
    /// A value known since the statement was prepared.
    Fixed(Bytes),
    Marker {
        index: u16,
        data_type: DataType,
    },
    Call {
        function: Function,
        arguments: Vec<Source>,
        /// Number of the call within the statement, so that two `uuid()` differ.
        ordinal: u32,
    },
    /// A collection, tuple or vector with markers or calls inside. A map's parts alternate between keys and values.
    Built {
        data_type: DataType,
        parts: Vec<Source>,
    },
    /// One component of a tuple that may be bound as a whole.
    Part {
        of: Box<Source>,
        data_type: DataType,
        place: usize,
    },
}

/// An evaluated value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum EvaluatedValue<'a> {
    Null,
    Unset,
    Value(Cow<'a, [u8]>),
}

impl Source {
    /// Evaluates the term and validates it against its type.
    pub(crate) fn evaluate<'a>(&'a self, context: &BindContext<'a>) -> Result<EvaluatedValue<'a>, Error> {
        self.evaluate_for_row(context, 0)
    }

    /// Like [`Source::evaluate`], for the row of that number: functions such as `uuid()` give every row a value of its
    /// own.
    pub(crate) fn evaluate_for_row<'a>(
        &'a self,
        context: &BindContext<'a>,
        row: u64,
    ) -> Result<EvaluatedValue<'a>, Error> {
        match self {
            Source::Null => Ok(EvaluatedValue::Null),
            Source::Fixed(bytes) => Ok(EvaluatedValue::Value(Cow::Borrowed(bytes))),
            Source::Marker { index, data_type } => bound_value(context, *index, data_type),
            Source::Call { function, arguments, ordinal } => {
                let what = match function {
                    Function::Token => "argument in call to function token",
                    _ => "a function's argument",
                };
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    values.push(argument.evaluate_for_row(context, row)?.or_null(what)?);
                }
                let values: Vec<Option<&[u8]>> = values.iter().map(Option::as_deref).collect();
                let made = function.call(&Call { context, row, ordinal: *ordinal }, &values)?;
                Ok(made.map_or(EvaluatedValue::Null, |bytes| EvaluatedValue::Value(Cow::Owned(bytes))))
            }
            Source::Part { of, data_type, place } => {
                let whole = of.evaluate_for_row(context, row)?.require("a tuple")?;
                let parts = collection::parts(data_type, &whole);
                let part = parts.as_ref().and_then(|parts| parts.get(*place)?.1);
                Ok(part.map_or(EvaluatedValue::Null, |part| EvaluatedValue::Value(Cow::Owned(part.to_vec()))))
            }
            Source::Built { data_type, parts } => {
                let mut values = Vec::with_capacity(parts.len());
                for (place, part) in parts.iter().enumerate() {
                    values.push(part.evaluate_for_row(context, row)?.or_null(&part_name(data_type, place))?);
                }
                collection::build(data_type, &values).map(|bytes| EvaluatedValue::Value(Cow::Owned(bytes)))
            }
        }
    }

    /// True if it contains a bind marker.
    pub(crate) fn has_marker(&self) -> bool {
        match self {
            Source::Null | Source::Fixed(_) => false,
            Source::Marker { .. } => true,
            Source::Call { arguments, .. } => arguments.iter().any(Source::has_marker),
            Source::Built { parts, .. } => parts.iter().any(Source::has_marker),
            Source::Part { of, .. } => of.has_marker(),
        }
    }

    /// The bytes, if they are a constant or a valid bound value that needs no conversion; for the fast path.
    pub(crate) fn plain<'a>(&'a self, values: &[BoundValue<'a>]) -> Option<&'a [u8]> {
        match self {
            Source::Fixed(bytes) => Some(bytes),
            Source::Marker { index, data_type } => match values.get(usize::from(*index))? {
                BoundValue::Value(bytes) => match bound::value(*index, data_type, bytes) {
                    Ok(Cow::Borrowed(bytes)) => Some(bytes),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        }
    }

    /// Like [`Source::evaluate`], for values that are compared or removed, never stored: elements of a bound list may
    /// be null.
    pub(crate) fn evaluate_choices<'a>(&'a self, context: &BindContext<'a>) -> Result<EvaluatedValue<'a>, Error> {
        let Source::Marker { index, data_type } = self else { return self.evaluate(context) };
        match context.value(*index)? {
            BoundValue::Value(bytes) => bound::choices(*index, data_type, bytes).map(EvaluatedValue::Value),
            _ => self.evaluate(context),
        }
    }
}

/// The name of a component of a composite value, for messages.
fn part_name(data_type: &DataType, place: usize) -> String {
    match data_type.unfrozen() {
        DataType::Udt(udt) => {
            let field = udt.fields.get(place).map_or("", |(name, _)| name.as_str());
            format!("field '{field}' of user defined type {}", udt.name)
        }
        DataType::Tuple(_) => format!("tuple field number {place}"),
        other => format!("an element of {other}"),
    }
}

fn bound_value<'a>(context: &BindContext<'a>, index: u16, data_type: &DataType) -> Result<EvaluatedValue<'a>, Error> {
    match context.value(index)? {
        BoundValue::Null => Ok(EvaluatedValue::Null),
        BoundValue::Unset => Ok(EvaluatedValue::Unset),
        BoundValue::Value(bytes) => bound::value(index, data_type, bytes).map(EvaluatedValue::Value),
    }
}

impl<'a> EvaluatedValue<'a> {
    /// The number of bytes of the value; 0 for null and unset.
    pub(crate) fn len(&self) -> usize {
        match self {
            EvaluatedValue::Value(bytes) => bytes.len(),
            EvaluatedValue::Null | EvaluatedValue::Unset => 0,
        }
    }

    /// The value, or `None` for null; unset is refused. `what` names the value's use in the message.
    pub(crate) fn or_null(self, what: &str) -> Result<Option<Cow<'a, [u8]>>, Error> {
        match self {
            EvaluatedValue::Null => Ok(None),
            EvaluatedValue::Unset => Err(Error::invalid(format!("Invalid unset value for {what}"))),
            EvaluatedValue::Value(bytes) => Ok(Some(bytes)),
        }
    }

    /// The value; null and unset are refused. `what` names the value's use in the message.
    pub(crate) fn require(self, what: &str) -> Result<Cow<'a, [u8]>, Error> {
        self.or_null(what)?.ok_or_else(|| Error::invalid(format!("Invalid null value for {what}")))
    }
}
