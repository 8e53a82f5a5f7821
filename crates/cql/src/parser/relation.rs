//! The conditions of WHERE and IF.

use super::Parser;
use crate::error::Error;
use crate::lexer::Kind;
use crate::statement::{Condition, Operator, Relation, Subject, Term, TermKind};

impl Parser<'_> {
    /// Parses `WHERE a = 1 AND ...`, if present.
    pub(super) fn where_clause(&mut self) -> Result<Vec<Relation>, Error> {
        if self.take_word("WHERE") { self.where_relations() } else { Ok(Vec::new()) }
    }

    /// Parses `IF EXISTS` or `IF a = 1 AND ...`, if present.
    pub(super) fn condition(&mut self) -> Result<Option<Condition>, Error> {
        let position = self.position();
        if !self.take_word("IF") {
            return Ok(None);
        }
        // A column may be called `exists` too.
        let mut ahead = *self;
        ahead.advance();
        let compared = ahead.comparison().is_ok() || ahead.at_symbol("[") || ahead.at_symbol(".");
        if self.at_word("EXISTS") && !compared {
            self.advance();
            return Ok(Some(Condition::Exists(position)));
        }
        self.relations(Self::relation).map(|all| Some(Condition::Relations(all)))
    }

    /// Parses the relations after WHERE.
    pub(super) fn where_relations(&mut self) -> Result<Vec<Relation>, Error> {
        self.relations(|p| if p.at_index_expression() { p.index_expression() } else { p.relation() })
    }

    fn relations(&mut self, one: impl Fn(&mut Self) -> Result<Relation, Error>) -> Result<Vec<Relation>, Error> {
        let mut all = vec![one(self)?];
        while self.take_word("AND") {
            all.push(one(self)?);
        }
        Ok(all)
    }

    /// True at `expr(`. With a blank in between, `expr` is a function's name.
    pub(super) fn at_index_expression(&self) -> bool {
        let behind = self.token.position.offset as usize + self.token.text.len();
        self.token.kind == Kind::Word
            && self.token.text == "expr"
            && self.following.is_symbol("(")
            && self.following.position.offset as usize == behind
    }

    /// Parses `expr(index, term)`.
    fn index_expression(&mut self) -> Result<Relation, Error> {
        let position = self.position();
        self.advance();
        self.expect_symbol("(")?;
        let index = self.name("an index")?;
        self.expect_symbol(",")?;
        let values = vec![self.term()?];
        self.expect_symbol(")")?;
        Ok(Relation { subject: Subject::Index(index), operator: Operator::Equal, values, listed: false, position })
    }

    fn relation(&mut self) -> Result<Relation, Error> {
        self.with_nesting(|p| {
            if p.at_symbol("(") && !p.at_column_tuple() {
                p.advance();
                let relation = p.relation()?;
                p.expect_symbol(")")?;
                return Ok(relation);
            }
            let position = p.position();
            let subject = p.subject()?;
            let operator = p.comparison()?;
            let (values, listed) = p.right_side(operator)?;
            if listed && matches!(subject, Subject::Columns(_)) {
                check_tuples(&values)?;
            }
            Ok(Relation { subject, operator, values, listed, position })
        })
    }

    /// True at `(a, b)` or `(a) op`, false at a relation in parentheses.
    fn at_column_tuple(&self) -> bool {
        let mut ahead = *self;
        let names = ahead.in_parentheses(Self::column);
        names.is_ok_and(|n| n.len() > 1 || ahead.at_comparison())
    }

    fn at_comparison(&self) -> bool {
        ["=", "!=", "<", "<=", ">", ">="].iter().any(|s| self.at_symbol(s)) || self.at_word("IN")
    }

    fn subject(&mut self) -> Result<Subject, Error> {
        if self.at_word("TOKEN") {
            self.advance();
            return self.in_parentheses(Self::column).map(Subject::Token);
        }
        if self.at_symbol("(") {
            return self.in_parentheses(Self::column).map(Subject::Columns);
        }
        let column = self.column()?;
        if self.take_symbol("[") {
            let key = self.value()?;
            self.expect_symbol("]")?;
            return Ok(Subject::Element(column, key));
        }
        if self.take_symbol(".") {
            return Ok(Subject::Field(column, self.name("a field name")?));
        }
        Ok(Subject::Column(column))
    }

    fn comparison(&mut self) -> Result<Operator, Error> {
        const SIGNS: [(&str, Operator); 6] = [
            ("=", Operator::Equal),
            ("!=", Operator::NotEqual),
            ("<", Operator::Less),
            ("<=", Operator::LessOrEqual),
            (">", Operator::Greater),
            (">=", Operator::GreaterOrEqual),
        ];
        if let Some((_, operator)) = SIGNS.iter().find(|(sign, _)| self.at_symbol(sign)) {
            self.advance();
            return Ok(*operator);
        }
        if self.take_word("IN") {
            return Ok(Operator::In);
        }
        if self.take_word("LIKE") {
            return Ok(Operator::Like);
        }
        if self.take_word("CONTAINS") {
            return Ok(if self.take_word("KEY") { Operator::ContainsKey } else { Operator::Contains });
        }
        if self.take_word("IS") {
            self.expect_word("NOT")?;
            self.expect_word("NULL")?;
            return Ok(Operator::IsNotNull);
        }
        Err(self.unexpected_token("a comparison"))
    }

    /// Parses the right side; the flag is true if it is a list in parentheses.
    fn right_side(&mut self, operator: Operator) -> Result<(Vec<Term>, bool), Error> {
        match operator {
            Operator::IsNotNull => Ok((Vec::new(), false)),
            Operator::In if self.at_symbol("(") => {
                self.advance();
                if self.take_symbol(")") {
                    return Ok((Vec::new(), true));
                }
                let values = self.comma_separated(Self::value)?;
                self.expect_symbol(")")?;
                Ok((values, true))
            }
            Operator::In => {
                if !self.at_marker() {
                    return Err(self.unexpected_token("'(' or a bind marker"));
                }
                Ok((vec![self.marker_term()?], false))
            }
            _ => Ok((vec![self.value()?], false)),
        }
    }
}

/// Refuses a list in `(a, b) IN (...)` that mixes tuples and bind markers.
fn check_tuples(values: &[Term]) -> Result<(), Error> {
    let is_marker = |term: &Term| matches!(term.kind, TermKind::Marker(_));
    match values.iter().find(|term| is_marker(term) != is_marker(&values[0])) {
        Some(other) => Err(Error::syntax(other.position, "tuples and bind markers cannot stand in one list")),
        None => Ok(()),
    }
}
