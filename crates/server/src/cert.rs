//! `henge cert`: an authority, certificates for nodes and clients, and their revocation.

use crate::cert_request::{RequestOptions, SignOptions, days, request, sign};
use crate::certificates::{
    AUTHORITY, AUTHORITY_FOLDER, AUTHORITY_KEY, NODE, NODE_KEY, ensure_absent, ensure_same_authority, make_authority,
    make_folder, make_node, open_authority, revoke, write,
};
use anyhow::{Context, ensure};
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
        /// Replace files that are there.
        #[arg(long)]
        overwrite: bool,
    },
    /// Make a node's certificate with its key: node.pem and node.key, with ca.pem beside them, all of which the node needs. With
    /// `request` and `sign` the key need not travel.
    Node {
        /// Folder with ca.pem and ca.key.
        #[arg(long, default_value = AUTHORITY_FOLDER)]
        authority: PathBuf,
        /// The folder to write to.
        #[arg(long)]
        directory: PathBuf,
        /// The host id, which `henge init` prints.
        #[arg(long)]
        host_id: String,
        /// DNS names and addresses of the node.
        #[arg(long = "name")]
        names: Vec<String>,
        /// Days of validity.
        #[arg(long, default_value_t = 397, value_parser = days())]
        days: u32,
        /// Replace files that are there.
        #[arg(long)]
        overwrite: bool,
    },
    /// On a node, make a request for its certificate: node.csr, beside node.key, which stays there.
    Request(RequestOptions),
    /// Sign a node's request where the authority's key is: node.pem, with ca.pem beside it, which the node needs.
    Sign(SignOptions),
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
        /// Replace files that are there.
        #[arg(long)]
        overwrite: bool,
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

/// The consequence of writing over a certificate and its key.
const LOST_KEY: &str = "the key that is there is lost";

/// Runs `henge cert`.
pub fn cert(options: &CertOptions) -> anyhow::Result<i32> {
    match &options.what {
        What::Ca { directory, days, overwrite } => {
            let lost = "nodes and clients need certificates of the new authority then";
            ensure_absent(directory, &[AUTHORITY_KEY, AUTHORITY], *overwrite, lost)?;
            make_folder(directory)?;
            make_authority(directory, *days)?;
            println!("made {0}/ca.pem and {0}/ca.key", directory.display());
        }
        What::Node { authority, directory, host_id, names, days, overwrite } => {
            let host = HostId(host_id.parse().with_context(|| format!("{host_id:?} is no host id"))?);
            ensure_absent(directory, &[NODE, NODE_KEY], *overwrite, LOST_KEY)?;
            ensure_same_authority(authority, directory, *overwrite)?;
            make_node(authority, directory, host, names, *days)?;
            println!("made {0}/node.pem and {0}/node.key", directory.display());
        }
        What::Request(options) => request(options)?,
        What::Sign(options) => sign(options)?,
        What::Client { authority, directory, role, days, overwrite } => {
            ensure!(!role.contains('/') && !role.is_empty(), "{role:?} cannot be the name of a file");
            let (key, certificate) = (format!("{role}.key"), format!("{role}.pem"));
            ensure_absent(directory, &[&key, &certificate], *overwrite, LOST_KEY)?;
            let issued = open_authority(authority)?.client(role, *days)?;
            make_folder(directory)?;
            write(&directory.join(key), &issued.key_pem, true)?;
            write(&directory.join(certificate), &issued.certificate_pem, false)?;
            println!("made {0}/{role}.pem and {0}/{role}.key", directory.display());
        }
        What::Revoke { authority, certificates } => {
            revoke(authority, certificates)?;
            println!("made {}/crl.pem; copy it beside ca.pem in the folder of every node", authority.display());
        }
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use std::fs;

    #[derive(Parser)]
    #[command(no_binary_name = true)]
    struct CertCommand {
        #[command(flatten)]
        options: CertOptions,
    }

    fn run(line: &str) -> Result<i32, String> {
        let options = CertCommand::try_parse_from(line.split_whitespace()).unwrap().options;
        cert(&options).map_err(|error| error.to_string())
    }

    #[test]
    fn nothing_is_written_over_unless_it_is_asked_for() {
        let folder = std::env::temp_dir().join(format!("henge-cert-{}", std::process::id()));
        let at = folder.display();
        let host = "b7e6a0fc-4c1c-4b52-9a38-0f2b1d1f0e11";
        let made = [
            (format!("ca --directory {at}"), "ca.key"),
            (format!("node --authority {at} --directory {at}/node --host-id {host}"), "node/node.key"),
            (format!("client --authority {at} --directory {at} ann"), "ann.key"),
        ];
        for (line, key) in made {
            run(&line).unwrap();
            let first = fs::read_to_string(folder.join(key)).unwrap();
            let error = run(&line).unwrap_err();
            assert!(error.contains(" already; ") && error.contains("--overwrite"), "{error}");
            assert_eq!(fs::read_to_string(folder.join(key)).unwrap(), first);
            // A certificate without its key, as on another machine, is something to keep as well.
            fs::rename(folder.join(key), folder.join("away")).unwrap();
            assert!(run(&line).is_err());
            run(&format!("{line} --overwrite")).unwrap();
            assert_ne!(fs::read_to_string(folder.join(key)).unwrap(), first);
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn another_authority_is_not_replaced_unless_it_is_asked_for() {
        let folder = std::env::temp_dir().join(format!("henge-authorities-{}", std::process::id()));
        let at = folder.display();
        for name in ["old", "new"] {
            run(&format!("ca --directory {at}/{name}")).unwrap();
        }
        let read = |name: &str| fs::read_to_string(folder.join(name).join(AUTHORITY)).unwrap();
        fs::create_dir(folder.join("node")).unwrap();
        fs::write(folder.join("node").join(AUTHORITY), read("old")).unwrap();
        let line =
            format!("node --authority {at}/new --directory {at}/node --host-id b7e6a0fc-4c1c-4b52-9a38-0f2b1d1f0e11");
        let error = run(&line).unwrap_err();
        assert!(error.contains("of another authority"), "{error}");
        assert!(!folder.join("node").join(NODE_KEY).exists() && read("node") == read("old"));
        // While nodes go from one authority to the other, both are there.
        let both = read("old") + &read("new");
        fs::write(folder.join("node").join(AUTHORITY), &both).unwrap();
        run(&line).unwrap();
        assert_eq!(read("node"), both);
        fs::write(folder.join("node").join(AUTHORITY), read("old")).unwrap();
        run(&format!("{line} --overwrite")).unwrap();
        assert_eq!(read("node"), read("new"));
        fs::remove_dir_all(folder).unwrap();
    }
}
