//! Logins under way, and those that succeeded a moment ago.

use crate::client::error::Error;
use aws_lc_rs::hmac;
use henge_base::Mono;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A password that was right counts as right for so long without another check. One that is changed is another one at once.
const REMEMBERED: Duration = Duration::from_secs(2);
/// Passwords that are remembered.
const REMEMBERED_MAX: usize = 1_000;
/// Checks that wait for the worker; beyond it a login is refused.
const WAITING_MAX: usize = 128;

/// Logins under way and those that were right a moment ago.
pub(crate) struct Logins {
    waiting: Arc<AtomicUsize>,
    right: Mutex<BTreeMap<[u8; 32], Mono>>,
    /// Keys the remembered tokens, so that they are of no use outside of this process.
    key: hmac::Key,
}

impl Logins {
    /// `secret` is random.
    pub(crate) fn new(secret: [u8; 16]) -> Logins {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        Logins { waiting: Arc::default(), right: Mutex::default(), key }
    }

    /// The token of a password with its hash.
    pub(super) fn token(&self, salted_hash: &str, password: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(salted_hash.as_bytes());
        context.update(password.as_bytes());
        let mut token = [0; 32];
        token.copy_from_slice(&context.sign().as_ref()[..32]);
        token
    }

    pub(super) fn was_right(&self, token: &[u8; 32], now: Mono) -> bool {
        self.right.lock().get(token).is_some_and(|at| now.since(*at) <= REMEMBERED)
    }

    pub(super) fn remember(&self, token: [u8; 32], now: Mono) {
        let mut right = self.right.lock();
        if right.len() >= REMEMBERED_MAX {
            right.retain(|_, at| now.since(*at) <= REMEMBERED);
        }
        if right.len() < REMEMBERED_MAX {
            right.insert(token, now);
        }
    }

    pub(super) fn wait(&self) -> Result<Waiting, Error> {
        let waiting = Waiting(Arc::clone(&self.waiting));
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= WAITING_MAX {
            return Err(Error::Overloaded("too many passwords are being checked".to_owned()));
        }
        Ok(waiting)
    }
}

/// A place among those who wait for the worker.
pub(super) struct Waiting(Arc<AtomicUsize>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
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
}
