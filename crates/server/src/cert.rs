//! `henge cert`: an authority, certificates for nodes and clients, and their revocation.

use crate::certificates::{
    AUTHORITY_FOLDER, make_folder, make_new_authority, make_node, open_authority, revoke, write,
};
use anyhow::{Context, ensure};
use clap::builder::RangedI64ValueParser;
use henge_node::HostId;
use std::path::PathBuf;

/// Makes certificates as PEM files.
#[derive(Clone, Debug, clap::Args)]
pub struct CertOptions {
    #[command(subcommand)]
    what: What,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum What {
    /// Make an authority: ca.pem, which every node gets, and ca.key, which stays with you.
    Ca {
        /// The folder to write to.
        #[arg(long, default_value = AUTHORITY_FOLDER)]
        directory: PathBuf,
        /// Days of validity.
        #[arg(long, default_value_t = 3_650, value_parser = days())]
        days: u32,
    },
    /// Make a node's certificate: node.pem and node.key, with ca.pem beside them.
    Node {
        /// Folder with ca.pem and ca.key.
        #[arg(long, default_value = AUTHORITY_FOLDER)]
        authority: PathBuf,
        /// The folder to write to.
        #[arg(long)]
        directory: PathBuf,
        /// The host id: a node that is started without a certificate prints it, and keeps it in the file `identity` of its data directory.
        #[arg(long)]
        host_id: String,
        /// DNS names and addresses of the node.
        #[arg(long = "name")]
        names: Vec<String>,
        /// Days of validity.
        #[arg(long, default_value_t = 397, value_parser = days())]
        days: u32,
    },
    /// Make a client's certificate: ROLE.pem and ROLE.key.
    Client {
        /// Folder with ca.pem and ca.key.
        #[arg(long, default_value = AUTHORITY_FOLDER)]
        authority: PathBuf,
        /// The folder to write to.
        #[arg(long, default_value = AUTHORITY_FOLDER)]
        directory: PathBuf,
        /// The role it stands for.
        role: String,
        /// Days of validity.
        #[arg(long, default_value_t = 397, value_parser = days())]
        days: u32,
    },
    /// Revoke nodes' certificates: adds them to crl.pem, which every node that has it in its folder obeys within seconds.
    Revoke {
        /// Folder with ca.pem and ca.key, where crl.pem is written.
        #[arg(long, default_value = AUTHORITY_FOLDER)]
        authority: PathBuf,
        /// The certificates, as PEM files.
        #[arg(required = true)]
        certificates: Vec<PathBuf>,
    },
}

/// Days for which a certificate may be valid: a century at most.
fn days() -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=36_500)
}

/// Runs `henge cert`.
pub fn cert(options: &CertOptions) -> anyhow::Result<i32> {
    match &options.what {
        What::Ca { directory, days } => {
            make_new_authority(directory, *days)?;
            println!("made {0}/ca.pem and {0}/ca.key", directory.display());
        }
        What::Node { authority, directory, host_id, names, days } => {
            let host = HostId(host_id.parse().with_context(|| format!("{host_id:?} is no host id"))?);
            make_node(authority, directory, host, names, *days)?;
            println!("made {0}/node.pem and {0}/node.key", directory.display());
        }
        What::Client { authority, directory, role, days } => {
            ensure!(!role.contains('/') && !role.is_empty(), "{role:?} cannot be the name of a file");
            let issued = open_authority(authority)?.client(role, *days)?;
            make_folder(directory)?;
            write(&directory.join(format!("{role}.key")), &issued.key_pem, true)?;
            write(&directory.join(format!("{role}.pem")), &issued.certificate_pem, false)?;
            println!("made {0}/{role}.pem and {0}/{role}.key", directory.display());
        }
        What::Revoke { authority, certificates } => {
            revoke(authority, certificates)?;
            println!("made {}/crl.pem; copy it beside ca.pem in the folder of every node", authority.display());
        }
    }
    Ok(0)
}
