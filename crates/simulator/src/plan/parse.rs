//! Plans are read from their text. Blank lines, and what stands behind a `#`, are left out.

mod error;
mod faults;
mod words;

use super::print::{scope, table};
use super::{CLIENTS_MAX, FAULTS_MAX, FaultKind, LENGTH_MAX, Plan, PlannedFault, Workload};
use crate::registers::SharedTable;
use crate::shape::{Shape, StormKind};
use error::PlanError;
use std::collections::{BTreeMap, BTreeSet};
use words::Words;

/// The settings of a head, in their order.
const SETTINGS: [&str; 18] = [
    "seed",
    "machines",
    "spares",
    "tokens",
    "datacenters",
    "faults",
    "sync",
    "table",
    "few-calls",
    "small-limits",
    "leaving-clients",
    "rotate-readers",
    "compare",
    "length",
    "clients",
    "operations",
    "workloads",
    "armed",
];
const FLAGS: [(&str, bool); 2] = [("yes", true), ("no", false)];
const SYNCS: [(&str, bool); 2] = [("always", false), ("periodic", true)];
const DATACENTERS: [(&str, bool); 2] = [("1", false), ("2", true)];
const STORMS: [(StormKind, bool); 3] =
    [(StormKind::Links, false), (StormKind::Crashes, false), (StormKind::Crashes, true)];
const TABLES: [SharedTable; 3] = [SharedTable::Default, SharedTable::Grace, SharedTable::Unrepaired];

impl Plan {
    /// Reads a plan from its text.
    pub(crate) fn parse(text: &str) -> Result<Plan, PlanError> {
        let mut head = Head::default();
        let mut lines = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let mut words = Words::new(number + 1, line.split('#').next().unwrap_or_default());
            match words.peek() {
                None => {}
                Some("at") if lines.len() == FAULTS_MAX => {
                    return Err(words.error(format!("a plan has at most {FAULTS_MAX} faults")));
                }
                Some("at") => lines.push(words),
                Some(_) => head.add(words)?,
            }
        }
        let mut plan = head.plan()?;
        for words in lines {
            let fault = faults::parse(words, &plan.shape)?;
            plan.faults.push(fault);
        }
        plan.faults.sort_by_key(|fault: &PlannedFault| fault.at);
        Ok(plan)
    }
}

/// The settings that were read, each behind its name.
#[derive(Default)]
struct Head<'a>(BTreeMap<&'static str, Words<'a>>);

impl<'a> Head<'a> {
    fn add(&mut self, mut words: Words<'a>) -> Result<(), PlanError> {
        let expected = "\"at\" and a time, or a setting of the head";
        let name = words.next(expected)?;
        let Some(name) = SETTINGS.into_iter().find(|known| *known == name) else {
            return Err(words.error(format!("expected {expected} ({}), found {name:?}", SETTINGS.join(", "))));
        };
        let line = words.line();
        match self.0.insert(name, words) {
            None => Ok(()),
            Some(first) => Err(PlanError::of(line, format!("{name} stands in line {} already", first.line()))),
        }
    }

    /// Reads the value of a setting.
    fn take<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Words<'a>) -> Result<T, PlanError>,
    ) -> Result<T, PlanError> {
        let Some(mut words) = self.0.remove(name) else {
            return Err(PlanError::of_head(format!("the head lacks a line {name:?}")));
        };
        let value = read(&mut words)?;
        words.end()?;
        Ok(value)
    }

    /// A plan without faults.
    fn plan(mut self) -> Result<Plan, PlanError> {
        let seed = self.take("seed", |words| words.number(u64::MAX, "a seed"))?;
        let shape = self.shape()?;
        let length = self.take("length", |words| words.time(LENGTH_MAX))?;
        let clients = self.take("clients", |words| words.number(CLIENTS_MAX as u64, "a number of clients"))? as usize;
        let operations =
            self.take("operations", |words| words.number(u64::from(u32::MAX), "a number of operations"))?;
        let names: Vec<(&str, Workload)> = Workload::ALL.iter().map(|each| (each.name(), *each)).collect();
        let workloads = self.take("workloads", |words| words.choices(&names))?;
        let names: Vec<(&str, FaultKind)> = FaultKind::ALL.iter().map(|each| (each.name(), *each)).collect();
        let armed: BTreeSet<FaultKind> = self.take("armed", |words| words.choices(&names))?;
        Ok(Plan { seed, shape, length, clients, operations, workloads, armed, faults: Vec::new() })
    }

    fn shape(&mut self) -> Result<Shape, PlanError> {
        let machines = self.take("machines", |words| words.number(u64::from(u8::MAX), "a number of machines"))?;
        let spares = self.take("spares", |words| words.number(u64::from(u8::MAX), "a number of machines"))?;
        let tokens = self.take("tokens", |words| words.number(u64::from(u16::MAX), "a number of ranges"))?;
        let mut shape = Shape {
            machines: machines as usize,
            spares: spares as usize,
            tokens: tokens as u32,
            storm: StormKind::Crashes,
            is_periodic: self.take("sync", |words| words.choice(&SYNCS))?,
            table: self.take("table", |words| words.choice(&TABLES.map(|each| (table(each), each))))?,
            has_short_tail: self.take("few-calls", |words| words.choice(&FLAGS))?,
            has_small_limits: self.take("small-limits", |words| words.choice(&FLAGS))?,
            has_leavers: self.take("leaving-clients", |words| words.choice(&FLAGS))?,
            rotates: self.take("rotate-readers", |words| words.choice(&FLAGS))?,
            compares: self.take("compare", |words| words.choice(&FLAGS))?,
            spans: self.take("datacenters", |words| words.choice(&DATACENTERS))?,
            disks: false,
        };
        let storms = STORMS.map(|(storm, disks)| (scope(&Shape { storm, disks, ..shape }), (storm, disks)));
        (shape.storm, shape.disks) = self.take("faults", |words| words.choice(&storms))?;
        match shape.flaw() {
            Some(what) => Err(PlanError::of_head(format!("no run can have this head: {what}"))),
            None => Ok(shape),
        }
    }
}
