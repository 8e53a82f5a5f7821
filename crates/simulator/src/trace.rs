//! A hash of everything that happened: two runs of one seed must agree in it.

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
    /// Mixes in an event.
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
