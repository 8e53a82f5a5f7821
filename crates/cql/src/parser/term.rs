//! Terms: values, and in select lists expressions over columns.

use super::Parser;
use crate::error::Error;
use crate::keyword::is_reserved;
use crate::lexer::Kind;
use crate::limits;
use crate::statement::{Arguments, ArithmeticOperator, Constant, Marker, Name, Term, TermKind};
use crate::text_form;

impl Parser<'_> {
    /// Parses a term. `+` and `-` have the lowest precedence.
    pub(super) fn term(&mut self) -> Result<Term, Error> {
        self.with_nesting(|p| {
            const OPERATORS: [(&str, ArithmeticOperator); 2] =
                [("+", ArithmeticOperator::Add), ("-", ArithmeticOperator::Subtract)];
            p.chain(&OPERATORS, Self::product)
        })
    }

    /// Parses a term in a place without a row to refer to.
    pub(super) fn value(&mut self) -> Result<Term, Error> {
        let term = self.term()?;
        check_value(&term)?;
        Ok(term)
    }

    /// Parses operands separated by operators of equal precedence, associating to the left.
    fn chain(
        &mut self,
        operators: &[(&str, ArithmeticOperator)],
        operand: impl Fn(&mut Self) -> Result<Term, Error>,
    ) -> Result<Term, Error> {
        let (mut left, mut height) = self.with_height(&operand)?;
        for _ in 0..limits::NESTING_MAX {
            let Some(operator) = self.operator(operators) else {
                self.height = self.height.max(height);
                return Ok(left);
            };
            let (right, other) = self.with_height(&operand)?;
            height = self.above(height.max(other))?;
            left = arithmetic(operator, left, right);
        }
        Err(Error::syntax(self.position(), format!("more than {} operators in a row", limits::NESTING_MAX)))
    }

    /// Runs a production and returns the height of the highest term in it.
    fn with_height<T>(&mut self, production: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<(T, usize), Error> {
        let around = std::mem::take(&mut self.height);
        let parsed = production(self)?;
        Ok((parsed, std::mem::replace(&mut self.height, around)))
    }

    /// The height of a term whose highest part has `height`. Chains nest to the left without recursion or other limit.
    fn above(&self, height: usize) -> Result<usize, Error> {
        if height >= limits::TERM_HEIGHT_MAX {
            let message = format!("a term of more than {} levels", limits::TERM_HEIGHT_MAX);
            return Err(Error::syntax(self.position(), message));
        }
        Ok(height + 1)
    }

    fn product(&mut self) -> Result<Term, Error> {
        const OPERATORS: [(&str, ArithmeticOperator); 3] = [
            ("*", ArithmeticOperator::Multiply),
            ("/", ArithmeticOperator::Divide),
            ("%", ArithmeticOperator::Remainder),
        ];
        self.chain(&OPERATORS, Self::signed_term)
    }

    fn operator(&mut self, of: &[(&str, ArithmeticOperator)]) -> Option<ArithmeticOperator> {
        let found = of.iter().find(|(sign, _)| self.at_symbol(sign)).map(|(_, operator)| *operator);
        if found.is_some() {
            self.advance();
        }
        found
    }

    /// Parses an optional sign. A minus before a literal becomes part of the literal.
    fn signed_term(&mut self) -> Result<Term, Error> {
        let position = self.position();
        if !self.take_symbol("-") {
            return self.postfix_term();
        }
        let mut term = self.with_nesting(Self::signed_term)?;
        match &mut term.kind {
            TermKind::Constant(Constant::Integer(text) | Constant::Float(text) | Constant::Duration(text))
                if !text.starts_with('-') =>
            {
                text.insert(0, '-');
                Ok(Term { position, ..term })
            }
            _ => Ok(Term { kind: TermKind::Negated(Box::new(term)), position }),
        }
    }

    /// Parses a simple term and the field and element selections after it.
    fn postfix_term(&mut self) -> Result<Term, Error> {
        let (mut term, mut height) = self.with_height(Self::simple_term)?;
        loop {
            let position = term.position;
            let (kind, other) = if self.at_symbol(".") {
                self.advance();
                (TermKind::Field { of: Box::new(term), field: self.name("a field name")? }, 0)
            } else if self.at_symbol("[") {
                self.with_height(|p| p.element_of(term))?
            } else {
                self.height = self.height.max(height);
                return Ok(term);
            };
            height = self.above(height.max(other))?;
            term = Term { kind, position };
        }
    }

    /// Parses `[key]`, `[from..to]`, `[from..]` or `[..to]` after a term.
    fn element_of(&mut self, of: Term) -> Result<TermKind, Error> {
        self.expect_symbol("[")?;
        let of = Box::new(of);
        let from = if self.at_symbol("..") { None } else { Some(Box::new(self.term()?)) };
        if !self.take_symbol("..") {
            self.expect_symbol("]")?;
            let key = from.ok_or_else(|| self.unexpected_token("an element"))?;
            return Ok(TermKind::Element { of, key });
        }
        if from.is_none() && self.at_symbol("]") {
            return Err(self.unexpected_token("a bound of the slice"));
        }
        let to = if self.at_symbol("]") { None } else { Some(Box::new(self.term()?)) };
        self.expect_symbol("]")?;
        Ok(TermKind::Slice { of, from, to })
    }

    fn simple_term(&mut self) -> Result<Term, Error> {
        let (term, height) = self.with_height(Self::unmeasured_term)?;
        self.height = self.height.max(self.above(height)?);
        Ok(term)
    }

    fn unmeasured_term(&mut self) -> Result<Term, Error> {
        let position = self.position();
        let kind = match self.token.kind {
            Kind::Symbol if self.at_marker() => return self.marker_term(),
            Kind::Symbol if self.at_symbol("[") => TermKind::List(self.terms_between("[", "]")?),
            Kind::Symbol if self.at_symbol("{") => self.braces_literal()?,
            Kind::Symbol if self.at_symbol("(") => return self.parenthesised_term(),
            Kind::Word if self.at_word("NULL") => {
                self.advance();
                TermKind::Null
            }
            Kind::Word if self.at_word("CAST") && self.following.is_symbol("(") => self.cast()?,
            Kind::Word | Kind::QuotedName => match self.word_constant() {
                Some(constant) => TermKind::Constant(constant),
                None => self.column_or_call()?,
            },
            _ => TermKind::Constant(self.constant()?),
        };
        Ok(Term { kind, position })
    }

    /// Parses a literal that is not a word.
    fn constant(&mut self) -> Result<Constant, Error> {
        let text = self.token.text;
        let constant = match self.token.kind {
            Kind::String | Kind::DollarString => return Ok(Constant::String(self.string("a string")?)),
            Kind::Integer => Constant::Integer(text.to_owned()),
            Kind::Float => Constant::Float(text.to_owned()),
            Kind::Duration => Constant::Duration(text.to_owned()),
            Kind::Hex => Constant::Blob(text_form::of_hex(&text[2..]).ok_or_else(|| {
                Error::invalid(format!(
                    "cannot parse '{}' as hex bytes: it has an odd number of digits",
                    text.get(2..).unwrap_or_default()
                ))
                .at(self.position())
            })?),
            Kind::Uuid => {
                let digits = text_form::of_hex(&text.replace('-', ""));
                Constant::Uuid(digits.and_then(|d| d.try_into().ok()).ok_or_else(|| self.unexpected_token("a uuid"))?)
            }
            _ => return Err(self.unexpected_token("a value")),
        };
        self.advance();
        Ok(constant)
    }

    /// Parses TRUE, FALSE, NaN or Infinity, if present.
    pub(super) fn word_constant(&mut self) -> Option<Constant> {
        let constant = if self.at_word("TRUE") || self.at_word("FALSE") {
            Constant::Boolean(self.at_word("TRUE"))
        } else if self.at_word("NAN") {
            Constant::Float("NaN".to_owned())
        } else if self.at_word("INFINITY") {
            Constant::Float("Infinity".to_owned())
        } else {
            return None;
        };
        self.advance();
        Some(constant)
    }

    /// Parses a literal with an optional sign, for option values.
    pub(super) fn signed_constant(&mut self) -> Result<Constant, Error> {
        let position = self.position();
        let term = self.signed_term()?;
        match term.kind {
            TermKind::Constant(constant) => Ok(constant),
            _ => Err(Error::syntax(position, "expected a literal")),
        }
    }

    pub(super) fn marker(&mut self) -> Result<Marker, Error> {
        let index =
            u16::try_from(self.markers).map_err(|_| Error::invalid("too many bind markers").at(self.position()))?;
        if self.markers >= limits::MARKERS_MAX {
            return Err(Error::invalid("too many bind markers").at(self.position()));
        }
        self.markers += 1;
        if self.take_symbol("?") {
            return Ok(Marker { index, name: None });
        }
        self.expect_symbol(":")?;
        Ok(Marker { index, name: Some(self.marker_name()?) })
    }

    pub(super) fn at_marker(&self) -> bool {
        self.at_symbol("?") || self.at_symbol(":")
    }

    pub(super) fn marker_term(&mut self) -> Result<Term, Error> {
        let position = self.position();
        Ok(Term { kind: TermKind::Marker(self.marker()?), position })
    }

    /// Parses an integer or a bind marker, in places where the grammar allows nothing else.
    pub(super) fn integer_or_marker(&mut self) -> Result<Term, Error> {
        if self.at_marker() {
            return self.marker_term();
        }
        let integer = self.token.kind == Kind::Integer || self.at_symbol("-") && self.following.kind == Kind::Integer;
        if integer { self.signed_term() } else { Err(self.unexpected_token("an integer or a bind marker")) }
    }

    /// Parses the name of a marker, which may be a reserved word.
    fn marker_name(&mut self) -> Result<String, Error> {
        if self.token.kind == Kind::Word && is_reserved(self.token.text) {
            return Ok(self.advance().text.to_ascii_lowercase());
        }
        Ok(self.name("the name of a bind marker")?.text)
    }

    /// Parses terms between brackets, of which there may be none.
    fn terms_between(&mut self, open: &str, close: &str) -> Result<Vec<Term>, Error> {
        self.expect_symbol(open)?;
        if self.take_symbol(close) {
            return Ok(Vec::new());
        }
        let terms = self.comma_separated(Self::term)?;
        self.expect_symbol(close)?;
        Ok(terms)
    }

    /// Parses a set, a map or a user type.
    fn braces_literal(&mut self) -> Result<TermKind, Error> {
        self.expect_symbol("{")?;
        if self.take_symbol("}") {
            return Ok(TermKind::Set(Vec::new()));
        }
        let first = self.term()?;
        if self.take_symbol(":") {
            return self.entries(first);
        }
        let mut terms = vec![first];
        while self.take_symbol(",") {
            terms.push(self.term()?);
        }
        self.expect_symbol("}")?;
        Ok(TermKind::Set(terms))
    }

    /// Parses the rest of a map or user type after its first key and colon.
    fn entries(&mut self, first: Term) -> Result<TermKind, Error> {
        let mut entries = vec![(first, self.term()?)];
        while self.take_symbol(",") {
            let key = self.term()?;
            self.expect_symbol(":")?;
            entries.push((key, self.term()?));
        }
        self.expect_symbol("}")?;
        if !matches!(entries[0].0.kind, TermKind::Column(_)) {
            return Ok(TermKind::Map(entries));
        }
        let field = |(key, value): (Term, Term)| match key.kind {
            TermKind::Column(name) => Ok((name, value)),
            _ => Err(Error::syntax(key.position, "expected a field name")),
        };
        entries.into_iter().map(field).collect::<Result<_, _>>().map(TermKind::UserType)
    }

    /// Parses `(type) term`, a tuple, or a term in parentheses, which is represented as a tuple of one.
    fn parenthesised_term(&mut self) -> Result<Term, Error> {
        let position = self.position();
        if let Some(target) = self.type_hint() {
            // A hint binds its value before a field or element of it is taken.
            let value = if self.at_symbol("-") { Self::signed_term } else { Self::simple_term };
            let term = Box::new(self.with_nesting(value)?);
            return Ok(Term { kind: TermKind::Hinted { target, term }, position });
        }
        // A single term in parentheses may be that term or a tuple of it; only its place decides.
        let terms = self.in_parentheses(Self::term)?;
        Ok(Term { kind: TermKind::Tuple(terms), position })
    }

    fn cast(&mut self) -> Result<TermKind, Error> {
        self.expect_word("CAST")?;
        self.expect_symbol("(")?;
        let term = Box::new(self.term()?);
        self.expect_word("AS")?;
        let target = self.type_name()?;
        self.expect_symbol(")")?;
        Ok(TermKind::Cast { term, target })
    }

    /// Parses a column, `f(...)` or `keyspace.f(...)`.
    pub(super) fn column_or_call(&mut self) -> Result<TermKind, Error> {
        if self.at_word("TOKEN") && self.following.is_symbol("(") {
            let function = Name { text: "token".to_owned(), position: self.position() };
            self.advance();
            return Ok(TermKind::Call { keyspace: None, function, arguments: self.arguments()? });
        }
        if self.following.is_symbol("(") && (self.at_word("KEY") || self.at_index_expression()) {
            return Err(Error::syntax(self.position(), format!("'{}' names no function", self.token.text)));
        }
        let name = self.name("a value or column")?;
        if self.at_symbol("(") {
            return Ok(TermKind::Call { keyspace: None, function: name, arguments: self.arguments()? });
        }
        if let Some(call) = self.qualified_call(&name)? {
            return Ok(call);
        }
        Ok(TermKind::Column(name))
    }

    /// Parses `.f(...)` after a name; `None` for a field (`.f` alone), which is not consumed.
    fn qualified_call(&mut self, keyspace: &Name) -> Result<Option<TermKind>, Error> {
        let mut ahead = *self;
        if !ahead.take_symbol(".") || !ahead.following.is_symbol("(") {
            return Ok(None);
        }
        let position = ahead.position();
        let function = if ahead.take_word("TOKEN") {
            Name { text: "token".to_owned(), position }
        } else {
            ahead.name("a function name")?
        };
        let arguments = Arguments::Terms(ahead.terms_between("(", ")")?);
        *self = ahead;
        Ok(Some(TermKind::Call { keyspace: Some(keyspace.clone()), function, arguments }))
    }

    fn arguments(&mut self) -> Result<Arguments, Error> {
        let mut ahead = *self;
        ahead.advance();
        if ahead.take_symbol("*") && ahead.take_symbol(")") {
            *self = ahead;
            return Ok(Arguments::Star);
        }
        Ok(Arguments::Terms(self.terms_between("(", ")")?))
    }
}

