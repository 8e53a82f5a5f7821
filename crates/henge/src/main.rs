//! The binary: parses the command line and calls the command's crate.

mod links;
mod papers;

use clap::error::{ContextKind, ContextValue};
use clap::{Parser, Subcommand};
use std::ffi::OsString;

/// The allocator: it needs fewer system calls and less waiting between threads than the C library's.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Settings that the allocator reads at its start. A background thread returns free memory to the system after a
/// second, also while the process is idle. With the default of ten seconds a node takes a fifth more memory than it was
/// given, and an idle one keeps the memory of its largest answer.
// SAFETY: the allocator declares this symbol as a pointer to text that ends with a zero byte, and only reads it.
#[unsafe(export_name = "malloc_conf")]
static MALLOC_CONF: &[u8; 43] = b"background_thread:true,dirty_decay_ms:1000\0";

/// A leaderless wide-column database for applications written for Apache Cassandra.
#[derive(Parser)]
#[command(name = "henge", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
#[allow(clippy::large_enum_variant)] // Only one value exists.
enum Command {
    /// Start a node.
    Server(henge_server::ServerOptions),
    /// Run CQL by hand, or from a file.
    Shell(henge_shell::ShellOptions),
    /// Start a cluster of several nodes on this machine, for development.
    Dev(henge_server::DevOptions),
    /// Act on a running node, by nodetool's command names.
    Admin(henge_admin::AdminOptions),
    /// Check a configuration and print what is in effect.
    CheckConfig(henge_server::CheckOptions),
    /// Make the data directory of a node before its first start, and print its host id.
    Init(henge_server::InitOptions),
    /// Make certificates.
    Cert(henge_server::CertOptions),
    /// Measure reads or writes and what they cost the servers.
    Bench(henge_bench::BenchOptions),
    /// Run whole clusters from seeds and check what they promise.
    Simulate(henge_simulator::SimulateOptions),
    /// Write manual pages, and completions for bash, zsh and fish, as packages have them.
    #[command(hide = true)]
    Papers(papers::PaperOptions),
}

/// The exit code for an invalid command line, as nodetool's.
const WRONG_USAGE: i32 = 1;
/// The exit code for a command that failed.
const FAILED: i32 = 2;

fn main() {
    let arguments = links::expand_link(std::env::args_os().collect());
    let command = Arguments::try_parse_from(&arguments).unwrap_or_else(|error| refuse(&arguments, &error)).command;
    if !matches!(command, Command::Server(_) | Command::Dev(_)) {
        end_when_nobody_reads();
    }
    let outcome = match command {
        Command::Server(options) => henge_server::server(&options),
        Command::Shell(options) => henge_shell::shell(&options),
        Command::Dev(options) => henge_server::dev(&options),
        Command::Admin(options) => henge_admin::admin(&options),
        Command::CheckConfig(options) => henge_server::check_config(&options),
        Command::Init(options) => henge_server::init(&options),
        Command::Cert(options) => henge_server::cert(&options),
        Command::Bench(options) => henge_bench::bench(&options),
        Command::Simulate(options) => henge_simulator::simulate(&options),
        Command::Papers(options) => papers::write::<Arguments>(&options).map(|()| 0).map_err(Into::into),
    };
    let code = outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        if error.is::<henge_admin::WrongUsage>() { WRONG_USAGE } else { FAILED }
    });
    std::process::exit(code);
}

/// Prints the help that was asked for, or the error in the command line, and exits.
fn refuse(arguments: &[OsString], error: &clap::Error) -> ! {
    if let Some(answer) = absent_command(arguments, error) {
        eprintln!("error: {answer}");
        std::process::exit(WRONG_USAGE);
    }
    let _ = error.print();
    std::process::exit(if error.use_stderr() { WRONG_USAGE } else { 0 })
}

/// The answer to a command of nodetool that `henge admin` does not have.
fn absent_command(arguments: &[OsString], error: &clap::Error) -> Option<String> {
    match error.get(ContextKind::InvalidSubcommand) {
        Some(ContextValue::String(name)) if arguments.get(1)? == "admin" => henge_admin::absent_command(name),
        _ => None,
    }
}

/// Makes `henge ... | head` end silently once `head` has: printing panics when the pipe is closed.
fn end_when_nobody_reads() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let text = panic.payload().downcast_ref::<String>().map_or("", String::as_str);
        if text.starts_with("failed printing to std") && text.contains("Broken pipe") {
            std::process::exit(0);
        }
        report(panic);
    }));
}
