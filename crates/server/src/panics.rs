//! A panic is a bug. The part of a node that it ends is missed by all others: a process without its writer gossips, seems up, and never
//! answers. So the whole process ends, whatever thread or task the panic is in, and peers and supervisors see it.

use std::backtrace::Backtrace;
use std::panic::PanicHookInfo;

/// From now on a panic is logged with its place and a backtrace, and aborts the process.
pub(crate) fn abort_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        report(panic);
        std::process::abort();
    }));
}

fn report(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("without a name");
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let message = panic.payload_as_str().unwrap_or("no message");
    let backtrace = Backtrace::force_capture();
    tracing::error!(thread, place, panic = message, %backtrace, "a panic, which is a bug: the process ends now");
    // The log may be filtered.
    eprintln!("henge: panic in thread {thread} at {place}: {message}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logging;
    use std::os::unix::process::ExitStatusExt;
    use std::process::Command;

    /// The variable that tells a child process where to panic.
    const WHERE: &str = "HENGE_TEST_PANIC";
    const PLACES: [&str; 4] = ["task", "blocking task", "thread", "destructor"];
    const SIGABRT: i32 = 6;

    struct PanicsWhenDropped;

    impl Drop for PanicsWhenDropped {
        fn drop(&mut self) {
            panic!("deliberate, in a destructor");
        }
    }

    /// The child process; in the test run itself there is nothing to do.
    #[test]
    fn child() {
        let Ok(place) = std::env::var(WHERE) else { return };
        logging::start("error", false).unwrap();
        abort_on_panic();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let survived = match place.as_str() {
            "task" => {
                runtime.block_on(async { tokio::spawn(async { panic!("deliberate, in a task") }).await.is_err() })
            }
            "blocking task" => runtime.block_on(async {
                tokio::task::spawn_blocking(|| panic!("deliberate, in a blocking task")).await.is_err()
            }),
            "thread" => std::thread::spawn(|| panic!("deliberate, in a thread")).join().is_err(),
            _ => std::thread::spawn(|| drop(PanicsWhenDropped)).join().is_err(),
        };
        println!("the process survived: {survived}");
        std::process::exit(0);
    }

    #[test]
    fn a_panic_anywhere_is_logged_and_ends_the_process() {
        for place in PLACES {
            let mut command = Command::new(std::env::current_exe().unwrap());
            command.args(["panics::tests::child", "--exact", "--nocapture"]).env(WHERE, place).env_remove("RUST_LOG");
            let output = command.output().unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.signal(), Some(SIGABRT), "{place}: {told}");
            let (message, file) = (format!("deliberate, in a {place}"), "src/panics.rs:");
            for part in [message.as_str(), file, "backtrace=", "panics::tests::child"] {
                assert!(told.contains(part), "{place}: no {part:?} in {told}");
            }
        }
    }
}
