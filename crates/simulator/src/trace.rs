//! A hash of all occurrences in a run: two runs of one seed must have the same.

/// FNV-1a over the events of a run, 64 bits.
#[derive(Debug)]
pub(crate) struct Trace {
    hash: u64,
}

impl Default for Trace {
    fn default() -> Self {
        Trace { hash: 0xcbf2_9ce4_8422_2325 }
    }
}

impl Trace {
    /// Mixes an occurrence into the hash.
    pub(crate) fn add(&mut self, time: u64, what: &str, bytes: &[u8]) {
        self.mix(&time.to_le_bytes());
        self.mix(what.as_bytes());
        self.mix(bytes);
    }

    /// The hash so far.
    pub(crate) fn hash(&self) -> u64 {
        self.hash
    }

    fn mix(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.hash = (self.hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}
