//! Every bound that this crate enforces.

/// Bytes of the largest message body that the protocol allows. A longer length is an invalid header, not a large
/// request.
pub const BODY_BYTES_MAX: usize = 256 << 20;

/// Bytes of the largest request body accepted by default, as in Cassandra.
pub const DEFAULT_FRAME_BYTES_MAX: usize = 16 << 20;

/// Bytes of the largest payload of a v5 segment, whose length has 17 bits.
pub(crate) const SEGMENT_PAYLOAD_BYTES_MAX: usize = (1 << 17) - 1;

/// Bytes of the shortest body or payload that is compressed: below it the header of a block costs what compression
/// saves.
pub(crate) const COMPRESSED_BYTES_MIN: usize = 128;

/// The deepest nesting of types in a type option or a class name; without a bound a message could exhaust the stack.
pub(crate) const TYPE_DEPTH_MAX: u32 = 32;

/// Bytes of capacity that an idle output buffer keeps.
pub(crate) const IDLE_CAPACITY_BYTES_MAX: usize = 256 << 10;

/// Bytes of the longest error text that is sent; a longer one is cut.
pub(crate) const ERROR_TEXT_BYTES_MAX: usize = 8 << 10;
