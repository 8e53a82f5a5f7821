//! Logins under way, and those that succeeded a moment ago.
//!
//! One password is checked at a time. Client addresses take turns, so that guesses from one address delay another by one check at a time.
//! Each wrong password of a role from an address delays the next attempt from there by longer than the one before.

use crate::client::error::Error;
use aws_lc_rs::hmac;
use henge_base::Mono;
use parking_lot::Mutex;
use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// A password that was right counts as right for so long without another check. One that is changed is another one at once.
const REMEMBERED: Duration = Duration::from_secs(2);
/// Passwords that are remembered.
const REMEMBERED_MAX: usize = 1_000;
/// Checks of one address that wait for the worker, and of all; beyond it a login is refused.
const WAITING_OF_ADDRESS_MAX: usize = 128;
const WAITING_MAX: usize = 4_096;
/// The delay after the first wrong password of a role from an address; it doubles with each.
const FIRST_DELAY: Duration = Duration::from_millis(100);
/// The longest delay between two attempts.
const DELAY_MAX: Duration = Duration::from_secs(5);
/// The longest time that an attempt is put off; beyond it it is refused.
const PUT_OFF_MAX: Duration = Duration::from_secs(30);
/// Wrong passwords are forgotten after so long without another.
const FORGOTTEN: Duration = Duration::from_secs(300);
/// Pairs of role and address with wrong passwords that are remembered.
const WRONG_MAX: usize = 10_000;

/// The digest of a password with its hash, or of a role with an address.
pub(super) type Token = [u8; 32];

/// Logins under way and those that were right a moment ago.
pub(crate) struct Logins {
    queue: Arc<Mutex<Queue>>,
    right: Mutex<BTreeMap<Token, Mono>>,
    wrong: Mutex<BTreeMap<Token, Wrong>>,
    /// Keys the remembered tokens, so that they are of no use outside of this process.
    key: hmac::Key,
}

/// Wrong passwords of a role from an address.
#[derive(Clone, Copy)]
struct Wrong {
    count: u32,
    /// The time of its next attempt.
    next: Mono,
}

/// Those who wait for the worker, by address (none for new passwords of roles), in the order of their turns.
#[derive(Default)]
struct Queue {
    is_busy: bool,
    waiting: usize,
    lines: BTreeMap<Option<IpAddr>, VecDeque<oneshot::Sender<Turn>>>,
    order: VecDeque<Option<IpAddr>>,
}

/// A turn at the worker; the next one begins when this is dropped.
pub(super) struct Turn(Option<Arc<Mutex<Queue>>>);

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(mut queue) = self.0.take() else { return };
        loop {
            let Some(next) = queue.lock().next() else { return };
            match next.send(Turn(Some(queue))) {
                Ok(()) => return,
                // It has gone. Its turn must not end as this one does: there may be many who have.
                Err(mut turn) => match turn.0.take() {
                    Some(of_gone) => queue = of_gone,
                    None => return,
                },
            }
        }
    }
}

impl Logins {
    /// `secret` is random.
    pub(crate) fn new(secret: [u8; 16]) -> Logins {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        Logins { queue: Arc::default(), right: Mutex::default(), wrong: Mutex::default(), key }
    }

    /// The token of two texts.
    pub(super) fn token(&self, first: &str, second: &str) -> Token {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(first.as_bytes());
        context.update(&[0]);
        context.update(second.as_bytes());
        let mut token = [0; 32];
        token.copy_from_slice(&context.sign().as_ref()[..32]);
        token
    }

    pub(super) fn was_right(&self, token: &Token, now: Mono) -> bool {
        self.right.lock().get(token).is_some_and(|at| now.since(*at) <= REMEMBERED)
    }

    pub(super) fn remember(&self, token: Token, now: Mono) {
        let mut right = self.right.lock();
        if right.len() >= REMEMBERED_MAX {
            right.retain(|_, at| now.since(*at) <= REMEMBERED);
        }
        if right.len() < REMEMBERED_MAX {
            right.insert(token, now);
        }
    }

    /// The time of an attempt of a role from an address, which has it alone: the next one comes later.
    pub(super) fn time_of_attempt(&self, who: &Token, now: Mono) -> Result<Mono, Error> {
        let mut wrong = self.wrong.lock();
        let Some(wrong) = wrong.get_mut(who) else { return Ok(now) };
        let at = wrong.next.max(now);
        if at.since(now) > PUT_OFF_MAX {
            return Err(Error::Overloaded("too many wrong passwords of this role came from this address".to_owned()));
        }
        wrong.next = at + delay_after(wrong.count);
        Ok(at)
    }

    /// Notes the outcome of a check.
    pub(super) fn note(&self, who: Token, is_right: bool, now: Mono) {
        let mut all = self.wrong.lock();
        if is_right {
            all.remove(&who);
            return;
        }
        if all.len() >= WRONG_MAX {
            all.retain(|_, wrong| now.since(wrong.next) < FORGOTTEN);
        }
        if all.len() >= WRONG_MAX {
            all.pop_first();
        }
        let wrong = all.entry(who).or_insert(Wrong { count: 0, next: now });
        if now.since(wrong.next) >= FORGOTTEN {
            wrong.count = 0;
        }
        wrong.count = wrong.count.saturating_add(1);
        wrong.next = wrong.next.max(now + delay_after(wrong.count));
    }

    /// Waits for the worker. Who gives up waiting keeps nobody else.
    pub(super) async fn turn(&self, address: Option<IpAddr>) -> Result<Turn, Error> {
        let waiting = self.queue.lock().enter(address, &self.queue)?;
        match waiting {
            QueueEntry::AtOnce(turn) => Ok(turn),
            // The sender is dropped with the queue alone, which this holds.
            QueueEntry::Waiting(turn) => turn.await.map_err(|_| too_many_waiting()),
        }
    }
}

