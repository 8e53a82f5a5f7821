//! The time of a synced append, which no synced write of a database can be faster than.

use crate::process;
use anyhow::Context;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

const APPENDS: u32 = 2_000;
/// Bytes of an append: about those of a batch of a few rows.
const APPEND_BYTES: usize = 1 << 10;

/// Appends and syncs `APPENDS` times; describes the time and CPU of one.
pub(crate) fn sync(folder: &Path) -> anyhow::Result<String> {
    let path = folder.join("henge-probe");
    let mut file = std::fs::File::create(&path).with_context(|| path.display().to_string())?;
    let (began, before) = (Instant::now(), process::cpu(&[std::process::id()])?);
    for _ in 0..APPENDS {
        file.write_all(&[7; APPEND_BYTES])?;
        file.sync_data()?;
    }
    let (time, cpu) = (began.elapsed(), process::cpu(&[std::process::id()])?.saturating_sub(before));
    std::fs::remove_file(&path)?;
    let each = |d: std::time::Duration| d.as_secs_f64() * 1e6 / f64::from(APPENDS);
    Ok(format!("append of {APPEND_BYTES} bytes with fdatasync: {:.0} us, {:.1} us of CPU", each(time), each(cpu)))
}
