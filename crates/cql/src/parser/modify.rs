//! INSERT, UPDATE and DELETE.

use super::Parser;
use super::term::check_value;
use crate::error::{Error, Position};
use crate::statement::{
    ArithmeticOperator, Assignment, AssignmentKind, Delete, Deletion, Insert, InsertValues, ModifyStatement, Name,
    Term, TermKind, Update, Using,
};

impl Parser<'_> {
    /// Parses a statement that writes rows of one table. `expected` names in messages what may stand here.
    pub(super) fn modify_statement(&mut self, expected: &str) -> Result<ModifyStatement, Error> {
        if self.at_word("INSERT") {
            self.insert().map(ModifyStatement::Insert)
        } else if self.at_word("UPDATE") {
            self.update().map(ModifyStatement::Update)
        } else if self.at_word("DELETE") {
            self.delete().map(ModifyStatement::Delete)
        } else {
            Err(self.unexpected_token(expected))
        }
    }

    fn insert(&mut self) -> Result<Insert, Error> {
        self.expect_word("INSERT")?;
        self.expect_word("INTO")?;
        let table = self.table_name()?;
        let values = if self.take_word("JSON") { self.json_values()? } else { self.column_values()? };
        let position = self.position();
        let if_not_exists = self.if_not_exists()?.then_some(position);
        Ok(Insert { table, values, if_not_exists, using: self.using()? })
    }

    fn column_values(&mut self) -> Result<InsertValues, Error> {
        let columns = self.in_parentheses(Self::column)?;
        self.expect_word("VALUES")?;
        let terms = self.in_parentheses(Self::value)?;
        Ok(InsertValues::Columns { columns, terms })
    }

    fn json_values(&mut self) -> Result<InsertValues, Error> {
        let document = self.value()?;
        let mut default_unset = false;
        if self.take_word("DEFAULT") {
            default_unset = self.take_word("UNSET");
            if !default_unset {
                self.expect_word("NULL")?;
            }
        }
        Ok(InsertValues::Json { document, default_unset })
    }

    /// Parses `USING TTL n AND TIMESTAMP n`, if present.
    pub(super) fn using(&mut self) -> Result<Using, Error> {
        let mut using = Using::default();
        if !self.take_word("USING") {
            return Ok(using);
        }
        loop {
            let position = self.position();
            let place = if self.take_word("TTL") {
                &mut using.ttl
            } else if self.take_word("TIMESTAMP") {
                &mut using.timestamp
            } else {
                return Err(self.unexpected_token("TTL or TIMESTAMP"));
            };
            if place.replace(self.integer_or_marker()?).is_some() {
                return Err(Error::syntax(position, "given twice"));
            }
            if !self.take_word("AND") {
                return Ok(using);
            }
        }
    }

    fn update(&mut self) -> Result<Update, Error> {
        self.expect_word("UPDATE")?;
        let table = self.table_name()?;
        let using = self.using()?;
        self.expect_word("SET")?;
        let assignments = self.comma_separated(Self::assignment)?;
        self.expect_word("WHERE")?;
        let relations = self.where_relations()?;
        Ok(Update { table, using, assignments, relations, condition: self.condition()? })
    }

    fn assignment(&mut self) -> Result<Assignment, Error> {
        let column = self.column()?;
        let kind = if self.take_symbol("[") {
            let key = self.value()?;
            self.expect_symbol("]")?;
            self.expect_symbol("=")?;
            AssignmentKind::Element(key, self.value()?)
        } else if self.take_symbol(".") {
            let field = self.name("a field name")?;
            self.expect_symbol("=")?;
            AssignmentKind::Field(field, self.value()?)
        } else if self.take_symbol("+=") {
            AssignmentKind::Change(ArithmeticOperator::Add, self.value()?)
        } else if self.take_symbol("-=") {
            AssignmentKind::Change(ArithmeticOperator::Subtract, self.value()?)
        } else {
            self.expect_symbol("=")?;
            let position = self.position();
            let kind = assignment_of(&column, self.term()?, position)?;
            if let AssignmentKind::Value(term) | AssignmentKind::Change(_, term) | AssignmentKind::Prepend(term) = &kind
            {
                check_value(term)?;
            }
            kind
        };
        Ok(Assignment { column, kind })
    }

    fn delete(&mut self) -> Result<Delete, Error> {
        self.expect_word("DELETE")?;
        let deletions = if self.at_word("FROM") { Vec::new() } else { self.comma_separated(Self::deletion)? };
        self.expect_word("FROM")?;
        let table = self.table_name()?;
        let using = self.using()?;
        if let Some(ttl) = &using.ttl {
            return Err(Error::syntax(ttl.position, "DELETE takes no TTL"));
        }
        self.expect_word("WHERE")?;
        let relations = self.where_relations()?;
        Ok(Delete { deletions, table, using, relations, condition: self.condition()? })
    }

    fn deletion(&mut self) -> Result<Deletion, Error> {
        let column = self.column()?;
        if self.take_symbol("[") {
            let key = self.value()?;
            self.expect_symbol("]")?;
            return Ok(Deletion::Element(column, key));
        }
        if self.take_symbol(".") {
            return Ok(Deletion::Field(column, self.name("a field name")?));
        }
        Ok(Deletion::Column(column))
    }
}

/// The assignment of `column = term`. `c + term`, `term + c` and `c - term` change the column; anything else replaces
/// its value.
fn assignment_of(column: &Name, term: Term, position: Position) -> Result<AssignmentKind, Error> {
    let term = behind(column, term);
    let TermKind::Arithmetic { operator, left, right } = term.kind else {
        return Ok(AssignmentKind::Value(term));
    };
    let column_of = |t: &Term| match &t.kind {
        TermKind::Column(name) => Some(name.text == column.text),
        _ => None,
    };
    match (column_of(&left), operator, column_of(&right)) {
        (Some(true), ArithmeticOperator::Add | ArithmeticOperator::Subtract, None) => {
            Ok(AssignmentKind::Change(operator, *right))
        }
        (None, ArithmeticOperator::Add, Some(true)) => Ok(AssignmentKind::Prepend(*left)),
        (None, _, None) => {
            let kind = TermKind::Arithmetic { operator, left, right };
            Ok(AssignmentKind::Value(Term { kind, position }))
        }
        _ => Err(Error::syntax(position, format!("only {} itself may be added to or taken from", column.text))),
    }
}

/// Turns `(c + a) + b`, as parsed, into `c + (a + b)`, so that the column is followed by a single term.
fn behind(column: &Name, mut term: Term) -> Term {
    let mut rest: Vec<(ArithmeticOperator, Term)> = Vec::new();
    let is_sum = |operator| matches!(operator, ArithmeticOperator::Add | ArithmeticOperator::Subtract);
    let position = term.position;
    let build = |operator, left: Term, right: Term| {
        let position = left.position;
        Term { kind: TermKind::Arithmetic { operator, left: Box::new(left), right: Box::new(right) }, position }
    };
    let begins = |t: &Term| matches!(&t.kind, TermKind::Column(name) if name.text == column.text);
    loop {
        match term.kind {
            TermKind::Arithmetic { operator, left, right } if is_sum(operator) => {
                rest.push((operator, *right));
                term = *left;
            }
            kind => {
                term.kind = kind;
                break;
            }
        }
    }
    if begins(&term)
        && let Some((first, mut behind)) = rest.pop()
    {
        while let Some((operator, right)) = rest.pop() {
            behind = build(operator, behind, right);
        }
        return build(first, term, behind);
    }
    while let Some((operator, right)) = rest.pop() {
        term = build(operator, term, right);
    }
    Term { position, ..term }
}
