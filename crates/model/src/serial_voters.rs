//! The replications with which the two serial levels have different voters.

use crate::Replication;

impl Replication {
    /// True if SERIAL and LOCAL_SERIAL have different voters: there are copies in several datacentres, and the setting tells how many
    /// in each.
    pub fn parts_serial_scopes(&self) -> bool {
        match self {
            Replication::Local | Replication::Simple { .. } => false,
            Replication::NetworkTopology { factors } => factors.values().filter(|factor| **factor > 0).count() > 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_differ_where_several_datacentres_have_copies() {
        let of = |factors: &[(&str, u32)]| Replication::NetworkTopology {
            factors: factors.iter().map(|(name, factor)| ((*name).to_owned(), *factor)).collect(),
        };
        for (setting, expected) in [
            (Replication::Local, false),
            (Replication::Simple { factor: 3 }, false),
            (of(&[("a", 3)]), false),
            (of(&[("a", 3), ("b", 0)]), false),
            (of(&[("a", 3), ("b", 1)]), true),
        ] {
            assert_eq!(setting.parts_serial_scopes(), expected, "{setting}");
        }
    }
}
