//! Manual pages and completions, made from the command line's own declaration.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The folder to write to.
#[derive(Args)]
pub(crate) struct PaperOptions {
    /// The folder for `man1` and `completions`, which are made in it.
    directory: PathBuf,
}

/// Writes a manual page for each command, and completions for each shell.
pub(crate) fn write<C: CommandFactory>(options: &PaperOptions) -> io::Result<()> {
    let (pages, completions) = (options.directory.join("man1"), options.directory.join("completions"));
    fs::create_dir_all(&pages)?;
    fs::create_dir_all(&completions)?;
    write_pages(&C::command(), &pages)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        clap_complete::generate_to(shell, &mut C::command(), "henge", &completions)?;
    }
    Ok(())
}

/// `henge.1`, and `henge-COMMAND.1` for each command and those below it.
fn write_pages(command: &clap::Command, folder: &Path) -> io::Result<()> {
    let mut command = command.clone().disable_help_subcommand(true);
    command.build();
    clap_mangen::generate_to(command, folder)
}
