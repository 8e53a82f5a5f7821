//! Logs through tracing, to standard error.

use anyhow::Context;
use henge_settings::did_you_mean;
use std::io;
use tracing_subscriber::EnvFilter;

/// The levels there are, with `off`.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Henge's own targets, one for each crate that logs or may log.
const TARGETS: [&str; 24] = [
    "henge",
    "henge_admin",
    "henge_base",
    "henge_bench",
    "henge_coordinator",
    "henge_cql",
    "henge_fuzz",
    "henge_gossip",
    "henge_manual",
    "henge_metadata",
    "henge_model",
    "henge_node",
    "henge_operator",
    "henge_paxos",
    "henge_protocol",
    "henge_query",
    "henge_ring",
    "henge_rocks",
    "henge_server",
    "henge_settings",
    "henge_shell",
    "henge_simulator",
    "henge_storage",
    "henge_transport",
];

/// The variable that wins over the setting.
const VARIABLE: &str = "RUST_LOG";

/// Starts logging. `RUST_LOG` wins over the configured level.
pub(crate) fn start(level: &str, json: bool) -> anyhow::Result<()> {
    let (place, filter) = match std::env::var(VARIABLE) {
        Ok(filter) if !filter.is_empty() => (VARIABLE, filter),
        _ => ("log_level", level.to_owned()),
    };
    check_filter(&filter).map_err(|reason| anyhow::anyhow!("{place}: {reason}"))?;
    let filter = EnvFilter::try_new(&filter).with_context(|| format!("{place}: invalid filter {filter:?}"))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(false);
    let started = if json { builder.json().try_init() } else { builder.try_init() };
    // Started already: tests do that.
    let _ = started;
    Ok(())
}

/// Refuses what the library would take for a filter that nothing passes: levels and targets that do not exist.
pub(crate) fn check_filter(filter: &str) -> Result<(), String> {
    // Filters of spans have commas and equal signs of their own.
    if !filter.contains(['[', '{']) {
        filter.split(',').try_for_each(check_directive)?;
    }
    EnvFilter::try_new(filter).map(|_| ()).map_err(|error| format!("invalid filter {filter:?}: {error}"))
}

/// A level, or `target=level`.
fn check_directive(directive: &str) -> Result<(), String> {
    let (target, level) = directive.rsplit_once('=').map_or((None, directive), |(target, level)| (Some(target), level));
    if !LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level)) {
        let levels = LEVELS.join(", ");
        return Err(format!(
            "invalid level {level:?}: expected one of {levels}, or a filter such as info,henge_node=debug{}",
            did_you_mean(level, LEVELS)
        ));
    }
    let target = target.map(|target| target.split("::").next().unwrap_or_default());
    // Libraries have targets too, which nobody lists.
    match target.filter(|target| target.starts_with("henge") && !TARGETS.contains(target)) {
        Some(target) => Err(format!("no part of henge is called {target:?}{}", did_you_mean(target, TARGETS))),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_that_nothing_passes_are_refused() {
        for good in [
            "info",
            "WARN",
            "off",
            "info,henge_node=debug",
            "warn,henge_node::hints=trace,quinn=error",
            "a[b{c=1}]=info",
        ] {
            assert_eq!(check_filter(good), Ok(()), "{good}");
        }
        let error = |filter: &str| check_filter(filter).unwrap_err();
        assert!(error("verbose").starts_with("invalid level \"verbose\": expected one of off, error, warn, info"));
        assert!(error("warning").ends_with("; did you mean warn?"));
        assert!(error("inf,henge_node=debug").ends_with("; did you mean info?"));
        assert!(error("").starts_with("invalid level \"\""));
        assert!(error("henge_node=").starts_with("invalid level \"\""));
        assert_eq!(error("henge_nod=debug"), "no part of henge is called \"henge_nod\"; did you mean henge_node?");
    }

    #[test]
    fn targets_are_the_crates_there_are() {
        let crates = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap();
        let name = |entry: std::fs::DirEntry| match entry.file_name().into_string().unwrap().as_str() {
            "henge" => "henge".to_owned(),
            name => format!("henge_{name}"),
        };
        let mut names: Vec<String> = crates.map(|entry| name(entry.unwrap())).collect();
        names.sort();
        assert_eq!(names, TARGETS);
    }
}
