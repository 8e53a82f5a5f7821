//! This replica's part in anti-entropy: it answers what it holds, and takes what it lacks (docs/protocols/anti-entropy.md).

use crate::cluster::view::View;
use crate::ground::world::{Lane, World};
use crate::peers::messages::repair::{
    ComparedPart, FloorNote, OwedReply, RepairMend, RepairProven, RepairRows, RepairTree, RowsQuestion, RowsReply,
    TreeQuestion, TreeReply,
};
use crate::replica::LocalReplica;
use crate::replica::admission::{Access, PeerRequest, Place};
use crate::replica::handle::ReplicaHandle;
use crate::replica::trees::{NO_ROWS, RunReader, TakenRuns};
use futures_util::future::join_all;
use henge_base::{Bytes, Micros};
use henge_coordinator::{Refusal, ReplicaError};
use henge_model::{Digester, Key, Mutation, StorageId, TokenRange};
use henge_repair::{ListPage, ListedRow, SUMS_MAX, spans};
use henge_storage::{ContentScan, Floor, Flow, Proven, ReadError, SettledBallots, Store};
use std::sync::Arc;
use std::time::Duration;

/// The longest time that a replica reads for one question about sums. After it the replica answers that it is still reading, and the leader
/// asks again.
const READ_TIME_MAX: Duration = Duration::from_secs(3);
/// Bytes of rows that are read for one page of a list, however few of them it tells.
const LIST_READ_BYTES_MAX: usize = 8 << 20;
/// Ranges of one part, and leaves or keys of one question.
const RANGES_MAX: usize = 65_536;

/// Refuses a part whose ranges this node does not hold, or that have changed hands since the session was planned.
pub(crate) fn admit_part<W: World>(request: &PeerRequest<'_, W>, part: &ComparedPart) -> Result<(), Refusal> {
    let is_ordered = part.ranges.iter().all(|range| range.start < range.end)
        && part.ranges.windows(2).all(|pair| pair[0].end <= pair[1].start);
    if !is_ordered || part.ranges.len() > RANGES_MAX {
        return Err(Refusal::Corrupt);
    }
    let place = |tokens: &TokenRange| Place { storage: part.table, tokens: *tokens };
    part.ranges.iter().try_for_each(|tokens| request.admit(place(tokens), Access::Write))
}

/// Serves rows that this replica lacks.
pub(crate) async fn mend<W: World>(
    replica: &ReplicaHandle<W>,
    request: PeerRequest<'_, W>,
    RepairMend { mutations }: RepairMend,
) -> Result<(), Refusal> {
    let decoded: Result<Vec<Mutation>, _> = mutations.into_iter().map(Mutation::decode).collect();
    let mutations = decoded.map_err(|_| Refusal::Corrupt)?;
    for mutation in &mutations {
        request.admit(Place::of_mutation(mutation).ok_or(Refusal::Corrupt)?, Access::Write)?;
    }
    replica.mend_all(&mutations).await.map_err(|error| request.refusal(error))
}

/// The refusal of a request that failed for other reasons than its range.
pub(crate) fn refusal_of(error: ReplicaError) -> Refusal {
    match error {
        ReplicaError::Refused(refusal) => refusal,
        ReplicaError::NotSent | ReplicaError::Unknown => Refusal::Other,
    }
}

impl<W: World> ReplicaHandle<W> {
    /// Writes what this copy lacks. Once it returns that is on disk, with all that was written before.
    pub(crate) async fn mend_all(&self, mutations: &[Mutation]) -> Result<(), ReplicaError> {
        let written = join_all(mutations.iter().map(|mutation| self.apply(mutation))).await;
        written.into_iter().collect::<Result<(), ReplicaError>>()?;
        self.wait_until_synced().await
    }

    /// Answers a question about sums.
    pub(crate) async fn answer_tree(&self, asked: RepairTree) -> Result<TreeReply, ReplicaError> {
        let RepairTree { part, ask } = asked;
        match ask {
            TreeQuestion::Root { session, floor, fence, ballots } => {
                self.answer_root(part, session, floor, (fence, ballots)).await
            }
            TreeQuestion::Sums { parents, above, bits } => {
                if parents.len() > SUMS_MAX {
                    return Err(ReplicaError::Refused(Refusal::Corrupt));
                }
                if above == bits {
                    self.read_leaves(&part, &parents, bits).await?;
                }
                let sums = self.trees.with(&part, |tree| tree.sums(&parents, above, bits));
                Ok(TreeReply::Sums(sums.unwrap_or_default()))
            }
        }
    }

