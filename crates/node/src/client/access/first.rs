//! The first role: without it nobody could log in to make one.

use super::login;
use crate::client::core::Clients;
use crate::client::error::Error;
use crate::cluster::Cluster;
use crate::ground::context::Context;
use crate::ground::world::World;
use henge_metadata::{Command, RoleCommand};

/// Makes a superuser with a password, if there is no role at all in the cluster or if `anew`. True if it did.
pub(crate) async fn make_superuser<W: World>(
    context: &Context<W>,
    cluster: &Cluster<W>,
    clients: &Clients,
    (name, password): (&str, &str),
    anew: bool,
) -> Result<bool, Error> {
    let salted_hash = login::hash(context, &clients.logins, password).await?;
    let command = Command::Role(RoleCommand::First { name: name.to_owned(), salted_hash, anew });
    let (_, changed) = cluster.change(command).await?;
    Ok(changed)
}
