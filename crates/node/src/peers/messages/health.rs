//! A member is asked how it is, for an operator.

use crate::ground::world::Class;
use crate::peers::header::Kind;
use crate::peers::message::{Callers, Footing, Message, PACKED_BYTES_MAX, packed};
use henge_operator::NodeHealth;
use serde::{Deserialize, Serialize};

/// A member asks another how it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HealthCheck {}

impl Message for HealthCheck {
    const KIND: Kind = Kind::Health;
    const CLASS: Class = Class::Control;
    const CALLERS: Callers = Callers::Members;
    const FOOTING: Footing = Footing::Admitted;
    const BYTES_MAX: usize = PACKED_BYTES_MAX;
    const REPLY: &'static str = "its health, as `henge admin doctor` judges it";
    type Reply = NodeHealth;
}

packed!(HealthCheck, NodeHealth);
