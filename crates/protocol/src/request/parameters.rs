//! Parameters that follow the statement in QUERY and EXECUTE.

use super::Values;
use crate::primitive::{ReadNotation, put_bytes, put_int, put_long, put_short, put_string};
use crate::{ProtocolError, Version};
use henge_base::{Micros, Reader};
use henge_model::Consistency;

/// The parameters of one execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryParameters<'a> {
    /// The consistency level.
    pub consistency: Consistency,
    /// Values for the markers.
    pub values: Values<'a>,
    /// True if the client knows the result's columns and needs no metadata.
    pub skip_metadata: bool,
    /// Rows per page, at least 1; `None` asks for all at once.
    pub page_size: Option<u32>,
    /// The position at which the previous page ended.
    pub paging_state: Option<&'a [u8]>,
    /// SERIAL or LOCAL_SERIAL, as the client sent it; not checked here.
    pub serial_consistency: Option<Consistency>,
    /// Timestamp of writes, in microseconds since the Unix epoch; never `i64::MIN`.
    pub timestamp: Option<Micros>,
    /// The keyspace in effect for this request, in place of the connection's (v5).
    pub keyspace: Option<&'a str>,
    /// The client's current time in seconds since the Unix epoch (v5).
    pub now_in_seconds: Option<i32>,
}

pub(super) const VALUES: u32 = 0x01;
pub(super) const SKIP_METADATA: u32 = 0x02;
pub(super) const PAGE_SIZE: u32 = 0x04;
pub(super) const PAGING_STATE: u32 = 0x08;
pub(super) const SERIAL_CONSISTENCY: u32 = 0x10;
pub(super) const TIMESTAMP: u32 = 0x20;
pub(super) const NAMES: u32 = 0x40;
pub(super) const KEYSPACE: u32 = 0x80;
pub(super) const NOW_IN_SECONDS: u32 = 0x100;

impl Default for QueryParameters<'_> {
    /// Level ONE, no values, no paging.
    fn default() -> Self {
        QueryParameters {
            consistency: Consistency::One,
            values: Values::default(),
            skip_metadata: false,
            page_size: None,
            paging_state: None,
            serial_consistency: None,
            timestamp: None,
            keyspace: None,
            now_in_seconds: None,
        }
    }
}

impl<'a> QueryParameters<'a> {
    pub(super) fn decode(reader: &mut Reader<'a>, version: Version) -> Result<Self, ProtocolError> {
        let mut parameters = QueryParameters { consistency: reader.consistency()?, ..QueryParameters::default() };
        let flags = read_flags(reader, version)?;
        parameters.skip_metadata = flags & SKIP_METADATA != 0;
        if flags & VALUES != 0 {
            parameters.values = Values::decode(reader, version, flags & NAMES != 0)?;
        }
        if flags & PAGE_SIZE != 0 {
            parameters.page_size = check_page_size(reader.i32()?)?;
        }
        if flags & PAGING_STATE != 0 {
            parameters.paging_state = reader.bytes()?;
        }
        let tail = TrailingParameters::decode(reader, flags)?;
        parameters.serial_consistency = tail.serial_consistency;
        parameters.timestamp = tail.timestamp;
        parameters.keyspace = tail.keyspace;
        parameters.now_in_seconds = tail.now_in_seconds;
        Ok(parameters)
    }

    pub(super) fn encode(&self, version: Version, out: &mut Vec<u8>) -> Result<(), ProtocolError> {
        let tail = TrailingParameters {
            serial_consistency: self.serial_consistency,
            timestamp: self.timestamp,
            keyspace: self.keyspace,
            now_in_seconds: self.now_in_seconds,
        };
        put_short(out, self.consistency.code());
        put_flags(out, version, self.flags() | tail.flags(version)?);
        if !self.values.values.is_empty() {
            self.values.encode(version, out)?;
        }
        if let Some(size) = self.page_size {
            put_int(out, i32::try_from(size).unwrap_or(i32::MAX));
        }
        if let Some(state) = self.paging_state {
            put_bytes(out, Some(state));
        }
        tail.encode(out);
        Ok(())
    }

