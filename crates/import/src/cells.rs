//! The cells of one row, each with its time, from the values that a server answers.

use crate::table::{Form, Table};
use anyhow::{Context, ensure};
use henge_base::Bytes;

/// The time of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CellTime {
    /// Microseconds since 1970.
    pub(crate) written: i64,
    /// Seconds that are left to it; 0 of one that stays.
    pub(crate) ttl: i32,
}

/// A cell: the column by its place, the element of it, and the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) column: usize,
    pub(crate) element: Element,
    /// `None` if the server does not tell.
    pub(crate) time: Option<CellTime>,
}

/// The part of a column that a cell is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// All of it, or a counter.
    Whole(Bytes),
    /// An element of a set.
    Member(Bytes),
    /// An entry of a map.
    Entry(Bytes, Bytes),
    /// A field of a user type, by its number.
    Field(usize, Bytes),
}

/// One row: its key, and its cells, those of static columns included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SourceRow {
    /// Of a partition that has static columns alone those of the clustering key are `None`.
    pub(crate) key: Vec<Option<Bytes>>,
    pub(crate) cells: Vec<Cell>,
}

/// Reads a row of [`Table::select`].
pub(crate) fn read_row(table: &Table, values: Vec<Option<Bytes>>) -> anyhow::Result<SourceRow> {
    let mut values = values.into_iter();
    let key: Vec<Option<Bytes>> = values.by_ref().take(table.key_columns()).collect();
    let mut cells = Vec::new();
    for (place, column) in table.values.iter().enumerate() {
        let value = values.next().context("a row has too few values")?;
        let times = match table.has_times(column) {
            true => Some((values.next().flatten(), values.next().flatten())),
            false => None,
        };
        let Some(value) = value else { continue };
        let read = column_cells(&column.form, &value, times.as_ref());
        let read = read.with_context(|| format!("{}.{}: a value cannot be read", table.full_name(), column.name))?;
        cells.extend(read.into_iter().map(|(element, time)| Cell { column: place, element, time }));
    }
    Ok(SourceRow { key, cells })
}

/// The times to a value: `writetime` and `ttl`.
type Times = (Option<Bytes>, Option<Bytes>);
type TimedElement = (Element, Option<CellTime>);

fn column_cells(form: &Form, value: &Bytes, times: Option<&Times>) -> anyhow::Result<Vec<TimedElement>> {
    match form {
        Form::Single | Form::Counter => {
            let time = times.and_then(|(written, ttl)| Some(time(written.as_deref()?, ttl.as_deref())));
            Ok(vec![(Element::Whole(value.clone()), time)])
        }
        Form::List => {
            // Names of elements are their node's own: the list is one thing, with the newest of their times.
            let count = elements(value, 1)?.len();
            let newest = element_times(times, count)?.into_iter().flatten().max_by_key(|time| (time.written, time.ttl));
            let longest = element_times(times, count)?.into_iter().flatten().map(|time| time.ttl);
            let ttl = if longest.clone().any(|ttl| ttl == 0) { 0 } else { longest.max().unwrap_or(0) };
            Ok(vec![(Element::Whole(value.clone()), newest.map(|time| CellTime { ttl, ..time }))])
        }
        Form::Set => with_times(elements(value, 1)?, times, |mut one| Some(Element::Member(one.pop()??))),
        Form::Map => with_times(elements(value, 2)?, times, |mut pair| {
            let (value, key) = (pair.pop()??, pair.pop()??);
            Some(Element::Entry(key, value))
        }),
        Form::Fields(_) => {
            let fields = fields(value)?;
            let times = element_times(times, fields.len())?;
            let fields = fields.into_iter().zip(times).enumerate();
            Ok(fields.filter_map(|(at, (field, time))| Some((Element::Field(at, field?), time))).collect())
        }
    }
}

