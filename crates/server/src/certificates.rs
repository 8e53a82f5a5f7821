//! Certificates: from files, or made for development in the data directory.

use anyhow::{Context, anyhow};
use henge_node::HostId;
use henge_transport::{Authority, Identity, NodeCertificate};
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// Days of validity of development certificates: ten years, for nobody renews them.
pub(crate) const DEVELOPMENT_DAYS: u32 = 3_650;

/// The files of a node's folder.
pub(crate) const AUTHORITY: &str = "ca.pem";
pub(crate) const AUTHORITY_KEY: &str = "ca.key";
/// The folder of an authority unless another is named.
pub(crate) const AUTHORITY_FOLDER: &str = "certs";
pub(crate) const NODE: &str = "node.pem";
pub(crate) const NODE_KEY: &str = "node.key";
/// The request for a node's certificate.
pub(crate) const REQUEST: &str = "node.csr";
/// The authority's list of revoked certificates, which need not be there.
pub(crate) const REVOCATIONS: &str = "crl.pem";

/// The identity in a folder, which must be the host's of a data directory.
pub(crate) fn load(folder: &Path, host: HostId, data_directory: &Path) -> anyhow::Result<Identity> {
    let read = |name: &str| {
        let path = folder.join(name);
        // The command comes last, so that it can be copied.
        fs::read(&path)
            .map_err(|error| anyhow!("{} cannot be read ({error}); {}", path.display(), remedy(folder, data_directory)))
    };
    let identity = Identity::from_pem(&read(NODE)?, &read(NODE_KEY)?, &read(AUTHORITY)?, &revocations(folder)?)
        .with_context(|| format!("the certificates in {} cannot be used", folder.display()))?;
    anyhow::ensure!(
        identity.host() == host,
        "the certificate in {} is for host {}, this data directory is host {host}; {}",
        folder.display(),
        identity.host(),
        // The key is that host's: this one gets another.
        request_remedy(folder, data_directory, true)
    );
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
    let validity = identity.validity();
    anyhow::ensure!(
        validity.seconds.contains(&now),
        "the certificate in {} {}, by this machine's clock; if that is right, {}",
        folder.display(),
        if now > *validity.seconds.end() {
            format!("expired at {}", validity.end)
        } else {
            "is not valid yet".to_owned()
        },
        request_remedy(folder, data_directory, false)
    );
    Ok(identity)
}

/// The files that make an identity.
pub(crate) fn identity_files(folder: &Path) -> Vec<PathBuf> {
    [NODE, NODE_KEY, AUTHORITY, REVOCATIONS].map(|name| folder.join(name)).to_vec()
}

/// The revocation lists in a folder, none if there is no such file.
fn revocations(folder: &Path) -> anyhow::Result<Vec<u8>> {
    let path = folder.join(REVOCATIONS);
    match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        read => read.with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// The way to a certificate that is not there: commands that run as they are printed.
fn remedy(folder: &Path, data_directory: &Path) -> String {
    let has = |name: &str| folder.join(name).exists();
    match has(REQUEST) && has(NODE_KEY) && !has(NODE) {
        true => format!("where the authority's key is, sign this node's request with: {}", sign_command(folder)),
        false => request_remedy(folder, data_directory, false),
    }
}

/// The command by which a node asks for another certificate, with its present key or with a new one.
fn request_remedy(folder: &Path, data_directory: &Path, new_key: bool) -> String {
    format!(
        "on this node, make a request for another one with: henge cert request --data-directory {} --directory {}{}",
        quote_path(data_directory),
        quote_path(folder),
        if new_key { " --overwrite" } else { "" }
    )
}

/// The command by which the request in a folder is signed.
pub(crate) fn sign_command(folder: &Path) -> String {
    let authority = match folder.join(AUTHORITY_KEY).exists() && folder != Path::new(AUTHORITY_FOLDER) {
        true => format!(" --authority {}", quote_path(folder)),
        false => String::new(),
    };
    let overwrite = if folder.join(NODE).exists() { " --overwrite" } else { "" };
    format!("henge cert sign {}{authority}{overwrite}", quote_path(&folder.join(REQUEST)))
}

/// A path as a shell takes it.
pub(crate) fn quote_path(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@,=".contains(c);
    if !text.is_empty() && text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

/// Makes what a folder lacks: a certificate for this host, if there is an authority's key but none; an authority too, if there is nothing.
pub(crate) fn make_missing(folder: &Path, host: HostId) -> anyhow::Result<()> {
    if !folder.join(NODE).exists() {
        make_folder(folder)?;
        if !folder.join(AUTHORITY).exists() {
            make_authority(folder, DEVELOPMENT_DAYS)?;
        }
        make_node(folder, folder, host, &["localhost".to_owned()], DEVELOPMENT_DAYS)?;
    }
    Ok(())
}

/// Makes a folder whose name survives a power cut.
pub(crate) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    let made = fs::create_dir_all(folder).and_then(|()| match folder.parent().filter(|p| !p.as_os_str().is_empty()) {
        Some(parent) => fs::File::open(parent)?.sync_all(),
        None => Ok(()),
    });
    made.with_context(|| format!("{} cannot be made", folder.display()))
}

/// Makes an authority in a folder.
pub(crate) fn make_authority(folder: &Path, days: u32) -> anyhow::Result<()> {
    let authority = Authority::generate("henge authority", days)?;
    write(&folder.join(AUTHORITY_KEY), &authority.key_pem(), true)?;
    write(&folder.join(AUTHORITY), authority.certificate_pem(), false)
}

/// Makes a node's certificate by the authority of one folder, in another.
pub(crate) fn make_node(
    authority: &Path,
    folder: &Path,
    host: HostId,
    names: &[String],
    days: u32,
) -> anyhow::Result<()> {
    let signer = open_authority(authority)?;
    let issued = signer.node(&NodeCertificate { host, cluster: None, names, days })?;
    make_folder(folder)?;
    copy_authority(&signer, authority, folder)?;
    write(&folder.join(NODE_KEY), &issued.key_pem, true)?;
    write(&folder.join(NODE), &issued.certificate_pem, false)
}

/// Puts the certificate of an authority, and its revocation list if there is one, into another folder.
pub(crate) fn copy_authority(signer: &Authority, authority: &Path, folder: &Path) -> anyhow::Result<()> {
    if authority == folder {
        return Ok(());
    }
    // One that names this authority beside others, while nodes go from one to the other, stays as it is.
    let present = fs::read_to_string(folder.join(AUTHORITY)).unwrap_or_default();
    if !present.contains(signer.certificate_pem().trim()) {
        write(&folder.join(AUTHORITY), signer.certificate_pem(), false)?;
    }
    let list = revocations(authority)?;
    if list.is_empty() {
        return Ok(());
    }
    write(&folder.join(REVOCATIONS), &String::from_utf8_lossy(&list), false)
}

/// Adds certificates to the list of those that the authority of a folder has revoked.
pub(crate) fn revoke(authority: &Path, certificates: &[PathBuf]) -> anyhow::Result<()> {
    let signer = open_authority(authority)?;
    let read = |path: &PathBuf| fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()));
    let certificates = certificates.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let list = authority.join(REVOCATIONS);
    let former = if list.exists() { Some(read(&list)?) } else { None };
    write(&list, &signer.revoke(former.as_deref(), &certificates)?, false)
}

