//! The first role: without it nobody could log in to make one.

use super::login;
use crate::client::error::Error;
use crate::cluster::propose::change;
use crate::ground::world::World;
use crate::shared::Shared;
use henge_metadata::{Command, RoleCommand};
use std::sync::Arc;

/// Makes a superuser with a password, if there is no role at all in the cluster or if `anew`. Says whether it did.
pub(crate) async fn make_superuser<W: World>(
    shared: &Arc<Shared<W>>,
    name: &str,
    password: &str,
    anew: bool,
) -> Result<bool, Error> {
    let salted_hash = login::hash(shared, password).await?;
    let command = Command::Role(RoleCommand::First { name: name.to_owned(), salted_hash, anew });
    let (_, made) = change(shared, command, false).await?;
    Ok(made)
}
