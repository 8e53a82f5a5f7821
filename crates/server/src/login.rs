//! The stages of a client's login.

use crate::answer;
use crate::refusals::log_failed_login;
use crate::request::{Answer, RequestSummary, error_response};
use crate::world::ServerWorld;
use henge_node::{Consistency, Core, Ending, Operation, RoleIdentity};
use henge_protocol::{AuthResponse, ErrorResponse};
use std::net::IpAddr;
use std::time::Duration;

/// The name of the authenticator: drivers answer it with name and password.
pub(crate) const AUTHENTICATOR: &str = "org.apache.cassandra.auth.PasswordAuthenticator";
/// Wrong passwords on one connection; after the last it is closed.
const ATTEMPTS_MAX: u32 = 3;
/// The longest time of a login.
pub(crate) const LOGIN_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest request of a client that is not logged in, in bytes.
pub(crate) const FRAME_BYTES_MAX: usize = 64 << 10;

/// A stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The client has sent nothing but OPTIONS.
    New,
    /// The client has been asked for its password, and was wrong `failures` times.
    Asked { failures: u32 },
    /// A password is being checked.
    Checking { failures: u32 },
    /// Statements are served.
    Established,
}

impl Stage {
    /// True if statements are served.
    pub(crate) fn is_established(self) -> bool {
        self == Stage::Established
    }

    /// The stage after an answer to AUTH_RESPONSE; `None`: the connection is to be closed.
    pub(crate) fn after(self, answer: &Answer) -> Option<Stage> {
        match (self, answer) {
            (Stage::Checking { .. }, Answer::LoggedIn(_)) => Some(Stage::Established),
            (Stage::Checking { failures }, _) if failures + 1 < ATTEMPTS_MAX => {
                Some(Stage::Asked { failures: failures + 1 })
            }
            (Stage::Checking { .. }, _) => None,
            (stage, _) => Some(stage),
        }
    }
}

/// The origin of a login: the address by which attempts are counted, and the client's own for the log.
#[derive(Clone, Copy)]
pub(crate) struct LoginSource {
    pub(crate) account: IpAddr,
    pub(crate) address: IpAddr,
}

/// Checks the credentials of an AUTH_RESPONSE.
pub(crate) async fn log_in(
    core: &Core<ServerWorld>,
    token: Option<Vec<u8>>,
    from: LoginSource,
) -> (Answer, RequestSummary) {
    let mut summary = RequestSummary { operation: Operation::Auth, consistency: Consistency::One, ending: Ending::Ok };
    let answer = match check_credentials(core, token.as_deref(), from).await {
        Ok(role) => Answer::LoggedIn(role),
        Err(error) => {
            summary.ending = answer::ending(&error.kind);
            Answer::Error(error)
        }
    };
    (answer, summary)
}

async fn check_credentials(
    core: &Core<ServerWorld>,
    token: Option<&[u8]>,
    from: LoginSource,
) -> Result<RoleIdentity, ErrorResponse> {
    let (user, password) = AuthResponse { token }.credentials().inspect_err(|error| {
        log_failed_login("", from.address, &error.to_string());
    })?;
    core.login(user, password, Some(from.account)).await.map_err(|error| {
        log_failed_login(user, from.address, &error.to_string());
        error_response(core, &error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_may_be_wrong_a_few_times() {
        let wrong = Answer::Void;
        let mut stage = Stage::Asked { failures: 0 };
        for failures in 1..ATTEMPTS_MAX {
            let Stage::Asked { failures: before } = stage else { panic!("{stage:?}") };
            stage = Stage::Checking { failures: before }.after(&wrong).unwrap();
            assert_eq!(stage, Stage::Asked { failures });
        }
        assert_eq!(Stage::Checking { failures: ATTEMPTS_MAX - 1 }.after(&wrong), None);
        let right = Answer::LoggedIn(RoleIdentity::new("ann", 1));
        assert_eq!(Stage::Checking { failures: 0 }.after(&right), Some(Stage::Established));
        // An answer that comes late, after the stage has moved on, changes nothing.
        assert_eq!(Stage::Established.after(&wrong), Some(Stage::Established));
    }
}
