//! The wait of the plan under way, and since when it has been the same: of the member that drives the plan.

use henge_base::Mono;
use parking_lot::Mutex;

/// A plan that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Wait {
    plan: u64,
    /// The step and what it waits for, with figures that change while anything moves.
    progress: String,
    since: Mono,
}

/// The wait of the plan that this node drives; none while it drives no plan.
#[derive(Debug, Default)]
pub(crate) struct PlanWatch {
    wait: Mutex<Option<Wait>>,
}

impl PlanWatch {
    /// Notes what the plan waits for.
    pub(crate) fn note(&self, plan: u64, progress: &str, now: Mono) {
        let mut wait = self.wait.lock();
        if wait.as_ref().is_none_or(|wait| wait.plan != plan || wait.progress != progress) {
            *wait = Some(Wait { plan, progress: progress.to_owned(), since: now });
        }
    }

    /// Notes that this node drives no plan.
    pub(crate) fn clear(&self) {
        *self.wait.lock() = None;
    }

    /// The plan, what it waits for, and the seconds for which that has been the same.
    pub(crate) fn get(&self, now: Mono) -> Option<(u64, String, u64)> {
        let wait = self.wait.lock();
        wait.as_ref().map(|wait| (wait.plan, wait.progress.clone(), now.since(wait.since).as_secs()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_as_old_as_its_last_change() {
        let (watch, at) = (PlanWatch::default(), |seconds: u64| Mono(seconds * 1_000_000));
        assert_eq!(watch.get(at(1)), None);
        watch.note(7, "3 ranges", at(1));
        watch.note(7, "3 ranges", at(5));
        assert_eq!(watch.get(at(9)), Some((7, "3 ranges".to_owned(), 8)));
        watch.note(7, "2 ranges", at(9));
        assert_eq!(watch.get(at(9)).map(|wait| wait.2), Some(0));
        watch.note(8, "2 ranges", at(11));
        assert_eq!(watch.get(at(12)), Some((8, "2 ranges".to_owned(), 1)));
        watch.clear();
        assert_eq!(watch.get(at(12)), None);
    }
}
