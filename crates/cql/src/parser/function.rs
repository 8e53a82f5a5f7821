//! Statements about user-defined functions and aggregates.

use super::Parser;
use crate::error::{Error, Position};
use crate::keyword::NO_FUNCTIONS;
use crate::lexer::Kind;
use crate::statement::{
    CreateAggregate, CreateFunction, DropFunction, FunctionStatement, Name, Presence, TableName, TypeName,
};

impl Parser<'_> {
    /// Parses `CREATE [OR REPLACE] FUNCTION` or `AGGREGATE`; `None` for anything else.
    pub(super) fn create_function(&mut self) -> Result<Option<FunctionStatement>, Error> {
        let position = self.position();
        let mut ahead = *self;
        ahead.advance();
        let or_replace = ahead.take_word("OR");
        if or_replace {
            ahead.expect_word("REPLACE")?;
        }
        if ahead.take_word("FUNCTION") {
            *self = ahead;
            return self.function(or_replace, position).map(|f| Some(FunctionStatement::Create(f)));
        }
        if ahead.take_word("AGGREGATE") {
            *self = ahead;
            return self.aggregate(or_replace, position).map(|a| Some(FunctionStatement::CreateAggregate(a)));
        }
        if or_replace { Err(ahead.unexpected_token("FUNCTION or AGGREGATE")) } else { Ok(None) }
    }

    fn function(&mut self, or_replace: bool, position: Position) -> Result<CreateFunction, Error> {
        let presence = Presence { or_replace, if_not_exists: self.if_not_exists()? };
        let name = self.function_name()?;
        let parameters = self.maybe_in_parentheses(|p| Ok((p.name("a parameter")?, p.type_name()?)))?;
        let called_on_null = self.called_on_null()?;
        self.expect_word("RETURNS")?;
        let returns = self.type_name()?;
        self.expect_word("LANGUAGE")?;
        if self.token.kind != Kind::Word {
            return Err(self.unexpected_token("a language"));
        }
        let language = self.name("a language")?;
        self.expect_word("AS")?;
        let body = self.string("the function's text")?;
        Ok(CreateFunction { name, presence, parameters, called_on_null, returns, language, body, position })
    }

    /// Parses `CALLED ON NULL INPUT` (true) or `RETURNS NULL ON NULL INPUT` (false).
    fn called_on_null(&mut self) -> Result<bool, Error> {
        let called = self.take_word("CALLED");
        if !called {
            self.expect_word("RETURNS").map_err(|_| self.unexpected_token("CALLED or RETURNS"))?;
            self.expect_word("NULL")?;
        }
        self.expect_word("ON")?;
        self.expect_word("NULL")?;
        self.expect_word("INPUT")?;
        Ok(called)
    }

    fn aggregate(&mut self, or_replace: bool, position: Position) -> Result<CreateAggregate, Error> {
        let presence = Presence { or_replace, if_not_exists: self.if_not_exists()? };
        let name = self.function_name()?;
        let parameters = self.maybe_in_parentheses(Self::type_name)?;
        self.expect_word("SFUNC")?;
        let state_function = self.bare_function_name()?;
        self.expect_word("STYPE")?;
        let state_type = self.type_name()?;
        let final_function = if self.take_word("FINALFUNC") { Some(self.bare_function_name()?) } else { None };
        let initial = if self.take_word("INITCOND") { Some(self.term()?) } else { None };
        Ok(CreateAggregate {
            name,
            presence,
            parameters,
            state_function,
            state_type,
            final_function,
            initial,
            position,
        })
    }

    /// Parses what follows `DROP FUNCTION` or `DROP AGGREGATE`.
    pub(super) fn drop_function(&mut self, aggregate: bool) -> Result<FunctionStatement, Error> {
        let if_exists = self.if_exists()?;
        let name = self.function_name()?;
        let parameters = if self.at_symbol("(") { Some(self.parameter_types()?) } else { None };
        Ok(FunctionStatement::Drop(DropFunction { aggregate, if_exists, name, parameters }))
    }

    /// Parses `(type, ...)`, which may be empty.
    pub(super) fn parameter_types(&mut self) -> Result<Vec<TypeName>, Error> {
        self.maybe_in_parentheses(Self::type_name)
    }

    /// Parses the `name` or `keyspace.name` of a function.
    pub(super) fn function_name(&mut self) -> Result<TableName, Error> {
        if !self.following.is_symbol(".") {
            return Ok(TableName { keyspace: None, name: self.bare_function_name()? });
        }
        let keyspace = Some(self.name("a keyspace")?);
        self.expect_symbol(".")?;
        Ok(TableName { keyspace, name: self.bare_function_name()? })
    }

    fn bare_function_name(&mut self) -> Result<Name, Error> {
        let position = self.position();
        if self.take_word("TOKEN") {
            return Ok(Name { text: "token".to_owned(), position });
        }
        if NO_FUNCTIONS.iter().any(|word| self.at_word(word)) {
            let message = format!("'{}' names no function; quote it to use it as a name", self.token.text);
            return Err(Error::syntax(position, message));
        }
        self.name("a function name")
    }

    /// Parses `(a, b, ...)` or `()`.
    fn maybe_in_parentheses<T>(&mut self, one: impl Fn(&mut Self) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        if self.at_symbol("(") && self.following.is_symbol(")") {
            self.advance();
            self.advance();
            return Ok(Vec::new());
        }
        self.in_parentheses(one)
    }
}

