//! Snapshots: the state at one epoch, in place of the entries that led to it.

use crate::{ClusterState, Position, VersionRange};
use henge_base::Bytes;

/// The format that version 1 writes.
const FORMAT: u8 = 2;
/// The format that the version of tests writes: the same with a number of its own.
const FORMAT_OF_TESTS: u8 = 3;

/// An encoded state, and the end of the log that it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The end of the log at that state.
    pub position: Position,
    /// The encoded state.
    pub bytes: Bytes,
}

/// Bytes are not a snapshot.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Written by a release that this one does not understand.
    #[error("a snapshot of format {0}, which this release does not read: a later one wrote it")]
    Format(u8),
    /// Not a snapshot at all.
    #[error("a snapshot of the metadata log cannot be read: {0}")]
    Malformed(String),
    /// It is of another place in the log than it was taken for.
    #[error("a snapshot of {found} in place of one of {expected}")]
    Elsewhere {
        /// The place asked for.
        expected: Position,
        /// The place found.
        found: Position,
    },
}

impl Snapshot {
    /// The snapshot of a state, in the version of formats that the state has: the format, then named maps in MessagePack.
    pub fn of(state: &ClusterState) -> Snapshot {
        let is_of_tests = state.active_version >= VersionRange::OF_TESTS.newest;
        let mut bytes = vec![if is_of_tests { FORMAT_OF_TESTS } else { FORMAT }];
        rmp_serde::encode::write_named(&mut bytes, state).expect("a state is made of plain structs");
        Snapshot { position: state.position(), bytes: bytes.into() }
    }

    /// Reads the state in the bytes of a snapshot, written in one of these versions.
    pub fn decode(bytes: &[u8], speaks: VersionRange) -> Result<ClusterState, SnapshotError> {
        let is_read = |format| match format {
            FORMAT => true,
            FORMAT_OF_TESTS => speaks.contains(VersionRange::OF_TESTS.newest),
            _ => false,
        };
        match bytes.split_first() {
            Some((&format, body)) if is_read(format) => {
                rmp_serde::from_slice(body).map_err(|e| SnapshotError::Malformed(e.to_string()))
            }
            Some((format, _)) => Err(SnapshotError::Format(*format)),
            None => Err(SnapshotError::Malformed("it is empty".to_owned())),
        }
    }

    /// Reads the state, which must be of the snapshot's position.
    pub fn state(&self, speaks: VersionRange) -> Result<ClusterState, SnapshotError> {
        let state = Snapshot::decode(&self.bytes, speaks)?;
        match state.position() {
            found if found == self.position => Ok(state),
            found => Err(SnapshotError::Elsewhere { expected: self.position, found }),
        }
    }
}
