//! Panics of the simulated code: each fails its seed and is reported with it.

use crate::report::Report;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::time::Duration;

thread_local! {
    /// The message of the last panic on this thread; `None` outside of a run.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Installs a panic hook that keeps the messages of runs for their reports. Other panics are printed as before.
pub(crate) fn keep_what_is_said() {
    let others = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let is_of_a_run = SAID.with_borrow_mut(|said| said.as_mut().map(|said| *said = describe(panic))).is_some();
        if !is_of_a_run {
            others(panic);
        }
    }));
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let message = panic.payload_as_str().unwrap_or("no message");
    format!("{message}, at {place}\n{}", Backtrace::force_capture())
}

/// Runs `run` and returns its report. If it panics, the report holds that as a violation.
pub(crate) fn caught(seed: u64, run: impl FnOnce() -> Report) -> Report {
    SAID.set(Some(String::new()));
    // After a panic nothing of the run is used.
    let caught = catch_unwind(AssertUnwindSafe(run));
    let said = SAID.take().unwrap_or_default();
    caught.unwrap_or_else(|_| Report {
        seed,
        begun: 0,
        outcomes: (0, 0, 0),
        messages: 0,
        crashes: 0,
        partitions: 0,
        fault_kinds: 0,
        time: Duration::ZERO,
        trace: 0,
        reached: Vec::new(),
        recent: Vec::new(),
        violations: vec![("panic", said)],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_fails_its_seed_and_says_where() {
        keep_what_is_said();
        let report = caught(7, || panic!("deliberate"));
        let [(rule, what)] = &report.violations[..] else { panic!("{report:?}") };
        assert_eq!((report.seed, *rule), (7, "panic"));
        assert!(what.starts_with("deliberate, at ") && what.contains("src/panics.rs:"), "{what}");
    }
}
