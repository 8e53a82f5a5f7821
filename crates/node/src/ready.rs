//! Statements made ready: parsed, resolved against one epoch's schema, with the placement of their keyspaces beside them.

use crate::access::{MaskedRead, Need, masked_read, needs};
use crate::error::Error;
use crate::read_only;
use crate::shared::Shared;
use crate::view::View;
use crate::world::World;
use henge_coordinator::Placed;
use henge_cql::{Plan, Prepared};
use henge_metadata::Epoch;
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Prepared statements that a node keeps; beyond it the oldest go, and drivers prepare them again.
const STATEMENTS_MAX: usize = 10_000;
/// Bytes of the texts of prepared statements that a node keeps: a text may be as long as a frame.
const TEXT_BYTES_MAX: usize = 64 << 20;

/// A statement at one epoch.
#[derive(Debug)]
pub struct Ready {
    /// Its text.
    pub text: String,
    /// The keyspace that was in effect.
    pub keyspace: Option<String>,
    /// Bind columns, result columns and plan.
    pub prepared: Prepared,
    pub(crate) epoch: Epoch,
    /// Why it cannot be carried out, though it can be prepared.
    pub(crate) refusal: Option<String>,
    /// The permissions it needs; none without an authorizer.
    pub(crate) needs: Vec<Need>,
    /// What to look at before masked columns are read; nothing without an authorizer.
    pub(crate) masked: Option<Box<MaskedRead>>,
    /// The placement of each table that the plan touches, in its order.
    pub(crate) placed: Vec<Placed>,
}

/// Prepared statements by id.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    by_id: RwLock<ById>,
}

#[derive(Debug, Default)]
struct ById {
    entries: BTreeMap<[u8; 16], (u64, Arc<Ready>)>,
    age: BTreeMap<u64, [u8; 16]>,
    next: u64,
    /// Bytes of their texts.
    text_bytes: usize,
    /// How many had to go.
    evicted: u64,
}

impl Statements {
    pub(crate) fn find(&self, id: &[u8; 16]) -> Option<Arc<Ready>> {
        self.by_id.read().entries.get(id).map(|(_, ready)| Arc::clone(ready))
    }

    pub(crate) fn keep(&self, id: [u8; 16], ready: Arc<Ready>) {
        let mut by_id = self.by_id.write();
        let number = by_id.next;
        by_id.next += 1;
        by_id.text_bytes += ready.text.len();
        if let Some((old, replaced)) = by_id.entries.insert(id, (number, ready)) {
            by_id.age.remove(&old);
            by_id.text_bytes -= replaced.text.len();
        }
        by_id.age.insert(number, id);
        // The one just prepared stays, however long it is.
        while by_id.entries.len() > STATEMENTS_MAX || by_id.text_bytes > TEXT_BYTES_MAX && by_id.entries.len() > 1 {
            by_id.evict_oldest();
        }
    }

    /// How many there are, and how many had to go since the start.
    pub(crate) fn counts(&self) -> (usize, u64) {
        let by_id = self.by_id.read();
        (by_id.entries.len(), by_id.evicted)
    }
}

impl ById {
    fn evict_oldest(&mut self) {
        let oldest = self.age.pop_first().and_then(|(_, id)| self.entries.remove(&id));
        self.text_bytes -= oldest.map_or(0, |(_, ready)| ready.text.len());
        self.evicted += 1;
    }
}

impl Ready {
    /// Whether it is a DESCRIBE: with no keyspace in effect it speaks of all of them.
    pub fn describes(&self) -> bool {
        matches!(self.prepared.plan, Plan::Describe(_))
    }

    /// Whether it may be a read of one row that memory can answer; [`crate::Core::try_execute`] says whether it is.
    pub fn may_read_one_row(&self) -> bool {
        matches!(&self.prepared.plan, Plan::Select(plan) if plan.may_read_one_row())
    }
}

/// Parses a statement and resolves it at the current epoch.
pub(crate) fn ready<W: World>(shared: &Shared<W>, text: &str, keyspace: Option<&str>) -> Result<Ready, Error> {
    let statement = henge_cql::parse(text)?;
    let view = shared.view.load_full();
    let prepared = henge_cql::prepare(&statement, &view.schema, keyspace)?;
    let placed = placements(&view, &prepared.plan)?;
    let needs = if shared.options.authorize { needs(&prepared.plan) } else { Vec::new() };
    let masked = if shared.options.authorize && shared.options.masking { masked_read(&prepared.plan) } else { None };
    let keyspace = keyspace.map(str::to_owned);
    let refusal = read_only::refusal(&prepared.plan);
    Ok(Ready { refusal, text: text.to_owned(), keyspace, prepared, epoch: view.epoch(), needs, masked, placed })
}

fn placements(view: &View, plan: &Plan) -> Result<Vec<Placed>, Error> {
    let of = |keyspace: &str| {
        let missing = || Error::Query(henge_query::Error::Invalid(format!("Keyspace {keyspace} does not exist")));
        view.placed(keyspace).cloned().ok_or_else(missing)
    };
    match plan {
        Plan::Select(select) => Ok(vec![of(&select.table().keyspace)?]),
        Plan::Modify(modify) => Ok(vec![of(&modify.table().keyspace)?]),
        Plan::Batch(batch) => batch.statements.iter().map(|s| of(&s.table().keyspace)).collect(),
        Plan::Schema(_) | Plan::Use(_) | Plan::Describe(_) | Plan::Role(_) | Plan::Permission(_) => Ok(Vec::new()),
        Plan::Nothing => Ok(Vec::new()),
    }
}
