//! The files into which COPY TO writes.

use std::fs::File;
use std::io::{self, ErrorKind, Write};

/// Text of whole records.
#[derive(Default)]
pub(crate) struct RecordText {
    pub(crate) text: String,
    /// The end of each record.
    pub(crate) ends: Vec<usize>,
}

/// The standard output, or a file, which is followed by further ones if it may hold so many rows only.
pub(crate) enum Destination {
    Output,
    Files { name: String, file: File, rows_max: Option<u64>, rows: u64, count: u64 },
}

impl Destination {
    pub(crate) fn open(name: Option<&str>, rows_max: Option<u64>) -> io::Result<Destination> {
        Ok(match name {
            None => Destination::Output,
            Some(name) => {
                Destination::Files { name: name.to_owned(), file: create(name)?, rows_max, rows: 0, count: 1 }
            }
        })
    }

    /// Writes a line that does not count.
    pub(crate) fn write_header(&mut self, line: &str, output: &mut dyn Write) -> io::Result<()> {
        match self {
            Destination::Output => output.write_all(line.as_bytes()),
            Destination::Files { file, .. } => file.write_all(line.as_bytes()),
        }
    }

    /// Writes records; counts them in `written` when they are.
    pub(crate) fn write(&mut self, records: &RecordText, output: &mut dyn Write, written: &mut u64) -> io::Result<()> {
        let Destination::Files { name, file, rows_max, rows, count } = self else {
            output.write_all(records.text.as_bytes())?;
            *written += records.ends.len() as u64;
            return Ok(());
        };
        let (mut start, mut ends) = (0, &records.ends[..]);
        while !ends.is_empty() {
            if *rows_max == Some(*rows) {
                finish(file)?;
                *file = create(&format!("{name}.{count}"))?;
                (*rows, *count) = (0, *count + 1);
            }
            let room = rows_max.map_or(usize::MAX, |most| usize::try_from(most - *rows).unwrap_or(usize::MAX));
            let (now, later) = ends.split_at(room.min(ends.len()));
            let end = now.last().copied().unwrap_or(start);
            file.write_all(&records.text.as_bytes()[start..end])?;
            *rows += now.len() as u64;
            *written += now.len() as u64;
            (start, ends) = (end, later);
        }
        Ok(())
    }

    /// Brings everything to the disk, and gives the number of files.
    pub(crate) fn close(self, output: &mut dyn Write) -> io::Result<u64> {
        match self {
            Destination::Output => output.flush().map(|()| 0),
            Destination::Files { file, count, .. } => finish(&file).map(|()| count),
        }
    }
}

fn create(name: &str) -> io::Result<File> {
    File::create(name).map_err(|error| io::Error::new(error.kind(), format!("{name}: {error}")))
}

/// Brings a file to the disk; a pipe or a device has none.
fn finish(file: &File) -> io::Result<()> {
    match file.sync_data() {
        Err(error) if !matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_hold_so_many_rows() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("rows").display().to_string();
        let mut destination = Destination::open(Some(&name), Some(2)).unwrap();
        let mut written = 0;
        let mut none = Vec::new();
        destination.write_header("h\n", &mut none).unwrap();
        for text in ["a\nb\nc\n", "d\n", "e\n"] {
            let ends = text.char_indices().filter(|(_, c)| *c == '\n').map(|(at, _)| at + 1).collect();
            destination.write(&RecordText { text: text.to_owned(), ends }, &mut none, &mut written).unwrap();
        }
        assert_eq!((destination.close(&mut none).unwrap(), written), (3, 5));
        let read = |end: &str| std::fs::read_to_string(format!("{name}{end}")).unwrap();
        assert_eq!([read(""), read(".1"), read(".2")], ["h\na\nb\n", "c\nd\n", "e\n"]);
    }

    #[test]
    fn rows_that_a_full_disk_refuses_do_not_count() {
        let mut destination = Destination::open(Some("/dev/full"), None).unwrap();
        let mut written = 0;
        let records = RecordText { text: "a\n".to_owned(), ends: vec![2] };
        let error = destination.write(&records, &mut Vec::new(), &mut written).unwrap_err();
        assert_eq!((error.kind(), written), (ErrorKind::StorageFull, 0));
    }
}
