//! A node of the scripted cluster: what it does with what it is asked, and what it holds.

use crate::{Datacenter, ReadReply, Refusal, Standing};
use henge_base::{Bytes, Mono};
use henge_model::{
    Digester, KeyRange, Mutation, ReadCommand, RowBlock, RowView, Strip, Terms, merge_encoded, strip_row,
};
use henge_paxos::{Acceptor, Permission, PrepareOutcome, Reply, Request};
use henge_ring::Epoch;
use std::collections::BTreeMap;
use std::time::Duration;

/// The behaviour of a node towards a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Does {
    Answers,
    Refuses(Refusal),
    /// No answer by the deadline.
    Silent,
    NotSent,
    /// The link breaks: no answer, long before the deadline.
    Lost,
    /// Its future never ends: a test that waits for it hangs.
    Never,
    /// Answers nonsense.
    Lies,
}

/// One node.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) datacenter: Option<Datacenter>,
    pub(crate) alive: bool,
    pub(crate) writes: Does,
    /// Its behaviour towards the first write, if another.
    pub(crate) first_write: Option<Does>,
    /// Its behaviour towards the first reads; it answers the later ones.
    pub(crate) reads: Vec<Does>,
    pub(crate) mends: Does,
    /// Refuses writes that were issued before this.
    pub(crate) fence: i64,
    pub(crate) rows: BTreeMap<Bytes, Bytes>,
    /// Its behaviour towards the first Paxos requests; it answers the later ones.
    pub(crate) paxos: Vec<Does>,
    pub(crate) acceptors: BTreeMap<Bytes, Acceptor>,
    /// Rows in one answer at most, as if they were large.
    pub(crate) block_rows: usize,
    pub(crate) standing: Standing,
    /// The time from which it is known to be silent.
    pub(crate) silent_from: Option<Mono>,
    /// The time in which it answers any share of its requests.
    pub(crate) answer_time: Option<Duration>,
    /// The index of the log entry that last changed the replicas of its range, as far as it knows.
    pub(crate) since: u64,
}

pub(super) fn node(datacenter: Datacenter, letter: char) -> Node {
    let does = match letter {
        'o' | 'd' => Does::Answers,
        'r' => Does::Refuses(Refusal::Other),
        's' => Does::Silent,
        'n' => Does::NotSent,
        'p' => Does::Never,
        'l' => Does::Lies,
        other => panic!("no node is {other}"),
    };
    Node {
        datacenter: Some(datacenter),
        alive: letter != 'd',
        writes: does,
        first_write: None,
        // A host that cannot be sent to stays so.
        reads: vec![does; if does == Does::NotSent { 9 } else { 2 }],
        mends: does,
        fence: i64::MIN,
        rows: BTreeMap::new(),
        paxos: vec![does; if does == Does::NotSent { 9 } else { 3 }],
        acceptors: BTreeMap::new(),
        block_rows: usize::MAX,
        standing: Standing::default(),
        silent_from: None,
        answer_time: None,
        since: 0,
    }
}

impl Node {
    pub(super) fn apply(&mut self, key: &Bytes, row: &Bytes) {
        let before = self.rows.get(key).cloned();
        let merged = merge_encoded(key, before.iter().chain([row]).map(|row| &row[..]));
        self.rows.insert(key.clone(), merged.into());
    }

    /// Its behaviour towards a request of an epoch.
    pub(super) fn fence(&self, epoch: Epoch, does: Does) -> Does {
        if epoch.index < self.since { Does::Refuses(Refusal::StaleEpoch) } else { does }
    }

    pub(super) fn vote(&mut self, request: Request) -> Reply {
        let acceptor = self.acceptors.entry(Bytes::copy_from_slice(request.key())).or_default();
        match request {
            Request::Prepare { ballot, is_write, reads, .. } => match acceptor.prepare(ballot, is_write) {
                PrepareOutcome::Rejected(by) => Reply::Rejected { by },
                PrepareOutcome::Permitted(permission) => {
                    let rows = |read: &Bytes| self.block(&ReadCommand::decode(read.clone()).unwrap(), 100).encode();
                    Reply::Permitted(Permission { rows: reads.iter().map(rows).collect(), ..permission })
                }
            },
            Request::Propose { proposal, .. } => {
                acceptor.propose(&proposal).map_or_else(|by| Reply::Rejected { by }, |()| Reply::Done)
            }
            Request::Commit { proposal, .. } => {
                acceptor.commit(&proposal);
                let mutation = Mutation::decode(proposal.update.unwrap()).unwrap();
                mutation.rows.iter().for_each(|(key, row)| self.apply(key, row));
                Reply::Done
            }
        }
    }

    pub(super) fn block(&self, command: &ReadCommand, most: usize) -> RowBlock {
        let mut block = RowBlock::default();
        let mut live = 0;
        for (key, row) in self.in_order(command) {
            if live >= command.limit || block.rows.len() >= most {
                block.more = true;
                break;
            }
            let view = RowView::parse(&key, &row).unwrap();
            let mut stripped = Vec::new();
            let (columns, purge_before) = (&command.columns, command.purge_before);
            let strip = Strip { columns, purge_before, covered_by: None };
            if strip_row(&key, &view, &strip, &mut stripped) {
                live += u32::from(view.is_live(command.now_seconds));
                block.rows.push((key, stripped.into()));
            }
        }
        block
    }

    fn in_order(&self, command: &ReadCommand) -> Vec<(Bytes, Bytes)> {
        let pair = |(key, row): (&Bytes, &Bytes)| (key.clone(), row.clone());
        let found = |(_, row): &(Bytes, Bytes)| command.probe.as_ref().is_none_or(|probe| has_value(row, &probe.terms));
        match &command.keys {
            KeyRange::Many(keys) => {
                keys.iter().filter_map(|key| self.rows.get(key).map(|row| (key.clone(), row.clone()))).collect()
            }
            KeyRange::One(key) => {
                self.rows.get(key.bytes()).map(|row| (key.to_bytes(), row.clone())).into_iter().collect()
            }
            KeyRange::Run { start, end, reversed } => {
                let mut rows: Vec<_> = self.rows.range(start.clone()..end.clone()).map(pair).filter(found).collect();
                if *reversed {
                    rows.reverse();
                }
                rows
            }
        }
    }

    pub(super) fn digest(&self, command: &ReadCommand) -> ReadReply {
        let mut digester = Digester::new(command.now_seconds, command.purge_before);
        for (key, row) in self.block(command, usize::MAX).rows {
            digester.row(&key, &RowView::parse(&key, &row).unwrap(), &command.columns);
        }
        ReadReply::Digest(digester.finish())
    }
}

/// True if a row has a value that the index is asked for. Values are their own terms here.
fn has_value(row: &[u8], terms: &Terms) -> bool {
    let row = RowView::parse_trusted(row).unwrap();
    row.cells().any(|cell| cell.live_value(super::NOW).is_some_and(|value| terms.contains(value)))
}