#[cfg(test)]
mod tests {
    use crate::{ErrorKind, parse};

    #[test]
    fn functions_and_aggregates_are_read() {
        for text in [
            "CREATE FUNCTION f(a int) RETURNS NULL ON NULL INPUT RETURNS int LANGUAGE java AS 'return a;'",
            "CREATE OR REPLACE FUNCTION ks.token() CALLED ON NULL INPUT RETURNS frozen<list<int>> LANGUAGE java AS $$ return 'a'; $$",
            "CREATE FUNCTION IF NOT EXISTS \"F g\"(key ks.own, b text) CALLED ON NULL INPUT RETURNS text LANGUAGE JavaScript AS ''",
            "CREATE AGGREGATE a(int) SFUNC f STYPE tuple<int, bigint> FINALFUNC g INITCOND (0, 0)",
            "CREATE OR REPLACE AGGREGATE ks.a() SFUNC count STYPE int",
            "DROP FUNCTION f",
            "DROP FUNCTION IF EXISTS ks.f(int, list<text>);",
            "DROP AGGREGATE a()",
        ] {
            assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
        }
    }

    #[test]
    fn mistakes_in_them_have_a_place() {
        for (text, message) in [
            ("CREATE OR FUNCTION f", "line 1:10 expected REPLACE, found 'FUNCTION'"),
            ("CREATE OR REPLACE TABLE t", "line 1:18 expected FUNCTION or AGGREGATE, found 'TABLE'"),
            ("CREATE FUNCTION f(int) CALLED", "line 1:21 expected a type, found ')'"),
            ("CREATE FUNCTION f(a int) RETURNS int", "line 1:33 expected NULL, found 'int'"),
            ("CREATE FUNCTION f(a int) CALED ON NULL INPUT", "line 1:25 expected CALLED or RETURNS, found 'CALED'"),
            ("CREATE AGGREGATE a(int) STYPE int", "line 1:24 expected SFUNC, found 'STYPE'"),
            ("DROP FUNCTION cast(int)", "line 1:14 'cast' names no function; quote it to use it as a name"),
        ] {
            let error = parse(text).unwrap_err();
            assert_eq!((error.kind, error.message), (ErrorKind::Syntax, message.to_owned()), "{text}");
        }
        let hint = parse("CREATE FUNCTION f(a int) CALED ON NULL INPUT").unwrap_err().hint;
        assert_eq!(hint.as_deref(), Some("did you mean CALLED?"));
    }
}
