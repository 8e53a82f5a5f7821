//! Roles and users: CREATE, ALTER, DROP, GRANT, REVOKE and LIST.

use super::Parser;
use crate::error::{Error, ErrorKind};
use crate::lexer::Kind;
use crate::statement::{Access, Password, PropertyValue, RoleOptions, RoleStatement, Statement};

/// The first keyword of a statement about one role.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RoleVerb {
    Create,
    Alter,
    Drop,
}

impl Parser<'_> {
    /// Parses `CREATE ROLE`, `ALTER USER` and the like, with the cursor at the verb.
    pub(super) fn role_statement(&mut self, verb: RoleVerb) -> Result<Statement, Error> {
        self.advance();
        let is_user = self.at_word("USER");
        self.advance();
        let (if_not_exists, if_exists) = match verb {
            RoleVerb::Create => (self.if_not_exists()?, false),
            _ => (false, self.if_exists()?),
        };
        let name = if is_user { self.user_name()? } else { self.role_name()? };
        Ok(Statement::Role(match verb {
            RoleVerb::Drop => RoleStatement::Drop { name, if_exists },
            RoleVerb::Create if is_user => {
                let options = RoleOptions { can_login: Some(true), ..self.user_options()? };
                let is_superuser = Some(options.is_superuser.unwrap_or(false));
                RoleStatement::Create { name, if_not_exists, options: RoleOptions { is_superuser, ..options } }
            }
            RoleVerb::Create => RoleStatement::Create { name, if_not_exists, options: self.role_options()? },
            RoleVerb::Alter if is_user => RoleStatement::Alter { name, if_exists, options: self.user_options()? },
            RoleVerb::Alter => RoleStatement::Alter { name, if_exists, options: self.role_options()? },
        }))
    }

    /// Parses what follows `LIST ROLES` or `LIST USERS`.
    pub(super) fn list_roles(&mut self, users: bool) -> Result<Statement, Error> {
        let of = if !users && self.take_word("OF") { Some(self.role_name()?) } else { None };
        let recursive = users || !self.take_word("NORECURSIVE");
        Ok(Statement::Role(RoleStatement::List { of, recursive, users }))
    }

    /// Parses `role TO member` of a GRANT, or `role FROM member` of a REVOKE.
    pub(super) fn membership(&mut self, granted: bool) -> Result<Statement, Error> {
        let role = self.role_name()?;
        self.expect_word(if granted { "TO" } else { "FROM" })?;
        let member = self.role_name()?;
        Ok(Statement::Role(match granted {
            true => RoleStatement::Grant { role, member },
            false => RoleStatement::Revoke { role, member },
        }))
    }

    /// Parses a role name: an identifier, or a string or quoted name with its case kept.
    pub(super) fn role_name(&mut self) -> Result<String, Error> {
        match self.token.kind {
            Kind::String | Kind::DollarString => self.string("a role"),
            _ if self.at_symbol("?") || self.at_symbol(":") => {
                Err(plain("Bind variables cannot be used for role names"))
            }
            _ => self.name("a role").map(|name| name.text),
        }
    }

    fn user_name(&mut self) -> Result<String, Error> {
        if self.token.kind == Kind::QuotedName {
            let message = "Quoted strings are are not supported for user names and USER is deprecated, please use ROLE";
            return Err(plain(message));
        }
        self.role_name()
    }

    /// Parses `WITH [HASHED] PASSWORD 'x'`, followed by `SUPERUSER` or `NOSUPERUSER`.
    fn user_options(&mut self) -> Result<RoleOptions, Error> {
        let mut options = RoleOptions::default();
        if self.take_word("WITH") {
            let hashed = self.take_word("HASHED");
            self.expect_word("PASSWORD")?;
            options.password = Some(password(hashed, self.string("a password")?));
        }
        if self.take_word("SUPERUSER") {
            options.is_superuser = Some(true);
        } else if self.take_word("NOSUPERUSER") {
            options.is_superuser = Some(false);
        }
        Ok(options)
    }

    fn role_options(&mut self) -> Result<RoleOptions, Error> {
        let mut options = RoleOptions::default();
        if self.take_word("WITH") {
            self.role_option(&mut options)?;
            while self.take_word("AND") {
                self.role_option(&mut options)?;
            }
        }
        Ok(options)
    }

    fn role_option(&mut self, options: &mut RoleOptions) -> Result<(), Error> {
        if self.take_word("ACCESS") {
            return self.access(options);
        }
        let hashed = self.take_word("HASHED");
        if hashed || self.at_word("PASSWORD") {
            self.expect_word("PASSWORD")?;
            self.expect_symbol("=")?;
            let given = password(hashed, self.string("a password")?);
            return match &options.password {
                None => {
                    options.password = Some(given);
                    Ok(())
                }
                Some(Password::Clear(_)) if !hashed => Err(twice("PASSWORD")),
                Some(Password::Hashed(_)) if hashed => Err(twice("HASHED_PASSWORD")),
                Some(_) => Err(plain("Options 'password' and 'hashed password' are mutually exclusive")),
            };
        }
        if self.take_word("LOGIN") {
            return self.role_flag("LOGIN", &mut options.can_login);
        }
        if self.take_word("SUPERUSER") {
            return self.role_flag("SUPERUSER", &mut options.is_superuser);
        }
        if self.at_word("OPTIONS") {
            self.role_map()?;
            options.has_options = true;
            return Ok(());
        }
        Err(self.unexpected_token("PASSWORD, HASHED PASSWORD, LOGIN, SUPERUSER, OPTIONS or ACCESS"))
    }

    fn role_flag(&mut self, name: &str, flag: &mut Option<bool>) -> Result<(), Error> {
        self.expect_symbol("=")?;
        let value = match (self.at_word("TRUE"), self.at_word("FALSE")) {
            (true, _) => true,
            (_, true) => false,
            _ => return Err(self.unexpected_token("true or false")),
        };
        self.advance();
        if flag.replace(value).is_some() {
            return Err(twice(name));
        }
        Ok(())
    }

    /// Parses `OPTIONS = {...}`. The content is dropped, since Henge has no such options.
    fn role_map(&mut self) -> Result<(), Error> {
        let position = self.position();
        match self.property()?.value {
            PropertyValue::Map(_) => Ok(()),
            PropertyValue::Constant(_) => Err(Error::syntax(position, "expected a map behind OPTIONS =")),
        }
    }

    /// Parses what follows `ACCESS`.
    fn access(&mut self, options: &mut RoleOptions) -> Result<(), Error> {
        let from = self.take_word("FROM");
        if !from {
            self.expect_word("TO").map_err(|_| self.unexpected_token("TO or FROM"))?;
        }
        let (what, one, place) = match from {
            true => ("CIDRS", "the name of a CIDR group", &mut options.cidrs),
            false => ("DATACENTERS", "the name of a datacentre", &mut options.datacenters),
        };
        let all = self.take_word("ALL");
        let position = self.position();
        self.expect_word(what)?;
        let access = match all {
            true => Access::All,
            false => {
                self.expect_symbol("{")?;
                let names = self.comma_separated(|p| p.string(one))?;
                self.expect_symbol("}")?;
                Access::Only(names)
            }
        };
        match place.replace(access) {
            None => Ok(()),
            Some(_) => Err(Error::syntax(position, format!("access to {what} is given twice"))),
        }
    }
}

fn password(hashed: bool, text: String) -> Password {
    if hashed { Password::Hashed(text) } else { Password::Clear(text) }
}

/// A syntax error without a position, as in Cassandra.
pub(super) fn plain(message: impl Into<String>) -> Error {
    Error { kind: ErrorKind::Syntax, ..Error::invalid(message) }
}

fn twice(option: &str) -> Error {
    plain(format!("Multiple definition for property '{option}'"))
}
