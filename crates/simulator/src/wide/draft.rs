//! Statements that write, drawn at random together with their effects.

use super::change::{Area, Effect};
use super::place::{Cell, Column, Partition, Row, Slice};
use henge_base::{Micros, Random};

/// The values of the elements of the set, and of the keys of the map, are below this.
const ELEMENTS: u64 = 4;
/// The TTLs of values that expire within a storm, in seconds, and of those that outlast the run.
const SHORT_TTL: (u64, u64) = (1, 6);
const LONG_TTL: u64 = 1_000_000;
/// The room for values of one statement between its number and the next one.
const VALUES: i64 = 64;

/// A statement on one partition.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    random: &'a mut Random,
    partition: Partition,
    stamp: Micros,
    now_seconds: i64,
    /// The time in seconds at which values that are put next expire.
    expires: Option<i64>,
    /// True if the static column has been written: two values of it would have one timestamp.
    has_static: bool,
    next_value: i64,
    effects: Vec<Effect>,
}

/// The kinds of statements that tests of a calm cluster execute one by one.
#[cfg(test)]
pub(crate) const KINDS: u64 = 10;

impl<'a> Draft<'a> {
    /// A draft for the statement with this number. `stamp` is even, so that an overwritten collection has a stamp of its own
    /// one below.
    pub(crate) fn new(
        random: &'a mut Random,
        partition: Partition,
        number: usize,
        stamp: Micros,
        now_seconds: i64,
    ) -> Self {
        let next_value = number as i64 * VALUES + 1;
        Draft {
            random,
            partition,
            stamp,
            now_seconds,
            expires: None,
            has_static: false,
            next_value,
            effects: Vec::new(),
        }
    }

    /// A statement of any kind, sometimes a batch of several: its text and effects.
    pub(crate) fn draw(mut self) -> (String, Vec<Effect>) {
        if self.random.chance(1, 10) {
            return self.batch();
        }
        let kind = self.random.below(24);
        let kind = match kind {
            0..5 => 0,
            5..10 => 1,
            10 | 11 => 2,
            12 | 13 => 3,
            14 | 15 => 4,
            16 => 5,
            17 => 6,
            18 => 7,
            19 => 8,
            _ => 9,
        };
        let row = Row::draw(self.random);
        let text = self.statement(kind, row);
        (text, self.effects)
    }

    /// A statement of one kind below [`KINDS`].
    #[cfg(test)]
    pub(crate) fn draw_kind(mut self, kind: u64) -> (String, Vec<Effect>) {
        let row = Row::draw(self.random);
        let text = self.statement(kind, row);
        (text, self.effects)
    }

    /// Several statements on different rows with one timestamp.
    pub(crate) fn batch(mut self) -> (String, Vec<Effect>) {
        let mut rows: Vec<Row> = (0..self.random.between(2, 3)).map(|_| Row::draw(self.random)).collect();
        rows.sort();
        rows.dedup();
        let mut texts = Vec::new();
        for row in rows {
            let kind = *self.random.pick(&[0, 1, 1, 4, 9]).unwrap_or(&1);
            texts.push(self.statement(kind, row));
        }
        if !self.has_static && self.random.chance(1, 3) {
            texts.push(self.statement(3, Row::new(0, 0)));
        }
        let log = if self.random.chance(1, 2) { "UNLOGGED " } else { "" };
        (format!("BEGIN {log}BATCH {}; APPLY BATCH", texts.join("; ")), self.effects)
    }

    fn statement(&mut self, kind: u64, row: Row) -> String {
        let partition = self.partition.condition();
        self.expires = None;
        match kind {
            0 => self.insert(row),
            1 => self.update(row),
            2 => {
                let columns = self.columns(&Column::REGULAR);
                columns.iter().for_each(|column| self.delete_column(Some(row), *column));
                let names: Vec<&str> = columns.iter().map(|column| column.name()).collect();
                format!("DELETE {} FROM sim.wide WHERE {partition} AND {}", names.join(", "), row.condition())
            }
            3 => self.write_static(),
            4 => {
                self.delete(Area::Row(row), self.stamp);
                format!("DELETE FROM sim.wide WHERE {partition} AND {}", row.condition())
            }
            5 => {
                let slice = Slice::draw(self.random);
                self.delete(Area::Rows(slice), self.stamp);
                format!("DELETE FROM sim.wide WHERE {partition} AND {}", slice.condition())
            }
            6 => {
                self.delete(Area::Partition, self.stamp);
                format!("DELETE FROM sim.wide WHERE {partition}")
            }
            7 => {
                self.delete(Area::Cell(None, Cell::Value(Column::S)), self.stamp);
                format!("DELETE s FROM sim.wide WHERE {partition}")
            }
            8 => {
                let (column, key) = (*self.random.pick(&[Column::T, Column::M]).unwrap_or(&Column::T), self.element());
                self.delete(Area::Cell(Some(row), Cell::Element(column, key)), self.stamp);
                format!("DELETE {}[{key}] FROM sim.wide WHERE {partition} AND {}", column.name(), row.condition())
            }
            _ => {
                let using = self.draw_ttl();
                let column = *self.random.pick(&[Column::T, Column::M, Column::L]).unwrap_or(&Column::T);
                let assignment = self.assignment(row, column);
                format!("UPDATE sim.wide{using} SET {assignment} WHERE {partition} AND {}", row.condition())
            }
        }
    }

