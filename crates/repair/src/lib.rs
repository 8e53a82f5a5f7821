//! Comparing what replicas hold of a range, and finding what each of them lacks: docs/protocols/anti-entropy.md.
//!
//! - `limits`: bounds of messages and trees.
//! - `leaf`: the sum over the rows of one leaf; `leaf_span`: the tokens of a leaf; `tree`: the leaves of one replica.
//! - `difference`: the leaves, and then the rows, in which replicas differ; `mend`: the rows that each of them lacks.
//! - `session`: the steps of a comparison. It asks and is answered as data; whoever drives it carries questions to replicas.

mod difference;
mod leaf;
mod leaf_span;
mod limits;
mod mend;
mod session;
mod tree;

pub use difference::{ListPage, ListedRow};
pub use leaf::{Leaf, LeafSum};
pub use leaf_span::{leaf_of, spans};
pub use limits::{BITS_MAX, BITS_MIN, FETCH_BYTES_MAX, LIST_BYTES_MAX, ROWS_PER_LEAF_MAX, SUMS_MAX};
pub use session::{Answers, Findings, OutOfTurn, Session, Step};
pub use tree::{Tree, bits_for};