    async fn answer_root(
        &self,
        part: ComparedPart,
        session: Micros,
        floor: Option<FloorNote>,
        (fence, ballots): (Option<Micros>, Option<Micros>),
    ) -> Result<TreeReply, ReplicaError> {
        let higher = self.higher_floors(&part, floor);
        if !higher.is_empty() {
            return Ok(TreeReply::Floors(higher));
        }
        if let Some(floor) = floor {
            self.note_floor(&part, floor).await?;
        }
        if !self.raise_fences(&part, fence, ballots).await? {
            return Ok(TreeReply::Unsettled);
        }
        if fence.is_some() || ballots.is_some() {
            // Those that passed the fence before it was raised are to be read too.
            self.drain_queue().await?;
        }
        let _turn = self.trees.turn.lock().await;
        if self.trees.begin_pass(&self.store, &part, session) {
            // What is read below was written before, or has a mark for the next session.
            self.wait_until_synced().await?;
        }
        let end = self.context.deadline_after(READ_TIME_MAX);
        while let Some(runs) = self.trees.take_runs(&part) {
            self.read_runs(runs).await?;
            if self.context.world.mono() >= end {
                let left = self.trees.with(&part, |tree| tree.stale_leaves() as u64).unwrap_or(1);
                if left > 0 {
                    return Ok(TreeReply::Reading(left));
                }
            }
        }
        let root = self.trees.with(&part, |tree| (tree.root(), tree.bits(), tree.oldest_kept()));
        let (sum, bits, oldest_kept) = root.unwrap_or((NO_ROWS, part.bits, i64::MAX));
        Ok(TreeReply::Root { sum, bits, oldest_kept })
    }
}

impl<W: World> LocalReplica<W> {
    /// Reads leaves again that were written to since.
    async fn read_leaves(&self, part: &ComparedPart, parents: &[u32], bits: u8) -> Result<(), ReplicaError> {
        let _turn = self.trees.turn.lock().await;
        self.trees.take_marks(&self.store, part.table);
        let Some(own) = self.trees.with(part, |tree| tree.bits()) else { return Ok(()) };
        let below = u32::from(own.saturating_sub(bits));
        let leaves: Vec<u32> =
            parents.iter().flat_map(|node| (node << below)..=(node << below) + ((1 << below) - 1)).collect();
        match self.trees.take_leaves(part, &leaves) {
            Some(runs) => self.read_runs(runs).await,
            None => Ok(()),
        }
    }

    async fn read_runs(&self, runs: TakenRuns<'_>) -> Result<(), ReplicaError> {
        let Some(mut reader) = runs.reader() else { return Ok(()) };
        loop {
            let began = self.context.world.mono();
            let job = move |store: &Store| {
                let read = reader.step(store);
                (reader, read)
            };
            let (after, read): (RunReader, Result<(usize, u64), ReadError>) = self.on_disk(Lane::Background, job).await;
            let (bytes, rows) = read.map_err(|error| self.unreadable(&error))?;
            self.context.metrics.repair_rows_compared.inc_by(rows);
            self.pace_repair(bytes, self.context.world.mono().since(began)).await;
            match after.into_leaves() {
                Ok(leaves) => {
                    runs.set(leaves);
                    return Ok(());
                }
                Err(rest) => reader = rest,
            }
        }
    }

    /// Pauses for as long as the budget says after work on so many bytes that took so long.
    pub(crate) async fn pace_repair(&self, bytes: usize, took: Duration) {
        let options = &self.context.options;
        let by_bytes = match options.repair_throughput {
            0 => Duration::ZERO,
            rate => Duration::from_micros((bytes as u64).saturating_mul(1_000_000) / rate),
        };
        let by_share = took.mul_f64(100.0 / f64::from(options.repair_cpu_share.max(1)) - 1.0);
        let pause = by_bytes.max(by_share);
        if !pause.is_zero() {
            self.context.pause(pause).await;
        }
    }

