//! Resolution of terms to sources. Each term is given the type that its place requires.

use crate::context::BindContext;
use crate::error::{Error, nearest};
use crate::functions::{self, Argument, Signature};
use crate::literal;
use crate::plan::Labels;
use crate::plan::Source;
use crate::prepare::scope::Scope;
use crate::prepare::term::assignable::{assignable, is_assignable, is_hint_for};
use crate::prepare::term::data_type::Types;
use crate::prepare::term::marker::Markers;
use crate::prepare::term::misfit::{check_argument, check_parts, fits, misfit, wrong_argument};
use crate::prepare::term::term_text::{argument, hinted_name, value_name};
use crate::statement::{Arguments, Constant, Name, Term, TermKind, TypeName};
use henge_model::{DataType, Schema, Table, UserType};

/// The keyspace and table name in descriptions of a batch's own markers.
const BATCH_LABEL: &str = "[batch]";

/// Resolves the terms of one statement on one table.
pub(crate) struct Terms<'a> {
    pub(crate) table: &'a Table,
    schema: &'a Schema,
    pub(crate) labels: Labels,
    pub(crate) markers: &'a mut Markers,
    /// True for terms of a select list, where literals of collections may hold bind markers.
    pub(crate) in_selection: bool,
}

impl<'a> Terms<'a> {
    pub(crate) fn of(table: &'a Table, scope: &Scope<'a>, markers: &'a mut Markers) -> Self {
        Terms { table, schema: scope.schema, labels: Labels::of(table), markers, in_selection: false }
    }

    /// Terms of a batch itself, whose markers belong to no table.
    pub(crate) fn of_batch(table: &'a Table, scope: &Scope<'a>, markers: &'a mut Markers) -> Self {
        Terms { labels: Labels::new(BATCH_LABEL, BATCH_LABEL), ..Terms::of(table, scope, markers) }
    }

    /// The type of that name.
    pub(crate) fn resolve(&self, name: &TypeName) -> Result<DataType, Error> {
        Types { schema: self.schema, keyspace: &self.table.keyspace }.resolve(name)
    }

    /// The source of a term of the required type. `name` describes its use in messages and marker descriptions.
    pub(crate) fn source(&mut self, term: &Term, data_type: &DataType, name: &str) -> Result<Source, Error> {
        self.source_of(term, data_type, name).map_err(|e| e.at(term.position))
    }

    fn source_of(&mut self, term: &Term, data_type: &DataType, name: &str) -> Result<Source, Error> {
        match &term.kind {
            // Also where a counter is compared.
            TermKind::Null if *data_type == DataType::Counter => {
                Err(Error::invalid("Invalid null value for counter increment/decrement"))
            }
            TermKind::Null => Ok(Source::Null),
            TermKind::Constant(constant) => {
                literal::encode(constant, data_type, name).map(|bytes| Source::Fixed(bytes.into()))
            }
            TermKind::Marker(marker) => {
                self.markers.add(marker, self.labels.column(name, data_type.clone()));
                Ok(Source::Marker { index: marker.index, data_type: data_type.clone() })
            }
            TermKind::Hinted { target, term } => self.hinted_term(target, term, data_type, name),
            TermKind::Call { keyspace, function, arguments } => {
                check_keyspace(keyspace.as_ref(), function)?;
                let (source, result) = self.call(&function.text, arguments, term, data_type)?;
                check_result(&function.text, &result, data_type, name).map(|()| source)
            }
            TermKind::Column(column) => Err(Error::syntax(
                term.position,
                format!("expected a value, found the name {} (text stands in single quotes)", column.text),
            )),
            // A parenthesised term where no tuple is required.
            TermKind::Tuple(parts) if parts.len() == 1 && !matches!(data_type.unfrozen(), DataType::Tuple(_)) => {
                self.source(&parts[0], data_type, name)
            }
            TermKind::List(_) | TermKind::Set(_) | TermKind::Map(_) | TermKind::Tuple(_) | TermKind::UserType(_) => {
                self.composite(term, data_type, name)
            }
            TermKind::Cast { term: inner, target } => {
                let (source, result) = self.cast(inner, target, term)?;
                if !is_assignable(&result, data_type) {
                    // Only functions that give such a type are looked at.
                    return Err(functions::no_signature(&format!("system.cast_as_{result}")));
                }
                Ok(source)
            }
            TermKind::Arithmetic { .. } | TermKind::Negated(_) => {
                let (source, result) = self.operation(term, data_type)?;
                assignable(&result, data_type, name)?;
                Ok(source)
            }
            TermKind::Field { .. } | TermKind::Element { .. } | TermKind::Slice { .. } => {
                Err(Error::syntax(term.position, "expected a value, found a part of a column"))
            }
        }
    }

