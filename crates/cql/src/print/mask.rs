use super::commas;
use crate::statement::{MaskCall, Masked};
use std::fmt::{Display, Formatter, Result};

impl Display for Masked {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.call {
            Some(call) => write!(f, "MASKED WITH {call}"),
            None => f.write_str("MASKED WITH DEFAULT"),
        }
    }
}

impl Display for MaskCall {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if let Some(keyspace) = &self.keyspace {
            write!(f, "{keyspace}.")?;
        }
        write!(f, "{}({})", self.function, commas(&self.arguments))
    }
}
