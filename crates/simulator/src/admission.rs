//! I36: a member's process on the newest disk of its host is refused by nobody. A process that is refused for good has lost its host for
//! ever, though the others may admit it and the cluster seem well: so the first such answer is a violation, whatever comes of it.

use crate::clockwork::Owner;

/// The answer of a machine to a process that asked to be admitted as its host.
#[derive(Clone, Debug)]
pub(crate) struct Verdict {
    pub(crate) process: Owner,
    /// True if the process runs on the newest disk of its host, and no other one on a copy of it.
    pub(crate) is_on_newest_disk: bool,
    /// The machine that answered.
    pub(crate) by: usize,
    /// Its words if it refused the process for good.
    pub(crate) refusal: Option<String>,
}

/// The violation that a verdict is; `None` if it is right, or harmless.
pub(crate) fn wrong_verdict(verdict: &Verdict) -> Option<String> {
    let refusal = verdict.refusal.as_ref().filter(|_| verdict.is_on_newest_disk)?;
    let Owner { machine, life } = verdict.process;
    Some(format!(
        "life {life} of machine {machine}, on its newest disk, was refused by machine {}: {refusal}",
        verdict.by
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(machine: usize, life: u32, is_on_newest_disk: bool, by: usize, refusal: Option<&str>) -> Verdict {
        let process = Owner { machine, life };
        Verdict { process, is_on_newest_disk, by, refusal: refusal.map(str::to_owned) }
    }

    #[test]
    fn a_process_on_its_newest_disk_that_one_member_refuses_breaks_the_rule() {
        let older = Some("Older { generation: 0, clock: 7 }");
        let mut history = vec![
            verdict(3, 1, true, 0, None),
            verdict(3, 1, true, 1, None),
            // An image of an earlier time is refused, as it should be.
            verdict(3, 2, false, 0, older),
            verdict(3, 2, false, 1, older),
            verdict(3, 3, true, 0, None),
        ];
        assert_eq!(history.iter().find_map(wrong_verdict), None);
        // The others admit it, so the process goes on; this one will never.
        history.push(verdict(3, 3, true, 2, older));
        let found = history.iter().find_map(wrong_verdict).unwrap();
        assert!(
            found.starts_with("life 3 of machine 3, on its newest disk, was refused by machine 2: Older"),
            "{found}"
        );
    }
}
