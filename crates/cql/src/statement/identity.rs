//! Identities, which client certificates carry.

use crate::error::Position;

/// A statement about identities.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // Named as in the grammar.
pub enum IdentityStatement {
    /// `ADD IDENTITY identity TO ROLE role`.
    Add { identity: String, role: String, if_not_exists: bool, position: Position },
    /// `DROP IDENTITY identity`.
    Drop { identity: String, if_exists: bool },
}
