//! Changing the cluster's metadata. A voter turns a command into an entry, stores it, and waits until the members that are up
//! have it too, so that a client that was told of a table can use it everywhere.

use crate::cluster::catch_up::{append, towards_at_once};
use crate::ground::world::{To, World};
use crate::peers::control::{self, Answer, AskError, CONTROL_BYTES_MAX, Control};
use crate::shared::Shared;
use futures_util::future::join_all;
use henge_base::{HostId, Random};
use henge_metadata::{Command, Epoch, Refused};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// How long a member that seems down may take to confirm an epoch.
const PROBE: Duration = Duration::from_millis(300);

/// One proposal at a time on this node: the second sees what the first did.
pub(crate) type Turn = Mutex<()>;

/// A change of metadata was not made, or is not known to have been.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// The log refuses it; nothing changed.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The voters could not be reached; nothing was sent, or the outcome is unknown.
    #[error("the cluster's metadata cannot be changed now: {0}")]
    Unreachable(String),
}

/// Carries out a command, here or at a voter. Gives the epoch at which it holds, and whether anything changed.
pub(crate) async fn change<W: World>(
    shared: &Arc<Shared<W>>,
    command: Command,
    forwarded: bool,
) -> Result<(Epoch, bool), ChangeError> {
    let voters: Vec<HostId> = shared.view.load().state.voters.clone();
    if voters.contains(&shared.local()) {
        return here(shared, command).await;
    }
    if forwarded {
        return Err(ChangeError::Unreachable("this node does not vote on metadata".to_owned()));
    }
    elsewhere(shared, &voters, command).await
}

/// Creates the cluster: the first entry, which no voter can agree on because none is named yet.
pub(crate) async fn found<W: World>(shared: &Arc<Shared<W>>, command: Command) -> Result<(), ChangeError> {
    here(shared, command).await.map(|_| ())
}

async fn here<W: World>(shared: &Arc<Shared<W>>, command: Command) -> Result<(Epoch, bool), ChangeError> {
    let _turn = shared.turn.lock().await;
    let mut random = Random::new(shared.world.random("metadata"));
    let state = shared.view.load().state.clone();
    let entry = match henge_metadata::propose(&state, &command, &mut random, shared.world.wall_us()) {
        Ok(entry) => entry,
        Err(refused) if refused.is_no_op() => return Ok((state.epoch, false)),
        Err(refused) => return Err(refused.into()),
    };
    let epoch = entry.epoch;
    append(shared, entry).await.map_err(|e| ChangeError::Unreachable(e.to_string()))?;
    spread(shared, epoch).await;
    Ok((epoch, true))
}

/// Tells every member that is up, and waits for each to have the epoch or to be too slow.
async fn spread<W: World>(shared: &Arc<Shared<W>>, epoch: Epoch) {
    let members: Vec<HostId> = shared.view.load().state.members.keys().copied().collect();
    let up = shared.liveness.up();
    let told = members.into_iter().filter(|m| *m != shared.local()).map(|member| {
        // A member that seems down may have come up this moment: it is told too, but not waited for long.
        let patience = if up.contains(&member) { shared.options.metadata_timeout / 2 } else { PROBE };
        (member, patience)
    });
    let told = told.map(|(member, patience)| async move {
        let question = Control::Advance { epoch };
        match shared.ask(To::Host(member), &question, patience).await {
            Ok(Answer::Agreed { epoch: confirmed, .. }) if confirmed >= epoch => {}
            Ok(_) => tracing::warn!(%member, %epoch, "a member cannot follow to a new epoch; its log says why"),
            Err(error) => {
                tracing::warn!(%member, %epoch, %error, "a member has not confirmed a new epoch; it will catch up")
            }
        }
    });
    join_all(told).await;
}

async fn elsewhere<W: World>(
    shared: &Arc<Shared<W>>,
    voters: &[HostId],
    command: Command,
) -> Result<(Epoch, bool), ChangeError> {
    let mut last = "no voter is known".to_owned();
    let question = Control::Propose { command, forwarded: true };
    let bytes = control::encode(&question).len();
    if bytes > CONTROL_BYTES_MAX {
        let text = format!("the statement takes {bytes} bytes, more than the {CONTROL_BYTES_MAX} that reach a voter");
        return Err(Refused::Limit(text).into());
    }
    for voter in voters {
        match shared.ask(To::Host(*voter), &question, shared.options.metadata_timeout).await {
            Ok(Answer::Agreed { epoch, changed }) => {
                towards_at_once(shared, epoch, To::Host(*voter)).await;
                return Ok((epoch, changed));
            }
            Ok(Answer::Refused(refused)) => return Err(refused.into()),
            Ok(Answer::NotReady(reason)) => last = reason,
            Ok(_) => last = "a voter answered something else".to_owned(),
            Err(error) if error.is_definite() => last = format!("voter {voter}: {error}"),
            // The command may have been carried out: asking another voter could do it twice.
            Err(AskError::Call(_)) => {
                return Err(ChangeError::Unreachable(format!(
                    "voter {voter} did not answer in time; the outcome is unknown"
                )));
            }
            Err(error) => {
                return Err(ChangeError::Unreachable(format!("voter {voter}: {error}; the outcome is unknown")));
            }
        }
    }
    Err(ChangeError::Unreachable(last))
}
