//! I16: the order, bounds and limits of an answer, whatever its values.

use super::answer::Line;
use super::history::Answer;
use super::place::{Partition, Row};
use super::select::{RowsOf, Select};

/// The first rule of order, bounds or limits that an answer breaks; `None` if it keeps all.
pub(crate) fn misshape(answer: &Answer) -> Option<String> {
    if let Some(fault) = &answer.fault {
        return Some(fault.clone());
    }
    let select = &answer.select;
    let is_long = |size: &u32| answer.pages.iter().any(|page| page.lines.len() > *size as usize);
    if select.page_size.as_ref().is_some_and(is_long) {
        return Some("has a page that is too long".to_owned());
    }
    // Rows may have been written since a page that ended with the static row of a partition without any.
    let is_beside =
        |pair: &[Line]| pair[0].partition == pair[1].partition && pair.iter().any(|line| line.row.is_none());
    if let Some(pair) = answer.pages.iter().flat_map(|page| page.lines.windows(2)).find(|pair| is_beside(pair)) {
        return Some(format!("has a static row of {:?} by itself, and rows", pair[0].partition));
    }
    let lines: Vec<&Line> = answer.pages.iter().flat_map(|page| &page.lines).collect();
    if select.limit.is_some_and(|limit| lines.len() > limit as usize) {
        return Some(format!("has {} rows", lines.len()));
    }
    let runs: Vec<&[&Line]> = lines.chunk_by(|one, next| one.partition == next.partition).collect();
    for (number, run) in runs.iter().enumerate() {
        if runs[..number].iter().any(|earlier| earlier[0].partition == run[0].partition) {
            return Some(format!("comes back to {:?}", run[0].partition));
        }
        if let Some(wrong) = misshape_of_partition(select, run) {
            return Some(wrong);
        }
    }
    None
}

fn misshape_of_partition(select: &Select, lines: &[&Line]) -> Option<String> {
    let partition = lines[0].partition;
    if !select.wants_partition(partition) {
        return Some(format!("has {partition:?}"));
    }
    if select.partition_limit.is_some_and(|limit| lines.len() > limit as usize) {
        return Some(format!("has {} rows of {partition:?}", lines.len()));
    }
    let may_be_alone = matches!(select.rows, RowsOf::All | RowsOf::Distinct);
    if lines[usize::from(may_be_alone)..].iter().any(|line| line.row.is_none()) {
        return Some(format!("has a static row of {partition:?} by itself"));
    }
    let rows: Vec<Row> = lines.iter().filter_map(|line| line.row).collect();
    if let Some(row) = rows.iter().find(|row| !select.wants_row(**row)) {
        return Some(format!("has {row:?}"));
    }
    let wrong = rows.windows(2).find(|pair| !is_before(select, pair[0], pair[1]))?;
    Some(format!("has {wrong:?} in this order"))
}

fn is_before(select: &Select, one: Row, other: Row) -> bool {
    if select.is_reversed { one > other } else { one < other }
}

/// True if an answer would show a row of a partition if the partition had it, and not because of its limits or since it is
/// incomplete leave it out.
pub(crate) fn reaches(answer: &Answer, partition: Partition, row: Row) -> bool {
    let select = &answer.select;
    let mut lines = answer.pages.iter().flat_map(|page| &page.lines).filter(|line| line.partition == partition);
    match lines.next_back().map(|line| line.row) {
        None => reaches_partition(answer, partition),
        Some(last) => {
            let count = lines.count() + 1;
            let is_full = select.partition_limit.is_some_and(|limit| count >= limit as usize);
            let ends_here = last_partition(answer) == Some(partition) && is_cut(answer);
            let is_passed = last.is_some_and(|last| is_before(select, row, last));
            is_passed || (!is_full && !ends_here)
        }
    }
}

/// True if an answer would show a partition if there were any row of it.
pub(crate) fn reaches_partition(answer: &Answer, partition: Partition) -> bool {
    answer.select.wants_partition(partition) && !is_cut(answer)
}

/// True if rows may follow after the last one.
fn is_cut(answer: &Answer) -> bool {
    let rows = answer.pages.iter().map(|page| page.lines.len()).sum::<usize>();
    !answer.is_complete || answer.select.limit.is_some_and(|limit| rows >= limit as usize)
}

fn last_partition(answer: &Answer) -> Option<Partition> {
    answer.pages.iter().rev().find_map(|page| page.lines.last()).map(|line| line.partition)
}
