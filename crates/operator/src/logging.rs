//! The levels of the log.

use crate::{Everything, Report};
use serde::{Deserialize, Serialize};

/// The levels of the log.
impl Report for LoggingLevels {
    const PATH: &'static str = "/logging_levels";
    type Selection = Everything;
}

/// The filter of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoggingLevels {
    /// The filter as a text, such as `info,henge_node=debug`.
    pub filter: String,
    /// The same by logger, `ROOT` first; none if the filter has parts about spans, which are no levels of loggers.
    pub levels: Vec<LoggingLevel>,
}

/// The level of a logger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LoggingLevel {
    /// Its name: a crate or a module, or `ROOT` for all that have no level of their own.
    pub logger: String,
    /// Its level.
    pub level: String,
}
