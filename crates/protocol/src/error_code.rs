//! Numbers of errors, in one table.

/// The kind of an ERROR message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
#[allow(missing_docs)] // Each variant is the protocol's error of its name.
pub enum ErrorCode {
    Server = 0x0000,
    Protocol = 0x000a,
    Authentication = 0x0100,
    Unavailable = 0x1000,
    Overloaded = 0x1001,
    Bootstrapping = 0x1002,
    Truncate = 0x1003,
    WriteTimeout = 0x1100,
    ReadTimeout = 0x1200,
    ReadFailure = 0x1300,
    FunctionFailure = 0x1400,
    WriteFailure = 0x1500,
    CdcWriteFailure = 0x1600,
    CasWriteUnknown = 0x1700,
    Syntax = 0x2000,
    Unauthorized = 0x2100,
    Invalid = 0x2200,
    Config = 0x2300,
    AlreadyExists = 0x2400,
    Unprepared = 0x2500,
}

impl ErrorCode {
    /// Every code.
    pub const ALL: [ErrorCode; 20] = [
        ErrorCode::Server,
        ErrorCode::Protocol,
        ErrorCode::Authentication,
        ErrorCode::Unavailable,
        ErrorCode::Overloaded,
        ErrorCode::Bootstrapping,
        ErrorCode::Truncate,
        ErrorCode::WriteTimeout,
        ErrorCode::ReadTimeout,
        ErrorCode::ReadFailure,
        ErrorCode::FunctionFailure,
        ErrorCode::WriteFailure,
        ErrorCode::CdcWriteFailure,
        ErrorCode::CasWriteUnknown,
        ErrorCode::Syntax,
        ErrorCode::Unauthorized,
        ErrorCode::Invalid,
        ErrorCode::Config,
        ErrorCode::AlreadyExists,
        ErrorCode::Unprepared,
    ];

    /// The code with this number; `None` if there is none.
    pub fn from_number(number: u32) -> Option<ErrorCode> {
        ErrorCode::ALL.into_iter().find(|c| *c as u32 == number)
    }

    /// The code's number on the wire.
    pub fn number(self) -> u32 {
        self as u32
    }
}
