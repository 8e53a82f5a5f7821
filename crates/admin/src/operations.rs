//! Operations of a node: started, watched to their end, and described.

use crate::backup::restored_text;
use crate::client::Client;
use crate::table::{format_time, print};
use anyhow::bail;
use henge_operator::{
    Operation, OperationOutcome, OperationRequest, OperationState, Progress, RepairedTable, size_text,
};
use std::io::{self, IsTerminal, Write};

/// Starts an operation, and waits for its end if that is wanted.
pub(crate) async fn start(client: &Client, request: OperationRequest, wait_for_end: bool) -> anyhow::Result<String> {
    let operation = client.start(&request).await?;
    match wait_for_end {
        true => wait(client, operation).await,
        false => {
            Ok(format!("Started operation {}: henge admin watch {} waits for its end\n", operation.id, operation.id))
        }
    }
}

/// Waits for the end of an operation; gives what it did, or fails as it did.
pub(crate) async fn wait(client: &Client, mut operation: Operation) -> anyhow::Result<String> {
    loop {
        match &operation.state {
            OperationState::Running { progress } => report_progress(&operation, *progress),
            OperationState::Done { outcome: OperationOutcome::Repaired { tables } } => {
                return Ok(repair_text(&operation, tables));
            }
            OperationState::Done { outcome: OperationOutcome::Restored { tables, damaged_rows } } => {
                return Ok(restored_text(tables, *damaged_rows, operation.elapsed_millis as f64 / 1_000.0));
            }
            OperationState::Done { outcome } => return Ok(format!("{outcome}\n")),
            OperationState::Aborted => bail!("operation {} was aborted", operation.id),
            OperationState::Failed { failure } => bail!("{failure}"),
        }
        operation = client.watch(operation.id).await?;
    }
}

/// Tells a person who waits how far an operation is; a program is not told.
fn report_progress(operation: &Operation, progress: Progress) {
    if progress.total > 0 && io::stderr().is_terminal() {
        let Progress { done, total } = progress;
        let _ = writeln!(io::stderr(), "operation {}: {done} of {total} steps", operation.id);
    }
}

/// The tables of a repair in columns, and its end in nodetool's words.
fn repair_text(operation: &Operation, tables: &[RepairedTable]) -> String {
    let row = |table: &RepairedTable| {
        let RepairedTable { keyspace, table, sessions, rows, mended_rows, mended_bytes } = table;
        let numbers = [sessions, rows, mended_rows].map(ToString::to_string);
        [vec![format!("{keyspace}.{table}")], numbers.to_vec(), vec![size_text(*mended_bytes)]].concat()
    };
    let columns = ["Table", "Comparisons", "Rows compared", "Rows mended", "Bytes mended"];
    let (text, id) = (print(&columns, tables.iter().map(row).collect()), operation.id);
    let seconds = operation.elapsed_millis as f64 / 1_000.0;
    format!("{text}Repair completed successfully\nRepair command #{id} finished in {seconds:.1} seconds\n")
}

/// Operations in columns.
pub(crate) fn list(operations: &[Operation]) -> String {
    if operations.is_empty() {
        return "There are no operations since the node's start\n".to_owned();
    }
    let row = |operation: &Operation| {
        let state = match &operation.state {
            OperationState::Running { progress: Progress { total: 0, .. } } => "running".to_owned(),
            OperationState::Running { progress: Progress { done, total } } => {
                format!("running, {done} of {total} steps")
            }
            OperationState::Done { outcome } => outcome.to_string(),
            OperationState::Aborted => "aborted".to_owned(),
            OperationState::Failed { failure } => format!("failed: {failure}"),
        };
        let time = format!("{:.1} s", operation.elapsed_millis as f64 / 1_000.0);
        vec![
            operation.id.to_string(),
            operation.request.to_string(),
            format_time(operation.started_seconds),
            time,
            state,
        ]
    };
    print(&["Id", "Operation", "Started", "Time", "State"], operations.iter().map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_operator::{Failure, FailureKind, NamedTables, OperationId};

    #[test]
    fn operations_are_listed_with_how_they_stand() {
        let operation = |id, state| Operation {
            id: OperationId(id),
            request: OperationRequest::Compact(NamedTables::default()),
            started_seconds: 0,
            elapsed_millis: 1_500,
            state,
        };
        let failure = Failure::new(FailureKind::Failed, "the disk is full");
        let text = list(&[
            operation(1, OperationState::Failed { failure }),
            operation(2, OperationState::Running { progress: Progress { done: 2, total: 9 } }),
        ]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "1   compact    1970-01-01T00:00:00Z  1.5 s  failed: the disk is full");
        assert_eq!(lines[2], "2   compact    1970-01-01T00:00:00Z  1.5 s  running, 2 of 9 steps");
    }
}
