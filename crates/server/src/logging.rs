//! Logs through tracing, to standard error.

mod flat_json;

use crate::log_filter::{LogFilter, ROOT};
use anyhow::{Context, bail, ensure};
use flat_json::FlatJson;
use henge_node::HostId;
use henge_settings::did_you_mean;
use parking_lot::Mutex;
use std::io;
use std::sync::OnceLock;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::JsonFields;

/// The levels there are, with `off`.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];

/// Henge's own targets, one for each crate that logs or may log.
const TARGETS: [&str; 28] = [
    "henge",
    "henge_admin",
    "henge_backup",
    "henge_base",
    "henge_bench",
    "henge_console",
    "henge_coordinator",
    "henge_cql",
    "henge_fuzz",
    "henge_gossip",
    "henge_import",
    "henge_manual",
    "henge_metadata",
    "henge_model",
    "henge_node",
    "henge_operator",
    "henge_paxos",
    "henge_protocol",
    "henge_query",
    "henge_repair",
    "henge_ring",
    "henge_rocks",
    "henge_server",
    "henge_settings",
    "henge_shell",
    "henge_simulator",
    "henge_storage",
    "henge_transport",
];

/// Names that nodetool takes for groups of Cassandra's classes.
const CASSANDRA_COMPONENTS: [&str; 6] = ["bootstrap", "compaction", "repair", "streaming", "cql", "ring"];

/// Bytes of the longest filter that [`Log::set_logger`] makes.
const FILTER_BYTES_MAX: usize = 4 << 10;

/// The variable that wins over the setting.
const VARIABLE: &str = "RUST_LOG";

/// A text is no filter of the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FilterError {
    #[error("invalid level {given:?}: expected one of {}, or a filter such as info,henge_node=debug{}", LEVELS.join(", "), did_you_mean(given, LEVELS))]
    Level { given: String },
    #[error("no part of henge is called {given:?}{}", did_you_mean(given, TARGETS))]
    Target { given: String },
    #[error("invalid filter {given:?}: {reason}")]
    Syntax { given: String, reason: String },
}

/// Puts another filter in place of the present one.
type Replace = Box<dyn Fn(EnvFilter) -> anyhow::Result<()> + Send + Sync>;

/// The log, whose level can be changed while the process runs.
pub(crate) struct Log {
    replace: Replace,
    filters: Mutex<Filters>,
}

/// The filter as it was configured, and the one in effect.
#[derive(Clone)]
struct Filters {
    configured: String,
    present: String,
}

impl Log {
    fn new(filter: String, replace: Replace) -> Log {
        Log { replace, filters: Mutex::new(Filters { configured: filter.clone(), present: filter }) }
    }

    /// Goes by another `log_level` from now on. Fails where `RUST_LOG` is set, which wins: the log goes by that.
    pub(crate) fn set_level(&self, level: &str) -> anyhow::Result<()> {
        let is_unset = std::env::var_os(VARIABLE).is_none_or(|filter| filter.is_empty());
        if !is_unset {
            self.set_logger(None, None)?;
            bail!("{VARIABLE} is set, and wins over log_level");
        }
        let mut filters = self.filters.lock();
        (self.replace)(filter_of(level)?)?;
        *filters = Filters { configured: level.to_owned(), present: level.to_owned() };
        Ok(())
    }

    /// The filter in effect.
    pub(crate) fn filter(&self) -> String {
        self.filters.lock().present.clone()
    }

    /// Changes the level of a logger, or of [`ROOT`], over whatever was configured; without a level, takes its own from it; without a
    /// logger, goes back to what was configured. Gives the filter from now on.
    pub(crate) fn set_logger(&self, logger: Option<&str>, level: Option<&str>) -> anyhow::Result<String> {
        let mut filters = self.filters.lock();
        let filter = match logger {
            Some(logger) => change_filter(&filters.present, logger, level)?,
            None => filters.configured.clone(),
        };
        (self.replace)(EnvFilter::try_new(&filter)?)?;
        filters.present.clone_from(&filter);
        Ok(filter)
    }
}

/// A filter in which a logger has another level, or none of its own.
fn change_filter(filter: &str, logger: &str, level: Option<&str>) -> anyhow::Result<String> {
    let Some(mut changed) = LogFilter::parse(filter) else {
        bail!("the filter in effect, {filter}, has parts about spans: change log_level, and send SIGHUP");
    };
    let level = level.map(|level| if level.eq_ignore_ascii_case("all") { "trace" } else { level });
    let is_root = logger.eq_ignore_ascii_case(ROOT);
    let is_name = !logger.is_empty() && logger.chars().all(|c| c.is_ascii_alphanumeric() || "_:".contains(c));
    if !is_root && (!is_name || CASSANDRA_COMPONENTS.contains(&logger)) {
        let unknown = FilterError::Target { given: logger.to_owned() };
        bail!("{unknown}; name ROOT, a crate such as henge_node, or a module of it such as henge_node::work");
    }
    match (is_root, level) {
        (true, Some(level)) => changed.set(None, level),
        (false, Some(level)) => changed.set(Some(logger), level),
        (true, None) => bail!("{ROOT} needs a level: one of {}", LEVELS.join(", ")),
        (false, None) => changed.unset(logger),
    }
    let filter = changed.to_string();
    let bytes = filter.len();
    ensure!(bytes <= FILTER_BYTES_MAX, "the filter would have {bytes} bytes, and may have {FILTER_BYTES_MAX}");
    check_filter(&filter)?;
    Ok(filter)
}

/// The host id of this process's node.
static NODE: OnceLock<String> = OnceLock::new();

/// Has every further line in JSON name this node.
pub(crate) fn name_node(host: HostId) {
    // A second start, in tests, leaves the first name in place.
    let _ = NODE.set(host.to_string());
}

