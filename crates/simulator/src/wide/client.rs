//! Clients of wide rows: they write through one node, and read page by page through any.

use super::answer::decode;
use super::change::{Change, Effect};
use super::draft::Draft;
use super::history::{Answer, PageOfLines, WideHistory};
use super::place::Partition;
use super::select::Select;
use crate::client::{Clients, coordinators, is_definite};
use crate::clockwork::Clockwork;
use crate::history::Ending;
use crate::machine::Life;
use crate::slot::Slot;
use crate::wall_clock::true_time;
use henge_base::{Micros, Random};
use henge_cql::Warnings;
use henge_model::{Consistency, Rows};
use henge_node::{Error, Outcome, Parameters};
use henge_query::Page;
use parking_lot::Mutex;
use std::collections::BTreeSet;
use std::sync::Arc;

const SECOND: u64 = 1_000_000;
/// The longest simulated time that a client waits for a page: longer than any request takes.
const PAGE_TIMEOUT: u64 = 12 * SECOND;
/// The most attempts at one page.
const PAGE_ATTEMPTS: u32 = 3;
/// The most pages of one answer: more than there are rows, for pages may be empty.
const PAGES_MAX: usize = 500;

/// The clients of wide rows.
pub(crate) struct WideClients {
    clients: Arc<Clients>,
    pub(crate) history: Mutex<WideHistory>,
    /// The timestamps that were given; all even.
    stamps: Mutex<BTreeSet<Micros>>,
}

impl WideClients {
    pub(crate) fn new(clients: Arc<Clients>) -> Arc<WideClients> {
        Arc::new(WideClients { clients, history: Mutex::default(), stamps: Mutex::default() })
    }

    fn clockwork(&self) -> &Clockwork {
        &self.clients.cluster.clockwork
    }

    /// A timestamp that no other change has, nor one above it, which is an overwritten collection's.
    fn stamp(&self, random: &mut Random) -> Micros {
        let mut stamp = self.clients.stamp(random) / 2 * 2;
        let mut stamps = self.stamps.lock();
        while !stamps.insert(stamp) {
            stamp += 2;
        }
        stamp
    }

    /// The time in seconds that clients give.
    pub(crate) fn now_seconds(&self) -> i64 {
        true_time(self.clockwork().now()).div_euclid(SECOND as i64)
    }

    /// Begins an operation of a client: a change through one node, or a read that any nodes answer.
    pub(crate) fn begin_any(self: &Arc<Self>, random: &mut Random) {
        let lives = coordinators(&self.clients.cluster);
        let Some(life) = random.pick(&lives) else { return };
        let consistency = match random.below(12) {
            0 | 1 => Consistency::One,
            2 => Consistency::All,
            _ => Consistency::Quorum,
        };
        if random.chance(1, 2) {
            let patience = random.chance(1, 20).then(|| random.below(20_000));
            let partition = Partition::draw(random);
            self.change(life, partition, consistency, patience, |draft| draft.draw(), random);
        } else {
            let select = Select::draw(random);
            self.read(Some(life.clone()), select, consistency, random.fork("pages"));
        }
    }

