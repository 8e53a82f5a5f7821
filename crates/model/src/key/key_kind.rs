//! Kinds of keys.

/// The kind of row or tombstone that a key names. Numbers are the last byte of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum KeyKind {
    /// The static row of a partition; it sorts before the partition's rows.
    Static = 0x01,
    /// A row with clustering values, or the only row of a partition without clustering columns.
    Row = 0x02,
    /// The deletion of a whole partition.
    PartitionTombstone = 0x03,
    /// The deletion of a range of a partition's rows.
    RangeTombstone = 0x04,
}
