//! CAPTURE: results go to the end of a file instead of the terminal, in cqlsh's words.

use crate::path::quote_path;
use crate::script::describe_error;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The file that results go to.
pub(crate) struct Capture {
    path: PathBuf,
    file: File,
}

/// A request of CAPTURE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Capturing {
    Show,
    Off,
    To(PathBuf),
}

impl Capture {
    /// Carries out CAPTURE and says what is so now, or why nothing has changed.
    pub(crate) fn apply(current: &mut Option<Capture>, asked: Capturing) -> Result<Option<String>, String> {
        match (asked, &*current) {
            (Capturing::Show, None) => Ok(Some("Currently not capturing query output.".to_owned())),
            (Capturing::Show, Some(capture)) => {
                Ok(Some(format!("Currently capturing query output to {}.", quote_path(&capture.path))))
            }
            (Capturing::Off, None) => Err("Not currently capturing output.".to_owned()),
            (Capturing::Off, Some(_)) => {
                *current = None;
                Ok(None)
            }
            (Capturing::To(_), Some(capture)) => {
                Err(format!("Already capturing output to {}. Use CAPTURE OFF to disable.", capture.path.display()))
            }
            (Capturing::To(path), None) => {
                let name = quote_path(&path);
                let opened = Capture::open(&path)
                    .map_err(|error| format!("Could not open {name} for append: {}", describe_error(&error, &path)));
                *current = Some(opened?);
                Ok(Some(format!("Now capturing query output to {name}.")))
            }
        }
    }

    fn open(path: &Path) -> io::Result<Capture> {
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Capture { path: path.to_owned(), file })
    }
}

/// The results of one statement on their way to the file. What the file does not take goes to the terminal, and so does
/// all that comes after it.
pub(crate) struct CapturedResults<'a> {
    capture: Capture,
    terminal: &'a mut dyn Write,
    /// Bytes since the last flush: at most a page.
    waiting: Vec<u8>,
    failure: Option<io::Error>,
}

impl<'a> CapturedResults<'a> {
    pub(crate) fn new(capture: Capture, terminal: &'a mut dyn Write) -> CapturedResults<'a> {
        CapturedResults { capture, terminal, waiting: Vec::new(), failure: None }
    }

    /// Ends the statement: the capture goes on, or the sentence that says why it does not.
    pub(crate) fn finish(mut self) -> io::Result<Result<Capture, String>> {
        self.flush()?;
        Ok(match self.failure {
            None => Ok(self.capture),
            Some(error) => Err(format!(
                "Could not write to {}: {error}. The results above are not in it, or not as a whole; output is no longer captured.",
                quote_path(&self.capture.path)
            )),
        })
    }
}

impl Write for CapturedResults<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.waiting.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    /// Writes what waits to the file, or else to the terminal.
    fn flush(&mut self) -> io::Result<()> {
        if self.failure.is_none() {
            self.failure = self.capture.file.write_all(&self.waiting).err();
        }
        if self.failure.is_some() {
            self.terminal.write_all(&self.waiting)?;
        }
        self.waiting.clear();
        self.terminal.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(path: &Path) -> Capturing {
        Capturing::To(path.to_owned())
    }

    fn write(capture: Capture, text: &str, terminal: &mut Vec<u8>) -> Result<Capture, String> {
        let mut results = CapturedResults::new(capture, terminal);
        results.write_all(text.as_bytes()).unwrap();
        results.finish().unwrap()
    }

    #[test]
    fn results_are_appended_to_the_file() {
        let path = std::env::temp_dir().join(format!("henge-capture-{}", std::process::id()));
        std::fs::write(&path, "before\n").unwrap();
        let (mut current, mut terminal) = (None, Vec::new());
        assert!(Capture::apply(&mut current, Capturing::Off).unwrap_err().starts_with("Not currently"));
        assert!(Capture::apply(&mut current, to(&path)).unwrap().unwrap().starts_with("Now capturing"));
        assert!(Capture::apply(&mut current, to(&path)).unwrap_err().starts_with("Already capturing"));
        current = write(current.unwrap(), "1\n", &mut terminal).ok();
        current = write(current.unwrap(), "2\n", &mut terminal).ok();
        let shown = Capture::apply(&mut current, Capturing::Show).unwrap().unwrap();
        assert_eq!(shown, format!("Currently capturing query output to '{}'.", path.display()));
        assert_eq!(Capture::apply(&mut current, Capturing::Off), Ok(None));
        assert!(current.is_none());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before\n1\n2\n");
        assert!(terminal.is_empty());
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn what_a_full_disk_does_not_take_goes_to_the_terminal() {
        let (mut current, mut terminal) = (None, Vec::new());
        Capture::apply(&mut current, to(Path::new("/dev/full"))).unwrap();
        let said = write(current.unwrap(), "all of it\n", &mut terminal).err().unwrap();
        assert!(said.starts_with("Could not write to '/dev/full': No space left on device"), "{said}");
        assert_eq!(terminal, b"all of it\n");
    }

    #[test]
    fn a_file_that_cannot_be_opened_changes_nothing() {
        let mut current = None;
        let said = Capture::apply(&mut current, to(Path::new("/nowhere/at all"))).unwrap_err();
        assert!(said.starts_with("Could not open '/nowhere/at all' for append: [Errno 2] No such file"), "{said}");
        assert!(current.is_none());
    }
}
