//! Connections to the nodes of either side.

use anyhow::Context;
use henge_shell::{DataClient, Login};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// The longest wait for an answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

/// The nodes of one side.
pub(crate) struct Nodes {
    logins: Vec<Login>,
    next: AtomicUsize,
}

impl Nodes {
    pub(crate) fn new(logins: Vec<Login>) -> Nodes {
        Nodes { logins, next: AtomicUsize::new(0) }
    }

    /// A connection to the next of them; to one further on where that cannot be reached.
    pub(crate) fn connect(&self) -> anyhow::Result<DataClient> {
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let mut failure = None;
        for place in 0..self.logins.len() {
            let login = &self.logins[(first + place) % self.logins.len()];
            match DataClient::open(login, ANSWER_TIMEOUT) {
                Ok(client) => return Ok(client),
                Err(error) => failure = Some(error.context(format!("{}:{}", login.host, login.port))),
            }
        }
        Err(failure.context("no node is named")?)
    }
}
