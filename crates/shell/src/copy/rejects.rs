//! The rows that COPY FROM did not write, in a file that can be copied in again, with their reasons in a second one.

use super::dialect::Dialect;
use super::writer::RejectedRow;
use jiff::Timestamp;
use std::fs::{File, OpenOptions, rename};
use std::io::{self, Write};
use std::path::Path;

/// Rows whose reasons are printed as well.
const PRINTED_MAX: u64 = 20;

/// The files.
pub(crate) struct Rejects {
    name: String,
    dialect: Dialect,
    /// Both files, once there is a row.
    files: Option<(File, File)>,
    pub(crate) parse_errors: u64,
    pub(crate) insert_errors: u64,
}

impl Rejects {
    /// Renames the files of an earlier COPY.
    pub(crate) fn new(name: String, dialect: Dialect) -> io::Result<Rejects> {
        for old in [name.clone(), reasons_name(&name)] {
            if Path::new(&old).is_file() {
                rename(&old, format!("{old}.{}", Timestamp::now().strftime("%Y%m%d_%H%M%S")))?;
            }
        }
        Ok(Rejects { name, dialect, files: None, parse_errors: 0, insert_errors: 0 })
    }

    pub(crate) fn count(&self) -> u64 {
        self.parse_errors + self.insert_errors
    }

    /// Adds the rows of a part of the input, whose name is given.
    pub(crate) fn add(&mut self, rows: &[RejectedRow], part: &str, errors: &mut dyn Write) -> io::Result<()> {
        let (mut text, mut reasons) = (Vec::new(), String::new());
        for row in rows {
            let counter = if row.is_parse_error { &mut self.parse_errors } else { &mut self.insert_errors };
            *counter += 1;
            self.put_record(row, &mut text);
            reasons.push_str(&format!("{part}:{}: {}\n", row.record.line, row.reason.replace('\n', " ")));
            if self.count() <= PRINTED_MAX {
                let class = if row.is_parse_error { "ParseError - " } else { "" };
                let (reason, line) = (&row.reason, row.record.line);
                writeln!(errors, "Failed to import 1 rows: {class}{reason} (line {line} of {part})")?;
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
        let named = |name: &str, error: io::Error| io::Error::new(error.kind(), format!("{name}: {error}"));
        if self.files.is_none() {
            let open = |name: &str| {
                OpenOptions::new().create(true).append(true).open(name).map_err(|error| named(name, error))
            };
            self.files = Some((open(&self.name)?, open(&reasons_name(&self.name))?));
        }
        if let Some((records, beside)) = &mut self.files {
            records.write_all(&text).map_err(|error| named(&self.name, error))?;
            beside.write_all(reasons.as_bytes()).map_err(|error| named(&reasons_name(&self.name), error))?;
        }
        Ok(())
    }

    fn put_record(&self, row: &RejectedRow, out: &mut Vec<u8>) {
        match &row.record.content {
            Ok(fields) => {
                let mut text = String::new();
                self.dialect.write_record(&fields.iter().collect::<Vec<_>>(), &mut text);
                out.extend_from_slice(text.as_bytes());
            }
            Err(broken) => {
                out.extend_from_slice(&broken.bytes);
                out.extend_from_slice(b"\r\n");
            }
        }
    }

    /// A sentence on what was rejected; `None` if nothing was.
    pub(crate) fn summary(&self) -> Option<String> {
        (self.count() > 0).then(|| {
            let reasons = reasons_name(&self.name);
            format!(
                "Failed to process {} rows; failed rows written to {}, the reasons to {reasons}",
                self.count(),
                self.name
            )
        })
    }
}

fn reasons_name(name: &str) -> String {
    format!("{name}.reasons")
}
