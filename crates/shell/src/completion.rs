//! Completion by Tab: what may stand at the cursor after what was typed.
//!
//! - `syntax`, `grammar`, `value`: the grammar, and what it lets follow.
//! - `names`, `files`, `quoting`: names in the schema and of files, as they are written.
//! - `place`: the text around the cursor, taken apart. `offers`: what may stand there.
//! - `helper`: all of it at the prompt.

mod files;
mod grammar;
mod helper;
mod names;
mod offers;
mod place;
mod quoting;
mod syntax;
#[cfg(test)]
mod tests;
mod value;

pub(crate) use helper::ShellHelper;
