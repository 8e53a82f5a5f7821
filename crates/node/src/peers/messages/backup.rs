//! A member is to back itself up, at an operator's word.

use crate::ground::world::Class;
use crate::peers::header::Kind;
use crate::peers::message::{Callers, Footing, Message, PACKED_BYTES_MAX, packed};
use henge_operator::{BackupOrder, MemberBackup};
use serde::{Deserialize, Serialize};

/// A member is to begin its part of a backup; told again, it says how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct BackUp(pub(crate) BackupOrder);

impl Message for BackUp {
    const KIND: Kind = Kind::BackUp;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Confirmed;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "bytes of its files, those that are done, and how it ended";
    type Reply = MemberBackup;
}

packed!(BackUp, MemberBackup);
