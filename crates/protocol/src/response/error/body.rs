//! The encoding of ERROR: number, text, and the fields of the kind.

use super::{ErrorKind, ErrorResponse, Failure, Progress};
use crate::limits::ERROR_TEXT_BYTES_MAX;
use crate::primitive::{
    ReadNotation, put_address, put_int, put_short, put_short_bytes, put_string, put_string_list, truncate_text,
};
use crate::{ErrorCode, ProtocolError, Version};
use henge_base::Reader;
use henge_model::WriteType;

impl ErrorResponse {
    pub(crate) fn encode(&self, version: Version, out: &mut Vec<u8>) {
        let code = self.code(version);
        out.extend_from_slice(&code.number().to_be_bytes());
        put_string(out, truncate_text(&self.message, ERROR_TEXT_BYTES_MAX));
        match &self.kind {
            ErrorKind::Unavailable { consistency, required, alive } => {
                put_short(out, consistency.code());
                put_count(out, *required);
                put_count(out, *alive);
            }
            ErrorKind::WriteTimeout { progress, write_type, contentions } => {
                progress.put(out);
                put_string(out, write_type.name());
                if version >= Version::V5 && *write_type == WriteType::Cas {
                    put_short(out, *contentions);
                }
            }
            ErrorKind::ReadTimeout { progress, data_present } => {
                progress.put(out);
                out.push(u8::from(*data_present));
            }
            ErrorKind::ReadFailure { progress, failed, failures, data_present } => {
                progress.put(out);
                put_failures(out, version, *failed, failures);
                out.push(u8::from(*data_present));
            }
            ErrorKind::WriteFailure { progress, failed, failures, write_type } => {
                progress.put(out);
                put_failures(out, version, *failed, failures);
                put_string(out, write_type.name());
            }
            ErrorKind::CasWriteUnknown { progress } => {
                progress.put(out);
                if code == ErrorCode::WriteTimeout {
                    put_string(out, WriteType::Cas.name());
                }
            }
            ErrorKind::FunctionFailure { .. } if code == ErrorCode::Invalid => {}
            ErrorKind::FunctionFailure { keyspace, function, arguments } => {
                put_string(out, keyspace);
                put_string(out, function);
                put_string_list(out, arguments);
            }
            ErrorKind::AlreadyExists { keyspace, table } => {
                put_string(out, keyspace);
                put_string(out, table);
            }
            ErrorKind::Unprepared { id } => put_short_bytes(out, id),
            _ => {}
        }
    }

    pub(crate) fn decode(reader: &mut Reader<'_>, version: Version) -> Result<Self, ProtocolError> {
        let number = reader.u32()?;
        let message = reader.string()?.to_owned();
        let code = ErrorCode::from_number(number);
        let code = code.ok_or_else(|| ProtocolError::new(format!("Unknown error {number:#06x}: {message}")))?;
        Ok(ErrorResponse { kind: ErrorKind::decode(code, reader, version)?, message })
    }
}

impl ErrorKind {
    fn decode(code: ErrorCode, reader: &mut Reader<'_>, version: Version) -> Result<Self, ProtocolError> {
        Ok(match code {
            ErrorCode::Server => ErrorKind::Server,
            ErrorCode::Protocol => ErrorKind::Protocol,
            ErrorCode::Authentication => ErrorKind::Authentication,
            ErrorCode::Overloaded => ErrorKind::Overloaded,
            ErrorCode::Bootstrapping => ErrorKind::Bootstrapping,
            ErrorCode::Truncate => ErrorKind::Truncate,
            ErrorCode::CdcWriteFailure => ErrorKind::CdcWriteFailure,
            ErrorCode::Syntax => ErrorKind::Syntax,
            ErrorCode::Unauthorized => ErrorKind::Unauthorized,
            ErrorCode::Invalid => ErrorKind::Invalid,
            ErrorCode::Config => ErrorKind::Config,
            ErrorCode::Unavailable => ErrorKind::Unavailable {
                consistency: reader.consistency()?,
                required: reader.u32()?,
                alive: reader.u32()?,
            },
            ErrorCode::FunctionFailure => ErrorKind::FunctionFailure {
                keyspace: reader.string()?.to_owned(),
                function: reader.string()?.to_owned(),
                arguments: reader.string_list()?.into_iter().map(str::to_owned).collect(),
            },
            ErrorCode::AlreadyExists => {
                ErrorKind::AlreadyExists { keyspace: reader.string()?.to_owned(), table: reader.string()?.to_owned() }
            }
            ErrorCode::Unprepared => ErrorKind::Unprepared { id: reader.short_bytes()?.to_vec() },
            ErrorCode::WriteTimeout
            | ErrorCode::ReadTimeout
            | ErrorCode::ReadFailure
            | ErrorCode::WriteFailure
            | ErrorCode::CasWriteUnknown => ErrorKind::decode_progress(code, reader, version)?,
        })
    }

