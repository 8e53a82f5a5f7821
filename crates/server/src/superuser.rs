//! The first start with passwords: somebody must be able to log in.

use crate::world::ServerWorld;
use anyhow::Context;
use henge_node::Node;
use std::io::{Read, Write};
use std::time::Duration;

/// The first role, as Cassandra calls it.
const NAME: &str = "cassandra";
/// Letters and digits that are not taken for one another: 32, so that five bits choose one.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Twenty characters of five bits: a hundred bits.
const LENGTH: usize = 20;
/// Attempts to have it made, and the time between two: the voters may still be starting.
const ATTEMPTS_MAX: u32 = 10;
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Makes a superuser if the cluster has no role, or if it is wanted `anew`. Its password is `given`, or one made up here that is
/// printed once.
pub(crate) async fn make(node: &Node<ServerWorld>, given: Option<&str>, anew: bool) -> anyhow::Result<()> {
    if node.has_roles() && !anew {
        return Ok(());
    }
    let password = given.map_or_else(random, |password| Ok(password.to_owned()))?;
    let mut attempt = 1;
    let made = loop {
        match node.make_superuser(NAME, &password, anew).await {
            Ok(made) => break made,
            Err(error) if attempt < ATTEMPTS_MAX => tracing::warn!(%error, "the first role cannot be made yet"),
            Err(error) => return Err(error).context("the first role, a superuser, cannot be made"),
        }
        attempt += 1;
        tokio::time::sleep(RETRY_DELAY).await;
    };
    match (made, given) {
        (true, None) => {
            let line =
                format!("superuser: {NAME} with password {password}   (this is shown once: change it or note it)");
            if writeln!(std::io::stdout(), "{line}").is_err() {
                tracing::error!(
                    "the superuser's password could not be printed: start once with --set superuser_reset=true"
                );
            }
        }
        (true, Some(_)) => say!("superuser: {NAME} with the password that is set"),
        // Another node was first.
        (false, _) => {}
    }
    Ok(())
}

fn random() -> anyhow::Result<String> {
    let mut bytes = [0; LENGTH];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("/dev/urandom cannot be read")?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}
