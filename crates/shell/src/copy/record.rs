//! Records read from a CSV file.

use super::dialect::Dialect;
use std::collections::VecDeque;
use std::io::{self, BufRead};

/// The most bytes of a record. Its values have to fit into a frame of the protocol, which servers bound at 16 MiB.
const RECORD_BYTES_MAX: usize = 15 << 20;

const UNCLOSED: &str = "its quote has no end";

/// A record: its fields, or why it has none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The number of its first line, from 1.
    pub(crate) line: u64,
    pub(crate) content: Result<Fields, BrokenLine>,
}

/// The fields of a record, one after the other in one text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fields {
    text: String,
    /// The end of each.
    ends: Vec<usize>,
}

/// A line that is no record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BrokenLine {
    pub(crate) reason: &'static str,
    /// Its bytes, without the end of the line.
    pub(crate) bytes: Vec<u8>,
}

impl Fields {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.text[start..*end])
    }

    fn end_field(&mut self) {
        self.ends.push(self.text.len());
    }
}

impl Record {
    /// The bytes that it takes.
    pub(crate) fn bytes(&self) -> usize {
        match &self.content {
            Ok(fields) => fields.text.len(),
            Err(broken) => broken.bytes.len(),
        }
    }
}

/// The position of a reader within a record. The states are those of Python's `csv`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    FieldStart,
    Field,
    Escaped,
    Quoted,
    QuotedEscaped,
    /// Behind a quote within quotes: one of two, or the end.
    QuoteInQuoted,
    End,
}

/// A reader of records. It holds a record at most.
pub(crate) struct RecordReader<R> {
    input: R,
    dialect: Dialect,
    /// Lines that were read as a part of a record that has no end.
    unread: VecDeque<Vec<u8>>,
    lines: u64,
    /// True if a line of `.` or `\.` ends the input, as at a terminal.
    ends_at_dot: bool,
    /// Bytes taken from the input.
    pub(crate) position: u64,
}

impl<R: BufRead> RecordReader<R> {
    pub(crate) fn new(input: R, dialect: Dialect, ends_at_dot: bool) -> RecordReader<R> {
        RecordReader { input, dialect, unread: VecDeque::new(), lines: 0, ends_at_dot, position: 0 }
    }

    /// The next record; `None` at the end.
    pub(crate) fn read(&mut self) -> io::Result<Option<Record>> {
        let Some(first) = self.read_line()? else { return Ok(None) };
        let line = self.lines;
        let mut fields = Fields::default();
        let mut state = State::FieldStart;
        let mut later: Vec<Vec<u8>> = Vec::new();
        let mut bytes = first.len();
        loop {
            let current = later.last().unwrap_or(&first);
            state = match std::str::from_utf8(current).map_err(|_| "it is not UTF-8") {
                Ok(text) if !text.trim_end_matches(['\r', '\n']).is_empty() || state != State::FieldStart => {
                    match self.take_line(text, state, &mut fields) {
                        Ok(state) => state,
                        Err(reason) => return Ok(Some(self.break_line(line, first, later, reason))),
                    }
                }
                // A line without a character has no field.
                Ok(_) => State::End,
                Err(reason) => {
                    let reason = if later.is_empty() { reason } else { UNCLOSED };
                    return Ok(Some(self.break_line(line, first, later, reason)));
                }
            };
            if state == State::End {
                return Ok(Some(Record { line, content: Ok(fields) }));
            }
            match self.read_line()? {
                Some(next) if bytes + next.len() <= RECORD_BYTES_MAX => {
                    bytes += next.len();
                    later.push(next);
                }
                next => {
                    later.extend(next);
                    return Ok(Some(self.break_line(line, first, later, UNCLOSED)));
                }
            }
        }
    }