    /// Decodes the kinds whose fields begin with a [`Progress`].
    fn decode_progress(code: ErrorCode, reader: &mut Reader<'_>, version: Version) -> Result<Self, ProtocolError> {
        let progress = Progress::read(reader)?;
        Ok(match code {
            ErrorCode::WriteTimeout => {
                let write_type = read_write_type(reader)?;
                // Servers from 4.0 on send it for conditional writes only, and not all servers do.
                let counted = version >= Version::V5 && write_type == WriteType::Cas && !reader.is_empty();
                let contentions = if counted { reader.u16()? } else { 0 };
                ErrorKind::WriteTimeout { progress, write_type, contentions }
            }
            ErrorCode::ReadTimeout => ErrorKind::ReadTimeout { progress, data_present: reader.u8()? != 0 },
            ErrorCode::ReadFailure => {
                let (failed, failures) = read_failures(reader, version)?;
                ErrorKind::ReadFailure { progress, failed, failures, data_present: reader.u8()? != 0 }
            }
            ErrorCode::WriteFailure => {
                let (failed, failures) = read_failures(reader, version)?;
                ErrorKind::WriteFailure { progress, failed, failures, write_type: read_write_type(reader)? }
            }
            _ => ErrorKind::CasWriteUnknown { progress },
        })
    }
}

fn read_write_type(reader: &mut Reader<'_>) -> Result<WriteType, ProtocolError> {
    let name = reader.string()?;
    let found = WriteType::ALL.into_iter().find(|write_type| write_type.name() == name);
    found.ok_or_else(|| ProtocolError::new(format!("Unknown write type {name:?}")))
}

impl Progress {
    fn put(&self, out: &mut Vec<u8>) {
        put_short(out, self.consistency.code());
        put_count(out, self.received);
        put_count(out, self.block_for);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, ProtocolError> {
        Ok(Progress { consistency: reader.consistency()?, received: reader.u32()?, block_for: reader.u32()? })
    }
}

fn put_count(out: &mut Vec<u8>, count: u32) {
    put_int(out, i32::try_from(count).unwrap_or(i32::MAX));
}

/// Appends the failed replicas: nothing in version 3, which gets a timeout instead, a count in version 4, a list in
/// version 5.
fn put_failures(out: &mut Vec<u8>, version: Version, failed: u32, failures: &[Failure]) {
    match version {
        Version::V3 => {}
        Version::V4 => put_count(out, failed),
        Version::V5 => {
            put_int(out, failures.len() as i32);
            for failure in failures {
                put_address(out, failure.address);
                put_short(out, failure.reason);
            }
        }
    }
}

fn read_failures(reader: &mut Reader<'_>, version: Version) -> Result<(u32, Vec<Failure>), ProtocolError> {
    let failed = reader.u32()?;
    let mut failures = Vec::new();
    if version >= Version::V5 {
        for _ in 0..failed {
            failures.push(Failure { address: reader.address()?, reason: reader.u16()? });
        }
    }
    Ok((failed, failures))
}
