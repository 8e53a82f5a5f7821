//! Exports of a store, for peers.

use super::Store;
use crate::{ExportCursor, ExportPage, ReadError, export};
use henge_model::{StorageId, TokenRange};

impl Store {
    /// A page of a table's rows in a range of the ring, with the tombstones among them, in the order of their keys: at most
    /// `bytes_max`, or one row that is larger. All of a page is of one state; pages are of several. For a disk lane.
    pub fn export_page(
        &self,
        table: StorageId,
        tokens: TokenRange,
        after: Option<&ExportCursor>,
        bytes_max: usize,
    ) -> Result<ExportPage, ReadError> {
        export::page(&self.source(table)?, table, tokens, after, bytes_max)
    }
}