    fn flags(&self) -> u32 {
        let mut flags = 0;
        let mut set = |flag, on: bool| flags |= if on { flag } else { 0 };
        set(VALUES, !self.values.values.is_empty());
        set(NAMES, !self.values.names.is_empty());
        set(SKIP_METADATA, self.skip_metadata);
        set(PAGE_SIZE, self.page_size.is_some());
        set(PAGING_STATE, self.paging_state.is_some());
        flags
    }
}

/// The last fields, which BATCH shares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TrailingParameters<'a> {
    pub serial_consistency: Option<Consistency>,
    pub timestamp: Option<Micros>,
    pub keyspace: Option<&'a str>,
    pub now_in_seconds: Option<i32>,
}

impl<'a> TrailingParameters<'a> {
    pub(super) fn decode(reader: &mut Reader<'a>, flags: u32) -> Result<Self, ProtocolError> {
        let mut tail = TrailingParameters::default();
        if flags & SERIAL_CONSISTENCY != 0 {
            tail.serial_consistency = Some(reader.consistency()?);
        }
        if flags & TIMESTAMP != 0 {
            tail.timestamp = Some(check_timestamp(reader.i64()?)?);
        }
        if flags & KEYSPACE != 0 {
            tail.keyspace = Some(reader.string()?);
        }
        if flags & NOW_IN_SECONDS != 0 {
            tail.now_in_seconds = Some(reader.i32()?);
        }
        Ok(tail)
    }

    pub(super) fn flags(&self, version: Version) -> Result<u32, ProtocolError> {
        let mut flags = 0;
        let mut set = |flag, on: bool| flags |= if on { flag } else { 0 };
        set(SERIAL_CONSISTENCY, self.serial_consistency.is_some());
        set(TIMESTAMP, self.timestamp.is_some());
        set(KEYSPACE, self.keyspace.is_some());
        set(NOW_IN_SECONDS, self.now_in_seconds.is_some());
        match version < Version::V5 && flags & (KEYSPACE | NOW_IN_SECONDS) != 0 {
            true => Err(ProtocolError::new("A keyspace or time for one request needs protocol version 5")),
            false => Ok(flags),
        }
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        if let Some(level) = self.serial_consistency {
            put_short(out, level.code());
        }
        if let Some(timestamp) = self.timestamp {
            put_long(out, timestamp);
        }
        if let Some(keyspace) = self.keyspace {
            put_string(out, keyspace);
        }
        if let Some(seconds) = self.now_in_seconds {
            put_int(out, seconds);
        }
    }
}

/// Reads flags: four bytes in version 5, one byte before. The keyspace bit fits that byte, but is ignored before
/// version 5.
pub(super) fn read_flags(reader: &mut Reader<'_>, version: Version) -> Result<u32, ProtocolError> {
    match version {
        Version::V5 => Ok(reader.u32()?),
        _ => Ok(u32::from(reader.u8()?) & !KEYSPACE),
    }
}

pub(super) fn put_flags(out: &mut Vec<u8>, version: Version, flags: u32) {
    match version {
        Version::V5 => out.extend_from_slice(&flags.to_be_bytes()),
        _ => out.push(flags as u8),
    }
}

fn check_page_size(size: i32) -> Result<Option<u32>, ProtocolError> {
    match size {
        0 => Err(ProtocolError::new("The page size of a request cannot be 0")),
        size => Ok(u32::try_from(size).ok()),
    }
}

fn check_timestamp(timestamp: Micros) -> Result<Micros, ProtocolError> {
    match timestamp {
        Micros::MIN => Err(ProtocolError::new(format!("A timestamp must be in {}..={}", Micros::MIN + 1, Micros::MAX))),
        timestamp => Ok(timestamp),
    }
}
