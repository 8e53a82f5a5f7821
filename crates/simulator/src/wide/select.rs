//! Statements that read, drawn at random.

use super::place::{Column, Partition, Row, Slice};
use henge_base::Random;

/// The partitions that are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Partitions {
    One(Partition),
    In(Vec<Partition>),
    /// All, in the order of their tokens.
    All,
}

/// The rows that are read of each partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RowsOf {
    /// All; of a partition that has none, its static row.
    All,
    One(Row),
    Slice(Slice),
    In(Vec<Row>),
    /// Rows with one of these values of `c`.
    InFirst(Vec<i32>),
    /// The static row alone, if the partition has any row.
    Distinct,
}

/// A statement that reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Select {
    pub(crate) partitions: Partitions,
    pub(crate) rows: RowsOf,
    pub(crate) columns: Vec<Column>,
    pub(crate) is_reversed: bool,
    pub(crate) limit: Option<u32>,
    pub(crate) partition_limit: Option<u32>,
    /// The most rows of a page; `None` if the answer is one page.
    pub(crate) page_size: Option<u32>,
}

impl Select {
    /// Reads a whole partition.
    pub(crate) fn whole(partition: Partition, page_size: Option<u32>) -> Select {
        Select { partitions: Partitions::One(partition), ..Select::everything(page_size) }
    }

    /// Reads the whole table.
    pub(crate) fn everything(page_size: Option<u32>) -> Select {
        let columns = std::iter::once(Column::S).chain(Column::REGULAR).collect();
        let (is_reversed, limit, partition_limit) = (false, None, None);
        Select {
            partitions: Partitions::All,
            rows: RowsOf::All,
            columns,
            is_reversed,
            limit,
            partition_limit,
            page_size,
        }
    }

    /// A statement of any shape.
    pub(crate) fn draw(random: &mut Random) -> Select {
        let partitions = match random.below(10) {
            0 => Partitions::All,
            1 => Partitions::In(draw_in(random)),
            _ => Partitions::One(Partition::draw(random)),
        };
        let rows = match random.below(10) {
            0..3 => RowsOf::All,
            3 | 4 => RowsOf::One(Row::draw(random)),
            5..7 => RowsOf::Slice(Slice::draw(random)),
            7 => RowsOf::In(draw_several(random, Row::draw)),
            8 => RowsOf::InFirst(draw_several(random, |random| Row::draw(random).c)),
            _ => RowsOf::Distinct,
        };
        // Filters that do not name the partition are another thing than slices.
        let rows = if partitions == Partitions::All && rows != RowsOf::Distinct { RowsOf::All } else { rows };
        let is_distinct = rows == RowsOf::Distinct;
        let takes_order = matches!(partitions, Partitions::One(_)) && !is_distinct;
        let several = |random: &mut Random, most| random.chance(1, 4).then(|| random.between(1, most) as u32);
        Select {
            is_reversed: takes_order && random.chance(1, 3),
            columns: if is_distinct { vec![Column::S] } else { draw_columns(random) },
            limit: several(random, 8),
            partition_limit: several(random, 4).filter(|_| !is_distinct),
            page_size: random.chance(1, 2).then(|| random.between(1, 4) as u32),
            partitions,
            rows,
        }
    }

    /// The text in CQL.
    pub(crate) fn text(&self) -> String {
        let conditions = [self.partition_condition(), self.row_condition()].into_iter().flatten();
        let conditions = conditions.collect::<Vec<_>>().join(" AND ");
        let mut text = match self.rows {
            RowsOf::Distinct => "SELECT DISTINCT p, q, s FROM sim.wide".to_owned(),
            _ => {
                let names = self.columns.iter().map(|column| format!(", {}", column.name())).collect::<String>();
                format!("SELECT p, q, c, d{names} FROM sim.wide")
            }
        };
        if !conditions.is_empty() {
            text += &format!(" WHERE {conditions}");
        }
        if self.is_reversed {
            text += " ORDER BY c DESC, d ASC";
        }
        if let Some(limit) = self.partition_limit {
            text += &format!(" PER PARTITION LIMIT {limit}");
        }
        if let Some(limit) = self.limit {
            text += &format!(" LIMIT {limit}");
        }
        text
    }

    fn partition_condition(&self) -> Option<String> {
        match &self.partitions {
            Partitions::One(partition) => Some(partition.condition()),
            Partitions::In(several) => {
                let keys: Vec<String> = several.iter().map(|partition| partition.p().to_string()).collect();
                let q = several.first()?.q();
                Some(format!("p IN ({}) AND q = '{q}'", keys.join(", ")))
            }
            Partitions::All => None,
        }
    }

    fn row_condition(&self) -> Option<String> {
        match &self.rows {
            RowsOf::All | RowsOf::Distinct => None,
            RowsOf::One(row) => Some(row.condition()),
            RowsOf::Slice(slice) => Some(slice.condition()),
            RowsOf::In(rows) => {
                let rows: Vec<String> = rows.iter().map(|row| format!("({}, {})", row.c, row.d.0)).collect();
                Some(format!("(c, d) IN ({})", rows.join(", ")))
            }
            RowsOf::InFirst(values) => {
                let values: Vec<String> = values.iter().map(ToString::to_string).collect();
                Some(format!("c IN ({})", values.join(", ")))
            }
        }
    }

    /// True if the partition is asked for.
    pub(crate) fn wants_partition(&self, partition: Partition) -> bool {
        match &self.partitions {
            Partitions::One(one) => *one == partition,
            Partitions::In(several) => several.contains(&partition),
            Partitions::All => true,
        }
    }

    /// True if a row that is not static is asked for.
    pub(crate) fn wants_row(&self, row: Row) -> bool {
        match &self.rows {
            RowsOf::All => true,
            RowsOf::One(one) => *one == row,
            RowsOf::Slice(slice) => slice.holds(row),
            RowsOf::In(rows) => rows.contains(&row),
            RowsOf::InFirst(values) => values.contains(&row.c),
            RowsOf::Distinct => false,
        }
    }
}

/// Partitions whose keys differ in one column.
fn draw_in(random: &mut Random) -> Vec<Partition> {
    let q = Partition::draw(random).q();
    let mut partitions: Vec<Partition> = Partition::all().filter(|partition| partition.q() == q).collect();
    random.shuffle(&mut partitions);
    partitions.truncate(2);
    partitions
}

fn draw_several<T: Ord>(random: &mut Random, draw: impl Fn(&mut Random) -> T) -> Vec<T> {
    let mut several: Vec<T> = (0..random.between(1, 3)).map(|_| draw(random)).collect();
    several.sort();
    several.dedup();
    several
}

fn draw_columns(random: &mut Random) -> Vec<Column> {
    let all = std::iter::once(Column::S).chain(Column::REGULAR);
    if random.chance(1, 2) { all.collect() } else { all.filter(|_| random.chance(1, 2)).collect() }
}