fn with_times(
    elements: Vec<Vec<Option<Bytes>>>,
    times: Option<&Times>,
    element_of: impl Fn(Vec<Option<Bytes>>) -> Option<Element>,
) -> anyhow::Result<Vec<TimedElement>> {
    let times = element_times(times, elements.len())?;
    let timed = elements.into_iter().zip(times);
    timed.map(|(element, time)| Ok((element_of(element).context("an element is null")?, time))).collect()
}

/// The time of each element, from lists of `bigint` and `int`; nothing if they are not told.
fn element_times(times: Option<&Times>, count: usize) -> anyhow::Result<Vec<Option<CellTime>>> {
    let Some((Some(written), ttl)) = times else { return Ok(vec![None; count]) };
    let written = elements(written, 1)?;
    let ttls = ttl.as_ref().map(|ttl| elements(ttl, 1)).transpose()?.unwrap_or_default();
    ensure!(written.len() <= count, "there are {} times for {count} elements", written.len());
    let at = |list: &[Vec<Option<Bytes>>], place: usize| list.get(place).and_then(|one| one.first().cloned().flatten());
    let time = |place| Some(time(&at(&written, place)?, at(&ttls, place).as_deref()));
    Ok((0..count).map(time).collect())
}

fn time(written: &[u8], ttl: Option<&[u8]>) -> CellTime {
    let written = written.try_into().map_or(0, i64::from_be_bytes);
    // One that is about to expire has a second left, for 0 would be for ever.
    let ttl = ttl.and_then(|ttl| ttl.try_into().ok()).map_or(0, |ttl| i32::from_be_bytes(ttl).max(1));
    CellTime { written, ttl }
}

/// The elements of a collection in its native encoding, so many values each.
pub(crate) fn elements(value: &Bytes, values_each: usize) -> anyhow::Result<Vec<Vec<Option<Bytes>>>> {
    let mut rest = value.clone();
    let count = take_length(&mut rest)?;
    let count = usize::try_from(count).context("a negative number of elements")?;
    ensure!(count <= rest.len() / 4, "more elements than bytes");
    (0..count).map(|_| (0..values_each).map(|_| take_value(&mut rest)).collect()).collect()
}

/// The fields of a user type; those that were added later may be missing.
fn fields(value: &Bytes) -> anyhow::Result<Vec<Option<Bytes>>> {
    let (mut rest, mut fields) = (value.clone(), Vec::new());
    while !rest.is_empty() {
        fields.push(take_value(&mut rest)?);
    }
    Ok(fields)
}

fn take_length(rest: &mut Bytes) -> anyhow::Result<i32> {
    ensure!(rest.len() >= 4, "a length is cut off");
    let length = rest.split_to(4);
    Ok(i32::from_be_bytes([length[0], length[1], length[2], length[3]]))
}

fn take_value(rest: &mut Bytes) -> anyhow::Result<Option<Bytes>> {
    let Ok(length) = usize::try_from(take_length(rest)?) else { return Ok(None) };
    ensure!(length <= rest.len(), "a value is cut off");
    Ok(Some(rest.split_to(length)))
}

