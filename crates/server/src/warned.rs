//! What users are warned of: in the log a line a second at most; and of prepared statements that hang on the keyspace in effect.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
/// The second in which the last line was written, counted from one.
static LAST: AtomicU64 = AtomicU64::new(0);
/// Warnings that were not written since.
static LEFT_OUT: AtomicU64 = AtomicU64::new(0);

/// Writes the first of a request's warnings, unless one was written within this second.
pub(crate) fn log(warnings: &[String], user: Option<&str>) {
    let Some(first) = warnings.first() else { return };
    let now = BEGAN.elapsed().as_secs() + 1;
    if LAST.swap(now, Ordering::Relaxed) == now {
        LEFT_OUT.fetch_add(warnings.len() as u64, Ordering::Relaxed);
        return;
    }
    let left_out = LEFT_OUT.swap(0, Ordering::Relaxed) + warnings.len() as u64 - 1;
    tracing::warn!(user, left_out, "a client was warned: {first}");
}

/// What a client is told of a statement whose tables hang on the keyspace in effect.
pub(crate) fn of_use(keyspace: &str, id: &[u8]) -> String {
    let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "`USE <keyspace>` with prepared statements is considered to be an anti-pattern due to ambiguity in non-qualified \
         table names. Please consider removing instances of `Session#setKeyspace(<keyspace>)`, \
         `Session#execute(\"USE <keyspace>\")` and `cluster.newSession(<keyspace>)` from your code, and always use fully \
         qualified table names (e.g. <keyspace>.<table>). Keyspace used: {keyspace}, statement keyspace: {keyspace}, \
         statement id: {id}"
    )
}
