//! The options of a role in a statement: checked, and resolved to settings.

use super::{invalid, login};
use crate::client::core::Core;
use crate::client::error::Error;
use crate::ground::world::World;
use henge_cql::statement::{Access, Password, RoleOptions};
use henge_metadata::RoleSettings;

const MANAGER: &str = "org.apache.cassandra.auth.CassandraRoleManager";

/// Refuses options that mean nothing here.
pub(super) fn check<W: World>(core: &Core<W>, options: &RoleOptions) -> Result<(), Error> {
    if options.has_options {
        return Err(invalid(format!("{MANAGER} doesn't support OPTIONS")));
    }
    for (access, what) in [(&options.datacenters, "datacentre"), (&options.cidrs, "address")] {
        if let Some(Access::Only(_)) = access {
            return Err(invalid(format!("Henge does not restrict roles by {what}")));
        }
    }
    let Some(password) = &options.password else { return Ok(()) };
    if !core.context().options.authenticate {
        let name = if matches!(password, Password::Clear(_)) { "PASSWORD" } else { "HASHED_PASSWORD" };
        return Err(invalid(format!("{MANAGER} doesn't support {name}")));
    }
    match password {
        Password::Clear(_) => Ok(()),
        Password::Hashed(hash) => login::check_hash(hash),
    }
}

/// True if there is no option.
pub(super) fn is_empty(options: &RoleOptions) -> bool {
    *options == RoleOptions::default()
}

/// The options that a role may not change of itself.
pub(super) fn not_ones_own(options: &RoleOptions) -> Option<&'static str> {
    match (options.can_login, options.has_options) {
        (Some(_), _) => Some("LOGIN"),
        (None, true) => Some("OPTIONS"),
        (None, false) => None,
    }
}

/// The settings, with the password hashed.
pub(super) async fn resolve<W: World>(core: &Core<W>, options: &RoleOptions) -> Result<RoleSettings, Error> {
    let salted_hash = match &options.password {
        None => None,
        Some(Password::Hashed(hash)) => Some(hash.clone()),
        Some(Password::Clear(password)) => Some(login::hash(core.context(), &core.clients.logins, password).await?),
    };
    Ok(RoleSettings { is_superuser: options.is_superuser, can_login: options.can_login, salted_hash })
}
