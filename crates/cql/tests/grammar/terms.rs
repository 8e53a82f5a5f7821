//! Random terms.

use crate::names::{collection, many, maybe, name, native, type_name};
use henge_base::Random;
use henge_cql::Position;
use henge_cql::statement::{Arguments, ArithmeticOperator, Constant, Marker, Term, TermKind, TypeName};

/// The maximum depth of a random term, and whether it may contain columns.
#[derive(Clone, Copy)]
pub(crate) struct Of {
    pub(crate) depth: u32,
    pub(crate) columns: bool,
}

impl Of {
    fn inner(self) -> Of {
        Of { depth: self.depth - 1, ..self }
    }
}

/// A random value.
pub(crate) fn value(random: &mut Random) -> Term {
    term(random, Of { depth: 3, columns: false })
}

/// A random tuple of two or three values.
pub(crate) fn tuple(random: &mut Random) -> Term {
    term_of(TermKind::Tuple(many(random, 2, 3, value)))
}

/// A random expression over columns.
pub(crate) fn expression(random: &mut Random) -> Term {
    term(random, Of { depth: 3, columns: true })
}

pub(crate) fn marker(random: &mut Random) -> Term {
    let name = maybe(random, |random| name(random).text);
    term_of(TermKind::Marker(Marker { index: 0, name }))
}

pub(crate) fn integer(random: &mut Random) -> Term {
    term_of(TermKind::Constant(Constant::Integer(
        random.pick(&["0", "7", "-5", "9223372036854775807"]).unwrap().to_string(),
    )))
}

pub(crate) fn integer_or_marker(random: &mut Random) -> Term {
    if random.chance(1, 2) { integer(random) } else { marker(random) }
}

fn term_of(kind: TermKind) -> Term {
    Term { kind, position: Position::default() }
}

fn term(random: &mut Random, of: Of) -> Term {
    if of.depth == 0 || random.chance(1, 3) {
        return leaf(random, of);
    }
    let one = |random: &mut Random| term(random, of.inner());
    let boxed = |random: &mut Random| Box::new(one(random));
    // Parts of columns are no values.
    term_of(match random.below(if of.columns { 13 } else { 10 }) {
        0 => TermKind::List(many(random, 0, 3, one)),
        1 => TermKind::Set(many(random, 0, 3, one)),
        2 => map(random, of),
        3 => TermKind::UserType(many(random, 1, 3, |random| (name(random), one(random)))),
        4 => TermKind::Tuple(many(random, 2, 3, one)),
        5 => call(random, of),
        6 => random_type_hint(random, of),
        7 => TermKind::Cast { term: boxed(random), target: type_name(random, 1) },
        8 => arithmetic(random, of),
        9 => return negate(one(random)),
        10 => TermKind::Field { of: boxed(random), field: name(random) },
        11 => TermKind::Element { of: boxed(random), key: boxed(random) },
        _ => slice(random, of),
    })
}

fn leaf(random: &mut Random, of: Of) -> Term {
    match random.below(6) {
        0 => term_of(TermKind::Null),
        1 => marker(random),
        2 | 3 if of.columns => term_of(TermKind::Column(name(random))),
        _ => term_of(TermKind::Constant(constant(random))),
    }
}

pub(crate) fn constant(random: &mut Random) -> Constant {
    const STRINGS: [&str; 8] = ["", "a", "it's", "\"", "--", "$$", "/* */ ; ?", "zwei\nZeilen é𝄞"];
    const INTEGERS: [&str; 5] = ["0", "7", "007", "123456789012345678901234567890", "2147483648"];
    const FLOATS: [&str; 8] = ["1.", "1.5", "1e5", "1.5E-3", "0.0", "2e+7", "NaN", "Infinity"];
    const DURATIONS: [&str; 6] = ["1y2mo", "3h", "P1Y2M3DT4H5M6S", "P3W", "P0001-02-03T04:05:06", "1us2ns"];
    let sign = if random.chance(1, 4) { "-" } else { "" };
    match random.below(7) {
        0 => Constant::String((*random.pick(&STRINGS).unwrap()).to_owned()),
        1 => Constant::Integer(format!("{sign}{}", random.pick(&INTEGERS).unwrap())),
        2 => Constant::Float(format!("{sign}{}", random.pick(&FLOATS).unwrap())),
        3 => Constant::Duration(format!("{sign}{}", random.pick(&DURATIONS).unwrap())),
        4 => Constant::Boolean(random.chance(1, 2)),
        5 => Constant::Uuid(random.bytes()),
        _ => Constant::Blob(henge_fuzz::noise(random, 5)),
    }
}

/// A random map. Its first key is not a column's name, which would make it a user type.
fn map(random: &mut Random, of: Of) -> TermKind {
    let first = term(random, Of { columns: false, ..of.inner() });
    let value = term(random, of.inner());
    let mut entries = vec![(first, value)];
    entries.extend(many(random, 0, 2, |random| (term(random, of.inner()), term(random, of.inner()))));
    TermKind::Map(entries)
}

fn call(random: &mut Random, of: Of) -> TermKind {
    // `*` is not allowed as argument of a function with a keyspace.
    let keyspace = maybe(random, name);
    let arguments = match keyspace.is_none() && random.chance(1, 6) {
        true => Arguments::Star,
        false => Arguments::Terms(many(random, 0, 3, |random| term(random, of.inner()))),
    };
    TermKind::Call { keyspace, function: name(random), arguments }
}

fn random_type_hint(random: &mut Random, of: Of) -> TermKind {
    let target = match random.below(3) {
        0 => native(random),
        1 => collection(random, 1),
        _ => TypeName::Named { keyspace: maybe(random, name), name: name(random) },
    };
    TermKind::Hinted { target, term: Box::new(term(random, of.inner())) }
}

fn arithmetic(random: &mut Random, of: Of) -> TermKind {
    use ArithmeticOperator::*;
    let operator = *random.pick(&[Add, Subtract, Multiply, Divide, Remainder]).unwrap();
    let mut operand = || Box::new(term(random, of.inner()));
    TermKind::Arithmetic { operator, left: operand(), right: operand() }
}

/// A random negated term. A minus before a number literal is part of the literal.
fn negate(of: Term) -> Term {
    match of.kind {
        TermKind::Constant(Constant::Integer(text) | Constant::Float(text) | Constant::Duration(text))
            if !text.starts_with('-') =>
        {
            term_of(TermKind::Constant(Constant::Integer(format!("-{}", text.len()))))
        }
        kind => term_of(TermKind::Negated(Box::new(term_of(kind)))),
    }
}

fn slice(random: &mut Random, of: Of) -> TermKind {
    let bound = |random: &mut Random| Box::new(term(random, of.inner()));
    let sliced = bound(random);
    let (from, to) = match random.below(3) {
        0 => (Some(bound(random)), None),
        1 => (None, Some(bound(random))),
        _ => (Some(bound(random)), Some(bound(random))),
    };
    TermKind::Slice { of: sliced, from, to }
}