/// A collection of these values in its native encoding.
pub(crate) fn encode_collection<'a>(count: usize, values: impl Iterator<Item = &'a Bytes>) -> Vec<u8> {
    let mut out = (count as u32).to_be_bytes().to_vec();
    for value in values {
        out.extend_from_slice(&(value.len() as u32).to_be_bytes());
        out.extend_from_slice(value);
    }
    out
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::table::ValueColumn;

    pub(crate) fn list(values: &[Option<&[u8]>], per_element: usize) -> Bytes {
        let mut out = ((values.len() / per_element) as u32).to_be_bytes().to_vec();
        for value in values {
            out.extend(value.map_or(-1, |value| value.len() as i32).to_be_bytes());
            out.extend(value.unwrap_or_default());
        }
        out.into()
    }

    pub(crate) fn table(forms: &[(Form, bool)]) -> Table {
        let column = |(at, (form, is_static)): (usize, &(Form, bool))| ValueColumn {
            name: format!("v{at}"),
            is_static: *is_static,
            form: form.clone(),
        };
        Table {
            keyspace: "ks".to_owned(),
            name: "t".to_owned(),
            partition_key: vec!["k".to_owned()],
            clustering: vec!["c".to_owned()],
            values: forms.iter().enumerate().map(column).collect(),
            has_element_times: true,
        }
    }

    pub(crate) fn bytes(text: &'static str) -> Option<Bytes> {
        Some(Bytes::from_static(text.as_bytes()))
    }

    pub(crate) fn long(number: i64) -> Option<Bytes> {
        Some(Bytes::copy_from_slice(&number.to_be_bytes()))
    }

    pub(crate) fn int(number: i32) -> Option<Bytes> {
        Some(Bytes::copy_from_slice(&number.to_be_bytes()))
    }

    fn at(written: i64, ttl: i32) -> Option<CellTime> {
        Some(CellTime { written, ttl })
    }

    fn read(form: Form, values: [Option<Bytes>; 3]) -> Vec<TimedElement> {
        let values = [bytes("k"), bytes("c")].into_iter().chain(values).collect();
        let row = read_row(&table(&[(form, false)]), values).unwrap();
        assert_eq!(row.key, [bytes("k"), bytes("c")]);
        row.cells.into_iter().map(|cell| (cell.element, cell.time)).collect()
    }

    #[test]
    fn cells_have_their_times() {
        let whole = |text| Element::Whole(Bytes::from_static(text));
        assert_eq!(read(Form::Single, [bytes("x"), long(5), int(7)]), [(whole(b"x"), at(5, 7))]);
        assert_eq!(read(Form::Single, [bytes("x"), long(5), None]), [(whole(b"x"), at(5, 0))]);
        assert_eq!(read(Form::Single, [None, None, None]), []);
        let (seven, five) = (7_i64.to_be_bytes(), 5_i64.to_be_bytes());
        let (times, second) = (list(&[Some(&five), Some(&seven)], 1), 9_i32.to_be_bytes());
        let ttls = list(&[None, Some(&second)], 1);
        let map = list(&[Some(b"a"), Some(b"1"), Some(b"b"), Some(b"2")], 2);
        let entry = |key, value| Element::Entry(Bytes::from_static(key), Bytes::from_static(value));
        assert_eq!(
            read(Form::Map, [Some(map), Some(times.clone()), Some(ttls.clone())]),
            [(entry(b"a", b"1"), at(5, 0)), (entry(b"b", b"2"), at(7, 9))]
        );
        let both = list(&[Some(b"a"), Some(b"b")], 1);
        let member = |text| Element::Member(Bytes::from_static(text));
        assert_eq!(
            read(Form::Set, [Some(both.clone()), Some(times.clone()), None]),
            [(member(b"a"), at(5, 0)), (member(b"b"), at(7, 0))]
        );
        let whole_list = Element::Whole(both.clone());
        assert_eq!(read(Form::List, [Some(both), Some(times.clone()), Some(ttls.clone())]), [(whole_list, at(7, 0))]);
        let user = Bytes::from([0, 0, 0, 1, b'x', 255, 255, 255, 255].to_vec());
        let fields = Form::Fields(vec!["x".to_owned(), "y".to_owned(), "z".to_owned()]);
        let times = list(&[Some(&five), None], 1);
        assert_eq!(
            read(fields, [Some(user), Some(times), None]),
            [(Element::Field(0, Bytes::from_static(b"x")), at(5, 0))]
        );
    }

    #[test]
    fn what_cannot_be_read_is_an_error() {
        let table = table(&[(Form::Map, false)]);
        let row =
            |value: &'static [u8]| read_row(&table, vec![None, None, Some(Bytes::from_static(value)), None, None]);
        for bad in [&b"\0\0"[..], b"\xff\xff\xff\xff", b"\0\0\0\x09", b"\0\0\0\x01\0\0\0\x09a"] {
            assert!(row(bad).is_err(), "{bad:?}");
        }
        assert!(read_row(&table, vec![None, None]).is_err());
    }
}
