//! Answers against the model.

use super::answer::Line;
use super::cells::{Cells, RowCells, Version};
use super::change::Change;
use super::history::{Answer, PageOfLines, WideHistory};
use super::place::{Cell, Column, Partition, Row};
use super::select::RowsOf;
use super::shape::{misshape, reaches, reaches_partition};
use super::verdict::{Demand, Viewpoint};
use crate::history::is_quorum;
use crate::wall_clock::true_time;
use crate::wire::Violation;
use henge_base::Micros;
use std::collections::{BTreeMap, BTreeSet};

/// Checks the reads of a storm. `lasts` is false if what was acknowledged may be lost.
pub(crate) fn check_answers(history: &WideHistory, lasts: bool) -> Vec<Violation> {
    let demand = |answer: &Answer| match lasts && is_quorum(answer.consistency) {
        true => Demand::Quorums,
        false => Demand::Nothing,
    };
    let cells = Cells::new(&history.changes);
    let seen = Seen::new(history.answers.iter().filter(|answer| demand(answer) != Demand::Nothing), &cells);
    let mut out = Vec::new();
    for answer in &history.answers {
        let check =
            Check { changes: &history.changes, cells: &cells, seen: Some(&seen), answer, demand: demand(answer) };
        check.run(&mut out);
    }
    out
}

/// Checks reads of a healed cluster at ALL, which show everything that was acknowledged, and the same through every node.
pub(crate) fn check_final(changes: &[Change], answers: &[Answer], lasts: bool) -> Vec<Violation> {
    let cells = Cells::new(changes);
    let demand = if lasts { Demand::All } else { Demand::Nothing };
    let mut out = Vec::new();
    let mut lines: BTreeMap<Partition, BTreeMap<Option<Row>, &Line>> = BTreeMap::new();
    for (number, answer) in answers.iter().enumerate() {
        Check { changes, cells: &cells, seen: None, answer, demand }.run(&mut out);
        let mut found: BTreeMap<Partition, BTreeMap<Option<Row>, &Line>> = BTreeMap::new();
        for line in answer.pages.iter().flat_map(|page| &page.lines) {
            found.entry(line.partition).or_default().insert(line.row, line);
        }
        for partition in Partition::all().filter(|partition| answer.select.wants_partition(*partition)) {
            let now = found.remove(&partition).unwrap_or_default();
            let before = lines.entry(partition).or_insert_with(|| now.clone());
            if *before != now {
                let what = format!("read {number} of a healed cluster shows {now:?}, an earlier one {before:?}");
                out.push(Violation { rule: "I10", what });
            }
        }
    }
    out
}

/// A cell of the table.
type Place = (Partition, Option<Row>, Cell);

/// The versions that quorum reads have seen, by cell, each with the time at which its page ended.
#[derive(Debug, Default)]
struct Seen(BTreeMap<Place, Vec<(u64, Micros)>>);

impl Seen {
    fn new<'a>(answers: impl Iterator<Item = &'a Answer>, cells: &Cells) -> Seen {
        let mut seen = Seen::default();
        for page in answers.flat_map(|answer| &answer.pages) {
            for line in &page.lines {
                for (cell, value) in line.cells.iter().filter(|(cell, _)| is_unique(**cell)) {
                    let row = row_of(line, *cell);
                    let versions = cells.row(line.partition, row).and_then(|cells| cells.get(cell));
                    let is_it = |version: &&Version| version.put.is_some_and(|(put, _)| put == *value);
                    if let Some(version) = versions.into_iter().flatten().find(is_it) {
                        seen.0.entry((line.partition, row, *cell)).or_default().push((page.ended, version.at));
                    }
                }
            }
        }
        seen
    }

    /// The newest version that was seen before a time.
    fn before(&self, place: Place, time: u64) -> Option<Micros> {
        let seen = self.0.get(&place)?.iter().filter(|(ended, _)| *ended < time);
        seen.map(|(_, at)| *at).max()
    }
}

/// True if no two versions of a cell have one value.
fn is_unique(cell: Cell) -> bool {
    !matches!(cell, Cell::Marker | Cell::Element(Column::T, _))
}

/// The row that a cell of a line belongs to.
fn row_of(line: &Line, cell: Cell) -> Option<Row> {
    if cell == Cell::Value(Column::S) { None } else { line.row }
}

struct Check<'a> {
    changes: &'a [Change],
    cells: &'a Cells,
    seen: Option<&'a Seen>,
    answer: &'a Answer,
    demand: Demand,
}

