//! Streamed pages, applied to this node's copy like writes; and the removal of old rows that makes room for them.

use crate::cluster::Cluster;
use crate::cluster::gains::{Fetch, Gains, RoomMaker};
use crate::cluster::view::View;
use crate::ground::world::{Lane, World};
use crate::replica::handle::ReplicaHandle;
use crate::replica::stream_journal::{self, Stage};
use futures_util::future::{BoxFuture, join_all};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use henge_base::{Bytes, HostId, Micros};
use henge_coordinator::{Refusal, ReplicaError};
use henge_model::{Key, Mutation, RowError, RowView, StorageId, TokenRange, WriteId};
use henge_paxos::Acceptor;
use henge_storage::{EngineError, Store, SyncMode};
use std::time::Duration;

/// States of acceptors that are written concurrently.
const ACCEPTORS_AT_ONCE: usize = 64;

/// A page was not applied, or only a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ImportError {
    /// The plan is no longer at its step of streaming, or the table is gone. Nothing more is written.
    #[error("the plan is not streaming any more")]
    Stale,
    /// The source sent keys outside the range, or rows whose checksums are wrong. Nothing of the page was written.
    #[error("the source sent keys outside the range, or rows with wrong checksums")]
    Corrupt,
    /// This node's copy refuses writes at present. A part of the page may have been written.
    #[error(transparent)]
    Refused(#[from] ReplicaError),
}

/// A range of tokens of one table that a plan moves to this node; its rows come in pages.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StreamedRange {
    pub(crate) plan: u64,
    pub(crate) table: StorageId,
    pub(crate) tokens: TokenRange,
}

impl StreamedRange {
    /// True while the plan has this node fetch the range. I38: a page is applied only then.
    fn is_current(&self, view: &View, local: HostId) -> bool {
        let fetch = Fetch::of(&view.state, self.plan);
        let gains = |placement: &henge_ring::Placement| {
            placement.ranges_over(self.tokens).all(|range| fetch.is_some_and(|fetch| fetch.is_for(range, local)))
        };
        view.placed_of(self.table).is_some_and(|placed| gains(&placed.placement))
    }

    fn holds(&self, key: &[u8]) -> bool {
        Key::storage_id(key) == Some(self.table) && Key::token(key).is_some_and(|token| self.tokens.contains(token))
    }
}

impl<W: World> ReplicaHandle<W> {
    /// Runs `write` if the range is current, with no other view published meanwhile.
    fn while_streaming<T>(
        &self,
        cluster: &Cluster<W>,
        range: StreamedRange,
        write: impl FnOnce() -> Result<T, ReplicaError>,
    ) -> Result<T, ImportError> {
        cluster.while_current(|view| {
            if !range.is_current(view, self.context.host()) && !self.context.options.faults.apply_stale_pages {
                return Err(ImportError::Stale);
            }
            write().map_err(ImportError::from)
        })
    }

    /// Applies a page of rows; returns when all of it is written.
    pub(crate) async fn import_rows(
        &self,
        cluster: &Cluster<W>,
        range: StreamedRange,
        rows: Vec<(Bytes, Bytes)>,
    ) -> Result<(), ImportError> {
        let mutations = mutations_of(range, rows, self.context.wall_us())?;
        let mut pending = Vec::with_capacity(mutations.len());
        for mutation in mutations {
            let submit = || {
                self.check_room()?;
                self.submit(|store, ticket| store.submit(&mutation, ticket))
            };
            match self.while_streaming(cluster, range, submit) {
                Ok(written) => pending.push(written),
                // Rows that are queued already are written all the same; to fetch and write them again does no harm.
                Err(error) => {
                    join_all(pending).await;
                    return Err(error);
                }
            }
        }
        join_all(pending).await.into_iter().collect::<Result<(), ReplicaError>>().map_err(ImportError::from)
    }

    /// Takes over a page of the states of acceptors.
    pub(crate) async fn import_acceptors(
        &self,
        cluster: &Cluster<W>,
        range: StreamedRange,
        states: Vec<(Bytes, Bytes)>,
    ) -> Result<(), ImportError> {
        let decoded = states.into_iter().map(|(key, state)| {
            let is_prefix = Key::partition(&key) == Some(key.len()) && range.holds(&key);
            let state = Acceptor::decode(&state).ok().filter(|_| is_prefix);
            state.map(|state| (key, state)).ok_or(ImportError::Corrupt)
        });
        let decoded = decoded.collect::<Result<Vec<_>, _>>()?;
        let imports = decoded.into_iter().map(|(key, state)| async move {
            let submit = |commit: Option<&Mutation>, merged: &Acceptor| {
                self.while_streaming(cluster, range, || {
                    self.check_room()?;
                    self.submit(|store, ticket| store.submit_acceptor(&key, &merged.encode(), commit, ticket))
                })
            };
            let is_fenced = |error: &ImportError| *error == ReplicaError::Refused(Refusal::Fenced).into();
            self.take_over_acceptor(&key, &state, submit, is_fenced).await
        });
        stream::iter(imports).buffer_unordered(ACCEPTORS_AT_ONCE).try_collect::<()>().await
    }
}

