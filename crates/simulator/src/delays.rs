//! I45: a machine that fails alone delays no quorum read of a register through another one. Others stand in for it, or had been asked
//! beside it.

use crate::history::{Ending, Operation, OperationKind};
use crate::network::{LinkFault, Links};
use crate::plan::{Fault, Plan, PlannedFault};
use crate::registers::is_shared;
use crate::wire::Violation;
use henge_model::Consistency;
use std::collections::BTreeSet;

/// The longest time of a read, in microseconds: a few jobs of a disk that take a hundred times as long as others.
const READ_US_MAX: u64 = 2_000_000;
/// The time after the end of a fault within which its machines are not at their best, in microseconds.
const RECOVERY_US: u64 = 10_000_000;

/// A time in which machines are in trouble, in simulated microseconds.
#[derive(Debug, PartialEq, Eq)]
struct Trouble {
    from: u64,
    until: u64,
    /// The machines; `None` for all.
    machines: Option<BTreeSet<usize>>,
}

impl Trouble {
    /// The trouble that a fault makes in a storm that began at a time.
    fn of(storm: u64, planned: &PlannedFault) -> Trouble {
        let one = |machine: usize| Some(BTreeSet::from([machine]));
        let (machines, time) = match &planned.fault {
            Fault::PowerCut { machine, off } | Fault::ShutDown { machine, off } => (one(*machine), *off),
            Fault::Pause { machine, time } | Fault::FillDisk { machine, time } => (one(*machine), *time),
            Fault::SlowDisk { machine, time, .. } => (one(*machine), *time),
            // Until it starts again, whenever that is.
            Fault::FailSyncs { machine } => (one(*machine), u64::MAX / 2),
            Fault::Links {
                fault: LinkFault::Cut(links) | LinkFault::Lose(links, _) | LinkFault::Delay(links, _),
                time,
            } => (ends(links), *time),
            // What these leave behind lasts longer than they do: nothing is said of reads after them.
            Fault::Clock { .. }
            | Fault::ChangeReaders(_)
            | Fault::MoveMembers { .. }
            | Fault::Disk(_)
            | Fault::PowerCutAfterWrite(_) => (None, u64::MAX / 2),
        };
        let from = storm + planned.at;
        Trouble { from, until: from.saturating_add(time).saturating_add(RECOVERY_US), machines }
    }
}

/// The machine whose links these are; `None` if they are those of several.
fn ends(links: &Links) -> Option<BTreeSet<usize>> {
    [&links.from, &links.to].into_iter().find(|machines| machines.len() == 1).cloned()
}

/// The reads that took too long or failed although no machine was in trouble, or one alone that did not coordinate them.
pub(crate) fn delayed_reads(plan: &Plan, storm: u64, operations: &[Operation]) -> Vec<Violation> {
    let troubles: Vec<Trouble> = plan.faults.iter().map(|planned| Trouble::of(storm, planned)).collect();
    let in_trouble = |operation: &Operation| -> Option<BTreeSet<usize>> {
        let meets =
            |trouble: &&Trouble| trouble.from <= operation.began + READ_US_MAX && operation.began <= trouble.until;
        troubles.iter().filter(meets).try_fold(BTreeSet::new(), |mut all, trouble| {
            all.extend(trouble.machines.as_ref()?);
            Some(all)
        })
    };
    let must_be_quick = |operation: &&Operation| {
        let Some(coordinator) = operation.machine else { return false };
        let is_quorum_read = matches!(operation.kind, OperationKind::Read(_))
            && operation.consistency == Consistency::Quorum
            && is_shared(operation.key);
        is_quorum_read
            && (storm..storm + plan.length.saturating_sub(READ_US_MAX)).contains(&operation.began)
            && in_trouble(operation).is_some_and(|some| some.len() <= 1 && !some.contains(&coordinator))
    };
    let is_quick = |operation: &Operation| {
        operation.ending == Ending::Ok && operation.ended.is_some_and(|end| end - operation.began <= READ_US_MAX)
    };
    operations
        .iter()
        .filter(must_be_quick)
        .filter(|operation| !is_quick(operation))
        .map(|operation| Violation { rule: "I45", what: format!("one machine at most was in trouble: {operation:?}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shape::{Shape, StormKind};

    fn read(machine: usize, began: u64, ended: Option<u64>) -> Operation {
        Operation {
            key: 0,
            kind: OperationKind::Read(None),
            consistency: Consistency::Quorum,
            machine: Some(machine),
            datacenter: 0,
            began,
            ended,
            ending: if ended.is_some() { Ending::Ok } else { Ending::Unknown },
            told: String::new(),
        }
    }

    #[test]
    fn one_machine_in_trouble_delays_no_read_of_others() {
        let faults = vec![
            PlannedFault { at: 1_000_000, fault: Fault::Pause { machine: 2, time: 4_000_000 } },
            PlannedFault { at: 5_000_000, fault: Fault::PowerCut { machine: 1, off: 1_000_000 } },
        ];
        let plan = Plan { faults, length: 30_000_000, ..Plan::calm(Shape::plain(3, StormKind::Crashes)) };
        let count = |operation: Operation| delayed_reads(&plan, 0, &[operation]).len();
        assert_eq!(count(read(0, 1_500_000, Some(1_600_000))), 0);
        assert_eq!(count(read(0, 1_500_000, Some(6_500_000))), 1, "it waited for the machine that stood still");
        assert_eq!(count(read(0, 1_500_000, None)), 1);
        assert_eq!(count(read(2, 1_500_000, Some(6_500_000))), 0, "its own machine stood still");
        assert_eq!(count(read(0, 3_500_000, Some(8_500_000))), 0, "two were in trouble before it had to end");
        assert_eq!(count(read(0, 20_000_000, Some(25_000_000))), 1, "all is well again");
        assert_eq!(count(Operation { consistency: Consistency::All, ..read(0, 1_500_000, None) }), 0);
    }
}
