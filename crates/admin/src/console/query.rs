//! Statements of a person who has logged in as a role, by a connection of a client: with that role's rights, as the node checks them.

use super::gate::{Token, refusal};
use super::trace::{Trace, read_trace};
use crate::client::Client as AdminClient;
use anyhow::{Context, anyhow};
use axum::Json;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use henge_base::{from_hex, hex};
use henge_operator::{ClusterReport, FailureKind, KeyspaceSelection};
use henge_shell::{Client, Login, Page, Statement, StatementError};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// The header that names a session.
const SESSION: HeaderName = HeaderName::from_static("henge-console-session");
/// Sessions at once: the one that was used longest ago ends for another.
const SESSIONS_MAX: usize = 8;
/// A session ends when it has not been used for so long.
const IDLE_MAX: Duration = Duration::from_secs(15 * 60);
/// Rows of a page, and characters of a value; a longer one is cut.
const PAGE_ROWS: u32 = 100;
const VALUE_CHARS_MAX: usize = 2_000;

/// The people who have logged in.
pub(super) struct Sessions {
    open: Mutex<Vec<Session>>,
    /// The file of the authorities for TLS; without one, connections have none.
    authorities: Option<PathBuf>,
}

#[derive(Clone)]
struct Session {
    token: Token,
    client: Arc<Mutex<Client>>,
    used: Instant,
}

#[derive(Deserialize)]
pub(super) struct LogIn {
    role: String,
    password: String,
}

#[derive(Default, Serialize)]
struct LoggedIn {
    /// The reason why there is no session; all else is empty then.
    error: Option<String>,
    session: String,
    /// The node's address for clients.
    place: String,
}

#[derive(Deserialize)]
pub(super) struct Run {
    statement: String,
    consistency: String,
    is_traced: bool,
    /// The position of the page, in hexadecimal digits.
    from: Option<String>,
}

#[derive(Default, Serialize)]
struct Ran {
    /// The node's reason to refuse the statement; all else is empty then.
    error: Option<String>,
    columns: Vec<(String, String)>,
    rows: Vec<Vec<Option<String>>>,
    next: Option<String>,
    warnings: Vec<String>,
    /// Microseconds from the question to the answer, as the console saw it.
    micros: u64,
    trace: Option<Trace>,
}

impl Sessions {
    pub(super) fn new(authorities: Option<PathBuf>) -> Sessions {
        Sessions { open: Mutex::default(), authorities }
    }

    /// Logs in at the node.
    pub(super) async fn log_in(&self, node: &AdminClient, asked: LogIn) -> Response {
        let outcome = async {
            let place = place_for_clients(node).await?;
            let credentials = Some((asked.role, asked.password)).filter(|(role, _)| !role.is_empty());
            let (host, port) = (place.ip().to_string(), place.port());
            let login = Login { host, port, credentials, authorities: self.authorities.clone() };
            let client = tokio::task::spawn_blocking(move || Client::open(&login)).await??;
            let token = Token::draw()?;
            self.keep(Session { token: token.clone(), client: Arc::new(Mutex::new(client)), used: Instant::now() });
            anyhow::Ok(LoggedIn { error: None, session: token.to_string(), place: place.to_string() })
        };
        // A wrong password is an answer: browsers report any other status as a fault of the page.
        let told =
            outcome.await.unwrap_or_else(|error| LoggedIn { error: Some(format!("{error:#}")), ..LoggedIn::default() });
        Json(told).into_response()
    }

    /// Ends a session: its connection is closed.
    pub(super) fn log_out(&self, headers: &HeaderMap) -> Response {
        self.forget(headers);
        Json(()).into_response()
    }

    /// Runs a statement in a session.
    pub(super) async fn run(&self, headers: &HeaderMap, asked: Run) -> Response {
        let Some(client) = self.find(headers) else {
            let reason = "you are not logged in, or were for too long: log in again";
            return refusal(StatusCode::UNAUTHORIZED, FailureKind::Forbidden, reason);
        };
        match tokio::task::spawn_blocking(move || run(&client, &asked)).await {
            Ok(Ok(ran)) => Json(ran).into_response(),
            // The question was carried out, and this is the node's answer.
            Ok(Err(StatementError::Refused(reason))) => {
                Json(Ran { error: Some(reason), ..Ran::default() }).into_response()
            }
            Ok(Err(StatementError::Lost(reason))) => {
                self.forget(headers);
                refusal(StatusCode::UNAUTHORIZED, FailureKind::Failed, format!("{reason}; log in again"))
            }
            Err(error) => refusal(StatusCode::INTERNAL_SERVER_ERROR, FailureKind::Failed, error),
        }
    }

    fn keep(&self, session: Session) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|one| one.used.elapsed() < IDLE_MAX);
        if open.len() >= SESSIONS_MAX {
            let oldest = open.iter().enumerate().min_by_key(|(_, one)| one.used).map(|(at, _)| at);
            oldest.map(|at| open.swap_remove(at));
        }
        open.push(session);
    }

    fn find(&self, headers: &HeaderMap) -> Option<Arc<Mutex<Client>>> {
        let given = headers.get(SESSION)?.as_bytes();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|one| one.used.elapsed() < IDLE_MAX);
        let session = open.iter_mut().find(|one| one.token.is(given))?;
        session.used = Instant::now();
        Some(Arc::clone(&session.client))
    }

    fn forget(&self, headers: &HeaderMap) {
        let given = headers.get(SESSION).map(|given| given.as_bytes().to_vec()).unwrap_or_default();
        self.open.lock().unwrap_or_else(PoisonError::into_inner).retain(|one| !one.token.is(&given));
    }
}

/// The address for clients of the node that answers.
async fn place_for_clients(node: &AdminClient) -> anyhow::Result<SocketAddr> {
    let cluster: ClusterReport = node.report(&KeyspaceSelection::default()).await?;
    let own = cluster.members.iter().find(|member| member.answers);
    let own = own.context("the node is no member of a cluster yet")?;
    own.clients_address.parse().map_err(|_| anyhow!("{:?} is no address for clients", own.clients_address))
}

fn run(client: &Mutex<Client>, asked: &Run) -> Result<Ran, StatementError> {
    let from = asked.from.as_deref().map(position_of).transpose()?;
    let mut client = client.lock().unwrap_or_else(PoisonError::into_inner);
    let begun = Instant::now();
    let Page { columns, rows, next, warnings, trace } = client.run(&Statement {
        text: &asked.statement,
        consistency: &asked.consistency,
        page_rows: PAGE_ROWS,
        from: from.as_deref(),
        is_traced: asked.is_traced,
    })?;
    let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
    let trace = trace.map(|id| read_trace(&mut client, id)).transpose()?;
    let cut = |value: Option<String>| value.map(|text| shorten(text, VALUE_CHARS_MAX));
    let rows = rows.into_iter().map(|row| row.into_iter().map(cut).collect()).collect();
    let next = next.map(|bytes| hex(&bytes));
    Ok(Ran { error: None, columns, rows, next, warnings, micros, trace })
}

/// The position of a page, from its hexadecimal digits.
fn position_of(digits: &str) -> Result<Vec<u8>, StatementError> {
    from_hex(digits).ok_or_else(|| StatementError::Refused("the position of the page cannot be read".to_owned()))
}

fn shorten(text: String, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}… ({} bytes in all)", &text[..end], text.len()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_values_are_cut_between_characters() {
        assert_eq!(shorten("ééé".to_owned(), 3), "ééé");
        assert_eq!(shorten("éééé".to_owned(), 3), "ééé… (8 bytes in all)");
    }
}
