//! A SELECT in words.

use super::{Explanation, count, count_partitions, names};
use crate::bind::{BoundSelect, PartitionRead, Reads};
use crate::plan::{FilterRelation, ProbePlan, SelectPlan};
use henge_model::{KeyRange, TokenRange};

impl SelectPlan {
    /// The plan with its bound values in words.
    pub fn explain(&self, bound: &BoundSelect) -> Explanation {
        let mut told = Explanation::default();
        told.say("statement", format!("SELECT from {}.{}", self.table.keyspace, self.table.name));
        match &bound.reads {
            Reads::Partitions(reads) => self.explain_partitions(reads, &mut told),
            Reads::Scan { tokens, .. } => told.say("partitions", scan_text(*tokens)),
        }
        if let (Some(probe), Some(_)) = (&self.restrictions.probe, &bound.probe) {
            told.say("index", probe_text(probe));
        }
        self.explain_filter(bound, &mut told);
        self.explain_order(bound, &mut told);
        if self.is_grouped() {
            told.say("groups", "rows are folded into one for each group as they come");
        } else if self.is_aggregate() {
            told.say("groups", "all rows are folded into one as they come");
        }
        if bound.limit != u32::MAX {
            told.say("limit", count(bound.limit as usize, "row"));
        }
        if let Some(most) = bound.per_partition {
            told.say("limit", format!("{} of each partition", count(most as usize, "row")));
        }
        told
    }

    fn explain_partitions(&self, reads: &[PartitionRead], told: &mut Explanation) {
        told.tokens = Some(reads.iter().map(|read| read.token).collect());
        let partitions = count_partitions(reads.iter().map(|read| read.partition.bytes()));
        if partitions == 0 {
            return told.say("partitions", "none: no key can match");
        }
        told.say("partitions", format!("{partitions} by key"));
        let ranges = reads.iter().filter(|read| matches!(read.keys, KeyRange::Run { .. })).count();
        told.say(
            "rows",
            match ranges {
                0 => format!("{} by the whole primary key", count(reads.len(), "row")),
                _ if self.reads_whole_partitions() => "all of each partition".to_owned(),
                ranges => format!("{} of clustering keys", count(ranges, "range")),
            },
        );
    }

    fn explain_filter(&self, bound: &BoundSelect, told: &mut Explanation) {
        if self.filter.is_empty() {
            return;
        }
        let relations: Vec<String> = self.filter.iter().map(relation_text).collect();
        told.say("filter", format!("{}, checked on the coordinator after rows were read", relations.join(" and ")));
        if bound.probe.is_none() && matches!(bound.reads, Reads::Scan { .. }) {
            told.say("warning", "all rows of the range are read to find those that match");
        }
    }

    fn explain_order(&self, bound: &BoundSelect, told: &mut Explanation) {
        if self.is_sorted() {
            told.say("order", "sorted in memory once all rows were read, so that pages are not possible");
        } else if bound.reversed {
            told.say("order", "clustering keys from the last to the first, read backwards");
        }
    }
}

fn scan_text(tokens: TokenRange) -> String {
    match tokens.start.0 == i64::MIN && tokens.end.0 == i64::MAX {
        true => "all, by a scan of the ring".to_owned(),
        false => format!("those with tokens above {} up to {}, by a scan", tokens.start, tokens.end),
    }
}

fn probe_text(probe: &ProbePlan) -> String {
    let conditions: Vec<String> = probe
        .conditions
        .iter()
        .map(|condition| format!("{} {} ...", condition.column.name, condition.operator.sign()))
        .collect();
    format!(
        "{}: replicas look up {} in their own entries, which may be stale",
        probe.index.name,
        conditions.join(" and ")
    )
}

fn relation_text(relation: &FilterRelation) -> String {
    let columns = std::iter::once(&relation.column).chain(relation.rest.iter().map(|(_, column)| column));
    format!("{} {} ...", names(columns), relation.operator.sign())
}
