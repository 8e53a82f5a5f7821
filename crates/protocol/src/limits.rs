//! Every bound this crate keeps.

/// The protocol's own ceiling for a message body, in bytes. A longer length is nonsense, not a large request.
pub const MAX_BODY: usize = 256 << 20;

/// Cassandra's default for the largest request body that is taken, in bytes.
pub const DEFAULT_MAX_FRAME: usize = 16 << 20;

/// The largest payload of a v5 segment, in bytes: 17 bits of length.
pub(crate) const MAX_SEGMENT_PAYLOAD: usize = (1 << 17) - 1;

/// Shorter bodies and payloads are sent uncompressed: the header of a block eats what it saves.
pub(crate) const MIN_COMPRESSED: usize = 128;

/// How deep types may nest in a type option or a class name; deeper ones would exhaust the stack.
pub(crate) const MAX_TYPE_DEPTH: u32 = 32;

/// What an idle output buffer keeps of its capacity, in bytes.
pub(crate) const KEPT_CAPACITY: usize = 256 << 10;

/// The longest text of an error message that is sent, in bytes.
pub(crate) const MAX_ERROR_TEXT: usize = 8 << 10;