    /// The source of a term with a type before it, as in `(int) 1`. As in Cassandra the hint only decides if the value is taken.
    fn hinted_term(
        &mut self,
        target: &TypeName,
        term: &Term,
        data_type: &DataType,
        name: &str,
    ) -> Result<Source, Error> {
        let hinted = self.resolve(target)?;
        if !fits(term, &hinted) {
            let message = format!("Cannot cast value {} to type {hinted}", value_name(term));
            return Err(Error::invalid(message));
        }
        if !is_hint_for(&hinted, data_type) {
            let value = hinted_name(target, &value_name(term));
            return Err(Error::invalid(format!("Cannot assign value {value} to {name} of type {data_type}")));
        }
        self.source(term, data_type, name)
    }

    /// The source of a collection, tuple or vector.
    fn composite(&mut self, term: &Term, data_type: &DataType, name: &str) -> Result<Source, Error> {
        check_parts(term, data_type, name)?;
        let mut parts = Vec::new();
        match (&term.kind, data_type.unfrozen()) {
            (TermKind::List(terms), DataType::List(element)) | (TermKind::Set(terms), DataType::Set(element)) => {
                self.parts(terms, element, name, &mut parts)?;
            }
            (TermKind::List(terms), DataType::Vector(element, n)) => {
                if terms.len() != *n as usize {
                    let given = terms.len();
                    let message = format!(
                        "Invalid vector literal for {name} of type {data_type}; expected {n} elements, but given {given}"
                    );
                    return Err(Error::invalid(message));
                }
                self.parts(terms, element, name, &mut parts)?;
            }
            (TermKind::Set(terms), DataType::Map(..)) if terms.is_empty() => {}
            (TermKind::Map(entries), DataType::Map(key, value)) => {
                for (k, v) in entries {
                    parts.push(self.source(k, key, &format!("key({name})"))?);
                    parts.push(self.source(v, value, &format!("value({name})"))?);
                }
            }
            (TermKind::Tuple(terms), DataType::Tuple(types)) if terms.len() <= types.len() => {
                for (place, (term, element)) in terms.iter().zip(types.iter()).enumerate() {
                    parts.push(self.source(term, element, &format!("{name}[{place}]"))?);
                }
            }
            (TermKind::UserType(given), DataType::Udt(own)) => self.fields(given, own, name, &mut parts)?,
            _ => return Err(misfit(term, data_type, name)),
        }
        let collection = match data_type.unfrozen() {
            DataType::List(_) => Some("list"),
            DataType::Set(_) => Some("set"),
            DataType::Map(..) => Some("map"),
            _ => None,
        };
        if let (Some(collection), false) = (collection, self.in_selection)
            && parts.iter().any(Source::has_marker)
        {
            let message = format!(
                "Invalid {collection} literal for {name}: bind variables are not supported inside collection literals"
            );
            return Err(Error::invalid(message));
        }
        fold(Source::Built { data_type: data_type.clone(), parts })
    }

    fn parts(&mut self, terms: &[Term], element: &DataType, name: &str, out: &mut Vec<Source>) -> Result<(), Error> {
        let name = format!("value({name})");
        for term in terms {
            out.push(self.source(term, element, &name)?);
        }
        Ok(())
    }

    /// A source for every field of a user type, null for those left out. For a field given twice the last value counts.
    fn fields(
        &mut self,
        given: &[(Name, Term)],
        own: &UserType,
        name: &str,
        out: &mut Vec<Source>,
    ) -> Result<(), Error> {
        let fields_start = out.len();
        out.resize_with(fields_start + own.fields.len(), || Source::Null);
        for (field, term) in given {
            let Some((place, data_type)) = own.field(&field.text) else {
                let guess = nearest(&field.text, own.fields.iter().map(|(field, _)| field.as_str()));
                let message = format!("Unknown field '{}' in value of user defined type {}", field.text, own.name);
                return Err(Error::invalid(message).at(field.position).with_hint(guess));
            };
            out[fields_start + place] = self.source(term, data_type, &format!("{name}.{}", field.text))?;
        }
        Ok(())
    }

    /// Resolves a function call; also returns the type of its result.
    pub(crate) fn call(
        &mut self,
        name: &str,
        arguments: &Arguments,
        at: &Term,
        wanted: &DataType,
    ) -> Result<(Source, DataType), Error> {
        let Arguments::Terms(terms) = arguments else {
            return Err(Error::syntax(at.position, format!("{name}(*) is no value")));
        };
        let mut types = Vec::with_capacity(terms.len());
        for term in terms {
            types.push(self.type_of(term)?);
        }
        let signature = self.signature(name, &types, (at, terms), Some(wanted))?;
        let mut arguments = Vec::with_capacity(terms.len());
        for (i, ((term, own), parameter)) in terms.iter().zip(&types).zip(&signature.parameters).enumerate() {
            arguments.push(self.typed_argument(term, own.as_ref(), parameter, (name, i))?);
        }
        let ordinal = at.position.offset;
        Ok((Source::Call { function: signature.function, arguments, ordinal }, signature.result))
    }

