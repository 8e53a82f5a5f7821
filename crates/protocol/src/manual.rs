//! The table of the protocol's messages in docs/compatibility.md.

use crate::Opcode;

/// True if clients send the message. Exhaustive, so that a new message does not compile without an entry.
fn is_request(opcode: Opcode) -> bool {
    match opcode {
        Opcode::Startup
        | Opcode::Options
        | Opcode::Query
        | Opcode::Prepare
        | Opcode::Execute
        | Opcode::Register
        | Opcode::Batch
        | Opcode::AuthResponse => true,
        Opcode::Error
        | Opcode::Ready
        | Opcode::Authenticate
        | Opcode::Supported
        | Opcode::Result
        | Opcode::Event
        | Opcode::AuthChallenge
        | Opcode::AuthSuccess => false,
    }
}

/// The name in the specification's form: `AUTH_CHALLENGE` for `AuthChallenge`.
fn name(opcode: Opcode) -> String {
    let mut name = String::new();
    for (at, letter) in format!("{opcode:?}").char_indices() {
        if at > 0 && letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}

#[test]
fn messages_are_as_the_manual_says() {
    let of = |requests: bool| {
        let all = Opcode::ALL.into_iter().filter(|opcode| is_request(*opcode) == requests);
        henge_manual::names(all.map(|opcode| format!("{} 0x{:02x}", name(opcode), opcode.number())))
    };
    let lines = [["from clients".to_owned(), of(true)], ["from the server".to_owned(), of(false)]];
    henge_manual::compatibility("messages", &henge_manual::table(["Messages", ""], lines));
}
