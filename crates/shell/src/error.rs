//! Server errors in cqlsh's words, with a caret under their position if it is known.

use henge_protocol::{ErrorKind, ErrorResponse};

/// The text to print for a server error in response to `statement`.
pub(crate) fn format_error(error: &ErrorResponse, statement: &str) -> String {
    let mut out = format!("{}: {}", exception_class(&error.kind), error_text(error));
    if let Some((line, column)) = error_position(&error.message)
        && let Some(source) = line.checked_sub(1).and_then(|at| statement.lines().nth(at))
    {
        out += &format!("\n  {source}\n  {}^", " ".repeat(column));
    }
    out
}

/// The text of the error. Syntax errors consist of their message only; others say that the server sent them, and their
/// code.
fn error_text(error: &ErrorResponse) -> String {
    match (&error.kind, error_code(&error.kind)) {
        (ErrorKind::Syntax, _) | (_, None) => error.message.clone(),
        (_, Some((number, name))) => {
            format!("Error from server: code={number:04x} [{name}] message=\"{}\"", error.message)
        }
    }
}

fn exception_class(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::Syntax => "SyntaxException",
        ErrorKind::Invalid => "InvalidRequest",
        ErrorKind::Config => "ConfigurationException",
        ErrorKind::AlreadyExists { .. } => "AlreadyExists",
        ErrorKind::Unauthorized => "Unauthorized",
        ErrorKind::Unavailable { .. } => "Unavailable",
        ErrorKind::WriteTimeout { .. } => "WriteTimeout",
        ErrorKind::ReadTimeout { .. } => "ReadTimeout",
        ErrorKind::WriteFailure { .. } => "WriteFailure",
        ErrorKind::ReadFailure { .. } => "ReadFailure",
        ErrorKind::FunctionFailure { .. } => "FunctionFailure",
        ErrorKind::Overloaded => "OverloadedErrorMessage",
        ErrorKind::Bootstrapping => "IsBootstrappingErrorMessage",
        ErrorKind::Protocol => "ProtocolException",
        _ => "ServerError",
    }
}

/// The protocol's error code, and the name that drivers give it.
fn error_code(kind: &ErrorKind) -> Option<(u16, &'static str)> {
    Some(match kind {
        ErrorKind::Invalid => (0x2200, "Invalid query"),
        ErrorKind::Config => (0x2300, "Query invalid because of configuration issue"),
        ErrorKind::Unauthorized => (0x2100, "Unauthorized"),
        ErrorKind::Unavailable { .. } => (0x1000, "Unavailable exception"),
        ErrorKind::Overloaded => (0x1001, "Coordinator node overloaded"),
        ErrorKind::Bootstrapping => (0x1002, "Coordinator node is bootstrapping"),
        ErrorKind::WriteTimeout { .. } => (0x1100, "Coordinator node timed out waiting for replica nodes' responses"),
        ErrorKind::ReadTimeout { .. } => (0x1200, "Coordinator node timed out waiting for replica nodes' responses"),
        ErrorKind::ReadFailure { .. } => (0x1300, "Replica(s) failed to execute read"),
        ErrorKind::FunctionFailure { .. } => (0x1400, "User Defined Function failure"),
        ErrorKind::WriteFailure { .. } => (0x1500, "Replica(s) failed to execute write"),
        ErrorKind::Server => (0x0000, "Server error"),
        ErrorKind::Protocol => (0x000a, "Protocol error"),
        _ => return None,
    })
}

/// The position in a message, written as `line L:C`: line from one, column from zero.
fn error_position(message: &str) -> Option<(usize, usize)> {
    let (_, after) = message.split_once("line ")?;
    let (line, after) = after.split_once(':')?;
    let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    Some((line.parse().ok()?, after[..digits].parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caret_stands_under_the_place() {
        let error =
            ErrorResponse { kind: ErrorKind::Syntax, message: "line 2:2 expected FROM, found 'FRM'".to_owned() };
        let shown = format_error(&error, "SELECT *\n  FRM t");
        assert_eq!(shown, "SyntaxException: line 2:2 expected FROM, found 'FRM'\n    FRM t\n    ^");
    }

    #[test]
    fn other_errors_name_their_code() {
        let error = ErrorResponse { kind: ErrorKind::Invalid, message: "Table 't' does not exist".to_owned() };
        let expected =
            "InvalidRequest: Error from server: code=2200 [Invalid query] message=\"Table 't' does not exist\"";
        assert_eq!(format_error(&error, "SELECT * FROM t"), expected);
    }
}
