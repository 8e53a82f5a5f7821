use super::name::{is_plain, write_quoted};
use super::separated_list::commas;
use super::{Name, TypeName};
use crate::error::Position;
use henge_model::DataType;
use std::fmt::{Display, Formatter, Result};

/// A value, or (in a select list) an expression over columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// The form.
    pub kind: TermKind,
    /// Position of its beginning in the text.
    pub position: Position,
}

/// The forms of a term.
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum TermKind {
    Null,
    Constant(Constant),
    Marker(Marker),
    /// A column. Only select lists may contain one.
    Column(Name),
    List(Vec<Term>),
    Set(Vec<Term>),
    Map(Vec<(Term, Term)>),
    /// A user type's fields. `{}` is always parsed as an empty [`TermKind::Set`].
    UserType(Vec<(Name, Term)>),
    Tuple(Vec<Term>),
    Call {
        keyspace: Option<Name>,
        function: Name,
        arguments: Arguments,
    },
    /// `(type) term`.
    Hinted {
        target: TypeName,
        term: Box<Term>,
    },
    Cast {
        term: Box<Term>,
        target: TypeName,
    },
    Arithmetic {
        operator: ArithmeticOperator,
        left: Box<Term>,
        right: Box<Term>,
    },
    Negated(Box<Term>),
    /// `term.field`.
    Field {
        of: Box<Term>,
        field: Name,
    },
    /// `term[key]`.
    Element {
        of: Box<Term>,
        key: Box<Term>,
    },
    /// `term[from..to]`.
    Slice {
        of: Box<Term>,
        from: Option<Box<Term>>,
        to: Option<Box<Term>>,
    },
}

/// The arguments of a function call.
#[derive(Clone, Debug, PartialEq)]
pub enum Arguments {
    /// `count(*)`.
    Star,
    /// Any other call.
    Terms(Vec<Term>),
}

/// A literal. Those that are read differently by type are kept as text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum Constant {
    String(String),
    /// Digits, with a minus sign if negative.
    Integer(String),
    /// As written, with a minus sign if negative; also `NaN` and `Infinity`.
    Float(String),
    Boolean(bool),
    Uuid([u8; 16]),
    Blob(Vec<u8>),
    /// As written, with a minus sign if negative.
    Duration(String),
}

/// A bind marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Its number among the statement's markers, from zero.
    pub index: u16,
    /// The name of `:name`; `?` has none.
    pub name: Option<String>,
}

/// The arithmetic operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named by what they do.
pub enum ArithmeticOperator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl ArithmeticOperator {
    /// The operator's CQL spelling.
    pub fn sign(self) -> &'static str {
        match self {
            ArithmeticOperator::Add => "+",
            ArithmeticOperator::Subtract => "-",
            ArithmeticOperator::Multiply => "*",
            ArithmeticOperator::Divide => "/",
            ArithmeticOperator::Remainder => "%",
        }
    }
}

/// The precedence of a term, from the lowest.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Strength {
    /// A sum or difference.
    Sum,
    /// A product, quotient or remainder.
    Product,
    /// A term with a minus or a type hint in front.
    Signed,
    /// A literal that begins with a digit. It needs parentheses before a point, which would otherwise become part of
    /// the number.
    Number,
    /// A term from which a field or an element may be selected.
    Whole,
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.kind.fmt(f)
    }
}

impl Display for TermKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            TermKind::Null => f.write_str("NULL"),
            TermKind::Constant(constant) => constant.fmt(f),
            TermKind::Marker(marker) => marker.fmt(f),
            TermKind::Column(name) => name.fmt(f),
            TermKind::List(terms) => write!(f, "[{}]", commas(terms)),
            TermKind::Set(terms) => write!(f, "{{{}}}", commas(terms)),
            TermKind::Map(entries) => entries_of(f, entries),
            TermKind::UserType(fields) => entries_of(f, fields),
            TermKind::Tuple(terms) => write!(f, "({})", commas(terms)),
            TermKind::Call { keyspace, function, arguments } => call(f, keyspace.as_ref(), function, arguments),
            TermKind::Hinted { target, term } => write_type_hint(f, target, term),
            TermKind::Cast { term, target } => write!(f, "CAST({term} AS {target})"),
            TermKind::Arithmetic { operator, left, right } => arithmetic(f, *operator, left, right),
            TermKind::Negated(term) => write_negation(f, term),
            TermKind::Field { of, field } => write!(f, "{}.{field}", AtLeast(Strength::Whole, of)),
            TermKind::Element { of, key } => write!(f, "{}[{key}]", AtLeast(Strength::Number, of)),
            TermKind::Slice { of, from, to } => {
                write!(f, "{}[", AtLeast(Strength::Number, of))?;
                optional(f, from.as_deref())?;
                f.write_str(" .. ")?;
                optional(f, to.as_deref())?;
                f.write_str("]")
            }
        }
    }
}

