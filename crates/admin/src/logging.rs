//! Levels of the log, by nodetool's commands and in its layout.

use crate::Format;
use crate::client::Client;
use crate::operations::start;
use clap::Subcommand;
use henge_operator::{Everything, LoggingLevel, LoggingLevels, OperationRequest};

/// A command about the log.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum LoggingCommand {
    /// Print the levels of the log.
    Getlogginglevels,
    /// Change a level of the log, until SIGHUP or a restart. Without arguments, go back to the levels that are configured.
    Setlogginglevel {
        /// A crate such as henge_node, a module of it such as `henge_node::work`, or ROOT for all that have no level of their own.
        class: Option<String>,
        /// off, error, warn, info, debug or trace, which a released binary takes for debug; without it, the class has no level of its own any
        /// more.
        level: Option<String>,
    },
}

/// Carries a command out; gives what it prints.
pub(crate) async fn run(client: &Client, command: &LoggingCommand, format: Format) -> anyhow::Result<String> {
    match command {
        LoggingCommand::Getlogginglevels => {
            format.show(&client.report::<LoggingLevels>(&Everything {}).await?, levels_text)
        }
        LoggingCommand::Setlogginglevel { class, level } => {
            let request = OperationRequest::SetLoggingLevel { logger: class.clone(), level: level.clone() };
            start(client, request, true).await
        }
    }
}

fn levels_text(levels: &LoggingLevels) -> String {
    if levels.levels.is_empty() {
        return format!("The log goes by the filter {}\n", levels.filter);
    }
    let line = |logger: &str, level: &str| format!("{logger:<50}{level:>10}\n");
    let row = |level: &LoggingLevel| line(&level.logger, &level.level.to_uppercase());
    format!("\n{}{}", line("Logger Name", "Log Level"), levels.levels.iter().map(row).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_stand_where_nodetool_has_them() {
        let level = LoggingLevel { logger: "ROOT".to_owned(), level: "info".to_owned() };
        let mut levels = LoggingLevels { filter: "info".to_owned(), levels: vec![level] };
        let text = levels_text(&levels);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!((lines[0], lines[1].len()), ("", 60));
        assert!(lines[1].starts_with("Logger Name  ") && lines[1].ends_with("  Log Level"), "{text}");
        assert!(lines[2].starts_with("ROOT  ") && lines[2].ends_with("  INFO"), "{text}");
        levels.levels.clear();
        assert_eq!(levels_text(&levels), "The log goes by the filter info\n");
    }
}