/// Refuses to write where any of these files is, unless the operator says to overwrite. `consequence` tells what is lost with them.
pub(crate) fn ensure_absent(folder: &Path, names: &[&str], overwrite: bool, consequence: &str) -> anyhow::Result<()> {
    let Some(name) = names.iter().find(|name| !overwrite && folder.join(name).exists()) else { return Ok(()) };
    anyhow::bail!(
        "{} has {name} already; name another --directory, or replace it with --overwrite: {consequence}",
        folder.display()
    )
}

/// Refuses to put the certificate of an authority in the place of another one's, unless the operator says to overwrite.
pub(crate) fn ensure_same_authority(authority: &Path, folder: &Path, overwrite: bool) -> anyhow::Result<()> {
    let own = fs::read_to_string(authority.join(AUTHORITY)).unwrap_or_default();
    let present = fs::read_to_string(folder.join(AUTHORITY));
    anyhow::ensure!(
        overwrite || present.map_or(true, |present| present.contains(own.trim())),
        "{0} has {AUTHORITY} of another authority than {1}; name that one's folder with --authority, or replace its certificate \
         with --overwrite: a node accepts no peers of the former authority then",
        folder.display(),
        authority.display()
    );
    Ok(())
}

/// The authority of a folder.
pub(crate) fn open_authority(folder: &Path) -> anyhow::Result<Authority> {
    let (certificate, key) = (folder.join(AUTHORITY), folder.join(AUTHORITY_KEY));
    let read = |path: &Path, remedy: &str| {
        fs::read_to_string(path).map_err(|error| anyhow!("{} cannot be read ({error}); {remedy}", path.display()))
    };
    let make = if certificate.exists() || key.exists() {
        "certificates are made where the authority's ca.pem and ca.key are: name that folder with --authority"
            .to_owned()
    } else {
        format!("make an authority with: henge cert ca --directory {}", quote_path(folder))
    };
    Ok(Authority::from_pem(&read(&certificate, &make)?, &read(&key, &make)?)?)
}

/// Writes a file so that even a power cut leaves all of it or nothing; a secret one is its owner's alone.
pub(crate) fn write(path: &Path, content: &str, secret: bool) -> anyhow::Result<()> {
    put(path, content, secret).with_context(|| format!("{} cannot be written", path.display()))
}

fn put(path: &Path, content: &str, secret: bool) -> std::io::Result<()> {
    let mode = if secret { 0o600 } else { 0o644 };
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(mode).open(&name)?;
    file.write_all(content.as_bytes())?;
    file.sync_all()?;
    fs::rename(&name, path)?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_printed_as_a_shell_takes_them() {
        assert_eq!(quote_path(Path::new("/srv/henge/certs")), "/srv/henge/certs");
        assert_eq!(quote_path(Path::new("my certs/it's")), "'my certs/it'\\''s'");
    }
}
