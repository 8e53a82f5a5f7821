//! Passwords. bcrypt takes tens of milliseconds on purpose: it runs on a worker, few at a time, and a password that was right is remembered
//! for a moment, because drivers open several connections at once.

use crate::client::access::logins::Logins;
use crate::client::access::role_identity::RoleIdentity;
use crate::client::core::Core;
use crate::client::error::Error;
use crate::ground::context::Context;
use crate::ground::request_labels::LoginOutcome;
use crate::ground::world::{Lane, World};
use std::net::IpAddr;

/// bcrypt's cost: 2 to the power of it rounds. Cassandra's, so that roles can be taken over either way.
const COST: u32 = 10;
/// The highest cost of a hash that a statement may set: a check of it takes seconds.
const COST_MAX: u32 = 15;
/// Bytes of a password that bcrypt looks at.
const PASSWORD_BYTES: usize = 72;
/// The longest password that is looked at.
const PASSWORD_BYTES_MAX: usize = 1_024;
/// The hash of no password: who logs in as nobody waits as long as everybody else.
const NOBODYS: &str = "$2a$10$.....................................................";

impl<W: World> Core<W> {
    /// True if a client must log in before anything else.
    pub fn demands_login(&self) -> bool {
        self.context().options.authenticate
    }

    /// The role that name and password belong to; says the same whether the name or the password is wrong, after the same time.
    /// `client` is where they come from. If this is dropped before it is ready, nothing is checked any more.
    pub async fn login(&self, user: &str, password: &str, client: Option<IpAddr>) -> Result<RoleIdentity, Error> {
        let outcome = self.check_password(user, password, client).await;
        self.context().metrics.login(match &outcome {
            Ok(_) => LoginOutcome::Ok,
            Err(Error::Authentication(_)) => LoginOutcome::Refused,
            Err(_) => LoginOutcome::Overloaded,
        });
        outcome
    }

    async fn check_password(&self, user: &str, password: &str, client: Option<IpAddr>) -> Result<RoleIdentity, Error> {
        let (logins, world) = (&self.clients.logins, &self.context().world);
        let who = logins.token(user, &client.map_or_else(String::new, |client| client.to_string()));
        world.sleep_until(logins.time_of_attempt(&who, world.mono())?).await;
        let role = self.cluster().view().state.roles.get(user).cloned();
        let wrong = || Error::Authentication(format!("Provided username {user} and/or password are incorrect"));
        if password.len() > PASSWORD_BYTES_MAX {
            return Err(wrong());
        }
        let known = role.as_ref().and_then(|role| role.salted_hash.clone());
        let right = verify(self, known.clone().unwrap_or_else(|| NOBODYS.to_owned()), password, client).await?;
        logins.note(who, right && known.is_some(), world.mono());
        match role {
            Some(role) if right && known.is_some() => match role.can_login {
                true => Ok(RoleIdentity::of(&role)),
                false => Err(Error::Authentication(format!("{user} is not permitted to log in"))),
            },
            _ => Err(wrong()),
        }
    }
}

async fn verify<W: World>(
    core: &Core<W>,
    salted_hash: String,
    password: &str,
    client: Option<IpAddr>,
) -> Result<bool, Error> {
    let logins = &core.clients.logins;
    let token = logins.token(&salted_hash, password);
    if logins.was_right(&token, core.context().world.mono()) {
        return Ok(true);
    }
    let turn = logins.turn(client).await?;
    let (worker, password) = (core.clone(), password.to_owned());
    let job = move || {
        let _turn = turn;
        // Meanwhile another connection of the same client may have been let in.
        let (logins, world) = (&worker.clients.logins, &worker.context().world);
        if logins.was_right(&token, world.mono()) {
            return true;
        }
        let right = bcrypt::verify(password, &salted_hash).unwrap_or(false);
        if right {
            logins.remember(token, world.mono());
        }
        right
    };
    Ok(core.context().world.disk(Lane::Password, job).await)
}

/// The salted hash of a new password.
pub(super) async fn hash<W: World>(context: &Context<W>, logins: &Logins, password: &str) -> Result<String, Error> {
    if password.len() > PASSWORD_BYTES {
        return Err(super::invalid(format!("a password may be at most {PASSWORD_BYTES} bytes long")));
    }
    let turn = logins.turn(None).await?;
    let mut salt = [0; 16];
    salt[..8].copy_from_slice(&context.world.random("password").to_le_bytes());
    salt[8..].copy_from_slice(&context.world.random("password").to_le_bytes());
    let password = password.to_owned();
    let job = move || {
        let _turn = turn;
        bcrypt::hash_with_salt(password, COST, salt).map(|parts| parts.format_for_version(bcrypt::Version::TwoA))
    };
    context.world.disk(Lane::Password, job).await.map_err(|e| super::invalid(e.to_string()))
}

/// Checks a hash that a statement gives.
pub(super) fn check_hash(hash: &str) -> Result<(), Error> {
    let parts: Result<bcrypt::HashParts, _> = hash.parse();
    match parts {
        Ok(parts) if parts.get_cost() <= COST_MAX => Ok(()),
        Ok(_) => Err(super::invalid(format!("the cost of a hashed password may be at most {COST_MAX}"))),
        Err(_) => Err(super::invalid("Invalid hashed password value. Please use jBcrypt.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_bcrypts() {
        assert!(check_hash("$2a$10$JSJEMFm6GeaW9XxT5JIheuEtPvat6i7uKbnTcxX3c1wshIIsGyUtG").is_ok());
        assert!(check_hash("$2a$31$JSJEMFm6GeaW9XxT5JIheuEtPvat6i7uKbnTcxX3c1wshIIsGyUtG").is_err());
        assert!(check_hash("xx").is_err());
        assert!(!bcrypt::verify("", NOBODYS).unwrap());
    }
}
