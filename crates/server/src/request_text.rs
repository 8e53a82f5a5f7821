//! The text of a request in flight, one line in Cassandra's words. A prepared statement is given by its text, where Cassandra gives its id.

use henge_node::{PreparedStatement, hex};
use henge_protocol::{BatchQuery, Frame, Request};
use std::fmt::Write;

/// Maximum characters of a line, and of a statement in a batch.
const LINE_CHARS_MAX: usize = 1_000;
const BATCH_PART_CHARS_MAX: usize = 100;

/// The text of a request in `system_views.queries`, without passwords.
pub(crate) fn describe(frame: &Frame, known: Option<&PreparedStatement>) -> String {
    match Request::decode(frame) {
        Ok(Request::Query(query)) => {
            let size = query.parameters.page_size.map_or(-1, i64::from);
            let level = query.parameters.consistency;
            format!("QUERY {} [pageSize = {size}] at consistency {level}", abbreviate(query.text, LINE_CHARS_MAX))
        }
        Ok(Request::Execute(execute)) => {
            let text = known.map_or_else(|| hex(execute.id), |known| abbreviate(&known.text, LINE_CHARS_MAX));
            let (values, level) = (execute.parameters.values.values.len(), execute.parameters.consistency);
            format!("EXECUTE {text} with {values} values at consistency {level}")
        }
        Ok(Request::Prepare(prepare)) => format!("PREPARE {}", abbreviate(prepare.text, LINE_CHARS_MAX)),
        Ok(Request::Batch(batch)) => {
            let mut line = String::from("BATCH of [");
            for (number, statement) in batch.statements.iter().enumerate() {
                if line.len() > LINE_CHARS_MAX {
                    line.push_str(", ...");
                    break;
                }
                let text = match statement.query {
                    BatchQuery::Text(text) => abbreviate(text, BATCH_PART_CHARS_MAX),
                    BatchQuery::Prepared(id) => hex(id),
                };
                let comma = if number > 0 { ", " } else { "" };
                // Writing to a string cannot fail.
                let _ = write!(line, "{comma}{text} with {} values", statement.values.len());
            }
            format!("{line}] at consistency {}", batch.consistency)
        }
        _ => format!("{:?}", frame.header.opcode).to_uppercase(),
    }
}

/// The beginning of a statement.
fn abbreviate(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => without_password(format!("{}...", &text[..end])),
        None => without_password(text.to_owned()),
    }
}

/// The text of a statement up to the word `password`: traces and system tables are read by many.
pub(crate) fn without_password(text: String) -> String {
    match text.to_ascii_lowercase().find("password") {
        Some(at) => format!("{} ***", &text[..at + "password".len()]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_node::{Bytes, Consistency};
    use henge_protocol::{Batch, BatchKind, Execute, Flags, Header, Prepare, Query, QueryParameters, Version};

    fn frame(request: &Request<'_>) -> Frame {
        let mut body = Vec::new();
        request.encode(Version::V5, &mut body).unwrap();
        let length = body.len() as u32;
        let (flags, opcode) = (Flags::default(), request.opcode());
        Frame { header: Header { version: Version::V5, flags, stream: 0, opcode, length }, body: Bytes::from(body) }
    }

    fn parameters() -> QueryParameters<'static> {
        QueryParameters { consistency: Consistency::LocalOne, page_size: Some(5000), ..QueryParameters::default() }
    }

    #[test]
    fn requests_are_described_as_in_cassandra() {
        let query = Request::Query(Query { text: "SELECT * FROM t", parameters: parameters() });
        assert_eq!(describe(&frame(&query), None), "QUERY SELECT * FROM t [pageSize = 5000] at consistency LOCAL_ONE");
        let execute =
            Request::Execute(Execute { id: &[0xab; 16], metadata_id: Some(&[1; 16]), parameters: parameters() });
        assert_eq!(
            describe(&frame(&execute), None),
            format!("EXECUTE {} with 0 values at consistency LOCAL_ONE", "ab".repeat(16))
        );
        let prepare = Request::Prepare(Prepare { text: "SELECT ?", keyspace: None });
        assert_eq!(describe(&frame(&prepare), None), "PREPARE SELECT ?");
        let mut batch = Batch::new(BatchKind::Logged, Consistency::Quorum);
        batch.push(BatchQuery::Text("DELETE FROM t"), &[]);
        batch.push(BatchQuery::Prepared(&[1, 2]), &[]);
        assert_eq!(
            describe(&frame(&Request::Batch(batch)), None),
            "BATCH of [DELETE FROM t with 0 values, 0102 with 0 values] at consistency QUORUM"
        );
    }

    #[test]
    fn passwords_and_what_is_long_are_cut() {
        let text = "CREATE ROLE ann WITH PASSWORD = 'secret'";
        let query = Request::Query(Query { text, parameters: parameters() });
        let described_one = describe(&frame(&query), None);
        assert!(described_one.contains("PASSWORD ***") && !described_one.contains("secret"), "{described_one}");
        let long = "é".repeat(5_000);
        let prepare = Request::Prepare(Prepare { text: &long, keyspace: None });
        assert_eq!(describe(&frame(&prepare), None).chars().count(), "PREPARE ".len() + LINE_CHARS_MAX + 3);
        let mut batch = Batch::new(BatchKind::Logged, Consistency::Quorum);
        (0..1_000).for_each(|_| batch.push(BatchQuery::Text(&long), &[]));
        assert!(describe(&frame(&Request::Batch(batch)), None).chars().count() < 2 * LINE_CHARS_MAX);
    }
}
