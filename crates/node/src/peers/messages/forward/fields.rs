//! Fields at the beginning of a body, taken one after another.

use crate::peers::message::Unreadable;
use henge_base::{Bytes, HostId};
use uuid::Uuid;

/// The part of a body that is yet to be read.
pub(super) struct Fields(pub(super) Bytes);

impl Fields {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Unreadable> {
        let field = *self.0.first_chunk::<N>().ok_or(Unreadable)?;
        self.0 = self.0.slice(N..);
        Ok(field)
    }

    pub(super) fn byte(&mut self) -> Result<u8, Unreadable> {
        self.take().map(|[byte]| byte)
    }

    pub(super) fn word(&mut self) -> Result<u32, Unreadable> {
        self.take().map(u32::from_le_bytes)
    }

    pub(super) fn long(&mut self) -> Result<u64, Unreadable> {
        self.take().map(u64::from_le_bytes)
    }

    pub(super) fn host(&mut self) -> Result<HostId, Unreadable> {
        self.take().map(|bytes| HostId(Uuid::from_bytes(bytes)))
    }
}
