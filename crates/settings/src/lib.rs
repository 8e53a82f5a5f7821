//! Settings: each is declared once, with its name, type, unit, default, range, secrecy and its name in Cassandra.
//!
//! - `declare`: the macro that makes a struct of settings together with their declarations.
//! - `setting`: one declaration; `kind`: types of values with their ranges; `secret`: values that not everybody is shown;
//!   `invalid`: why a text is no value of a kind.
//! - `units`: durations and sizes as text; `spelling`: the name that a misspelt one was meant for.
//!
//! The crates in which settings take effect declare them; the server reads them from its file, the environment and the command line.

mod declare;
mod invalid;
pub mod kind;
mod secret;
mod setting;
mod spelling;
mod units;

pub use invalid::InvalidValue;
pub use kind::Kind;
pub use secret::{Secrecy, Secret};
pub use setting::{Section, Setting};
pub use spelling::{did_you_mean, nearest};
pub use units::{parse_duration, parse_size};
