//! Handoff of hints, by nodetool's commands and in its layouts.

use crate::Format;
use crate::client::Client;
use crate::operations::start;
use crate::table::{format_time, print};
use clap::Subcommand;
use henge_operator::{Everything, Handoff, OperationRequest, PendingHints, size_text};

/// A command about hints.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum HandoffCommand {
    /// Say whether hints are kept for nodes that are down, and delivered.
    Statushandoff,
    /// Deliver no hints until resumehandoff, or until the node restarts. They are kept all the same.
    Pausehandoff,
    /// Deliver hints again.
    Resumehandoff,
    /// Remove hints. What they held is brought by repair only.
    Truncatehints {
        /// The host id of the member whose hints to remove; without one, all hints.
        host_id: Option<String>,
    },
    /// List the nodes for which this node keeps hints.
    Listpendinghints,
}

/// Carries a command out; gives what it prints.
pub(crate) async fn run(client: &Client, command: &HandoffCommand, format: Format) -> anyhow::Result<String> {
    match command {
        HandoffCommand::Statushandoff => format.show(&client.report::<Handoff>(&Everything {}).await?, status),
        HandoffCommand::Listpendinghints => format.show(&client.report::<Handoff>(&Everything {}).await?, pending),
        HandoffCommand::Pausehandoff => start(client, OperationRequest::PauseHandoff, true).await,
        HandoffCommand::Resumehandoff => start(client, OperationRequest::ResumeHandoff, true).await,
        HandoffCommand::Truncatehints { host_id } => {
            start(client, OperationRequest::TruncateHints { host_id: host_id.clone() }, true).await
        }
    }
}

/// The state of handoff in a line.
fn status(handoff: &Handoff) -> String {
    let text = match (handoff.is_enabled, handoff.is_paused) {
        (false, _) => "Hinted handoff is not running",
        (true, false) => "Hinted handoff is running",
        (true, true) => "Hinted handoff is running; delivery is paused",
    };
    format!("{text}\n")
}

/// The nodes that are owed hints, in columns.
fn pending(handoff: &Handoff) -> String {
    if handoff.pending.is_empty() {
        return "This node does not have any pending hints\n".to_owned();
    }
    let row = |pending: &PendingHints| {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        vec![
            pending.host_id.clone(),
            text(&pending.address),
            text(&pending.rack),
            text(&pending.datacenter),
            if pending.is_up { "UP" } else { "DOWN" }.to_owned(),
            pending.count.to_string(),
            size_text(pending.bytes),
            format_time(pending.newest_seconds),
            format_time(pending.oldest_seconds),
        ]
    };
    let names = ["Host ID", "Address", "Rack", "DC", "Status", "Hints", "Size", "Newest", "Oldest"];
    print(&names, handoff.pending.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handoff_is_told_as_nodetool_tells_it() {
        let pending_hints = PendingHints {
            host_id: "h".to_owned(),
            address: Some("a".to_owned()),
            rack: None,
            datacenter: Some("d".to_owned()),
            is_up: false,
            count: 2,
            bytes: 100,
            newest_seconds: 1,
            oldest_seconds: 0,
        };
        let mut handoff = Handoff { is_enabled: true, is_paused: false, pending: Vec::new() };
        assert_eq!(status(&handoff), "Hinted handoff is running\n");
        assert_eq!(pending(&handoff), "This node does not have any pending hints\n");
        handoff.pending.push(pending_hints);
        let text = pending(&handoff);
        assert!(
            text.lines().nth(1).is_some_and(|line| line.starts_with("h        a        -     d   DOWN    2")),
            "{text}"
        );
    }
}
