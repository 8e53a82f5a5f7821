//! Logins, roles and permissions.
//!
//! - `login`, `logins`: passwords, on a worker of their own; `role_identity`: who is logged in then; `first`: the first role.
//! - `needs`: the permissions that a statement needs, found once when it is made ready; `check`: whether a user has them.
//! - `exempt`: who is held to guardrails.
//! - `masked`, `masked_read`: what of masked columns a user sees.
//! - `roles`, `permissions`: statements about roles and permissions; `settings`: what is said of a role; `statements`: which is carried out where.

pub(crate) mod check;
mod errors;
mod exempt;
mod first;
mod login;
pub(super) mod logins;
mod masked;
mod masked_read;
mod needs;
mod permissions;
pub(crate) mod role_identity;
mod roles;
mod settings;
mod statements;

pub(crate) use first::make_superuser;
pub(super) use masked_read::{MaskedRead, masked_read};
pub(super) use needs::{Need, needs};

pub(super) use statements::run;

use errors::{invalid, require_user, unauthorized_error};
