//! EXPLAIN: a statement's plan with the replicas that it would ask. EXPLAIN ANALYZE carries a SELECT out, keeps its rows to itself, and
//! tells what it took.

use crate::client::core::Core;
use crate::client::error::Error;
use crate::client::outcome::Outcome;
use crate::client::parameters::Parameters;
use crate::client::prepared_statement::PreparedStatement;
use crate::coordinator::trace::TraceEvent;
use crate::ground::steps::Step;
use crate::ground::world::World;
use henge_base::HostId;
use henge_coordinator::{KeyspacePlacement, LevelCheck, check_read_level, check_write_level};
use henge_cql::{BindContext, ExplainLine, ExplainPlan, Explanation, ModifyPlan, Plan, SelectPlan};
use henge_model::{Consistency, RowCount, RowSink, Token, WriteId};
use henge_query::Page;
use std::collections::BTreeMap;
use std::time::Duration;

/// Partitions of one statement whose replicas are told.
const LISTED_MAX: usize = 8;

/// A level that is checked for a token.
type CheckLevel<W> = fn(&crate::coordinator::Coordinator<W>, &KeyspacePlacement, Token, Consistency) -> LevelCheck;

impl<W: World> Core<W> {
    /// Puts the explanation of a statement into `sink`, a line in each row.
    pub(super) async fn explain(
        &self,
        ready: &PreparedStatement,
        explained: &ExplainPlan,
        parameters: &Parameters<'_>,
        sink: &mut (dyn RowSink + Send),
    ) -> Result<Outcome, Error> {
        // An explanation is one page, and it is not the statement that pages are counted of.
        let parameters = &Parameters { page: Page { state: None, ..parameters.page }, ..*parameters };
        let context = self.explained_context(parameters);
        let mut lines = match &explained.statement.plan {
            Plan::Select(plan) => {
                self.explain_read(self.seen_by(ready, plan, parameters.user)?, ready, parameters, &context)?
            }
            Plan::Modify(plan) => self.explain_write(plan, ready.placed.first(), parameters, &context)?,
            _ => Vec::new(),
        };
        if let (true, Plan::Select(plan)) = (explained.analyzes, &explained.statement.plan) {
            lines.extend(self.analyze(ready, plan, parameters).await?);
        }
        for (number, line) in lines.iter().enumerate() {
            sink.begin_row();
            sink.value(Some(&(number as i32 + 1).to_be_bytes()));
            sink.value(Some(line.subject.as_bytes()));
            sink.value(Some(line.detail.as_bytes()));
        }
        Ok(Outcome::Rows(None))
    }

    fn explained_context<'a>(&'a self, parameters: &Parameters<'a>) -> BindContext<'a> {
        let (timeout, now) = (self.context().options.read_timeout, self.context().now());
        self.request(parameters, (WriteId::of_repair(now.wall), self.seed()), timeout, now).context
    }

    fn explain_read(
        &self,
        plan: &SelectPlan,
        ready: &PreparedStatement,
        parameters: &Parameters<'_>,
        context: &BindContext<'_>,
    ) -> Result<Vec<ExplainLine>, Error> {
        let told = plan.explain(&plan.bind(context).map_err(henge_query::Error::from)?);
        Ok(self.with_replicas(told, ready.placed.first(), parameters.consistency, check_read_level))
    }

    fn explain_write(
        &self,
        plan: &ModifyPlan,
        placed: Option<&KeyspacePlacement>,
        parameters: &Parameters<'_>,
        context: &BindContext<'_>,
    ) -> Result<Vec<ExplainLine>, Error> {
        let mut told = plan.explain(context).map_err(henge_query::Error::from)?;
        let level = match plan.is_conditional() {
            true => {
                let rounds = format!(
                    "a round of Paxos at {}: its replicas promise and read, then accept; the decision is told at {}",
                    parameters.serial, parameters.consistency
                );
                told.lines.push(ExplainLine::new("condition", rounds));
                parameters.serial
            }
            false => parameters.consistency,
        };
        Ok(self.with_replicas(told, placed, level, check_write_level))
    }

