//! The change of members under way, for people.

use crate::table::print;
use henge_operator::{GainerProgress, PlanGainer, PlanUnderWay, size_text};

/// The plan, and the members that gain ranges in columns.
pub(crate) fn describe(under_way: &PlanUnderWay) -> String {
    let Some(plan) = &under_way.plan else { return "No member comes or goes\n".to_owned() };
    let driver = plan.driver.as_deref().unwrap_or("-");
    let mut text = format!("Plan: {}\nChange: {}\nStep: {}\nDriver: {driver}\n", plan.id, plan.change, plan.step);
    if !plan.progress.is_empty() {
        text += &format!("Progress: {}\n", plan.progress);
    }
    if !plan.gainers.is_empty() {
        text += "\nMembers that gain ranges\n";
        let names = ["Status", "Address", "Host ID", "Ranges", "Tables' ranges left", "Received", "Of about"];
        text += &print(&names, plan.gainers.iter().map(row).collect());
    }
    text
}

fn row(gainer: &PlanGainer) -> Vec<String> {
    let progress = |text: fn(GainerProgress) -> String| gainer.progress.map_or_else(|| "-".to_owned(), text);
    vec![
        if gainer.is_up { "U" } else { "D" }.to_owned(),
        gainer.address.clone(),
        gainer.host_id.clone(),
        gainer.ranges.to_string(),
        progress(|of| if of.is_done { "none".to_owned() } else { of.ranges_left.to_string() }),
        progress(|of| size_text(of.bytes_done)),
        progress(|of| size_text(of.bytes_total)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_operator::Plan;

    #[test]
    fn a_plan_is_shown_with_who_waits_for_what() {
        assert_eq!(describe(&PlanUnderWay::default()), "No member comes or goes\n");
        let progress = GainerProgress { ranges_left: 3, bytes_done: 2_048, bytes_total: 4_096, is_done: false };
        let gainer = PlanGainer {
            host_id: "h".to_owned(),
            address: "a".to_owned(),
            is_up: true,
            ranges: 16,
            progress: Some(progress),
        };
        let plan = Plan {
            id: 17,
            change: "host h joins".to_owned(),
            step: "streaming".to_owned(),
            driver: Some("d".to_owned()),
            progress: String::new(),
            gainers: vec![gainer],
        };
        let text = describe(&PlanUnderWay { plan: Some(plan) });
        assert!(text.starts_with("Plan: 17\nChange: host h joins\nStep: streaming\nDriver: d\n\nMembers"), "{text}");
        assert!(text.contains(" 16 ") && text.contains("2.00 KiB"), "{text}");
    }
}