    pub(super) fn unreadable(&self, error: &ReadError) -> ReplicaError {
        tracing::warn!(%error, "a part of a table cannot be compared");
        self.context.metrics.replica_read_errors.inc();
        ReplicaError::Refused(match error {
            ReadError::UnknownTable => Refusal::UnknownTable,
            ReadError::Row(_) => Refusal::Corrupt,
            _ => Refusal::Other,
        })
    }

    /// Answers a question about rows.
    pub(crate) async fn answer_rows(&self, RepairRows { part, ask }: RepairRows) -> Result<RowsReply, ReplicaError> {
        let (began, limits) = (self.context.world.mono(), self.context.options.limits);
        let job = move |store: &Store| match ask {
            RowsQuestion::List { first, last, from } => {
                list(store, &part, (first, last), from, limits.list_bytes).map(RowsReply::Page)
            }
            RowsQuestion::Fetch(keys) => fetch(store, &part, keys, limits.fetch_bytes).map(RowsReply::Rows),
        };
        let reply = self.on_disk(Lane::Background, job).await.map_err(|error| self.unreadable(&error))?;
        let bytes = match &reply {
            RowsReply::Page(page) => page.rows.iter().map(|row| row.key.len() + 16).sum(),
            RowsReply::Rows(rows) => rows.iter().map(|(key, row)| key.len() + row.as_ref().map_or(0, Bytes::len)).sum(),
        };
        self.pace_repair(bytes, self.context.world.mono().since(began)).await;
        Ok(reply)
    }

    /// The floors of a part that are above the leader's.
    fn higher_floors(&self, part: &ComparedPart, floor: Option<FloorNote>) -> Vec<(TokenRange, FloorNote)> {
        let known = floor.map_or(i64::MIN, |floor| floor.before);
        let pieces = part.ranges.iter().flat_map(|range| self.store.proven_pieces(part.table, *range));
        let higher = pieces.filter(|(_, proven)| proven.floor.before > known);
        higher.map(|(range, proven)| (range, note_of(&proven.floor))).collect()
    }

    /// Takes over the floor of a part, where it is above this replica's.
    async fn note_floor(&self, part: &ComparedPart, floor: FloorNote) -> Result<(), ReplicaError> {
        self.change_proven(part.table, part.ranges.clone(), move |proven| raise_floor(proven, floor)).await
    }

    /// Takes over floors that another replica knows.
    pub(crate) async fn note_floors(
        &self,
        table: StorageId,
        floors: Vec<(TokenRange, FloorNote)>,
    ) -> Result<(), ReplicaError> {
        for (range, floor) in floors.into_iter().filter(|(range, _)| range.start < range.end) {
            self.change_proven(table, vec![range], move |proven| raise_floor(proven, floor)).await?;
        }
        Ok(())
    }

    /// Notes that a part was proven.
    pub(crate) async fn note_proven(&self, said: RepairProven, epoch: (u32, u64)) -> Result<(), ReplicaError> {
        let RepairProven { part, until, floor, settled } = said;
        let change = move |proven: Proven| {
            let proven = if until > proven.until { Proven { until, epoch, ..proven } } else { proven };
            let settled = settled.filter(|before| *before > proven.settled.before);
            let proven =
                settled.map_or(proven, |before| Proven { settled: SettledBallots { before, epoch }, ..proven });
            floor.map_or(proven, |floor| raise_floor(proven, floor))
        };
        self.change_proven(part.table, part.ranges, change).await
    }

    async fn change_proven(
        &self,
        table: StorageId,
        ranges: Vec<TokenRange>,
        change: impl Fn(Proven) -> Proven + Send + 'static,
    ) -> Result<(), ReplicaError> {
        let job = move |store: &Store| store.change_proven(table, &ranges, change);
        self.on_disk(Lane::Background, job).await.map_err(|error| {
            tracing::error!(%error, "what was proven of a table cannot be written");
            ReplicaError::Refused(Refusal::Other)
        })
    }

    /// The writes that this node's disk still owes to others.
    pub(crate) async fn owed(&self) -> Result<OwedReply, ReplicaError> {
        let job = |store: &Store| {
            let batch = store.oldest_batch()?;
            let missed = store.missed_writes()?.into_iter().map(|(range, _)| range.table);
            let mut missed: Vec<StorageId> = missed.collect();
            missed.dedup();
            let owed = |host| store.oldest_hint(host).map(|oldest| (host, oldest));
            let hosts = store.hinted_peers().into_iter().filter_map(owed).collect();
            Ok::<_, henge_storage::EngineError>(OwedReply { hosts, batch, missed })
        };
        self.on_disk(Lane::Background, job).await.map_err(|_| ReplicaError::Refused(Refusal::Other))
    }

