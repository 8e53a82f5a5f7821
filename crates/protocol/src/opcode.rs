//! Message kinds and their numbers.

/// A message kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[allow(missing_docs)] // Each variant is the message of its name.
pub enum Opcode {
    Error = 0x00,
    Startup = 0x01,
    Ready = 0x02,
    Authenticate = 0x03,
    Options = 0x05,
    Supported = 0x06,
    Query = 0x07,
    Result = 0x08,
    Prepare = 0x09,
    Execute = 0x0a,
    Register = 0x0b,
    Event = 0x0c,
    Batch = 0x0d,
    AuthChallenge = 0x0e,
    AuthResponse = 0x0f,
    AuthSuccess = 0x10,
}

impl Opcode {
    /// Every kind.
    pub const ALL: [Opcode; 16] = [
        Opcode::Error,
        Opcode::Startup,
        Opcode::Ready,
        Opcode::Authenticate,
        Opcode::Options,
        Opcode::Supported,
        Opcode::Query,
        Opcode::Result,
        Opcode::Prepare,
        Opcode::Execute,
        Opcode::Register,
        Opcode::Event,
        Opcode::Batch,
        Opcode::AuthChallenge,
        Opcode::AuthResponse,
        Opcode::AuthSuccess,
    ];

    /// The kind with this number; `None` if there is none, as for 0x04 (CREDENTIALS of v1).
    pub fn from_number(number: u8) -> Option<Opcode> {
        let index = match number {
            0..=3 => usize::from(number),
            5..=0x10 => usize::from(number) - 1,
            _ => return None,
        };
        Opcode::ALL.get(index).copied()
    }

    /// The kind's number on the wire.
    pub fn number(self) -> u8 {
        self as u8
    }

    /// True if clients send the message.
    pub fn is_request(self) -> bool {
        use Opcode::{AuthResponse, Batch, Execute, Options, Prepare, Query, Register, Startup};
        matches!(self, Startup | Options | Query | Prepare | Execute | Register | Batch | AuthResponse)
    }

    /// True if the tracing flag of such a request asks for a trace; other requests ignore the flag.
    pub fn is_traceable(self) -> bool {
        matches!(self, Opcode::Query | Opcode::Prepare | Opcode::Execute | Opcode::Batch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_both_ways() {
        let known = (0..=255).filter_map(Opcode::from_number).collect::<Vec<_>>();
        assert_eq!(known, Opcode::ALL);
        assert!(known.iter().all(|o| Opcode::from_number(o.number()) == Some(*o)));
    }
}
