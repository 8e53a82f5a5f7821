//! The consistency levels in docs/compatibility.md: the answers that each needs come from the code that counts them.

use crate::required::{Places, RequiredAnswers};
use crate::{Datacenter, Faults};
use henge_model::{Consistency, Replication};
use std::collections::BTreeMap;

/// Two datacentres; the coordinator is in `dc1`.
struct Two;

impl Places for Two {
    fn here(&self) -> Option<Datacenter> {
        self.datacenter_named("dc1")
    }

    fn datacenter_named(&self, name: &str) -> Option<Datacenter> {
        ["dc1", "dc2"].iter().position(|other| *other == name).map(|at| Datacenter(at as u16))
    }
}

/// Remarks on a level.
fn note(level: Consistency) -> &'static str {
    match level {
        Consistency::Any => "writes only; a hint on the coordinator's disk counts too",
        Consistency::Serial | Consistency::LocalSerial => {
            "conditional writes, and reads of one partition that see them decided; other reads as at the quorum level of that scope"
        }
        Consistency::EachQuorum => "a majority in every datacentre; reads too",
        Consistency::LocalOne | Consistency::LocalQuorum => "in the coordinator's datacentre",
        Consistency::One | Consistency::Two | Consistency::Three | Consistency::Quorum | Consistency::All => "",
    }
}

#[test]
fn consistency_levels_are_as_the_manual_says() {
    let simple = Replication::Simple { factor: 3 };
    let factors = BTreeMap::from([("dc1".to_owned(), 3), ("dc2".to_owned(), 3)]);
    let two = Replication::NetworkTopology { factors };
    let lines = Consistency::all().map(|level| {
        let of = |replication| RequiredAnswers::of(level, replication, &Two, Faults::default()).block_for().to_string();
        [format!("`{}`", level.name()), of(&simple), of(&two), note(level).to_owned()]
    });
    let headings = ["Level", "Answers of 3 replicas", "of 3 in each of two datacentres", ""];
    henge_manual::compatibility("consistency levels", &henge_manual::table(headings, lines));
}
