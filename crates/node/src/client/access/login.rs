//! Passwords. bcrypt takes tens of milliseconds on purpose: it runs on a worker, few at a time, and what was found right is remembered
//! for a moment, for drivers open several connections at once.

use crate::client::error::Error;
use crate::coordinator::Core;
use crate::ground::world::{Lane, World};
use crate::shared::Shared;
use aws_lc_rs::hmac;
use henge_base::Mono;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// How long a password that was right counts as right without being looked at again. One that is changed is another one at once.
const REMEMBERED: Duration = Duration::from_secs(2);
/// Passwords that are remembered.
const REMEMBERED_MAX: usize = 1_000;
/// Checks that wait for the worker; beyond it a login is refused.
const WAITING_MAX: usize = 128;
/// bcrypt's cost: 2 to the power of it rounds. Cassandra's, so that roles can be taken over either way.
const COST: u32 = 10;
/// The highest cost of a hash that a statement may set: a check of it takes seconds.
const COST_MAX: u32 = 15;
/// What bcrypt looks at of a password.
const PASSWORD_BYTES: usize = 72;
/// The longest password that is looked at.
const PASSWORD_BYTES_MAX: usize = 1_024;
/// The hash of no password: who logs in as nobody waits as long as everybody else.
const NOBODYS: &str = "$2a$10$.....................................................";

/// Logins under way and those that were right a moment ago.
pub(crate) struct Logins {
    waiting: Arc<AtomicUsize>,
    right: Mutex<BTreeMap<[u8; 32], Mono>>,
    /// What is remembered is of no use outside of this process.
    key: hmac::Key,
}

impl Logins {
    /// `secret` is random.
    pub(crate) fn new(secret: [u8; 16]) -> Logins {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        Logins { waiting: Arc::default(), right: Mutex::default(), key }
    }

    /// What stands for a password with its hash.
    fn token(&self, salted_hash: &str, password: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(salted_hash.as_bytes());
        context.update(password.as_bytes());
        let mut token = [0; 32];
        token.copy_from_slice(&context.sign().as_ref()[..32]);
        token
    }

    fn was_right(&self, token: &[u8; 32], now: Mono) -> bool {
        self.right.lock().get(token).is_some_and(|at| now.since(*at) <= REMEMBERED)
    }

    fn remember(&self, token: [u8; 32], now: Mono) {
        let mut right = self.right.lock();
        if right.len() >= REMEMBERED_MAX {
            right.retain(|_, at| now.since(*at) <= REMEMBERED);
        }
        if right.len() < REMEMBERED_MAX {
            right.insert(token, now);
        }
    }

    fn wait(&self) -> Result<Waiting, Error> {
        let waiting = Waiting(Arc::clone(&self.waiting));
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
            return Err(Error::Overloaded("too many passwords are being checked".to_owned()));
        }
        Ok(waiting)
    }
}

/// A place among those who wait for the worker.
struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<W: World> Core<W> {
    /// Whether a client must log in before anything else.
    pub fn demands_login(&self) -> bool {
        self.shared.options.authenticate
    }

    /// Checks name and password; says the same whether the name or the password is wrong, after the same time.
    pub async fn login(&self, user: &str, password: &str) -> Result<(), Error> {
        let outcome = self.checked(user, password).await;
        self.shared.metrics.login(match &outcome {
            Ok(()) => "ok",
            Err(Error::Authentication(_)) => "refused",
            Err(_) => "overloaded",
        });
        outcome
    }

    async fn checked(&self, user: &str, password: &str) -> Result<(), Error> {
        let role = self.shared.view.load().state.roles.get(user).cloned();
        let wrong = || Error::Authentication(format!("Provided username {user} and/or password are incorrect"));
        if password.len() > PASSWORD_BYTES_MAX {
            return Err(wrong());
        }
        let known = role.as_ref().and_then(|role| role.salted_hash.clone());
        let right = verify(&self.shared, known.clone().unwrap_or_else(|| NOBODYS.to_owned()), password).await?;
        match role {
            Some(role) if right && known.is_some() => match role.can_login {
                true => Ok(()),
                false => Err(Error::Authentication(format!("{user} is not permitted to log in"))),
            },
            _ => Err(wrong()),
        }
    }
}

async fn verify<W: World>(shared: &Arc<Shared<W>>, salted_hash: String, password: &str) -> Result<bool, Error> {
    let token = shared.logins.token(&salted_hash, password);
    if shared.logins.was_right(&token, shared.world.mono()) {
        return Ok(true);
    }
    let waiting = shared.logins.wait()?;
    let (worker, password) = (Arc::clone(shared), password.to_owned());
    let job = move || {
        let _waiting = waiting;
        // Meanwhile another connection of the same client may have been let in.
        if worker.logins.was_right(&token, worker.world.mono()) {
            return true;
        }
        let right = bcrypt::verify(password, &salted_hash).unwrap_or(false);
        if right {
            worker.logins.remember(token, worker.world.mono());
        }
        right
    };
    Ok(shared.world.disk(Lane::Password, job).await)
}

/// The salted hash of a new password.
pub(super) async fn hash<W: World>(shared: &Arc<Shared<W>>, password: &str) -> Result<String, Error> {
    if password.len() > PASSWORD_BYTES {
        return Err(super::invalid(format!("a password may be at most {PASSWORD_BYTES} bytes long")));
    }
    let waiting = shared.logins.wait()?;
    let mut salt = [0; 16];
    salt[..8].copy_from_slice(&shared.world.random("password").to_le_bytes());
    salt[8..].copy_from_slice(&shared.world.random("password").to_le_bytes());
    let password = password.to_owned();
    let job = move || {
        let _waiting = waiting;
        bcrypt::hash_with_salt(password, COST, salt).map(|parts| parts.format_for_version(bcrypt::Version::TwoA))
    };
    shared.world.disk(Lane::Password, job).await.map_err(|e| super::invalid(e.to_string()))
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
    fn what_was_right_is_forgotten_soon() {
        let logins = Logins::new([7; 16]);
        let token = logins.token("hash", "password");
        assert!(!logins.was_right(&token, Mono(0)));
        logins.remember(token, Mono(0));
        assert!(logins.was_right(&token, Mono(2_000_000)));
        assert!(!logins.was_right(&token, Mono(2_000_001)));
        assert!(!logins.was_right(&logins.token("hash", "Password"), Mono(0)));
        assert!(!logins.was_right(&logins.token("another hash", "password"), Mono(0)));
    }

    #[test]
    fn no_more_wait_than_may() {
        let logins = Logins::new([7; 16]);
        let mut waiting: Vec<Waiting> = (0..WAITING_MAX).map(|_| logins.wait().unwrap()).collect();
        assert!(logins.wait().is_err());
        waiting.pop();
        assert!(logins.wait().is_ok());
    }

    #[test]
    fn hashes_are_bcrypts() {
        assert!(check_hash("$2a$10$JSJEMFm6GeaW9XxT5JIheuEtPvat6i7uKbnTcxX3c1wshIIsGyUtG").is_ok());
        assert!(check_hash("$2a$31$JSJEMFm6GeaW9XxT5JIheuEtPvat6i7uKbnTcxX3c1wshIIsGyUtG").is_err());
        assert!(check_hash("xx").is_err());
        assert!(!bcrypt::verify("", NOBODYS).unwrap());
    }
}
