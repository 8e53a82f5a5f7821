//! Reading of untrusted bytes: every length is checked before it is used.

/// The input ends too early, or a length in it points past its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the input ends too early")]
pub struct TruncatedInput;

/// A cursor over borrowed bytes. Integers are big-endian.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the start of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    /// The bytes not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// True if all bytes have been read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next `n` bytes.
    #[inline]
    pub fn take(&mut self, n: usize) -> Result<&'a [u8], TruncatedInput> {
        let (head, tail) = self.rest.split_at_checked(n).ok_or(TruncatedInput)?;
        self.rest = tail;
        Ok(head)
    }

    /// The next `N` bytes as an array.
    #[inline]
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], TruncatedInput> {
        let (head, tail) = self.rest.split_first_chunk::<N>().ok_or(TruncatedInput)?;
        self.rest = tail;
        Ok(*head)
    }

    /// One byte.
    #[inline]
    pub fn u8(&mut self) -> Result<u8, TruncatedInput> {
        self.array().map(u8::from_be_bytes)
    }

    /// Two bytes, unsigned.
    pub fn u16(&mut self) -> Result<u16, TruncatedInput> {
        self.array().map(u16::from_be_bytes)
    }

    /// Four bytes, unsigned.
    pub fn u32(&mut self) -> Result<u32, TruncatedInput> {
        self.array().map(u32::from_be_bytes)
    }

    /// Four bytes, signed.
    pub fn i32(&mut self) -> Result<i32, TruncatedInput> {
        self.array().map(i32::from_be_bytes)
    }

    /// Eight bytes, unsigned.
    pub fn u64(&mut self) -> Result<u64, TruncatedInput> {
        self.array().map(u64::from_be_bytes)
    }

    /// Eight bytes, signed.
    pub fn i64(&mut self) -> Result<i64, TruncatedInput> {
        self.array().map(i64::from_be_bytes)
    }

    /// An unsigned variable-length integer, as [`put_vint`] writes it.
    #[inline]
    pub fn vint(&mut self) -> Result<u64, TruncatedInput> {
        let first = self.u8()?;
        if first < 0x80 { Ok(u64::from(first)) } else { self.long_vint(first) }
    }

    fn long_vint(&mut self, first: u8) -> Result<u64, TruncatedInput> {
        let extra = first.leading_ones() as usize;
        let mut value = if extra >= 7 { 0 } else { u64::from(first) & (0x7f >> extra) };
        for b in self.take(extra)? {
            value = (value << 8) | u64::from(*b);
        }
        Ok(value)
    }

    /// A signed variable-length integer (zigzag).
    pub fn signed_vint(&mut self) -> Result<i64, TruncatedInput> {
        self.vint().map(signed_vint)
    }

    /// Bytes after their length, which is a [`Reader::vint`].
    #[inline]
    pub fn vint_bytes(&mut self) -> Result<&'a [u8], TruncatedInput> {
        let n = self.vint()?;
        self.take(usize::try_from(n).map_err(|_| TruncatedInput)?)
    }
}

/// Decodes a zigzag integer.
#[inline]
pub fn signed_vint(v: u64) -> i64 {
    ((v >> 1) as i64) ^ -((v & 1) as i64)
}

/// The number of bytes that [`put_vint`] writes for `v`: 1 to 9.
#[inline]
pub fn vint_len(v: u64) -> usize {
    let bits = 64 - (v | 1).leading_zeros() as usize;
    if bits > 56 { 9 } else { bits.div_ceil(7) }
}

/// Appends `v` as Cassandra's unsigned vint: the leading ones of the first byte count the bytes that follow.
#[inline]
pub fn put_vint(out: &mut Vec<u8>, v: u64) {
    if v < 0x80 {
        out.push(v as u8);
    } else {
        put_long_vint(out, v);
    }
}

fn put_long_vint(out: &mut Vec<u8>, v: u64) {
    let len = vint_len(v);
    if len == 9 {
        out.push(0xff);
        out.extend_from_slice(&v.to_be_bytes());
        return;
    }
    let bytes = v.to_be_bytes();
    let start = out.len();
    out.extend_from_slice(&bytes[8 - len..]);
    out[start] |= !(0xffu32 >> (len - 1)) as u8;
}

/// Appends `v` as a zigzag vint.
pub fn put_signed_vint(out: &mut Vec<u8>, v: i64) {
    put_vint(out, ((v << 1) ^ (v >> 63)) as u64);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(v: u64) -> String {
        let mut out = Vec::new();
        put_vint(&mut out, v);
        assert_eq!(out.len(), vint_len(v));
        assert_eq!(Reader::new(&out).vint(), Ok(v));
        out.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn vints_match_the_published_vectors() {
        assert_eq!(hex(127), "7f");
        assert_eq!(hex(128), "8080");
        assert_eq!(hex(16384), "c04000");
        assert_eq!(hex(256_000), "c3e800");
        assert_eq!(hex(u64::MAX), "ffffffffffffffffff");
        for shift in 0..64 {
            hex(1 << shift);
            hex((1 << shift) - 1);
        }
    }

    #[test]
    fn signed_vints_round_trip() {
        for v in [0, 1, -1, 64, -65, i64::MAX, i64::MIN] {
            let mut out = Vec::new();
            put_signed_vint(&mut out, v);
            assert_eq!(Reader::new(&out).signed_vint(), Ok(v));
        }
    }

    #[test]
    fn short_input_is_an_error() {
        assert_eq!(Reader::new(&[0xff, 1]).vint(), Err(TruncatedInput));
        assert_eq!(Reader::new(&[5, 1]).vint_bytes(), Err(TruncatedInput));
    }
}