/// A page as mutations, one for each partition. They are stamped with the present, so no fence refuses them; none has to, for no node
/// purges while a plan is under way.
fn mutations_of(range: StreamedRange, rows: Vec<(Bytes, Bytes)>, now: Micros) -> Result<Vec<Mutation>, ImportError> {
    let (mut mutations, mut partition): (Vec<Mutation>, Bytes) = (Vec::new(), Bytes::new());
    for (key, row) in rows {
        let length = Key::partition(&key).filter(|_| range.holds(&key)).ok_or(ImportError::Corrupt)?;
        match RowView::parse(&key, &row) {
            Ok(_) | Err(RowError::Damaged) => {}
            Err(_) => return Err(ImportError::Corrupt),
        }
        match mutations.last_mut().filter(|_| key[..length] == partition[..]) {
            Some(last) => last.rows.push((key, row)),
            None => {
                partition = key.slice(..length);
                mutations.push(Mutation::single(WriteId::of_repair(now), key, row));
            }
        }
    }
    Ok(mutations)
}

impl<W: World> RoomMaker for ReplicaHandle<W> {
    fn make_room(&self, gains: Gains) -> BoxFuture<'static, Result<(), ReplicaError>> {
        let handle = self.clone();
        Box::pin(async move {
            let plan = gains.plan;
            if gains.merges() {
                return Ok(());
            }
            let stage = handle.on_disk(Lane::Background, move |store| stream_journal::stage(store, plan)).await;
            if stage.map_err(|error| unreadable(&error))? != Stage::New {
                return Ok(());
            }
            handle.hold_late_writes(&gains);
            // Writes of an earlier ownership that are still queued have to be in the engine to be found and removed with the rest.
            handle.drain_queue().await?;
            let found = handle.on_disk(Lane::Background, move |store| find_all(store, &gains)).await;
            let removal = found.map_err(|error| unreadable(&error))?;
            let removed = handle
                .submit(|store, ticket| store.submit_removal(removal, [stream_journal::room_made(plan)], ticket))?
                .await;
            handle.note_range_removal();
            removed?;
            match handle.context.options.sync {
                SyncMode::Synced => Ok(()),
                SyncMode::Unsynced => {
                    let synced = handle.on_disk(Lane::Background, Store::sync).await;
                    synced.map_err(|error| unreadable(&error))
                }
            }
        })
    }
}

impl<W: World> ReplicaHandle<W> {
    /// Refuses late writes to gained tables, as ones that may be made later, until the fences of their sources are known.
    pub(crate) fn hold_late_writes(&self, gains: &Gains) {
        self.stream_status.set_held(Some(gains.index));
        hold_late_writes(&self.store, gains, self.context.wall_us(), self.context.options.purge_margin);
    }

    /// Takes late writes again.
    pub(crate) fn release_late_writes(&self) {
        self.store.hold_late_writes(std::collections::BTreeSet::new(), 0);
        self.stream_status.set_held(None);
    }
}

/// Refuses writes to gained tables that were issued more than a quarter of the purge's margin ago. Fences stay at least half of the margin
/// behind the present, so what was issued later cannot be behind one.
pub(crate) fn hold_late_writes(store: &Store, gains: &Gains, now: Micros, margin: Duration) {
    let before = now.saturating_sub((margin / 4).as_micros() as Micros);
    store.hold_late_writes(gains.tables().map(|(table, _)| table).collect(), before);
}

fn find_all(store: &Store, gains: &Gains) -> Result<henge_storage::KeyRemoval, EngineError> {
    let mut all = henge_storage::KeyRemoval::default();
    for (table, ranges) in gains.tables() {
        all.add(store.find_in_ranges(table, ranges)?);
    }
    Ok(all)
}

fn unreadable(error: &EngineError) -> ReplicaError {
    tracing::error!(%error, "no room can be made for ranges that this node gains");
    ReplicaError::Refused(Refusal::Other)
}

/// Makes room when a node starts, before anything else runs: the process may have ended after it learned of the plan and before it made
/// room.
pub(crate) fn make_room_at_start(
    store: &Store,
    gains: &Gains,
    now: Micros,
    margin: Duration,
) -> Result<(), EngineError> {
    if gains.merges() {
        return Ok(());
    }
    hold_late_writes(store, gains, now, margin);
    if stream_journal::stage(store, gains.plan)? != Stage::New {
        return Ok(());
    }
    let removal = find_all(store, gains)?;
    let full = |_| EngineError::Stalled;
    let mut done = Vec::new();
    let has_turn = store.submit_removal(removal, [stream_journal::room_made(gains.plan)], 0).map_err(full)?;
    while has_turn && store.turn(SyncMode::Synced, &mut done) {}
    match done.pop() {
        Some((_, Err(henge_storage::WriteError::Engine(error)))) => Err(error),
        Some((_, Err(_))) => Err(EngineError::Full),
        _ => Ok(()),
    }
}