impl Check<'_> {
    fn run(&self, out: &mut Vec<Violation>) {
        if let Some(what) = misshape(self.answer) {
            return out.push(self.violation("I16", &what));
        }
        for page in &self.answer.pages {
            for line in &page.lines {
                self.check_line(page, line, out);
            }
        }
        let (Some(first), Some(last)) = (self.answer.pages.first(), self.answer.pages.last()) else { return };
        let view = self.viewpoint(first.began, last.ended);
        for partition in Partition::all().filter(|partition| self.answer.select.wants_partition(*partition)) {
            self.check_absent(&view, partition, out);
        }
    }

    fn viewpoint(&self, began: u64, ended: u64) -> Viewpoint<'_> {
        let (changes, demand, shown) = (self.changes, self.demand, BTreeSet::new());
        let (now_seconds, ended_seconds) = (self.answer.now_seconds, true_time(ended).div_euclid(1_000_000));
        Viewpoint { changes, demand, began, ended, now_seconds, ended_seconds, shown }
    }

    fn check_line(&self, page: &PageOfLines, line: &Line, out: &mut Vec<Violation>) {
        let mut view = self.viewpoint(page.began, page.ended);
        let statics: BTreeMap<Cell, i64> =
            line.cells.iter().filter(|(cell, _)| row_of(line, **cell).is_none()).map(|(c, v)| (*c, *v)).collect();
        self.check_cells(&view, line, None, &statics, out);
        if line.row.is_some() {
            let regular: BTreeMap<Cell, i64> =
                line.cells.iter().filter(|(cell, _)| row_of(line, **cell).is_some()).map(|(c, v)| (*c, *v)).collect();
            view.shown = self.check_cells(&view, line, line.row, &regular, out);
            if !view.shown.is_empty() && out.is_empty() {
                self.check_cells(&view, line, line.row, &regular, out);
            }
        }
        if !self.may_be_there(&view, line) {
            out.push(self.violation("I2", &format!("shows {line:?}, where nothing is")));
        }
    }

    /// Checks the cells of one row of a line, and gives the changes that they show.
    fn check_cells(
        &self,
        view: &Viewpoint<'_>,
        line: &Line,
        row: Option<Row>,
        found: &BTreeMap<Cell, i64>,
        out: &mut Vec<Violation>,
    ) -> BTreeSet<usize> {
        let none = RowCells::new();
        let known = self.cells.row(line.partition, row).unwrap_or(&none);
        let mut shown = BTreeSet::new();
        let asked = |cell: &&Cell| cell.column().is_some_and(|column| self.answer.select.columns.contains(&column));
        let unknown = found.keys().filter(|cell| !known.contains_key(cell));
        for cell in known.keys().filter(asked).chain(unknown) {
            let versions = known.get(cell).map_or(&[][..], Vec::as_slice);
            let seen = self.seen_before((line.partition, row, *cell), view.began);
            match view.judge(versions, seen, found.get(cell).copied()) {
                Ok(version) => shown.extend(version.filter(|_| is_unique(*cell)).map(|version| version.change)),
                Err(wrong) => out.push(self.violation(wrong.rule, &format!("of {row:?} {cell:?} {}", wrong.what))),
            }
        }
        shown
    }

    fn seen_before(&self, place: Place, time: u64) -> Option<Micros> {
        let is_bound = self.demand == Demand::Quorums;
        self.seen.filter(|_| is_bound).and_then(|seen| seen.before(place, time))
    }

    /// True if a line may be there though none of its values that were asked for is.
    fn may_be_there(&self, view: &Viewpoint<'_>, line: &Line) -> bool {
        let columns = &self.answer.select.columns;
        let is_hidden = |cell: &Cell| cell.column().is_none_or(|column| !columns.contains(&column));
        let may_live = |(row, cells): (Option<Row>, &RowCells)| {
            let may_show = |cell: &Cell| row.is_none() != line.row.is_none() || is_hidden(cell);
            cells.iter().any(|(cell, versions)| may_show(cell) && view.may_have_value(versions))
        };
        if line.cells.keys().any(|cell| row_of(line, *cell) == line.row) {
            return true;
        }
        match (line.row, &self.answer.select.rows) {
            (None, RowsOf::Distinct) => self.cells.rows(line.partition).any(may_live),
            (row, _) => self.cells.row(line.partition, row).is_some_and(|cells| may_live((row, cells))),
        }
    }

    /// I3, I17: nothing is left out that must be there.
    fn check_absent(&self, view: &Viewpoint<'_>, partition: Partition, out: &mut Vec<Violation>) {
        let lines = || self.answer.pages.iter().flat_map(|page| &page.lines).filter(|line| line.partition == partition);
        let shown: BTreeSet<Row> = lines().filter_map(|line| line.row).collect();
        let is_shown = lines().next().is_some();
        let select = &self.answer.select;
        let is_absent = |row: &Option<Row>| match (row, &select.rows) {
            (Some(row), RowsOf::All) => !shown.contains(row) && reaches(self.answer, partition, *row),
            (None, RowsOf::All) | (_, RowsOf::Distinct) => !is_shown && reaches_partition(self.answer, partition),
            (Some(row), _) => select.wants_row(*row) && !shown.contains(row) && reaches(self.answer, partition, *row),
            (None, _) => false,
        };
        for (row, cells) in self.cells.rows(partition).filter(|(row, _)| is_absent(row)) {
            for (cell, versions) in cells {
                let seen = self.seen_before((partition, row, *cell), view.began);
                if let Err(wrong) = view.judge(versions, seen, None) {
                    let rule = if self.answer.pages.len() > 1 { "I17" } else { wrong.rule };
                    let what = format!("leaves out {row:?} of {partition:?}: its {cell:?} {}", wrong.what);
                    out.push(self.violation(rule, &what));
                }
            }
        }
    }

    fn violation(&self, rule: &'static str, what: &str) -> Violation {
        let answer = self.answer;
        let pages: Vec<String> =
            answer.pages.iter().map(|p| format!("{}@{}..{}", p.machine, p.began, p.ended)).collect();
        let what = format!(
            "{:?} at {}, pages of {:?} rows ({}), by the time {}: {what}",
            answer.select.text(),
            answer.consistency,
            answer.select.page_size,
            pages.join(", "),
            answer.now_seconds,
        );
        Violation { rule, what }
    }
}