    /// Gives up the first line of a record; the others are read again.
    fn break_line(&mut self, line: u64, first: Vec<u8>, later: Vec<Vec<u8>>, reason: &'static str) -> Record {
        self.lines -= later.len() as u64;
        later.into_iter().rev().for_each(|line| self.unread.push_front(line));
        let end = first.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |last| last + 1);
        Record { line, content: Err(BrokenLine { reason, bytes: first[..end].to_vec() }) }
    }

    /// The next line with its end; `None` at the end of the input.
    fn read_line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        match self.unread.pop_front() {
            Some(unread) => line = unread,
            None => {
                let taken = io::Read::take(&mut self.input, RECORD_BYTES_MAX as u64).read_until(b'\n', &mut line)?;
                self.position += taken as u64;
            }
        }
        if self.ends_at_dot && matches!(line.trim_ascii_end(), b"\\." | b".") {
            return Ok(None);
        }
        self.lines += u64::from(!line.is_empty());
        if self.lines == 1 && line.starts_with("\u{feff}".as_bytes()) {
            line.drain(..3);
        }
        Ok(Some(line).filter(|line| !line.is_empty()))
    }

    /// Takes the fields of a line. Gives `State::End` if the record ends with it, else the state that the next line begins in.
    fn take_line(&self, line: &str, mut state: State, fields: &mut Fields) -> Result<State, &'static str> {
        let body = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
        let ends = body.len() < line.len();
        for c in body.chars() {
            if c == '\r' && matches!(state, State::FieldStart | State::Field | State::QuoteInQuoted) {
                return Err("a carriage return stands in a field without quotes");
            }
            state = self.step(state, c, fields);
        }
        match state {
            // As in Python, the end of the line belongs to a field that is quoted or ends with the escape.
            State::Quoted | State::QuotedEscaped | State::Escaped if ends => {
                fields.text.push_str(&line[body.len()..]);
                Ok(if state == State::Escaped { State::Field } else { State::Quoted })
            }
            State::Quoted | State::QuotedEscaped => Ok(State::Quoted),
            _ => {
                fields.end_field();
                Ok(State::End)
            }
        }
    }

    fn step(&self, state: State, c: char, fields: &mut Fields) -> State {
        let Dialect { delimiter, quote, escape } = self.dialect;
        let is_escape = escape == Some(c);
        match state {
            State::FieldStart if c == quote => State::Quoted,
            State::FieldStart | State::Field if is_escape => State::Escaped,
            State::FieldStart | State::Field | State::QuoteInQuoted if c == delimiter => {
                fields.end_field();
                State::FieldStart
            }
            State::Quoted if is_escape => State::QuotedEscaped,
            State::Quoted if c == quote && escape.is_none() => State::QuoteInQuoted,
            State::Quoted if c == quote => State::Field,
            State::Quoted | State::QuotedEscaped => {
                fields.text.push(c);
                State::Quoted
            }
            State::QuoteInQuoted if c == quote => {
                fields.text.push(c);
                State::Quoted
            }
            State::FieldStart | State::Field | State::Escaped | State::QuoteInQuoted | State::End => {
                fields.text.push(c);
                State::Field
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ESCAPED: Dialect = Dialect { delimiter: ',', quote: '"', escape: Some('\\') };
    const DOUBLED: Dialect = Dialect { delimiter: ';', quote: '\'', escape: None };

    /// Lines and fields, or why there are none.
    fn read(dialect: Dialect, text: &[u8]) -> Vec<(u64, Result<Vec<String>, &'static str>)> {
        let mut reader = RecordReader::new(text, dialect, false);
        let mut all = Vec::new();
        while let Some(record) = reader.read().unwrap() {
            let fields = record.content.map(|fields| fields.iter().map(str::to_owned).collect());
            all.push((record.line, fields.map_err(|broken| broken.reason)));
        }
        assert_eq!(reader.position, text.len() as u64);
        all
    }

    fn fields(dialect: Dialect, line: &str) -> Vec<String> {
        read(dialect, line.as_bytes()).remove(0).1.unwrap()
    }

    /// The expected fields are those of Python's `csv.reader`.
    #[test]
    fn fields_are_those_that_python_reads() {
        assert_eq!(fields(ESCAPED, "a,\"b,c\",d \"e\",\\\"f\r\n"), ["a", "b,c", "d \"e\"", "\"f"]);
        assert_eq!(fields(ESCAPED, "a\\,b,\"c\\\"d\"e,"), ["a,b", "c\"de", ""]);
        assert_eq!(fields(ESCAPED, "\"\"\n"), [""]);
        assert_eq!(fields(ESCAPED, "\n"), Vec::<String>::new());
        assert_eq!(fields(DOUBLED, "'it''s';a\\b;'c'd"), ["it's", "a\\b", "cd"]);
        assert_eq!(fields(ESCAPED, "\u{feff}é,2"), ["é", "2"]);
    }

    #[test]
    fn records_go_over_lines_within_quotes_alone() {
        let all = read(ESCAPED, b"1,\"a\nb\"\r\n2,c\n\n3,d");
        let own = |fields: &[&str]| Ok(fields.iter().map(|field| (*field).to_owned()).collect());
        assert_eq!(all, [(1, own(&["1", "a\nb"])), (3, own(&["2", "c"])), (4, own(&[])), (5, own(&["3", "d"]))]);
    }

    #[test]
    fn a_broken_line_costs_no_other() {
        let own = |fields: &[&str]| Ok(fields.iter().map(|field| (*field).to_owned()).collect());
        let all = read(ESCAPED, b"1,\"a\n2,b\n3,\xff\n4,c\rd\n5,e\n");
        let expected = [
            (1, Err("its quote has no end")),
            (2, own(&["2", "b"])),
            (3, Err("it is not UTF-8")),
            (4, Err("a carriage return stands in a field without quotes")),
            (5, own(&["5", "e"])),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn written_records_are_read_back() {
        let values = ["", "a", "\"", "\\", "a,b", "x\r\ny", "\n", "'", ";", "\\\"", "é\\n", " "];
        for dialect in [ESCAPED, DOUBLED] {
            for first in values {
                for second in values {
                    let mut text = String::new();
                    dialect.write_record(&[first, second], &mut text);
                    assert_eq!(fields(dialect, &text), [first, second], "{text:?}");
                }
            }
        }
    }

    #[test]
    fn every_line_of_noise_is_in_a_record() {
        henge_fuzz::fuzz(
            5_000,
            |given| (1 << 16) + 1_000 * given,
            |random| {
                let bytes: Vec<u8> =
                    (0..random.below(60)).map(|_| *random.pick(b"a,\"\\\n\r\xff;'").unwrap()).collect();
                let dialect = if random.chance(1, 2) { ESCAPED } else { DOUBLED };
                let records = read(dialect, &bytes);
                let lines = bytes.split_inclusive(|byte| *byte == b'\n').count() as u64;
                assert!(records.windows(2).all(|pair| pair[0].0 < pair[1].0), "{records:?}");
                assert_eq!(records.first().map_or(0, |first| first.0), u64::from(lines > 0), "{records:?}");
                assert!(records.last().is_none_or(|last| last.0 <= lines), "{records:?}");
                bytes.len()
            },
        );
    }
}
