//! GRANT, REVOKE and LIST of permissions.

use super::Parser;
use super::access::plain;
use crate::error::Error;
use crate::lexer::Kind;
use crate::statement::{PermissionList, PermissionStatement, ResourceName, Statement};
use henge_model::{Permission, Permissions, Resource};

impl Parser<'_> {
    /// Parses `GRANT` or `REVOKE`, of a role or of permissions.
    pub(super) fn grant(&mut self, granted: bool) -> Result<Statement, Error> {
        self.advance();
        // A role may be called `all`, or have the name of a permission that is not reserved.
        let follows = if granted { "TO" } else { "FROM" };
        if !self.at_permission() || self.following.is_word(follows) {
            return self.membership(granted);
        }
        let permissions = self.permission_list()?;
        self.expect_word("ON")?;
        let resource = self.resource()?;
        check_applicable(permissions, &resource)?;
        self.expect_word(follows)?;
        let role = self.role_name()?;
        Ok(Statement::Permission(match granted {
            true => PermissionStatement::Grant { permissions, resource, role },
            false => PermissionStatement::Revoke { permissions, resource, role },
        }))
    }

    /// Parses `LIST ROLES`, `LIST USERS` or `LIST ... PERMISSIONS`.
    pub(super) fn list(&mut self) -> Result<Statement, Error> {
        self.advance();
        if self.take_word("ROLES") {
            return self.list_roles(false);
        }
        if self.take_word("USERS") {
            return self.list_roles(true);
        }
        let permissions = self.permission_list()?;
        let resource = if self.take_word("ON") { Some(self.resource()?) } else { None };
        let of = if self.take_word("OF") { Some(self.role_name()?) } else { None };
        let recursive = !self.take_word("NORECURSIVE");
        Ok(Statement::Permission(PermissionStatement::List { permissions, resource, of, recursive }))
    }

    fn at_permission(&self) -> bool {
        self.at_word("ALL") || (self.token.kind == Kind::Word && Permission::from_name(self.token.text).is_some())
    }

    fn permission_list(&mut self) -> Result<PermissionList, Error> {
        if self.take_word("ALL") {
            self.take_word("PERMISSIONS");
            return Ok(PermissionList::All);
        }
        let all = self.comma_separated(|p| {
            let named = if p.token.kind == Kind::Word { Permission::from_name(p.token.text) } else { None };
            let permission = named.ok_or_else(|| p.unexpected_token("a permission, ROLES or USERS"))?;
            p.advance();
            let _ = p.take_word("PERMISSION") || p.take_word("PERMISSIONS");
            Ok(permission)
        })?;
        Ok(PermissionList::These(all.into_iter().collect()))
    }

    fn resource(&mut self) -> Result<ResourceName, Error> {
        let position = self.position();
        if self.at_word("ALL") && !self.following_ends_name() {
            self.advance();
            return self.all_of_a_kind();
        }
        if self.at_word("FUNCTION") && !self.following_ends_name() {
            self.advance();
            return Ok(ResourceName::Function(self.function_name()?, self.parameter_types()?));
        }
        for (word, plural) in [("MBEAN", false), ("MBEANS", true)] {
            if self.at_word(word) && !self.following_ends_name() {
                self.advance();
                return Ok(ResourceName::Beans(Some(self.bean_name(plural)?), position));
            }
        }
        if self.take_word("KEYSPACE") {
            return Ok(ResourceName::Full(Resource::Keyspace(self.name("a keyspace")?.text)));
        }
        if self.at_word("ROLE") && !self.following_ends_name() {
            self.advance();
            return Ok(ResourceName::Full(Resource::Role(self.role_name()?)));
        }
        let _ = self.take_word("TABLE") || self.take_word("COLUMNFAMILY");
        self.table_name().map(ResourceName::Table)
    }

    /// Parses the resource that follows `ALL`.
    fn all_of_a_kind(&mut self) -> Result<ResourceName, Error> {
        let position = self.position();
        if self.take_word("KEYSPACES") {
            return Ok(ResourceName::Full(Resource::AllKeyspaces));
        }
        if self.take_word("ROLES") {
            return Ok(ResourceName::Full(Resource::AllRoles));
        }
        if self.take_word("MBEANS") {
            return Ok(ResourceName::Beans(None, position));
        }
        if self.take_word("TABLES") || self.take_word("COLUMNFAMILIES") {
            self.expect_word("IN")?;
            self.expect_word("KEYSPACE")?;
            return Ok(ResourceName::Full(Resource::AllTables(self.name("a keyspace")?.text)));
        }
        self.expect_word("FUNCTIONS")?;
        if !self.take_word("IN") {
            return Ok(ResourceName::Full(Resource::AllFunctions));
        }
        self.expect_word("KEYSPACE")?;
        Ok(ResourceName::Full(Resource::KeyspaceFunctions(self.name("a keyspace")?.text)))
    }

    /// True if the current word is a name by itself, since the next token cannot continue a resource.
    fn following_ends_name(&self) -> bool {
        let words = ["TO", "FROM", "OF", "NORECURSIVE"];
        let end = self.following.kind == Kind::End || self.following.is_symbol(";") || self.following.is_symbol(".");
        end || words.iter().any(|w| self.following.is_word(w))
    }

    /// Parses the name of a JMX bean, or if `plural` a pattern of names: `domain:key=value,...`.
    fn bean_name(&mut self, plural: bool) -> Result<String, Error> {
        if self.token.kind != Kind::String && self.token.kind != Kind::DollarString {
            return Err(self.unexpected_token("a name in quotes"));
        }
        let name = self.string("a name in quotes")?;
        let is_property = |p: &str| p == "*" || p.split_once('=').is_some_and(|(k, v)| !k.is_empty() && !v.is_empty());
        match name.split_once(':') {
            _ if name.is_empty() => Err(plain("Empty JMX object name supplied")),
            _ if name == "*:*" => Err(plain("Please use ALL MBEANS instead of wildcard pattern")),
            Some((_, properties)) if properties.split(',').all(is_property) => {
                match plural && !name.contains(['*', '?']) {
                    true => Err(plain(format!("Plural form used, but non-pattern JMX object name specified ({name})"))),
                    false => Ok(name),
                }
            }
            _ => Err(plain(format!("{name} is not a valid JMX object name"))),
        }
    }
}