    /// Begins a change through a node; its number. With `patience` the client hangs up after so many microseconds.
    pub(crate) fn change(
        self: &Arc<Self>,
        life: &Life,
        partition: Partition,
        consistency: Consistency,
        patience: Option<u64>,
        draw: impl FnOnce(Draft<'_>) -> (String, Vec<Effect>),
        random: &mut Random,
    ) -> usize {
        let (began, stamp, now_seconds) = (self.clockwork().now(), self.stamp(random), self.now_seconds());
        let (number, statement) = {
            let mut wide = self.history.lock();
            let (text, effects) = draw(Draft::new(random, partition, wide.changes.len(), stamp, now_seconds));
            let (ended, ending, told) = (None, Ending::Unknown, String::new());
            let statement = text.clone();
            wide.changes.push(Change { partition, effects, text, consistency, stamp, began, ended, ending, told });
            (wide.changes.len() - 1, statement)
        };
        let (clients, life) = (Arc::clone(self), life.clone());
        self.clockwork().spawn(Some(life.owner), async move {
            let work = ask(&life, &statement, Page::default(), consistency, Some(stamp), now_seconds);
            let Some(outcome) = clients.clients.until_hung_up(patience, work).await else { return };
            let told = outcome.as_ref().err().map(ToString::to_string).unwrap_or_default();
            clients.clockwork().note("wide", told.as_bytes());
            let mut wide = clients.history.lock();
            let change = &mut wide.changes[number];
            change.ending = match &outcome {
                Ok(_) => Ending::Ok,
                Err(error) if is_definite(error) => Ending::Failed,
                Err(_) => Ending::Unknown,
            };
            change.ended = Some(clients.clockwork().now());
            change.told = told;
        });
        number
    }

    /// Begins a read; its number among answers. `first` answers the first page, any node each further one and what failed.
    pub(crate) fn read(
        self: &Arc<Self>,
        first: Option<Life>,
        select: Select,
        consistency: Consistency,
        random: Random,
    ) -> usize {
        let now_seconds = self.now_seconds();
        let number = {
            let (pages, is_complete, fault) = (Vec::new(), false, None);
            let mut wide = self.history.lock();
            wide.answers.push(Answer { select, consistency, now_seconds, pages, is_complete, fault });
            wide.answers.len() - 1
        };
        let clients = Arc::clone(self);
        self.clockwork().spawn(None, async move { clients.read_pages(number, first, random).await });
        number
    }

    async fn read_pages(self: Arc<Self>, number: usize, mut first: Option<Life>, mut random: Random) {
        let (select, consistency, now_seconds) = {
            let answer = &self.history.lock().answers[number];
            (answer.select.clone(), answer.consistency, answer.now_seconds)
        };
        let (mut state, mut attempts) = (None, 0);
        for _ in 0..PAGES_MAX {
            let chosen = first.take().or_else(|| random.pick(&coordinators(&self.clients.cluster)).cloned());
            let began = self.clockwork().now();
            let page = match chosen {
                Some(life) => {
                    let machine = life.owner.machine;
                    let request = (select.text(), select.page_size, state.clone());
                    self.ask_page(life, request, consistency, now_seconds).await.map(|page| (machine, page))
                }
                None => None,
            };
            let Some((machine, (rows, next))) = page else {
                attempts += 1;
                if attempts == PAGE_ATTEMPTS {
                    return;
                }
                self.sleep(SECOND / 20).await;
                continue;
            };
            attempts = 0;
            let mut wide = self.history.lock();
            let answer = &mut wide.answers[number];
            let lines = rows.rows.iter().map(|row| decode(&select, row)).collect::<Option<Vec<_>>>();
            let Some(lines) = lines else {
                answer.fault = Some(format!("cannot be: {:?}", rows.rows));
                return;
            };
            answer.pages.push(PageOfLines { machine, began, ended: self.clockwork().now(), lines });
            answer.is_complete = next.is_none();
            if next.is_none() {
                return;
            }
            state = next;
        }
        self.history.lock().answers[number].fault = Some(format!("has more than {PAGES_MAX} pages"));
    }

    /// Asks a node for a page. `None` if it fails, or the node ends before it answers.
    async fn ask_page(
        &self,
        life: Life,
        (text, size, state): (String, Option<u32>, Option<Vec<u8>>),
        consistency: Consistency,
        now_seconds: i64,
    ) -> Option<(Rows, Option<Vec<u8>>)> {
        let slot = Slot::default();
        let (done, late) = (slot.clone(), slot.clone());
        let clients = Arc::clone(&self.clients);
        self.clockwork().spawn(Some(life.owner), async move {
            let page = Page { size, state: state.as_deref() };
            let work = ask(&life, &text, page, consistency, None, now_seconds);
            let answer = clients.until_hung_up(None, work).await;
            clients.cluster.clockwork.note("page", format!("{answer:?}").as_bytes());
            done.fill(answer.and_then(Result::ok));
        });
        let end = self.clockwork().now() + PAGE_TIMEOUT;
        self.clockwork().at(end, move || late.fill(None));
        slot.await
    }

    async fn sleep(&self, time: u64) {
        let slot = Slot::default();
        let woken = slot.clone();
        self.clockwork().at(self.clockwork().now() + time, move || woken.fill(()));
        slot.await;
    }
}

/// Executes a statement as a driver does that gives page, timestamp and time: the rows, and the state of the next page.
pub(crate) async fn ask(
    life: &Life,
    text: &str,
    page: Page<'_>,
    consistency: Consistency,
    timestamp: Option<Micros>,
    now_seconds: i64,
) -> Result<(Rows, Option<Vec<u8>>), Error> {
    let _service = life.node.client_service();
    let ready = life.core.prepare(text, None)?;
    let width = ready.prepared.result.as_ref().map_or(0, |columns| columns.len());
    let warnings = &Warnings::default();
    let parameters = Parameters {
        values: &[],
        consistency,
        serial: Consistency::Serial,
        timestamp,
        now_seconds: Some(now_seconds),
        page,
        user: None,
        client: None,
        warnings,
        received: None,
    };
    let mut rows = Rows::new(width);
    if life.core.try_execute(&ready, &parameters, &mut rows) {
        return Ok((rows, None));
    }
    match life.core.execute(&ready, &parameters, &mut rows).await? {
        Outcome::Rows(next) => Ok((rows, next)),
        _ => Ok((rows, None)),
    }
}
