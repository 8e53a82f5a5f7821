//! First boot: creating the cluster, or joining it through the seeds.
//!
//! A cluster is created once: by `--bootstrap`, or by discovery when every seed is reachable, none has a cluster and all hold
//! one identical list; then the first seed of that list creates it. Anything else waits, so that a partition at first boot
//! cannot make two clusters (correctness F11).

use crate::cluster::catch_up;
use crate::cluster::propose::{ChangeError, change, found};
use crate::ground::world::{To, World};
use crate::peers::control::{Answer, Control};
use crate::shared::Shared;
use henge_metadata::{Command, JoinDraft, Refused};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

/// Between two attempts to find the cluster.
const RETRY: Duration = Duration::from_millis(200);
/// How long one seed may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// A node could not become a member, for good.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The cluster refuses this node; nothing changed.
    #[error("the cluster refuses this node: {0}")]
    Refused(#[from] Refused),
    /// Creating the cluster failed.
    #[error(transparent)]
    Change(ChangeError),
}

/// Returns once this node is a member, or is refused. Waits for seeds as long as it takes; says in the log what it waits for.
pub(crate) async fn become_member<W: World>(shared: &Arc<Shared<W>>) -> Result<(), JoinError> {
    let mut said = String::new();
    loop {
        if shared.view.load().state.members.contains_key(&shared.local()) {
            refresh(shared).await?;
            add_system_keyspaces(shared).await;
            return Ok(());
        }
        let waiting = match find(shared).await {
            Found::Create => {
                create(shared).await?;
                continue;
            }
            Found::Cluster(seed) => match join(shared, seed).await {
                Ok(()) => continue,
                Err(Attempt::Refused(refused)) => return Err(refused.into()),
                Err(Attempt::Later(reason)) => reason,
            },
            Found::Nothing(reason) => reason,
        };
        if waiting != said {
            tracing::info!("waiting to join: {waiting}");
            said = waiting;
        }
        shared.pause(RETRY).await;
    }
}

enum Found {
    Create,
    Cluster(To),
    Nothing(String),
}

async fn find<W: World>(shared: &Arc<Shared<W>>) -> Found {
    let options = &shared.options;
    let others: Vec<SocketAddr> = options.seeds.iter().copied().filter(|s| *s != options.address).collect();
    if options.bootstrap || others.is_empty() {
        return Found::Create;
    }
    let mut empty = 0;
    let mut silent = None;
    for seed in &others {
        let probe = Control::Probe { seeds: options.seeds.clone() };
        match shared.ask(To::Address(*seed), &probe, PATIENCE).await {
            Ok(Answer::Here { epoch: Some(_), .. }) => return Found::Cluster(To::Address(*seed)),
            Ok(Answer::Here { seeds, .. }) if seeds == options.seeds => empty += 1,
            Ok(_) => return Found::Nothing(format!("seed {seed} was given another list of seeds")),
            Err(_) => silent = Some(seed),
        }
    }
    match silent {
        Some(seed) => Found::Nothing(format!("seed {seed} does not answer")),
        None if empty == others.len() && options.seeds.first() == Some(&options.address) => Found::Create,
        None => Found::Nothing("no seed has a cluster yet; the first seed will create it".to_owned()),
    }
}

fn draft<W: World>(shared: &Shared<W>) -> JoinDraft {
    let o = &shared.options;
    JoinDraft {
        id: shared.local(),
        datacenter: o.datacenter.clone(),
        rack: o.rack.clone(),
        address: o.address,
        rpc_address: o.rpc_address,
        num_tokens: o.num_tokens,
    }
}

async fn create<W: World>(shared: &Arc<Shared<W>>) -> Result<(), JoinError> {
    let command = Command::Bootstrap { name: shared.options.cluster_name.clone(), first: draft(shared) };
    found(shared, command).await.map_err(JoinError::Change)?;
    tracing::info!(cluster = %shared.view.load().state.cluster_id, "created a cluster");
    Ok(())
}

enum Attempt {
    Refused(Refused),
    Later(String),
}

async fn join<W: World>(shared: &Arc<Shared<W>>, seed: To) -> Result<(), Attempt> {
    let command = Command::Join { name: shared.options.cluster_name.clone(), member: draft(shared) };
    let question = Control::Propose { command, forwarded: false };
    let answer = shared.ask(seed, &question, shared.options.metadata_timeout).await;
    // Whatever the answer, the log tells: an earlier attempt may have been agreed while its answer was lost.
    catch_up::level_with(shared, seed).await;
    if shared.view.load().state.members.contains_key(&shared.local()) {
        return Ok(());
    }
    match answer {
        Ok(Answer::Agreed { .. }) => Err(Attempt::Later("the log with this node in it has not arrived yet".to_owned())),
        Ok(Answer::Refused(refused)) => Err(Attempt::Refused(refused)),
        Ok(Answer::NotReady(reason)) => Err(Attempt::Later(reason)),
        Ok(_) => Err(Attempt::Later("a seed answered something else".to_owned())),
        Err(error) => Err(Attempt::Later(error.to_string())),
    }
}

/// A member that comes back under other addresses says so.
async fn refresh<W: World>(shared: &Arc<Shared<W>>) -> Result<(), JoinError> {
    let now = draft(shared);
    let view = shared.view.load_full();
    let Some(member) = view.state.members.get(&now.id) else { return Ok(()) };
    if (member.address, member.rpc_address) == (now.address, now.rpc_address) {
        return Ok(());
    }
    let command = Command::UpdateMember { id: now.id, address: now.address, rpc_address: now.rpc_address };
    match change(shared, command, false).await {
        Ok(_) => Ok(()),
        Err(ChangeError::Refused(refused)) => Err(refused.into()),
        Err(error) => {
            tracing::warn!(%error, "this node's new addresses could not be announced");
            Ok(())
        }
    }
}

/// Adds the keyspaces that a cluster of an older release lacks. Only voters do, for they are sure to know the command.
async fn add_system_keyspaces<W: World>(shared: &Arc<Shared<W>>) {
    if !shared.view.load().state.voters.contains(&shared.local()) {
        return;
    }
    if let Err(error) = change(shared, Command::CreateSystemKeyspaces, false).await {
        tracing::warn!(%error, "cannot add the keyspace of traces; nothing is traced until the next start");
    }
}