/// The permissions that apply to the resource, and Cassandra's name for its kind.
fn applicable(resource: &ResourceName) -> (Permissions, &'static str) {
    use Permission::{Alter, Authorize, Describe, Drop, Execute, Modify, Select};
    let table = Resource::Table(String::new(), String::new());
    match resource {
        ResourceName::Full(resource) => (resource.applicable(), resource.kind()),
        ResourceName::Table(_) => (table.applicable(), table.kind()),
        ResourceName::Function(..) => (Permissions::of(&[Alter, Drop, Authorize, Execute]), "FunctionResource"),
        ResourceName::Beans(..) => (Permissions::of(&[Select, Modify, Authorize, Describe, Execute]), "JMXResource"),
    }
}

/// Refuses permissions none of which applies to this kind of resource.
fn check_applicable(permissions: PermissionList, resource: &ResourceName) -> Result<(), Error> {
    let (applicable, kind) = applicable(resource);
    match permissions {
        PermissionList::These(asked) if applicable.intersection(asked).is_empty() => {
            Err(plain(format!("Resource type {kind} does not support any of the requested permissions")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::parse;
    use crate::statement::{PermissionStatement, ResourceName, RoleStatement, Statement};
    use henge_model::Resource;

    #[test]
    fn statements_about_roles_and_permissions_are_read() {
        for text in [
            "CREATE ROLE r",
            "CREATE ROLE IF NOT EXISTS 'any Name' WITH PASSWORD = 'x' AND LOGIN = true AND SUPERUSER = FALSE",
            "CREATE ROLE \"R\" WITH HASHED PASSWORD = '$2a$10$x' AND ACCESS TO ALL DATACENTERS AND ACCESS FROM ALL CIDRS",
            "CREATE ROLE r WITH OPTIONS = {'a': 'b'}",
            "ALTER ROLE r WITH ACCESS TO DATACENTERS {'dc1', 'dc2'} AND ACCESS FROM CIDRS {'home'}",
            "GRANT EXECUTE ON FUNCTION ks.f(int, frozen<list<int>>) TO r",
            "REVOKE ALL ON FUNCTION ks.token() FROM r",
            "GRANT ALL ON COLUMNFAMILY k.t TO r",
            "GRANT ALL ON ALL COLUMNFAMILIES IN KEYSPACE k TO r",
            "LIST ALL ON ALL MBEANS OF r",
            "GRANT SELECT, MODIFY ON MBEAN 'org.example:type=A,name=b' TO r",
            "GRANT EXECUTE ON MBEANS 'org.example:type=*' TO r",
            "ALTER ROLE IF EXISTS r WITH LOGIN = false",
            "ALTER ROLE r",
            "DROP ROLE IF EXISTS r;",
            "CREATE USER IF NOT EXISTS u WITH PASSWORD 'x' SUPERUSER",
            "CREATE USER u NOSUPERUSER",
            "ALTER USER u WITH HASHED PASSWORD '$2a$10$x'",
            "DROP USER u",
            "GRANT a TO b",
            "REVOKE a FROM 'b'",
            "GRANT all TO b",
            "GRANT unmask TO b",
            "GRANT SELECT, MODIFY PERMISSION ON ALL KEYSPACES TO r",
            "REVOKE ALL PERMISSIONS ON ALL TABLES IN KEYSPACE k FROM r",
            "GRANT ALL ON role TO r",
            "LIST ROLES OF r NORECURSIVE",
            "LIST USERS",
            "LIST ALL",
            "LIST SELECT, ALTER PERMISSIONS ON k.t OF r NORECURSIVE",
            "LIST ALL PERMISSIONS ON ALL ROLES",
        ] {
            assert!(
                matches!(parse(text), Ok(Statement::Role(_) | Statement::Permission(_))),
                "{text}: {:?}",
                parse(text)
            );
        }
    }

    #[test]
    fn resources_are_told_apart() {
        for (text, path) in [
            ("ALL KEYSPACES", "data"),
            ("KEYSPACE k", "data/k"),
            ("ALL TABLES IN KEYSPACE k", "data/k/*"),
            ("ALL ROLES", "roles"),
            ("ROLE 'R'", "roles/R"),
            ("ALL FUNCTIONS", "functions"),
            ("ALL FUNCTIONS IN KEYSPACE k", "functions/k"),
        ] {
            let text = format!("REVOKE ALL ON {text} FROM r");
            let Ok(Statement::Permission(PermissionStatement::Revoke { resource, .. })) = parse(&text) else {
                panic!("{text}: {:?}", parse(&text))
            };
            assert!(matches!(resource, ResourceName::Full(r) if r.path() == path), "{text}");
        }
        let text = "GRANT ALTER ON TABLE k.t TO r";
        let Ok(Statement::Permission(PermissionStatement::Grant { resource, .. })) = parse(text) else { panic!() };
        assert!(matches!(resource, ResourceName::Table(name) if name.name.text == "t"));
        let role = Resource::Role("r".to_owned());
        assert_eq!(role.kind(), "RoleResource");
    }

    #[test]
    fn mistakes_have_cassandras_words_where_it_has_its_own() {
        let error = |text: &str| parse(text).unwrap_err().message;
        let mistakes = [
            ("CREATE ROLE ?", "Bind variables cannot be used for role names"),
            (
                "CREATE USER \"U\" WITH PASSWORD 'x'",
                "Quoted strings are are not supported for user names and USER is deprecated, please use ROLE",
            ),
            (
                "CREATE ROLE x WITH HASHED PASSWORD = 'x' AND PASSWORD = 'x'",
                "Options 'password' and 'hashed password' are mutually exclusive",
            ),
            ("CREATE ROLE x WITH LOGIN = true AND LOGIN = false", "Multiple definition for property 'LOGIN'"),
            (
                "GRANT CREATE ON k.t TO r",
                "Resource type DataResource does not support any of the requested permissions",
            ),
            (
                "GRANT SELECT ON ALL ROLES TO r",
                "Resource type RoleResource does not support any of the requested permissions",
            ),
        ];
        for (text, message) in mistakes {
            assert_eq!(error(text), message);
        }
        assert!(error("CREATE ROLE x WITH LOGIN = 'true'").contains("expected true or false"));
        assert!(error("CREATE ROLE x WITH PASSWORD 'x'").contains("expected '='"));
        assert!(error("GRANT FOO ON k.t TO r").contains("expected TO"));
        assert!(error("CREATE ROLE x WITH ACCESS TO DATACENTERS {}").contains("expected the name of a datacentre"));
        assert!(error("CREATE ROLE x WITH ACCESS FROM ALL DATACENTERS").contains("expected CIDRS"));
        assert!(error("CREATE ROLE x WITH OPTIONS = 'a'").contains("expected a map"));
        let twice = "CREATE ROLE x WITH ACCESS TO ALL DATACENTERS AND ACCESS TO DATACENTERS {'a'}";
        assert_eq!(error(twice), "line 1:59 access to DATACENTERS is given twice");
        assert_eq!(error("GRANT SELECT ON MBEAN 'x' TO r"), "x is not a valid JMX object name");
        assert_eq!(
            error("GRANT SELECT ON MBEANS 'a:b=c' TO r"),
            "Plural form used, but non-pattern JMX object name specified (a:b=c)"
        );
        assert!(error("GRANT EXECUTE ON FUNCTION ks.f TO r").contains("expected '('"));
    }

    #[test]
    fn passwords_are_not_printed() {
        let statement = parse("CREATE ROLE r WITH PASSWORD = 'secret'").unwrap();
        assert!(!format!("{statement:?}").contains("secret"));
        assert!(matches!(statement, Statement::Role(RoleStatement::Create { .. })));
    }
}
