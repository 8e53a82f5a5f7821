//! A change of members or replication before it begins: what it would move, and what it would put at risk.

use crate::command::{Command, PlanCommand, PreviewCommand};
use crate::table::print;
use henge_operator::{
    MemberOwnership, OwnershipChange, PlanPreview, PreviewSelection, PreviewedChange, PreviewedPlan, RangeMove,
    RangesAtRisk, size_text,
};

/// The change that a command looks at; `None` if the command is no preview.
pub(crate) fn selection(command: &Command) -> Option<PreviewSelection> {
    let of = |change, host_id: Option<&String>, force: bool| PreviewSelection {
        change,
        host_id: host_id.cloned(),
        force: Some(force),
        ..PreviewSelection::default()
    };
    match command {
        Command::Decommission { force, dry_run: true, .. } => Some(of(PreviewedChange::Decommission, None, *force)),
        Command::Removenode { host_id, force, dry_run: true, .. } => {
            Some(of(PreviewedChange::Removenode, Some(host_id), *force))
        }
        Command::Plan { command: Some(PlanCommand::Preview { change }) } => Some(match change {
            PreviewCommand::Decommission { host_id, force } => {
                of(PreviewedChange::Decommission, host_id.as_ref(), *force)
            }
            PreviewCommand::Removenode { host_id, force } => of(PreviewedChange::Removenode, Some(host_id), *force),
            PreviewCommand::Replace { host_id } => of(PreviewedChange::Replace, Some(host_id), false),
            PreviewCommand::Join { datacenter, rack, num_tokens } => PreviewSelection {
                datacenter: datacenter.clone(),
                rack: rack.clone(),
                num_tokens: *num_tokens,
                ..of(PreviewedChange::Join, None, false)
            },
            PreviewCommand::Alter { keyspace, replication } => PreviewSelection {
                keyspace: Some(keyspace.clone()),
                replication: Some(replication.clone()),
                ..of(PreviewedChange::Alter, None, false)
            },
        }),
        _ => None,
    }
}

/// A preview for people.
pub(crate) fn text(preview: &PlanPreview) -> String {
    let mut text = match preview.change.is_empty() {
        true => String::new(),
        false => format!("Change: {}\n", preview.change),
    };
    match &preview.refusal {
        Some(reason) => text += &format!("It would be refused now: {reason}\n"),
        None => text += "It would begin now\n",
    }
    if preview.change.is_empty() {
        return text;
    }
    let ranges: u64 = preview.plans.iter().flat_map(|plan| &plan.moves).map(|moved| moved.ranges).sum();
    text += &format!("Rows that move: {}{}\n", sum_text(ranges, preview.bytes), time_text(preview.seconds));
    if !preview.silent.is_empty() {
        text += &format!("Missing are the sizes of ranges that these told nothing of: {}\n", preview.silent.join(", "));
    }
    preview.plans.iter().for_each(|plan| text += &plan_text(plan, preview.plans.len() > 1));
    preview.ownership.iter().for_each(|change| text += &ownership_text(change));
    text + &risks_text(&preview.risks)
}

/// Ranges and their bytes.
fn sum_text(ranges: u64, bytes: u64) -> String {
    let noun = if ranges == 1 { "range" } else { "ranges" };
    format!("{ranges} {noun}, about {}", size_text(bytes))
}

/// The time of streaming, if it has a limit.
pub(crate) fn time_text(seconds: Option<u64>) -> String {
    let at = "at the present limits (stream_throughput_outbound)";
    match seconds {
        None => String::new(),
        Some(seconds @ 0..=90) => format!(", about {seconds} s {at}"),
        Some(seconds @ 91..=5_400) => format!(", about {} min {at}", seconds.div_ceil(60)),
        Some(seconds) => format!(", about {:.1} h {at}", seconds as f64 / 3_600.0),
    }
}

fn plan_text(plan: &PreviewedPlan, is_one_of_several: bool) -> String {
    if plan.moves.is_empty() {
        return if is_one_of_several { format!("\nPlan: {}\nNothing moves\n", plan.change) } else { String::new() };
    }
    let name = |address: &Option<String>, host: Option<&String>| match (address, host) {
        (Some(address), _) => address.clone(),
        (None, Some(host)) => host.clone(),
        (None, None) => "a new node".to_owned(),
    };
    let row = |moved: &RangeMove| {
        vec![
            name(&moved.from_address, Some(&moved.from)),
            name(&moved.to_address, moved.to.as_ref()),
            moved.ranges.to_string(),
            moved.bytes.map_or_else(|| "?".to_owned(), size_text),
        ]
    };
    let title = if is_one_of_several { format!("Plan: {}\n", plan.change) } else { String::new() };
    let rows = plan.moves.iter().map(row).collect();
    format!("\n{title}{}", print(&["From", "To", "Ranges", "About"], rows))
}