/// Starts logging. `RUST_LOG` wins over the configured level.
pub(crate) fn start(level: &str, json: bool) -> anyhow::Result<Log> {
    // Where nobody reads standard error any more, a line is lost without a word: the library would print why, and panic.
    let filter = filter_of(level)?;
    let text = filter_text(level).1;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(false)
        .log_internal_errors(false);
    // A second start, in tests, leaves the first log in place.
    if json {
        let format = FlatJson { node: || NODE.get().map(String::as_str) };
        let builder = builder.fmt_fields(JsonFields::new()).event_format(format).with_filter_reloading();
        let handle = builder.reload_handle();
        let _ = builder.try_init();
        Ok(Log::new(text, Box::new(move |filter| Ok(handle.reload(filter)?))))
    } else {
        let builder = builder.with_filter_reloading();
        let handle = builder.reload_handle();
        let _ = builder.try_init();
        Ok(Log::new(text, Box::new(move |filter| Ok(handle.reload(filter)?))))
    }
}

/// The filter to go by, and the place that it is from.
fn filter_text(level: &str) -> (&'static str, String) {
    match std::env::var(VARIABLE) {
        Ok(filter) if !filter.is_empty() => (VARIABLE, filter),
        _ => ("log_level", level.to_owned()),
    }
}

fn filter_of(level: &str) -> anyhow::Result<EnvFilter> {
    let (place, filter) = filter_text(level);
    check_filter(&filter).with_context(|| place)?;
    EnvFilter::try_new(&filter).with_context(|| format!("{place}: invalid filter {filter:?}"))
}

/// Refuses what the library would take for a filter that nothing passes: levels and targets that do not exist.
pub(crate) fn check_filter(filter: &str) -> Result<(), FilterError> {
    // Filters of spans have commas and equal signs of their own.
    if !filter.contains(['[', '{']) {
        filter.split(',').try_for_each(check_directive)?;
    }
    let syntax = |error: tracing_subscriber::filter::ParseError| FilterError::Syntax {
        given: filter.to_owned(),
        reason: error.to_string(),
    };
    EnvFilter::try_new(filter).map(|_| ()).map_err(syntax)
}

/// A level, or `target=level`.
fn check_directive(directive: &str) -> Result<(), FilterError> {
    let (target, level) = directive.rsplit_once('=').map_or((None, directive), |(target, level)| (Some(target), level));
    if !LEVELS.iter().any(|known| known.eq_ignore_ascii_case(level)) {
        return Err(FilterError::Level { given: level.to_owned() });
    }
    let target = target.map(|target| target.split("::").next().unwrap_or_default());
    // Libraries have targets too, which nobody lists.
    match target.filter(|target| target.starts_with("henge") && !TARGETS.contains(target)) {
        Some(target) => Err(FilterError::Target { given: target.to_owned() }),
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
        let error = |filter: &str| check_filter(filter).unwrap_err().to_string();
        assert!(error("verbose").starts_with("invalid level \"verbose\": expected one of off, error, warn, info"));
        assert!(error("warning").ends_with("; did you mean warn?"));
        assert!(error("inf,henge_node=debug").ends_with("; did you mean info?"));
        assert!(error("").starts_with("invalid level \"\""));
        assert!(error("henge_node=").starts_with("invalid level \"\""));
        assert_eq!(error("henge_nod=debug"), "no part of henge is called \"henge_nod\"; did you mean henge_node?");
    }

    #[test]
    fn a_logger_gets_a_level_and_loses_it() {
        let changed = |filter: &str, logger: &str, level: Option<&str>| {
            change_filter(filter, logger, level).map_err(|error| format!("{error:#}"))
        };
        for (filter, logger, level, expected) in [
            ("info", "ROOT", Some("WARN"), "warn"),
            ("info", "henge_node", Some("all"), "info,henge_node=trace"),
            ("info,henge_node=trace", "henge_node", Some("debug"), "info,henge_node=debug"),
            ("info,henge_node=trace", "henge_node", None, "info"),
            ("info", "rustls", Some("debug"), "info,rustls=debug"),
        ] {
            assert_eq!(changed(filter, logger, level).as_deref(), Ok(expected), "{logger}");
        }
        for (filter, logger, level, reason) in [
            ("info", "henge_nod", Some("debug"), "did you mean henge_node?"),
            ("info", "org.apache.cassandra.db", Some("DEBUG"), "no part of henge is called"),
            ("info", "compaction", Some("DEBUG"), "name ROOT, a crate such as henge_node"),
            ("info", "henge_node", Some("loud"), "invalid level \"loud\""),
            ("info", "henge_node=debug,quinn", Some("off"), "no part of henge is called"),
            ("info", "", Some("debug"), "no part of henge is called \"\""),
            ("info", "root", None, "ROOT needs a level"),
            ("info", "quinn".repeat(1000).as_str(), Some("off"), "would have 5009 bytes, and may have 4096"),
            ("info,a[b{c=1}]=debug", "ROOT", Some("warn"), "has parts about spans"),
        ] {
            let error = changed(filter, logger, level).unwrap_err();
            assert!(error.contains(reason), "{logger}: {error}");
        }
    }

    #[test]
    fn targets_are_the_crates_there_are() {
        let crates = std::fs::read_dir("..").unwrap();
        let name = |entry: std::fs::DirEntry| match entry.file_name().into_string().unwrap().as_str() {
            "henge" => "henge".to_owned(),
            name => format!("henge_{name}"),
        };
        let mut names: Vec<String> = crates.map(|entry| name(entry.unwrap())).collect();
        names.sort();
        assert_eq!(names, TARGETS);
    }
}
