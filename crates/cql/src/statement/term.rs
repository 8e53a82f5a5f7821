use super::{Name, TypeName};
use crate::error::Position;

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
