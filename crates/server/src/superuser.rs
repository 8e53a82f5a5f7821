//! The first superuser, without whom nobody could log in to a new cluster with passwords.

use crate::world::ServerWorld;
use anyhow::Context;
use henge_node::Node;
use std::io::{Read, Write};
use std::time::Duration;

/// The name of the first role, as in Cassandra.
const SUPERUSER_NAME: &str = "cassandra";
/// Letters and digits of passwords, without those that look alike. There are 32, so that five bits choose one.
const ALPHABET: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
/// Characters of a password that is made here: a hundred random bits.
const PASSWORD_CHARS: usize = 20;
/// Attempts to create the role, and the pause between two: the voters of the metadata log may still be starting.
const ATTEMPTS_MAX: u32 = 10;
const RETRY_DELAY: Duration = Duration::from_secs(1);

/// Creates the superuser if the cluster has no role, or in any case if `anew` is true. Its password is `given`, or else a random one, which
/// is printed once.
pub(crate) async fn make(node: &Node<ServerWorld>, given: Option<&str>, anew: bool) -> anyhow::Result<()> {
    if node.has_roles() && !anew {
        return Ok(());
    }
    let password = given.map_or_else(random_password, |password| Ok(password.to_owned()))?;
    let mut attempt = 1;
    let made = loop {
        match node.make_superuser(SUPERUSER_NAME, &password, anew).await {
            Ok(made) => break made,
            Err(error) if attempt < ATTEMPTS_MAX => tracing::warn!(%error, "the first role cannot be made yet"),
            Err(error) => return Err(error).context("the first role, a superuser, cannot be made"),
        }
        attempt += 1;
        tokio::time::sleep(RETRY_DELAY).await;
    };
    match (made, given) {
        (true, None) => {
            let line = format!(
                "superuser: {SUPERUSER_NAME} with password {password}   (this is shown once: change it or note it)"
            );
            if writeln!(std::io::stdout(), "{line}").is_err() {
                tracing::error!(
                    "the superuser's password could not be printed: start once with --set superuser_reset=true"
                );
            }
        }
        (true, Some(_)) => say!("superuser: {SUPERUSER_NAME} with the password that is set"),
        // Another node has created it.
        (false, _) => {}
    }
    Ok(())
}

fn random_password() -> anyhow::Result<String> {
    let mut bytes = [0; PASSWORD_CHARS];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut file| file.read_exact(&mut bytes))
        .context("/dev/urandom cannot be read")?;
    Ok(bytes.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect())
}
