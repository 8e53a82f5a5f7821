//! docs/consistency.md: the answers of each consistency level while replicas are down or cut off, as runs give them.

mod answers;
mod lost_writes;
mod round_trips;
mod site;

use site::Site;

/// The page that these tests write.
const PAGE: &str = "docs/consistency.md";

/// A row of a table.
fn row(cells: impl IntoIterator<Item = String>) -> String {
    format!("| {} |\n", cells.into_iter().collect::<Vec<_>>().join(" | "))
}

/// A table of a heading and rows.
fn table(heading: &[String], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut text = row(heading.iter().cloned()) + &format!("|{}\n", "---|".repeat(heading.len()));
    rows.into_iter().for_each(|cells| text += &row(cells));
    text
}
