//! Wide rows at the end of a run: the storm's reads are checked, and every partition is read through every node.

use super::{Run, SECOND};
use crate::registers::SharedTable;
use crate::wide::{self, Partition, Select};
use henge_model::Consistency;

impl Run {
    /// The statement that creates the table, with the purge of the registers.
    pub(super) fn wide_table(&self) -> &'static str {
        match self.shape.table {
            SharedTable::Grace => wide::GRACE_TABLE,
            SharedTable::Default | SharedTable::Unrepaired => wide::TABLE,
        }
    }

    /// Checks the reads of the storm.
    pub(super) fn check_wide_rows(&self) {
        let found = wide::check_answers(&self.wide.history.lock(), !self.shape.is_periodic);
        self.record_violations(found);
    }

    /// Reads every partition at ALL through every reader, and everything once; what the cluster was brought to is what was acknowledged,
    /// the same through each of them (I1, I10, I31).
    pub(super) fn read_wide_rows(&mut self) {
        self.read_wide_rows_through(usize::MAX);
    }

    /// The same through so many nodes at most.
    pub(super) fn read_wide_rows_through(&mut self, nodes: usize) {
        let mut numbers = Vec::new();
        for (at, life) in self.readers().into_iter().enumerate().take(nodes) {
            let mut selects: Vec<Select> =
                Partition::all().map(|partition| Select::whole(partition, (at % 2 == 1).then_some(3))).collect();
            selects.push(Select::everything((at % 2 == 0).then_some(5)));
            for select in selects {
                let number = self.wide.read(Some(life.clone()), select, Consistency::All, self.random.fork("pages"));
                self.random.next_u64();
                let end = self.now() + 20 * SECOND;
                while !self.wide.history.lock().is_over(number) && self.now() < end {
                    self.pass(SECOND / 50);
                }
                numbers.push(number);
            }
        }
        let history = self.wide.history.lock();
        let answers: Vec<_> = numbers.iter().filter_map(|number| history.answers.get(*number)).cloned().collect();
        for answer in answers.iter().filter(|answer| !answer.is_complete) {
            self.cluster
                .record_violation("I31", format!("on a healthy cluster: {:?} has no end", answer.select.text()));
        }
        let found = wide::check_final(&history.changes, &answers, !self.shape.is_periodic);
        drop(history);
        self.record_violations(found);
    }
}
