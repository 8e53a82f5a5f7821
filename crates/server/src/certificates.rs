//! Certificates: from files, or made for development in the data directory.

use anyhow::Context;
use henge_base::HostId;
use henge_transport::{Authority, Identity, NodeCertificate};
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// How long development certificates are valid: ten years, for nobody renews them.
pub(crate) const DEVELOPMENT_DAYS: u32 = 3_650;

/// The files of a node's folder.
pub(crate) const AUTHORITY: &str = "ca.pem";
pub(crate) const AUTHORITY_KEY: &str = "ca.key";
const NODE: &str = "node.pem";
const NODE_KEY: &str = "node.key";

/// The identity in a folder, which must be this host's.
pub(crate) fn load(folder: &Path, host: HostId) -> anyhow::Result<Identity> {
    let read = |name: &str| {
        let path = folder.join(name);
        let remedy = || format!("make one with: henge cert node --host-id {host} --directory {}", folder.display());
        fs::read(&path).with_context(|| format!("{} cannot be read; {}", path.display(), remedy()))
    };
    let identity = Identity::from_pem(&read(NODE)?, &read(NODE_KEY)?, &read(AUTHORITY)?)
        .with_context(|| format!("the certificates in {} cannot be used", folder.display()))?;
    anyhow::ensure!(
        identity.host() == host,
        "the certificate in {} is for host {}, this data directory is host {host}; make one with: henge cert node --host-id {host}",
        folder.display(),
        identity.host()
    );
    Ok(identity)
}

/// The identity in a folder. If the folder holds an authority's key but no certificate for this host, one is made; if it holds nothing,
/// an authority is made too.
pub(crate) fn load_or_make(folder: &Path, host: HostId) -> anyhow::Result<Identity> {
    if !folder.join(NODE).exists() {
        make_folder(folder)?;
        if !folder.join(AUTHORITY).exists() {
            make_authority(folder, DEVELOPMENT_DAYS)?;
        }
        make_node(folder, folder, host, &["localhost".to_owned()], DEVELOPMENT_DAYS)?;
    }
    load(folder, host)
}

/// Makes a folder whose name survives a power cut.
fn make_folder(folder: &Path) -> anyhow::Result<()> {
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
    write(&folder.join(NODE_KEY), &issued.key_pem, true)?;
    write(&folder.join(NODE), &issued.certificate_pem, false)?;
    if authority != folder {
        write(&folder.join(AUTHORITY), signer.certificate_pem(), false)?;
    }
    Ok(())
}

/// The authority of a folder.
pub(crate) fn open_authority(folder: &Path) -> anyhow::Result<Authority> {
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path)
            .with_context(|| format!("{} cannot be read; make an authority with: henge cert ca", path.display()))
    };
    Ok(Authority::from_pem(&read(AUTHORITY)?, &read(AUTHORITY_KEY)?)?)
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