    fn insert(&mut self, row: Row) -> String {
        let using = self.draw_ttl();
        self.put(Some(row), Cell::Marker, 1);
        let mut columns = self.columns(&Column::REGULAR);
        if self.takes_static() {
            columns.push(Column::S);
        }
        let (mut names, mut values) = (String::new(), String::new());
        for column in columns {
            names += &format!(", {}", column.name());
            values += &format!(", {}", self.literal((column != Column::S).then_some(row), column));
        }
        let (p, q, c, d) = (self.partition.p(), self.partition.q(), row.c, row.d.0);
        format!("INSERT INTO sim.wide (p, q, c, d{names}) VALUES ({p}, '{q}', {c}, {d}{values}){using}")
    }

    fn update(&mut self, row: Row) -> String {
        let using = self.draw_ttl();
        let mut assignments: Vec<String> =
            self.columns(&Column::REGULAR).into_iter().map(|column| self.assignment(row, column)).collect();
        if self.takes_static() {
            assignments.push(format!("s = {}", self.literal(None, Column::S)));
        }
        let (partition, assignments) = (self.partition.condition(), assignments.join(", "));
        format!("UPDATE sim.wide{using} SET {assignments} WHERE {partition} AND {}", row.condition())
    }

    fn takes_static(&mut self) -> bool {
        let takes = !self.has_static && self.random.chance(1, 6);
        self.has_static |= takes;
        takes
    }

    fn write_static(&mut self) -> String {
        self.has_static = true;
        let using = self.draw_ttl();
        let value = self.literal(None, Column::S);
        if self.random.chance(1, 2) {
            return format!("UPDATE sim.wide{using} SET s = {value} WHERE {}", self.partition.condition());
        }
        format!(
            "INSERT INTO sim.wide (p, q, s) VALUES ({}, '{}', {value}){using}",
            self.partition.p(),
            self.partition.q()
        )
    }

    /// Mostly no TTL; else it holds for what is put from now on.
    fn draw_ttl(&mut self) -> String {
        let ttl = match self.random.below(8) {
            0 => self.random.between(SHORT_TTL.0, SHORT_TTL.1),
            1 => LONG_TTL,
            _ => return String::new(),
        };
        self.expires = Some(self.now_seconds + ttl as i64);
        format!(" USING TTL {ttl}")
    }

    /// One to three of these.
    fn columns(&mut self, of: &[Column]) -> Vec<Column> {
        let mut columns = of.to_vec();
        self.random.shuffle(&mut columns);
        columns.truncate(self.random.between(1, 3) as usize);
        columns
    }

    fn element(&mut self) -> i64 {
        self.random.below(ELEMENTS) as i64
    }

    /// The value of a column in place of the one before, sometimes null; in CQL.
    fn literal(&mut self, row: Option<Row>, column: Column) -> String {
        if column.is_collection() {
            self.delete(Area::Collection(row, column), self.stamp - 1);
        }
        if self.random.chance(1, 8) {
            if !column.is_collection() {
                self.delete(Area::Cell(row, Cell::Value(column)), self.stamp);
            }
            return "null".to_owned();
        }
        match (column, row) {
            (Column::T | Column::M | Column::L, Some(row)) => self.elements(row, column),
            (Column::W, _) => format!("'t{}'", self.put_value(row, column)),
            _ => self.put_value(row, column).to_string(),
        }
    }

    fn put_value(&mut self, row: Option<Row>, column: Column) -> i64 {
        let value = self.value();
        self.put(row, Cell::Value(column), value);
        value
    }

    /// One or two elements that are put into a collection; in CQL.
    fn elements(&mut self, row: Row, column: Column) -> String {
        let mut keys = vec![self.element(), self.element()];
        keys.dedup();
        let mut texts = Vec::new();
        for key in keys {
            let value = self.value();
            let (key, kept, text) = match column {
                Column::T => (key, 1, key.to_string()),
                Column::M => (key, value, format!("{key}: {value}")),
                _ => (value, value, value.to_string()),
            };
            self.put(Some(row), Cell::Element(column, key), kept);
            texts.push(text);
        }
        let texts = texts.join(", ");
        if column == Column::L { format!("[{texts}]") } else { format!("{{{texts}}}") }
    }

    /// An assignment of UPDATE: a new value, or a change of a collection.
    fn assignment(&mut self, row: Row, column: Column) -> String {
        let name = column.name();
        match (column, self.random.below(4)) {
            (Column::T | Column::M, 0) => {
                let key = self.element();
                self.delete(Area::Cell(Some(row), Cell::Element(column, key)), self.stamp);
                format!("{name} = {name} - {{{key}}}")
            }
            (Column::M, 1) => {
                let (key, value) = (self.element(), self.value());
                self.put(Some(row), Cell::Element(column, key), value);
                format!("m[{key}] = {value}")
            }
            (Column::L, 0) => format!("l = {} + l", self.elements(row, column)),
            (Column::T | Column::M | Column::L, 1 | 2) => format!("{name} = {name} + {}", self.elements(row, column)),
            _ => format!("{name} = {}", self.literal(Some(row), column)),
        }
    }

    fn delete_column(&mut self, row: Option<Row>, column: Column) {
        let area =
            if column.is_collection() { Area::Collection(row, column) } else { Area::Cell(row, Cell::Value(column)) };
        self.delete(area, self.stamp);
    }

    fn delete(&mut self, area: Area, at: Micros) {
        self.effects.push(Effect::Delete { area, at });
    }

    fn put(&mut self, row: Option<Row>, cell: Cell, value: i64) {
        self.effects.push(Effect::Put { row, cell, value, expires: self.expires });
    }

    fn value(&mut self) -> i64 {
        self.next_value += 1;
        self.next_value - 1
    }
}