fn arithmetic(operator: ArithmeticOperator, left: Term, right: Term) -> Term {
    let position = left.position;
    Term { kind: TermKind::Arithmetic { operator, left: Box::new(left), right: Box::new(right) }, position }
}

/// Refuses columns, and parts of them, anywhere in a value.
pub(crate) fn check_value(term: &Term) -> Result<(), Error> {
    match &term.kind {
        TermKind::Column(name) => Err(Error::syntax(
            term.position,
            format!("expected a value, found the name {} (text stands in single quotes)", name.text),
        )),
        TermKind::Field { .. } | TermKind::Element { .. } | TermKind::Slice { .. } => {
            Err(Error::syntax(term.position, "expected a value, found a part of a column"))
        }
        TermKind::List(parts) | TermKind::Set(parts) | TermKind::Tuple(parts) => parts.iter().try_for_each(check_value),
        TermKind::Map(entries) => {
            entries.iter().try_for_each(|(key, value)| check_value(key).and_then(|()| check_value(value)))
        }
        TermKind::UserType(fields) => fields.iter().try_for_each(|(_, value)| check_value(value)),
        TermKind::Call { arguments: Arguments::Terms(parts), .. } => parts.iter().try_for_each(check_value),
        TermKind::Hinted { term, .. } | TermKind::Cast { term, .. } | TermKind::Negated(term) => check_value(term),
        TermKind::Arithmetic { left, right, .. } => check_value(left).and_then(|()| check_value(right)),
        TermKind::Null | TermKind::Constant(_) | TermKind::Marker(_) | TermKind::Call { .. } => Ok(()),
    }
}
