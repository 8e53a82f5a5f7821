//! `system_auth`: roles, their members and permissions, as the metadata log has them.

use super::build::{TableRows, boolean, list, text};
use crate::cluster::view::View;

pub(super) fn roles(view: &View, out: &mut TableRows<'_>) {
    for role in view.state.roles.iter() {
        let mut columns = vec![("can_login", boolean(role.can_login)), ("is_superuser", boolean(role.is_superuser))];
        if !role.member_of.is_empty() {
            columns.push(("member_of", list(&role.member_of)));
        }
        if let Some(hash) = &role.salted_hash {
            columns.push(("salted_hash", text(hash)));
        }
        out.push(&[text(&role.name)], &columns);
    }
}

pub(super) fn members(view: &View, out: &mut TableRows<'_>) {
    for member in view.state.roles.iter() {
        member.member_of.iter().for_each(|role| out.push(&[text(role), text(&member.name)], &[]));
    }
}

pub(super) fn permissions(view: &View, out: &mut TableRows<'_>) {
    for role in view.state.roles.iter() {
        for (resource, given) in &role.permissions {
            let mut names: Vec<&str> = given.iter().map(|permission| permission.name()).collect();
            names.sort_unstable();
            out.push(&[text(&role.name), text(resource.path())], &[("permissions", list(names))]);
        }
    }
}

pub(super) fn resources(view: &View, out: &mut TableRows<'_>) {
    for role in view.state.roles.iter() {
        role.permissions.keys().for_each(|resource| out.push(&[text(resource.path()), text(&role.name)], &[]));
    }
}
