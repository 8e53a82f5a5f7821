//! Compression of v3 and v4 bodies, and the block codec that v5 segments share.

use henge_base::{Bytes, BytesMut};
use std::fmt;

/// An algorithm that STARTUP's `COMPRESSION` can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// LZ4 blocks.
    Lz4,
    /// Snappy blocks; not allowed in version 5.
    Snappy,
}

/// A compressed block does not decompress to the length that it claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a compressed block is damaged")]
pub(crate) struct DamagedBlock;

impl Compression {
    /// The algorithm of this name, in any case; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Compression> {
        [Compression::Lz4, Compression::Snappy].into_iter().find(|c| c.name().eq_ignore_ascii_case(name))
    }

    /// The algorithm's name in STARTUP and SUPPORTED.
    pub fn name(self) -> &'static str {
        match self {
            Compression::Lz4 => "lz4",
            Compression::Snappy => "snappy",
        }
    }

    /// Appends `body` as a compressed v3/v4 body. On `Err` it cannot be compressed, and nothing was appended.
    pub(crate) fn compress(self, body: &[u8], out: &mut Vec<u8>) -> Result<(), DamagedBlock> {
        match self {
            Compression::Lz4 => {
                out.extend_from_slice(&(body.len() as u32).to_be_bytes());
                compress_lz4(body, out)
            }
            Compression::Snappy => {
                let start = out.len();
                out.resize(start + snap::raw::max_compress_len(body.len()), 0);
                let written = snap::raw::Encoder::new().compress(body, &mut out[start..]);
                out.truncate(start + *written.as_ref().unwrap_or(&0));
                written.map(|_| ()).map_err(|_| DamagedBlock)
            }
        }
    }

    /// The length in bytes that a compressed v3/v4 body claims to have after decompression.
    pub(crate) fn uncompressed_length(self, body: &[u8]) -> Result<usize, DamagedBlock> {
        match self {
            Compression::Lz4 => {
                let length = body.first_chunk::<4>().ok_or(DamagedBlock)?;
                Ok(u32::from_be_bytes(*length) as usize)
            }
            Compression::Snappy => snap::raw::decompress_len(body).map_err(|_| DamagedBlock),
        }
    }

    /// The inverse of [`Compression::compress`]. The caller has checked `length` against its limit. `scratch`'s memory
    /// is reused once no earlier result refers to it.
    pub(crate) fn decompress(self, body: &[u8], length: usize, scratch: &mut BytesMut) -> Result<Bytes, DamagedBlock> {
        match self {
            Compression::Lz4 => decompress_lz4(body.get(4..).ok_or(DamagedBlock)?, length, scratch),
            Compression::Snappy => {
                if length > body.len().saturating_mul(SNAPPY_EXPANSION_MAX) {
                    return Err(DamagedBlock);
                }
                into_scratch(length, scratch, |to| snap::raw::Decoder::new().decompress(body, to).ok())
            }
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Expansion of a block beyond what its format can reach: a larger claimed length is false and must not reserve memory.
const LZ4_EXPANSION_MAX: usize = 256;
const SNAPPY_EXPANSION_MAX: usize = 64;

/// Appends `plain` as one LZ4 block without a length.
pub(crate) fn compress_lz4(plain: &[u8], out: &mut Vec<u8>) -> Result<(), DamagedBlock> {
    let start = out.len();
    out.resize(start + lz4_flex::block::get_maximum_output_size(plain.len()), 0);
    let written = lz4_flex::block::compress_into(plain, &mut out[start..]);
    out.truncate(start + *written.as_ref().unwrap_or(&0));
    written.map(|_| ()).map_err(|_| DamagedBlock)
}

/// Decompresses an LZ4 block to exactly `length` bytes.
pub(crate) fn decompress_lz4(block: &[u8], length: usize, scratch: &mut BytesMut) -> Result<Bytes, DamagedBlock> {
    if length > block.len().saturating_mul(LZ4_EXPANSION_MAX) {
        return Err(DamagedBlock);
    }
    into_scratch(length, scratch, |to| lz4_flex::block::decompress_into(block, to).ok())
}

fn into_scratch(
    length: usize,
    scratch: &mut BytesMut,
    decode: impl FnOnce(&mut [u8]) -> Option<usize>,
) -> Result<Bytes, DamagedBlock> {
    scratch.clear();
    scratch.resize(length, 0);
    match decode(scratch) {
        Some(written) if written == length => Ok(scratch.split().freeze()),
        _ => Err(DamagedBlock),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bodies_come_back(body in proptest::collection::vec(0u8..4, 0..5000), lz4: bool) {
            let codec = if lz4 { Compression::Lz4 } else { Compression::Snappy };
            let mut out = Vec::new();
            codec.compress(&body, &mut out).unwrap();
            let length = codec.uncompressed_length(&out).unwrap();
            prop_assert_eq!(codec.decompress(&out, length, &mut BytesMut::new()).unwrap(), body);
        }

        #[test]
        fn noise_is_an_error_or_bytes(body in proptest::collection::vec(any::<u8>(), 0..200), lz4: bool) {
            let codec = if lz4 { Compression::Lz4 } else { Compression::Snappy };
            if let Ok(length) = codec.uncompressed_length(&body) {
                let _ = codec.decompress(&body, length.min(1 << 20), &mut BytesMut::new());
            }
        }
    }

    #[test]
    fn a_claimed_length_alone_allocates_nothing() {
        let mut scratch = BytesMut::new();
        assert!(decompress_lz4(&[0; 8], 1 << 30, &mut scratch).is_err());
        assert_eq!(scratch.capacity(), 0);
    }
}
