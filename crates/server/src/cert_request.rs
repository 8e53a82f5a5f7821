//! `henge cert request` and `henge cert sign`: certificates of nodes whose keys stay where they are made.

use crate::args::NodeFiles;
use crate::certificates::{
    AUTHORITY_FOLDER, NODE, NODE_KEY, REQUEST, copy_authority, ensure_absent, ensure_same_authority, make_folder,
    open_authority, quote_path, sign_command, write,
};
use anyhow::Context;
use clap::builder::RangedI64ValueParser;
use henge_storage::DataDirectory;
use henge_transport::CertificateRequest;
use std::fs;
use std::path::{Path, PathBuf};

/// Options of `henge cert request`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct RequestOptions {
    #[command(flatten)]
    files: NodeFiles,
    /// The node's folder of certificates, which gets node.csr, and node.key if it has none. Needed unless the configuration names it.
    #[arg(long)]
    directory: Option<PathBuf>,
    /// DNS names and addresses of the node.
    #[arg(long = "name")]
    names: Vec<String>,
    /// Make a new key in place of the one that is there.
    #[arg(long)]
    overwrite: bool,
}

/// Options of `henge cert sign`.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct SignOptions {
    /// Folder with ca.pem and ca.key.
    #[arg(long, default_value = AUTHORITY_FOLDER)]
    authority: PathBuf,
    /// The folder to write to: that of the request unless it is given.
    #[arg(long)]
    directory: Option<PathBuf>,
    /// The request, node.csr of a node.
    request: PathBuf,
    /// Days of validity.
    #[arg(long, default_value_t = 397, value_parser = days())]
    days: u32,
    /// Replace a certificate that is there.
    #[arg(long)]
    overwrite: bool,
}

/// Days for which a certificate may be valid: a century at most.
pub(crate) fn days() -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(1..=36_500)
}

/// Makes a request on the node, whose key stays there.
pub(crate) fn request(options: &RequestOptions) -> anyhow::Result<()> {
    let config = options.files.config()?;
    let data_directory = &config.server.data_directory;
    let host = DataDirectory::host_in(data_directory)?.with_context(|| {
        let path = data_directory.display();
        format!("{path} has no host id yet; make one with: henge init --data-directory {}", quote_path(data_directory))
    })?;
    let folder = options.directory.as_ref().or(config.server.certificates.as_ref()).context(
        "nothing says which folder the node's certificates are in: name it with --directory, or as `certificates` in the configuration",
    )?;
    make_folder(folder)?;
    let (key, request) = (folder.join(NODE_KEY), folder.join(REQUEST));
    let present = (key.exists() && !options.overwrite).then(|| read(&key)).transpose()?;
    let made = CertificateRequest::new(host, &options.names, present.as_deref())
        .with_context(|| format!("{} cannot be made", request.display()))?;
    if present.is_none() {
        write(&key, &made.key_pem, true)?;
    }
    write(&request, &made.request_pem, false)?;
    println!("made {}, the request of host {host}; {} stays here", request.display(), key.display());
    println!("where the authority's key is, sign it with: {}", sign_command(folder));
    Ok(())
}

/// Signs a request where the authority's key is.
pub(crate) fn sign(options: &SignOptions) -> anyhow::Result<()> {
    let SignOptions { authority, directory, request, days, overwrite } = options;
    let beside = || request.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = directory.as_deref().unwrap_or_else(beside);
    ensure_absent(folder, &[NODE], *overwrite, "the certificate that is there is lost")?;
    let signer = open_authority(authority)?;
    ensure_same_authority(authority, folder, *overwrite)?;
    let signed = signer
        .sign_request(&read(request)?, *days)
        .with_context(|| format!("{} cannot be signed", request.display()))?;
    make_folder(folder)?;
    copy_authority(&signer, authority, folder)?;
    // Written last: a node that sees it finds the rest.
    write(&folder.join(NODE), &signed.certificate_pem, false)?;
    let names = if signed.names.is_empty() { "no names".to_owned() } else { signed.names.join(", ") };
    println!("made {} for host {}, with {names}", folder.join(NODE).display(), signed.host);
    if !folder.join(NODE_KEY).exists() {
        println!("copy it and {}/ca.pem into the folder of the node's key", folder.display());
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))
}