/// Prints a term, in parentheses if its precedence is lower than required.
struct AtLeast<'a>(Strength, &'a Term);

impl Display for AtLeast<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if strength(&self.1.kind) >= self.0 { self.1.fmt(f) } else { write!(f, "({})", self.1) }
    }
}

fn strength(kind: &TermKind) -> Strength {
    match kind {
        TermKind::Arithmetic { operator: ArithmeticOperator::Add | ArithmeticOperator::Subtract, .. } => Strength::Sum,
        TermKind::Arithmetic { .. } => Strength::Product,
        TermKind::Negated(_) | TermKind::Hinted { .. } => Strength::Signed,
        TermKind::Constant(Constant::Integer(text) | Constant::Float(text) | Constant::Duration(text)) => {
            if text.starts_with('-') { Strength::Signed } else { Strength::Number }
        }
        _ => Strength::Whole,
    }
}

/// Prints an operation. Operators associate to the left, so an operand of equal precedence needs parentheses on the
/// right only.
fn arithmetic(f: &mut Formatter<'_>, operator: ArithmeticOperator, left: &Term, right: &Term) -> Result {
    let (on_left, on_right) = match operator {
        ArithmeticOperator::Add | ArithmeticOperator::Subtract => (Strength::Sum, Strength::Product),
        _ => (Strength::Product, Strength::Signed),
    };
    write!(f, "{} {} {}", AtLeast(on_left, left), operator.sign(), AtLeast(on_right, right))
}

/// Prints a type hint. If the type is not native, a word or minus after it would make the type a term in parentheses;
/// double parentheses around the term prevent that.
fn write_type_hint(f: &mut Formatter<'_>, target: &TypeName, term: &Term) -> Result {
    let is_native = match target {
        TypeName::Named { keyspace: None, name } => DataType::native(&name.text).is_some(),
        TypeName::Named { .. } => false,
        _ => true,
    };
    let text = AtLeast(Strength::Signed, term).to_string();
    // A part is taken of what the hint stands before, unless the part is in parentheses.
    let is_part = matches!(term.kind, TermKind::Field { .. } | TermKind::Element { .. } | TermKind::Slice { .. });
    let bare = is_native || !text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-');
    if bare && !is_part { write!(f, "({target}) {text}") } else { write!(f, "({target}) (({text}))") }
}

/// Prints a negated term. Two consecutive minuses would begin a comment, so a signed term gets parentheses.
fn write_negation(f: &mut Formatter<'_>, term: &Term) -> Result {
    let signed = strength(&term.kind) == Strength::Signed;
    write!(f, "-{}", AtLeast(if signed { Strength::Whole } else { Strength::Signed }, term))
}

fn entries_of<K: Display>(f: &mut Formatter<'_>, entries: &[(K, Term)]) -> Result {
    let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key}: {value}")).collect();
    write!(f, "{{{}}}", commas(&entries))
}

fn call(f: &mut Formatter<'_>, keyspace: Option<&Name>, function: &Name, arguments: &Arguments) -> Result {
    if let Some(keyspace) = keyspace {
        write!(f, "{keyspace}.")?;
    }
    // `token` is reserved, but also the name of a function.
    match function.text.as_str() {
        "token" => f.write_str("token")?,
        _ => function.fmt(f)?,
    }
    match arguments {
        Arguments::Star => f.write_str("(*)"),
        Arguments::Terms(terms) => write!(f, "({})", commas(terms)),
    }
}

fn optional(f: &mut Formatter<'_>, term: Option<&Term>) -> Result {
    term.map_or(Ok(()), |term| term.fmt(f))
}

impl Display for Marker {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.name {
            Some(name) if is_plain(name) => write!(f, ":{name}"),
            Some(name) => {
                f.write_str(":")?;
                write_quoted(f, name, '"')
            }
            None => f.write_str("?"),
        }
    }
}

impl Display for Constant {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Constant::String(text) => write_quoted(f, text, '\''),
            Constant::Integer(text) | Constant::Float(text) | Constant::Duration(text) => f.write_str(text),
            Constant::Boolean(true) => f.write_str("TRUE"),
            Constant::Boolean(false) => f.write_str("FALSE"),
            Constant::Uuid(bytes) => uuid::Uuid::from_bytes(*bytes).fmt(f),
            Constant::Blob(bytes) => write!(f, "0x{}", henge_base::hex(bytes)),
        }
    }
}
