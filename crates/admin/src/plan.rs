//! The change of members under way, for people.

use crate::preview::time_text;
use crate::table::print;

use henge_operator::{GainerProgress, PlanGainer, PlanSource, PlanUnderWay, size_text};

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
    let sources = plan.gainers.iter().flat_map(|gainer| gainer.sources.iter().map(move |source| (source, gainer)));
    let rows: Vec<Vec<String>> = sources.map(|(source, gainer)| source_row(source, gainer)).collect();
    if !rows.is_empty() {
        let (done, total) = (size_text(plan.bytes_done), size_text(plan.bytes_total));
        text += &format!("\nRows that move: {done} of about {total}{}\n", time_text(plan.seconds_left));
        text += &print(&["From", "To", "Received", "Of about"], rows);
    }
    text
}

fn source_row(source: &PlanSource, gainer: &PlanGainer) -> Vec<String> {
    vec![
        source.address.clone().unwrap_or_else(|| source.host_id.clone()),
        gainer.address.clone(),
        size_text(source.bytes_done),
        if source.bytes_total == 0 { "?".to_owned() } else { size_text(source.bytes_total) },
    ]
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
            sources: vec![PlanSource {
                host_id: "s".to_owned(),
                address: None,
                bytes_done: 2_048,
                bytes_total: 8_192,
                bytes_per_second: 1_024,
            }],
        };
        let plan = Plan {
            id: 17,
            change: "host h joins".to_owned(),
            step: "streaming".to_owned(),
            driver: Some("d".to_owned()),
            progress: String::new(),
            gainers: vec![gainer],
            bytes_done: 2_048,
            bytes_total: 8_192,
            seconds_left: Some(6),
        };
        let text = describe(&PlanUnderWay { plan: Some(plan) });
        assert!(text.starts_with("Plan: 17\nChange: host h joins\nStep: streaming\nDriver: d\n\nMembers"), "{text}");
        assert!(text.contains(" 16 ") && text.contains("2.00 KiB"), "{text}");
        assert!(text.contains("Rows that move: 2.00 KiB of about 8.00 KiB, about 6 s at the present"), "{text}");
        assert!(text.ends_with("s     a   2.00 KiB  8.00 KiB\n"), "{text}");
    }
}