/// The way into the queue.
enum QueueEntry {
    AtOnce(Turn),
    Waiting(oneshot::Receiver<Turn>),
}

fn too_many_waiting() -> Error {
    Error::Overloaded("too many passwords are being checked".to_owned())
}

fn delay_after(wrong: u32) -> Duration {
    FIRST_DELAY.saturating_mul(1 << wrong.saturating_sub(1).min(16)).min(DELAY_MAX)
}

impl Queue {
    fn enter(&mut self, address: Option<IpAddr>, queue: &Arc<Mutex<Queue>>) -> Result<QueueEntry, Error> {
        if !self.is_busy {
            self.is_busy = true;
            return Ok(QueueEntry::AtOnce(Turn(Some(Arc::clone(queue)))));
        }
        let line = self.lines.entry(address).or_default();
        // Those who have gone make room.
        if line.len() >= WAITING_OF_ADDRESS_MAX || self.waiting >= WAITING_MAX {
            let before = line.len();
            line.retain(|waiting| !waiting.is_closed());
            self.waiting -= before - line.len();
        }
        if line.len() >= WAITING_OF_ADDRESS_MAX || self.waiting >= WAITING_MAX {
            return Err(too_many_waiting());
        }
        if line.is_empty() && !self.order.contains(&address) {
            self.order.push_back(address);
        }
        let (sender, receiver) = oneshot::channel();
        line.push_back(sender);
        self.waiting += 1;
        Ok(QueueEntry::Waiting(receiver))
    }

    /// The next in turn, of the address that has waited longest for one.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        while let Some(address) = self.order.pop_front() {
            let Some(line) = self.lines.get_mut(&address) else { continue };
            let next = line.pop_front();
            if line.is_empty() {
                self.lines.remove(&address);
            } else {
                self.order.push_back(address);
            }
            if let Some(next) = next {
                self.waiting -= 1;
                return Some(next);
            }
        }
        self.is_busy = false;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn ip(last: u8) -> Option<IpAddr> {
        Some(IpAddr::from([192, 0, 2, last]))
    }

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
    fn addresses_take_turns_at_the_worker() {
        let logins = Logins::new([7; 16]);
        let turn = logins.turn(ip(1)).now_or_never().unwrap().unwrap();
        let mut guessers: Vec<_> = (0..100).map(|_| Box::pin(logins.turn(ip(1)))).collect();
        assert!(guessers.iter_mut().all(|guesser| guesser.as_mut().now_or_never().is_none()));
        let mut operator = Box::pin(logins.turn(ip(2)));
        assert!(operator.as_mut().now_or_never().is_none());
        drop(turn);
        let turn = guessers[0].as_mut().now_or_never().expect("it came first").unwrap();
        drop(turn);
        let turn = operator.as_mut().now_or_never().expect("its address comes next").unwrap();
        // Those who give up are passed over, however many they are.
        guessers.drain(..99).for_each(drop);
        drop(turn);
        assert!(guessers[0].as_mut().now_or_never().expect("it is the only one left").is_ok());
        assert!(logins.turn(ip(3)).now_or_never().expect("nobody is at work").is_ok());
    }

    #[test]
    fn a_turn_that_nobody_takes_any_more_passes_on() {
        let logins = Logins::new([7; 16]);
        let turn = logins.turn(ip(1)).now_or_never().unwrap().unwrap();
        let mut gone = Box::pin(logins.turn(ip(1)));
        let mut next = Box::pin(logins.turn(ip(1)));
        assert!(gone.as_mut().now_or_never().is_none() && next.as_mut().now_or_never().is_none());
        drop(turn);
        drop(gone);
        assert!(next.as_mut().now_or_never().unwrap().is_ok());
    }

    #[test]
    fn queue_of_password_checks_is_bounded_by_address() {
        let logins = Logins::new([7; 16]);
        let _turn = logins.turn(ip(1)).now_or_never().unwrap().unwrap();
        let mut waiting: Vec<_> = (0..WAITING_OF_ADDRESS_MAX).map(|_| Box::pin(logins.turn(ip(1)))).collect();
        assert!(waiting.iter_mut().all(|one| one.as_mut().now_or_never().is_none()));
        assert!(logins.turn(ip(1)).now_or_never().unwrap().is_err());
        assert!(logins.turn(ip(2)).now_or_never().is_none(), "another address waits in a line of its own");
        waiting.pop();
        assert!(logins.turn(ip(1)).now_or_never().is_none());
    }

    #[test]
    fn wrong_passwords_put_off_the_next_attempts_of_their_role_and_address() {
        let logins = Logins::new([7; 16]);
        let (who, other) = (logins.token("ann", "192.0.2.1"), logins.token("ann", "192.0.2.2"));
        let mut now = Mono(1_000_000_000);
        let mut delays = Vec::new();
        for _ in 0..8 {
            let at = logins.time_of_attempt(&who, now).unwrap();
            delays.push(at.since(now).as_millis());
            now = at;
            logins.note(who, false, now);
        }
        assert_eq!(delays, [0, 100, 200, 400, 800, 1_600, 3_200, 5_000]);
        assert_eq!(logins.time_of_attempt(&other, now).unwrap(), now, "from elsewhere nothing is put off");
        let many: Vec<bool> = (0..10).map(|_| logins.time_of_attempt(&who, now).is_ok()).collect();
        assert_eq!(many.iter().filter(|put_off| **put_off).count(), 6, "at once they are put off one after another");
        logins.note(who, true, now);
        assert_eq!(logins.time_of_attempt(&who, now).unwrap(), now);
    }
}
