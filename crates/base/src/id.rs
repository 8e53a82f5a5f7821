//! Identities. A host id is created with a data directory and lives only there; an address is an attribute.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// An id of random bits, marked as a version 4 UUID.
            pub fn random(random: &mut crate::Random) -> Self {
                $name(uuid::Builder::from_random_bytes(random.bytes()).into_uuid())
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// The identity of a node, for as long as its data directory lives. A removed id never comes back.
    HostId
);
id!(
    /// The identity of a cluster, created once, at first boot. Peers of other clusters are refused.
    ClusterId
);
