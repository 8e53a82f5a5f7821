//! A mutation on its way to several replicas.

use crate::Mutation;
use henge_base::Bytes;
use std::sync::{Arc, OnceLock};

/// A mutation that this node applies as it is, and that is encoded once for all others. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SharedMutation {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    mutation: Mutation,
    bytes: OnceLock<Bytes>,
}

impl SharedMutation {
    /// The mutation.
    pub fn mutation(&self) -> &Mutation {
        &self.inner.mutation
    }

    /// Its bytes, encoded by the first call.
    pub fn bytes(&self) -> &Bytes {
        self.inner.bytes.get_or_init(|| self.inner.mutation.encode())
    }
}

impl From<Mutation> for SharedMutation {
    fn from(mutation: Mutation) -> Self {
        SharedMutation { inner: Arc::new(Inner { mutation, bytes: OnceLock::new() }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_clones_have_the_same_bytes() {
        let shared = SharedMutation::from(Mutation { id: crate::WriteId::of_repair(5), rows: Vec::new() });
        let clone = shared.clone();
        assert_eq!(shared.bytes().as_ptr(), clone.bytes().as_ptr());
        assert_eq!(clone.bytes(), &shared.mutation().encode());
    }
}
