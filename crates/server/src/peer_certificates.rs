//! Certificates between nodes that change: used from then on, without a restart.

use crate::certificates::{identity_files, load};
use crate::changed_files::ChangedFiles;
use henge_node::HostId;
use henge_transport::Endpoint;
use std::io;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

/// The folder of a node's certificates, noted before they are first read.
pub(crate) struct PeerCertificates {
    folder: PathBuf,
    files: ChangedFiles,
}

impl PeerCertificates {
    /// Notes the files of a folder.
    pub(crate) fn note(folder: &Path) -> PeerCertificates {
        PeerCertificates { folder: folder.to_owned(), files: ChangedFiles::note(identity_files(folder)) }
    }

    /// Has an endpoint use the files whenever they change. What cannot be used is told in the log, and what was in use stays.
    pub(crate) fn watch(self, host: HostId, data_directory: PathBuf, endpoint: Endpoint) -> io::Result<()> {
        let PeerCertificates { folder, files } = self;
        files.watch("peer-certs", move || {
            match load(&folder, host, &data_directory).and_then(|identity| Ok(endpoint.replace_identity(&identity)?)) {
                Ok(()) => tracing::info!(folder = %folder.display(), "new certificates between nodes are in use"),
                // A certificate may be there before its key.
                Err(error) => {
                    tracing::warn!("changed certificates between nodes cannot be used, the former stay: {error:#}");
                }
            }
            ControlFlow::Continue(())
        })
    }
}
