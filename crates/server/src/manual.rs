//! Pages of the manual about settings.

use crate::config::template;
use crate::metrics::{NodeInfo, ServerMetrics};
use crate::settings::{IGNORED, REFUSED, Values, of_section};
use henge_node::{MetricDescription, Metrics};
use henge_settings::{Section, Setting};
use std::fmt::Write;

const PAGE: &str = "docs/operating/settings.md";

#[test]
fn settings_are_as_the_manual_says() {
    let mut text = String::new();
    for section in Section::ALL {
        let lines = of_section(section).map(|setting| {
            let Setting { name, default, values, .. } = setting;
            let default = if default.is_empty() { String::new() } else { format!("`{default}`") };
            [format!("`{name}`"), default, values.clone(), meaning(setting)]
        });
        let table = henge_manual::table(["Setting", "Default", "Values", "Meaning"], lines);
        write!(text, "### {}\n\n{table}\n", section.title()).unwrap();
    }
    henge_manual::part(PAGE, "settings", &text);
}

fn meaning(setting: &Setting<Values>) -> String {
    match setting.cassandra {
        None => setting.help.to_owned(),
        Some(name) => format!("{} Cassandra's name: `{name}`.", setting.help),
    }
}

#[test]
fn ignored_names_are_as_the_manual_says() {
    let lines = IGNORED.iter().map(|(reason, names)| [(*reason).to_owned(), henge_manual::names(*names)]);
    henge_manual::part(PAGE, "ignored names", &henge_manual::table(["Reason", "Names"], lines));
}

#[test]
fn refused_names_are_as_the_manual_says() {
    let lines = REFUSED.iter().map(|refused| {
        [format!("`{}`", refused.name), henge_manual::names(refused.harmless), refused.remedy.to_owned()]
    });
    henge_manual::part(
        PAGE,
        "refused names",
        &henge_manual::table(["Name", "Values without effect", "Instead"], lines),
    );
}

#[test]
fn the_documented_file_is_the_template() {
    henge_manual::file("config/henge.yaml", &template());
}

#[test]
fn metrics_are_as_the_manual_says() {
    let metrics = Metrics::default();
    ServerMetrics::declare(metrics.registry(), &NodeInfo::default());
    let lines = metrics.registry().descriptions().into_iter().map(|description| {
        let MetricDescription { name, kind, labels, help } = description;
        let label = |(label, values): (&str, Vec<&str>)| match values.is_empty() {
            true => format!("`{label}`"),
            false => format!("`{label}`: {}", values.iter().map(|v| format!("`{v}`")).collect::<Vec<_>>().join(", ")),
        };
        let labels: Vec<String> = labels.into_iter().map(label).collect();
        [format!("`{name}`"), kind.to_owned(), labels.join("; "), help.to_owned()]
    });
    let table = henge_manual::table(["Metric", "Kind", "Labels", "Meaning"], lines);
    henge_manual::part("docs/reference/metrics.md", "metrics", &table);
}
