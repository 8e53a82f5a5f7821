//! GRANT, REVOKE and LIST PERMISSIONS.

use henge_model::{Permissions, Resource};

/// A statement about permissions, with its resource resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PermissionPlan {
    /// `GRANT` if `given`, else `REVOKE`.
    Change {
        /// The permissions to grant or revoke.
        permissions: Permissions,
        /// The resource that they apply to.
        resource: Resource,
        /// The role that gains or loses them.
        role: String,
        /// True for GRANT, false for REVOKE.
        given: bool,
    },
    /// `LIST PERMISSIONS`.
    List {
        /// The permissions to list.
        permissions: Permissions,
        /// The resource; `None` for all resources.
        resource: Option<Resource>,
        /// The role; `None` for all roles.
        of: Option<String>,
        /// True if permissions on resources that contain this one are listed too.
        recursive: bool,
    },
    /// A statement about something that Henge has none of. A client that has not logged in is refused for that first.
    Absent {
        /// The error's text; `None` if `IF EXISTS` makes the statement succeed.
        refusal: Option<String>,
    },
}
