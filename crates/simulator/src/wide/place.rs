//! Places in the table of wide rows: partitions, rows, columns, and slices of rows.

use henge_base::Random;
use std::cmp::Reverse;

/// The number of partitions: few, so that operations meet.
pub(crate) const PARTITIONS: u8 = 6;
/// The values of their keys. The last two are twins: they have one token, as any two keys may.
const KEYS: [(i32, &str); PARTITIONS as usize] = [
    (0, "a"),
    (0, "a longer one"),
    (1, "a"),
    (1, "a longer one"),
    (319_785_024, "GXLSMrE3F8zO675a"),
    (190_844_958, "BZYSUtItFEpugiJa"),
];
/// The first of the twins.
const FIRST_TWIN: Partition = Partition(4);
/// The values of each clustering column are below these.
const C_VALUES: u64 = 4;
const D_VALUES: u64 = 3;

/// A partition, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Partition(pub(crate) u8);

impl Partition {
    pub(crate) fn draw(random: &mut Random) -> Partition {
        Partition(random.below(u64::from(PARTITIONS)) as u8)
    }

    pub(crate) fn all() -> impl Iterator<Item = Partition> {
        (0..PARTITIONS).map(Partition)
    }

    /// The partition with these values in its key; `None` if no statement names it.
    pub(crate) fn of(p: i32, q: &str) -> Option<Partition> {
        Partition::all().find(|partition| partition.p() == p && partition.q() == q)
    }

    pub(crate) fn p(self) -> i32 {
        KEYS[usize::from(self.0)].0
    }

    pub(crate) fn q(self) -> &'static str {
        KEYS[usize::from(self.0)].1
    }

    /// True of two partitions that have one token.
    pub(crate) fn is_twin_of(self, other: Partition) -> bool {
        self != other && self >= FIRST_TWIN && other >= FIRST_TWIN
    }

    /// The condition on its key.
    pub(crate) fn condition(self) -> String {
        format!("p = {} AND q = '{}'", self.p(), self.q())
    }
}

/// A row's place in its partition, in the order of the table: ascending by `c`, then descending by `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) c: i32,
    pub(crate) d: Reverse<i32>,
}

impl Row {
    pub(crate) fn new(c: i32, d: i32) -> Row {
        Row { c, d: Reverse(d) }
    }

    pub(crate) fn draw(random: &mut Random) -> Row {
        Row::new(random.below(C_VALUES) as i32, random.below(D_VALUES) as i32)
    }

    /// The condition on its clustering columns.
    pub(crate) fn condition(self) -> String {
        format!("c = {} AND d = {}", self.c, self.d.0)
    }
}

/// A column that is no part of the key, by its name in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Column {
    /// The static column.
    S,
    V,
    /// The column of texts.
    W,
    X,
    /// The set.
    T,
    /// The map.
    M,
    /// The list.
    L,
}

impl Column {
    pub(crate) const REGULAR: [Column; 6] = [Column::V, Column::W, Column::X, Column::T, Column::M, Column::L];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Column::S => "s",
            Column::V => "v",
            Column::W => "w",
            Column::X => "x",
            Column::T => "t",
            Column::M => "m",
            Column::L => "l",
        }
    }

    pub(crate) fn is_collection(self) -> bool {
        matches!(self, Column::T | Column::M | Column::L)
    }
}

/// A cell of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cell {
    /// The row itself, which INSERT leaves besides values.
    Marker,
    /// The value of a column.
    Value(Column),
    /// An element of a collection: of the set, one of the map by its key, one of the list by its unique value.
    Element(Column, i64),
}

impl Cell {
    /// The column of a cell; `None` for the marker.
    pub(crate) fn column(self) -> Option<Column> {
        match self {
            Cell::Marker => None,
            Cell::Value(column) | Cell::Element(column, _) => Some(column),
        }
    }
}

/// Bounds on one clustering column, each with true if it is inclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) low: Option<(i32, bool)>,
    pub(crate) high: Option<(i32, bool)>,
}

impl Bounds {
    pub(crate) fn exactly(value: i32) -> Bounds {
        Bounds { low: Some((value, true)), high: Some((value, true)) }
    }

    fn draw(random: &mut Random, values: u64) -> Bounds {
        let low = random.chance(2, 3).then(|| (random.below(values) as i32, random.chance(1, 2)));
        let high = (low.is_none() || random.chance(1, 2)).then(|| {
            let least = low.map_or(0, |(value, _)| value);
            (least + random.below(values - least as u64) as i32, random.chance(1, 2))
        });
        Bounds { low, high }
    }

    fn hold(self, value: i32) -> bool {
        let above = self.low.is_none_or(|(low, inclusive)| value > low || (inclusive && value == low));
        above && self.high.is_none_or(|(high, inclusive)| value < high || (inclusive && value == high))
    }

    fn conditions(self, name: &str, out: &mut Vec<String>) {
        if self.low == self.high && self.low.is_some_and(|(_, inclusive)| inclusive) {
            return out.push(format!("{name} = {}", self.low.map_or(0, |(value, _)| value)));
        }
        out.extend(self.low.map(|(value, inclusive)| format!("{name} >{} {value}", if inclusive { "=" } else { "" })));
        out.extend(self.high.map(|(value, inclusive)| format!("{name} <{} {value}", if inclusive { "=" } else { "" })));
    }
}

/// A slice of the rows of a partition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slice {
    pub(crate) c: Bounds,
    /// Bounds only where `c` is one value.
    pub(crate) d: Bounds,
}

impl Slice {
    pub(crate) fn draw(random: &mut Random) -> Slice {
        match random.below(3) {
            0 => Slice { c: Bounds::draw(random, C_VALUES), d: Bounds::default() },
            1 => Slice { c: Bounds::exactly(random.below(C_VALUES) as i32), d: Bounds::default() },
            _ => Slice { c: Bounds::exactly(random.below(C_VALUES) as i32), d: Bounds::draw(random, D_VALUES) },
        }
    }

    pub(crate) fn holds(self, row: Row) -> bool {
        self.c.hold(row.c) && self.d.hold(row.d.0)
    }

    /// The conditions on clustering columns.
    pub(crate) fn condition(self) -> String {
        let mut out = Vec::new();
        self.c.conditions("c", &mut out);
        self.d.conditions("d", &mut out);
        out.join(" AND ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_model::Token;

    #[test]
    fn twins_have_one_token_and_others_have_not() {
        let token = |partition: Partition| {
            let (p, q) = (partition.p().to_be_bytes(), partition.q().as_bytes());
            Token::from_key(&[&[0, 4][..], &p, &[0, 0, q.len() as u8], q, &[0]].concat())
        };
        for one in Partition::all() {
            for other in Partition::all().filter(|other| *other != one) {
                assert_eq!(token(one) == token(other), one.is_twin_of(other), "{one:?} {other:?}");
            }
        }
    }
}
