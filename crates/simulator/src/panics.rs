//! A panic of the code under simulation fails its seed, and is printed with it.

use crate::run::Report;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::time::Duration;

thread_local! {
    /// What a panic on this thread said; `None` while no run is caught on it.
    static SAID: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// From now on what a panic of a run says is kept for its report; before, it goes to standard error.
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

/// The report of a run; one that panicked has broken the rule that nothing does.
pub(crate) fn caught(seed: u64, run: impl FnOnce() -> Report) -> Report {
    SAID.set(Some(String::new()));
    // Nothing of a run is used after its panic.
    let caught = catch_unwind(AssertUnwindSafe(run));
    let said = SAID.take().unwrap_or_default();
    caught.unwrap_or_else(|_| Report {
        seed,
        outcomes: (0, 0, 0),
        messages: 0,
        crashes: 0,
        partitions: 0,
        time: Duration::ZERO,
        trace: 0,
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
