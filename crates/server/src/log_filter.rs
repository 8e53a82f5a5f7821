//! Filters of the log, by logger: a filter is a list of levels, each for a logger, and one for all others.

use std::fmt;

/// The name for all loggers that have no level of their own.
pub(crate) const ROOT: &str = "ROOT";

/// The level of a logger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LoggerLevel {
    /// `None` for all that have no level of their own.
    pub(crate) logger: Option<String>,
    pub(crate) level: String,
}

/// A filter without parts about spans.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LogFilter {
    /// The level of all others first.
    levels: Vec<LoggerLevel>,
}

impl LogFilter {
    /// The levels in a valid filter; `None` if it has parts about spans.
    pub(crate) fn parse(filter: &str) -> Option<LogFilter> {
        if filter.contains(['[', '{']) {
            return None;
        }
        // What has no level at all is not logged.
        let mut read = LogFilter { levels: vec![LoggerLevel { logger: None, level: "off".to_owned() }] };
        for part in filter.split(',') {
            match part.rsplit_once('=') {
                Some((logger, level)) => read.set(Some(logger), level),
                None => read.set(None, part),
            }
        }
        Some(read)
    }

    /// The levels by logger, that of all others first.
    pub(crate) fn levels(&self) -> &[LoggerLevel] {
        &self.levels
    }

    /// Gives a logger a level, or all that have none of their own.
    pub(crate) fn set(&mut self, logger: Option<&str>, level: &str) {
        let level = level.to_ascii_lowercase();
        match self.levels.iter_mut().find(|known| known.logger.as_deref() == logger) {
            Some(known) => known.level = level,
            None => self.levels.push(LoggerLevel { logger: logger.map(str::to_owned), level }),
        }
    }

    /// Takes a logger its own level.
    pub(crate) fn unset(&mut self, logger: &str) {
        self.levels.retain(|known| known.logger.as_deref() != Some(logger));
    }
}

impl fmt::Display for LogFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |known: &LoggerLevel| match &known.logger {
            Some(logger) => format!("{logger}={}", known.level),
            None => known.level.clone(),
        };
        f.write_str(&self.levels.iter().map(part).collect::<Vec<_>>().join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_set_changed_and_taken_back() {
        let mut filter = LogFilter::parse("info,quinn=ERROR").unwrap();
        filter.set(Some("henge_node::work"), "DEBUG");
        filter.set(Some("quinn"), "warn");
        filter.set(None, "error");
        assert_eq!(filter.to_string(), "error,quinn=warn,henge_node::work=debug");
        filter.unset("quinn");
        filter.unset("henge_ring");
        assert_eq!(filter.to_string(), "error,henge_node::work=debug");
        assert_eq!(LogFilter::parse("henge_node=debug").unwrap().to_string(), "off,henge_node=debug");
        assert_eq!(LogFilter::parse("info,a[b{c=1}]=debug"), None);
    }
}