fn ownership_text(change: &OwnershipChange) -> String {
    let row = |member: &MemberOwnership| {
        let new = || "a new node".to_owned();
        let percent = |share: f64| format!("{:.1}%", share * 100.0);
        vec![
            member.address.clone().unwrap_or_else(new),
            percent(member.before),
            percent(member.after),
            member.host_id.clone().unwrap_or_else(|| "-".to_owned()),
        ]
    };
    let rows = change.members.iter().map(row).collect();
    let names = ["Address", "Owns now", "Afterwards", "Host ID"];
    format!("\nOwnership of {}\n{}", change.keyspaces.join(", "), print(&names, rows))
}

fn risks_text(risks: &[RangesAtRisk]) -> String {
    if risks.is_empty() {
        return "\nEvery range has the live replicas that a quorum needs, now, at each step and afterwards\n"
            .to_owned();
    }
    let row = |risk: &RangesAtRisk| {
        vec![
            risk.keyspaces.join(", "),
            risk.datacenter.as_ref().map_or_else(|| "QUORUM".to_owned(), |name| format!("LOCAL_QUORUM in {name}")),
            risk.now.to_string(),
            risk.moving.to_string(),
            risk.after.to_string(),
        ]
    };
    let names = ["Keyspaces", "Level", "Now", "While rows move", "Afterwards"];
    format!("\nRanges with fewer live replicas than a level needs\n{}", print(&names, risks.iter().map(row).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview() -> PlanPreview {
        let moved = RangeMove {
            from: "h1".to_owned(),
            from_address: Some("10.0.0.1:7000".to_owned()),
            to: None,
            to_address: None,
            ranges: 16,
            bytes: Some(3 << 20),
        };
        let change = "a new node joins".to_owned();
        let plan = PreviewedPlan { change: change.clone(), moves: vec![moved], seconds: Some(2) };
        let member = MemberOwnership { host_id: None, address: None, before: 0.0, after: 0.25 };
        PlanPreview {
            change,
            plans: vec![plan],
            bytes: 3 << 20,
            seconds: Some(2),
            ownership: vec![OwnershipChange { keyspaces: vec!["ks".to_owned()], members: vec![member] }],
            ..PlanPreview::default()
        }
    }

    #[test]
    fn a_preview_says_what_moves_and_who_owns_what() {
        let expected = "\
Change: a new node joins
It would begin now
Rows that move: 16 ranges, about 3.00 MiB, about 2 s at the present limits (stream_throughput_outbound)

From           To          Ranges  About
10.0.0.1:7000  a new node  16      3.00 MiB

Ownership of ks
Address     Owns now  Afterwards  Host ID
a new node  0.0%      25.0%       -

Every range has the live replicas that a quorum needs, now, at each step and afterwards
";
        assert_eq!(text(&preview()), expected);
    }

    #[test]
    fn a_refused_change_names_its_reason_and_the_ranges_at_risk() {
        let risk = RangesAtRisk {
            keyspaces: vec!["ks".to_owned()],
            datacenter: Some("dc1".to_owned()),
            now: 0,
            moving: 7,
            after: 1,
        };
        let refused = PlanPreview { refusal: Some("host h is down".to_owned()), risks: vec![risk], ..preview() };
        let text = super::text(&refused);
        assert!(text.contains("It would be refused now: host h is down\n"), "{text}");
        assert!(text.contains("ks         LOCAL_QUORUM in dc1  0    7                1\n"), "{text}");
        let out_of_hand = PlanPreview { refusal: Some("host x is no member".to_owned()), ..PlanPreview::default() };
        assert_eq!(super::text(&out_of_hand), "It would be refused now: host x is no member\n");
    }

    #[test]
    fn times_have_the_unit_that_people_would_use() {
        let times = [Some(90), Some(91), Some(5_401)].map(time_text);
        assert!(times[0].starts_with(", about 90 s") && times[1].starts_with(", about 2 min"), "{times:?}");
        assert!(times[2].starts_with(", about 1.5 h") && time_text(None).is_empty(), "{times:?}");
    }
}