    /// The lines of an explanation with those about the level, and about the replicas of the partitions that it names.
    fn with_replicas(
        &self,
        told: Explanation,
        placed: Option<&KeyspacePlacement>,
        level: Consistency,
        check: CheckLevel<W>,
    ) -> Vec<ExplainLine> {
        let (mut lines, Some(placed)) = (told.lines, placed) else { return Vec::new() };
        let check = |token| check(self.coordinator(), placed, token, level);
        let Some(tokens) = told.tokens else {
            let checks: Vec<LevelCheck> = placed.placement.ranges().map(|range| check(range.range.end)).collect();
            lines.push(level_line(level, &checks, "ranges"));
            return lines;
        };
        let checks: Vec<LevelCheck> = tokens.iter().map(|token| check(*token)).collect();
        if !checks.is_empty() {
            lines.push(level_line(level, &checks, "partitions"));
        }
        for (token, check) in tokens.iter().zip(&checks).take(LISTED_MAX) {
            lines.push(ExplainLine::new("token", token.to_string()));
            lines.extend(check.replicas.iter().map(|replica| ExplainLine::new("replica", self.replica_text(*replica))));
        }
        if tokens.len() > LISTED_MAX {
            lines.push(ExplainLine::new("token", format!("and {} more", tokens.len() - LISTED_MAX)));
        }
        lines
    }

    fn replica_text(&self, (host, is_up): (HostId, bool)) -> String {
        let view = self.cluster().view();
        let state = if is_up { "is up" } else { "is down" };
        match view.state.members.get(&host) {
            Some(member) => format!("{} ({}, {}) {state}", member.address, member.datacenter, member.rack),
            None => format!("{host} {state}"),
        }
    }

    /// Carries a SELECT out, and tells what it took.
    async fn analyze(
        &self,
        ready: &PreparedStatement,
        plan: &SelectPlan,
        parameters: &Parameters<'_>,
    ) -> Result<Vec<ExplainLine>, Error> {
        let (core, trace) = self.with_new_trace(None, None);
        let counted = core.coordinator().begin_request();
        let (mut taken, began) = (RowCount::default(), self.now());
        let outcome = Box::pin(core.execute_select(ready, plan, parameters, &counted, &mut taken)).await?;
        let took = self.now().since(began);
        let more = if matches!(outcome, Outcome::Rows(Some(_))) { ", and there are more pages" } else { "" };
        let mut lines = vec![ExplainLine::new(
            "answer",
            format!("{} of {} bytes in {}{more}", amount(taken.rows() as u64, "row"), taken.bytes(), time(took)),
        )];
        let events = trace.take_events();
        lines.extend(self.read_lines(&events));
        lines.extend(events.into_iter().map(|event| self.event_line(event)));
        Ok(lines)
    }

    /// The rows and tombstones that each replica read, in all its answers.
    fn read_lines(&self, events: &[TraceEvent]) -> Vec<ExplainLine> {
        let mut read: BTreeMap<HostId, (u64, Option<u64>)> = BTreeMap::new();
        for event in events {
            let host = event.replica.map_or(self.context().host(), |(host, _)| host);
            match event.step {
                Some((step, count)) if step.is_read() => read.entry(host).or_default().0 += u64::from(count),
                // One of an earlier release tells its rows alone.
                Some((Step::MetTombstones, count)) => {
                    *read.entry(host).or_default().1.get_or_insert(0) += u64::from(count)
                }
                _ => {}
            }
        }
        let line = |(host, (rows, tombstones)): (HostId, (u64, Option<u64>))| {
            let tombstones = tombstones.map_or_else(String::new, |count| format!(", {}", amount(count, "tombstone")));
            let name = self.coordinator().name_of(host);
            ExplainLine::new("read", format!("{name}: {}{tombstones}", amount(rows, "row")))
        };
        read.into_iter().map(line).collect()
    }

    fn event_line(&self, TraceEvent { at, replica, activity, .. }: TraceEvent) -> ExplainLine {
        let at = time(Duration::from_micros(at));
        let who = replica.map_or_else(|| "coordinator".to_owned(), |(host, _)| self.coordinator().name_of(host));
        ExplainLine::new("trace", format!("{at} {who}: {activity}"))
    }
}

/// The line about a level that was checked for each partition or range.
fn level_line(level: Consistency, checks: &[LevelCheck], what: &str) -> ExplainLine {
    let of = |number: fn(&LevelCheck) -> u32| {
        let numbers = checks.iter().map(number);
        match (numbers.clone().min(), numbers.max()) {
            (Some(least), Some(most)) if least != most => format!("{least} to {most}"),
            (least, _) => least.unwrap_or(0).to_string(),
        }
    };
    let (required, replicas) = (of(|check| check.required), of(|check| check.replicas.len() as u32));
    let short = checks.iter().filter(|check| check.shortage.is_some()).count();
    let now = match short {
        0 => "enough are up".to_owned(),
        short => format!("too few are up for {short} of {} {what}", checks.len()),
    };
    ExplainLine::new("consistency", format!("{level}: {required} of {replicas} replicas must answer; {now}"))
}

fn amount(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn time(time: Duration) -> String {
    format!("{:.3} ms", time.as_secs_f64() * 1_000.0)
}
