//! Changes and lists of permissions.

use henge_model::{Permissions, Resource};

/// A statement about permissions, with its resource resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PermissionPlan {
    /// `GRANT` if `given`, else `REVOKE`.
    Change {
        /// Which.
        permissions: Permissions,
        /// On what.
        resource: Resource,
        /// Of whom.
        role: String,
        /// To give, or to take.
        given: bool,
    },
    /// `LIST PERMISSIONS`.
    List {
        /// Which.
        permissions: Permissions,
        /// On what; `None` for everything.
        resource: Option<Resource>,
        /// Of whom; `None` for everybody.
        of: Option<String>,
        /// Those on what contains the resource too.
        recursive: bool,
    },
    /// A statement about what there is none of: who has not logged in is told so first.
    Absent {
        /// What is wrong with that; `None` where `IF EXISTS` makes it nothing.
        refusal: Option<String>,
    },
}