    /// The source of the argument of a function, at the position that `place` gives.
    pub(crate) fn typed_argument(
        &mut self,
        term: &Term,
        own: Option<&DataType>,
        parameter: &DataType,
        (function, place): (&str, usize),
    ) -> Result<Source, Error> {
        // Calls and operations take the type that the parameter requires, if they can.
        let is_computed = is_computed(term);
        if !is_computed {
            check_argument(term, own, parameter, function, place)?;
        }
        let source = self.source(term, parameter, &argument_name(function, place));
        source.map_err(|error| match is_computed && error.message.starts_with("Type error: cannot assign ") {
            true => wrong_argument(&value_name(term), place, function, parameter).at(term.position),
            false => error,
        })
    }

    /// The signature of that name for arguments of these types.
    pub(crate) fn signature(
        &self,
        name: &str,
        types: &[Option<DataType>],
        (at, terms): (&Term, &[Term]),
        wanted: Option<&DataType>,
    ) -> Result<Signature, Error> {
        let given: Vec<Argument> =
            terms.iter().zip(types).map(|(term, known)| argument(term, known.as_ref())).collect();
        let of_literal = time_of_literal(name, terms);
        let types = of_literal.as_ref().map_or(types, |one| std::slice::from_ref(one));
        let found = functions::signature(name, types, self.table, wanted, &given).unwrap_or_else(|| {
            let message = match wanted {
                Some(_) => format!("Unknown function {name} called"),
                None => format!("Unknown function '{name}'"),
            };
            Err(Error::invalid(message).with_hint(nearest(name, functions::names())))
        });
        found.map_err(|e| e.at(at.position))
    }

    /// The type of a term by itself; `None` if it takes the type that its place requires.
    pub(crate) fn type_of(&self, term: &Term) -> Result<Option<DataType>, Error> {
        Ok(match &term.kind {
            // A UUID of version 1 is a timeuuid, which time functions accept.
            TermKind::Constant(Constant::Uuid(bytes)) if bytes[6] >> 4 == 1 => Some(DataType::Timeuuid),
            TermKind::Constant(constant) => literal::natural_type(constant),
            TermKind::Hinted { target, .. } => Some(self.resolve(target)?),
            TermKind::Column(name) => Some(crate::prepare::scope::column(self.table, name)?.data_type.clone()),
            TermKind::Call { function, arguments: Arguments::Terms(terms), .. } => {
                let types: Result<Vec<_>, Error> = terms.iter().map(|t| self.type_of(t)).collect();
                Some(self.signature(&function.text, &types?, (term, terms), None)?.result)
            }
            TermKind::Arithmetic { .. } | TermKind::Negated(_) => self.operation_type(term)?,
            TermKind::Cast { target, .. } => Some(functions::cast_target(target)?),
            TermKind::Tuple(parts) if parts.len() == 1 => self.type_of(&parts[0])?,
            _ => None,
        })
    }
}

/// True for calls of functions and for operations.
fn is_computed(term: &Term) -> bool {
    match &term.kind {
        TermKind::Tuple(parts) if parts.len() == 1 => is_computed(&parts[0]),
        kind => matches!(kind, TermKind::Call { .. } | TermKind::Arithmetic { .. } | TermKind::Negated(_)),
    }
}

/// The type of a literal argument of a time function, if the literal fits exactly one of the accepted types.
fn time_of_literal(name: &str, terms: &[Term]) -> Option<Option<DataType>> {
    let [Term { kind: TermKind::Constant(constant), .. }] = terms else { return None };
    let mut fitting = functions::time_conversion_types(name).iter().filter(|t| literal::fits(constant, t));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Some(Some(only.clone())),
        _ => None,
    }
}

/// Refuses functions of any keyspace but `system`.
pub(crate) fn check_keyspace(keyspace: Option<&Name>, function: &Name) -> Result<(), Error> {
    match keyspace {
        Some(keyspace) if keyspace.text != "system" => {
            let message = format!("Unknown function '{}.{}'", keyspace.text, function.text);
            Err(Error::invalid(message).at(keyspace.position))
        }
        _ => Ok(()),
    }
}

/// Fails unless a column of the required type takes the result of a function.
fn check_result(function: &str, result: &DataType, data_type: &DataType, name: &str) -> Result<(), Error> {
    if is_assignable(result, data_type) {
        return Ok(());
    }
    Err(Error::invalid(format!(
        "Type error: cannot assign result of function system.{function} (type {result}) to {name} (type {data_type})"
    )))
}

/// The name of the bind marker for a function's argument.
pub(crate) fn argument_name(function: &str, index: usize) -> String {
    format!("arg{index}(system.{function})")
}

/// True for an integer literal or a marker; LIMIT accepts nothing else.
pub(crate) fn is_integer(term: &Term) -> bool {
    matches!(term.kind, TermKind::Constant(Constant::Integer(_)) | TermKind::Marker(_))
}

/// Evaluates a composite whose parts are all constants.
fn fold(source: Source) -> Result<Source, Error> {
    let Source::Built { parts, .. } = &source else {
        return Ok(source);
    };
    if !parts.iter().all(|p| matches!(p, Source::Fixed(_) | Source::Null)) {
        return Ok(source);
    }
    let bytes = source.evaluate(&BindContext::constant())?.require("a collection")?.into_owned();
    Ok(Source::Fixed(bytes.into()))
}
