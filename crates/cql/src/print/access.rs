use super::function::FunctionName;
use super::name::quoted;
use super::{ands, commas, words};
use crate::statement::{
    Access, Name, Password, PermissionList, PermissionStatement, ResourceName, RoleOptions, RoleStatement,
};
use henge_model::Resource;
use std::fmt::{Display, Formatter, Result};

impl Display for RoleStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            RoleStatement::Create { name, if_not_exists, options } => {
                f.write_str("CREATE ROLE")?;
                words(f, *if_not_exists, "IF NOT EXISTS")?;
                write!(f, " {}{options}", RoleName(name))
            }
            RoleStatement::Alter { name, if_exists, options } => {
                f.write_str("ALTER ROLE")?;
                words(f, *if_exists, "IF EXISTS")?;
                write!(f, " {}{options}", RoleName(name))
            }
            RoleStatement::Drop { name, if_exists } => {
                f.write_str("DROP ROLE")?;
                words(f, *if_exists, "IF EXISTS")?;
                write!(f, " {}", RoleName(name))
            }
            RoleStatement::Grant { role, member } => write!(f, "GRANT {} TO {}", RoleName(role), RoleName(member)),
            RoleStatement::Revoke { role, member } => write!(f, "REVOKE {} FROM {}", RoleName(role), RoleName(member)),
            RoleStatement::List { users: true, .. } => f.write_str("LIST USERS"),
            RoleStatement::List { of, recursive, .. } => {
                f.write_str("LIST ROLES")?;
                of_role(f, of.as_deref(), *recursive)
            }
        }
    }
}

impl Display for RoleOptions {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let mut options = Vec::new();
        // Passwords are not printed.
        options.extend(self.password.as_ref().map(|password| match password {
            Password::Clear(_) => "PASSWORD = '***'".to_owned(),
            Password::Hashed(_) => "HASHED PASSWORD = '***'".to_owned(),
        }));
        options.extend(self.can_login.map(|flag| format!("LOGIN = {flag}")));
        options.extend(self.is_superuser.map(|flag| format!("SUPERUSER = {flag}")));
        // The content of OPTIONS is not kept by the parser.
        options.extend(self.has_options.then(|| "OPTIONS = {}".to_owned()));
        options.extend(self.datacenters.as_ref().map(|access| format!("ACCESS TO {}", Places(access, "DATACENTERS"))));
        options.extend(self.cidrs.as_ref().map(|access| format!("ACCESS FROM {}", Places(access, "CIDRS"))));
        if options.is_empty() { Ok(()) } else { write!(f, " WITH {}", ands(&options)) }
    }
}

impl Display for PermissionStatement {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            PermissionStatement::Grant { permissions, resource, role } => {
                write!(f, "GRANT {permissions} ON {resource} TO {}", RoleName(role))
            }
            PermissionStatement::Revoke { permissions, resource, role } => {
                write!(f, "REVOKE {permissions} ON {resource} FROM {}", RoleName(role))
            }
            PermissionStatement::List { permissions, resource, of, recursive } => {
                write!(f, "LIST {permissions}")?;
                super::clause(f, "ON", resource.as_ref())?;
                of_role(f, of.as_deref(), *recursive)
            }
        }
    }
}

impl Display for PermissionList {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            PermissionList::All => f.write_str("ALL PERMISSIONS"),
            PermissionList::These(these) => {
                let names: Vec<&str> = these.iter().map(|permission| permission.name()).collect();
                commas(&names).fmt(f)
            }
        }
    }
}

impl Display for ResourceName {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let keyspace = |text: &str| Name { text: text.to_owned(), position: crate::Position::default() };
        match self {
            ResourceName::Full(Resource::AllKeyspaces) => f.write_str("ALL KEYSPACES"),
            ResourceName::Full(Resource::Keyspace(name)) => write!(f, "KEYSPACE {}", keyspace(name)),
            ResourceName::Full(Resource::AllTables(name)) => write!(f, "ALL TABLES IN KEYSPACE {}", keyspace(name)),
            ResourceName::Full(Resource::Table(of, name)) => write!(f, "TABLE {}.{}", keyspace(of), keyspace(name)),
            ResourceName::Full(Resource::AllRoles) => f.write_str("ALL ROLES"),
            ResourceName::Full(Resource::Role(name)) => write!(f, "ROLE {}", RoleName(name)),
            ResourceName::Full(Resource::AllFunctions) => f.write_str("ALL FUNCTIONS"),
            ResourceName::Full(Resource::KeyspaceFunctions(name)) => {
                write!(f, "ALL FUNCTIONS IN KEYSPACE {}", keyspace(name))
            }
            ResourceName::Table(name) => write!(f, "TABLE {name}"),
            ResourceName::Function(name, types) => write!(f, "FUNCTION {}({})", FunctionName(name), commas(types)),
            ResourceName::Beans(None, _) => f.write_str("ALL MBEANS"),
            // MBEAN accepts a pattern too, so the plural is not needed.
            ResourceName::Beans(Some(name), _) => write!(f, "MBEAN {}", RoleName(name)),
        }
    }
}

/// Prints `ALL what` or `what {'a', 'b'}`.
struct Places<'a>(&'a Access, &'a str);

impl Display for Places<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self.0 {
            Access::All => write!(f, "ALL {}", self.1),
            Access::Only(names) => {
                let names: Vec<RoleName<'_>> = names.iter().map(|name| RoleName(name)).collect();
                write!(f, "{} {{{}}}", self.1, commas(&names))
            }
        }
    }
}

/// Prints a role's name, always in quotes.
struct RoleName<'a>(&'a str);

impl Display for RoleName<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        quoted(f, self.0, '\'')
    }
}

fn of_role(f: &mut Formatter<'_>, of: Option<&str>, recursive: bool) -> Result {
    super::clause(f, "OF", of.map(RoleName).as_ref())?;
    words(f, !recursive, "NORECURSIVE")
}
