//! Errors of statements about roles and permissions.

use crate::client::error::Error;

pub(super) fn invalid(message: impl Into<String>) -> Error {
    henge_query::Error::Invalid(message.into()).into()
}

pub(super) fn unauthorized_error(message: impl Into<String>) -> Error {
    Error::Unauthorized(message.into())
}

/// The user, or the error for those who need not be anybody.
pub(super) fn require_user(user: Option<&str>) -> Result<&str, Error> {
    user.ok_or_else(|| unauthorized_error("You have to be logged in and not anonymous to perform this request"))
}
