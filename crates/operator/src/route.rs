//! Paths of the admin port, other than those of reports, and the header that every request has.

use crate::OperationId;
use std::time::Duration;

/// A header that a page in a browser cannot set: none can act in the name of whoever looks at it.
pub const HEADER: &str = "henge-admin";

/// The Unix socket within the data directory, where a node takes an operator's requests.
pub const SOCKET: &str = "admin.sock";
/// The TCP port for them, where a node has one and its setting does not say another.
pub const PORT: u16 = 7_199;
/// `GET` lists operations; `POST` starts one.
pub const OPERATIONS: &str = "/operations";
/// `GET` answers one operation, with `?wait_millis=` once it has ended or the time is over; `DELETE` aborts it.
pub const OPERATION: &str = "/operations/{id}";
/// `DELETE` removes a snapshot.
pub const SNAPSHOT: &str = "/snapshots/{name}";

/// The longest that a node lets a request wait for the end of an operation.
pub const WAIT_MAX: Duration = Duration::from_secs(20);

/// The path of one operation.
pub fn operation(id: OperationId) -> String {
    OPERATION.replace("{id}", &id.to_string())
}

/// The path of one snapshot, whose name [`is_name`].
pub fn snapshot(name: &str) -> String {
    SNAPSHOT.replace("{name}", name)
}

/// True if a text can name a snapshot, and be a part of a path as it is.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_within_their_part_of_a_path() {
        assert!(is_name("monday-1_a.b"));
        assert!(["", "../../etc", "a?b", "a b", "ä"].into_iter().all(|text| !is_name(text)));
        assert_eq!(operation(OperationId(7)), "/operations/7");
        assert_eq!(snapshot("monday"), "/snapshots/monday");
    }
}