    /// Removes the records of missed writes whose replicas were proven to have them.
    pub(crate) async fn forget_mended(&self, view: &Arc<View>) {
        let view = Arc::clone(view);
        let job = move |store: &Store| {
            let missed = store.missed_writes()?;
            let is_mended = |(range, writes): &(henge_storage::MissedRange, henge_storage::MissedWrites)| {
                let Some(placed) = view.placed_of(range.table) else { return false };
                let (first, last) = range.tokens();
                let tokens = TokenRange { start: henge_model::Token(first.0.saturating_sub(1)), end: last };
                let held = placed.placement.ranges_over(tokens).filter(|placed| placed.write.contains(range.host));
                held.flat_map(|placed| placed.range.split_at_wrap().collect::<Vec<_>>()).all(|held| {
                    let (start, end) = (held.start.max(tokens.start), held.end.min(tokens.end));
                    let pieces = if start < end {
                        store.proven_pieces(range.table, TokenRange { start, end })
                    } else {
                        Vec::new()
                    };
                    pieces.iter().all(|(_, proven)| proven.until > writes.last)
                })
            };
            let mended: Vec<_> = missed.into_iter().filter(is_mended).collect();
            store.forget_missed(&mended)
        };
        if let Err(error) = self.on_disk(Lane::Background, job).await {
            tracing::warn!(%error, "records of missed writes cannot be removed");
        }
    }
}

fn note_of(floor: &Floor) -> FloorNote {
    FloorNote { before: floor.before, counts_from: floor.counts_from, epoch: floor.epoch }
}

fn raise_floor(proven: Proven, to: FloorNote) -> Proven {
    if proven.floor.before >= to.before {
        return proven;
    }
    let previous = proven.floor.before;
    let floor = Floor { before: to.before, counts_from: to.counts_from, previous, epoch: to.epoch };
    Proven { floor, ..proven }
}

/// A page of the rows in a run of leaves, from a key on.
fn list(
    store: &Store,
    part: &ComparedPart,
    (first, last): (u32, u32),
    from: Option<Bytes>,
    bytes_max: usize,
) -> Result<ListPage, ReadError> {
    let (mut rows, mut bytes, mut read) = (Vec::new(), 0, 0);
    let mut digester = Digester::of_stored(part.purge_before);
    let scans =
        spans(&part.ranges, first, last, part.bits).into_iter().map(|tokens| ContentScan::of(part.table, tokens));
    for scan in scans {
        let mut scan = from.iter().fold(scan, |scan, from| scan.from(from));
        while !scan.has_ended() {
            if bytes >= bytes_max || read >= LIST_READ_BYTES_MAX {
                return Ok(ListPage { rows, until: Some(scan.next_key().clone()) });
            }
            store.scan_content(&mut scan, bytes_max, &mut |key, view, row| {
                read += key.len() + row.len();
                if let Some(hash) = digester.stored_row(key, view).filter(|hash| hash.hash != 0) {
                    bytes += key.len() + 24;
                    rows.push(ListedRow { key: Bytes::copy_from_slice(key), hash: hash.hash });
                }
                if bytes >= bytes_max { Flow::Stop } else { Flow::Continue }
            })?;
        }
    }
    Ok(ListPage { rows, until: None })
}

/// The rows at these keys, or the first of them.
fn fetch(
    store: &Store,
    part: &ComparedPart,
    keys: Vec<Bytes>,
    bytes_max: usize,
) -> Result<Vec<(Bytes, Option<Bytes>)>, ReadError> {
    let (mut rows, mut bytes) = (Vec::new(), 0);
    for key in keys {
        if bytes >= bytes_max {
            break;
        }
        let is_within = |token| part.ranges.iter().any(|range| range.contains(token));
        let is_asked = Key::storage_id(&key) == Some(part.table) && Key::token(&key).is_some_and(is_within);
        let row = if is_asked { store.content_row(&key, part.purge_before)? } else { None };
        bytes += key.len() + row.as_ref().map_or(0, Bytes::len);
        rows.push((key, row));
    }
    Ok(rows)
}
