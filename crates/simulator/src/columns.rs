//! Clients that change the schema: each adds a column of its own to one table or gives it a long comment, and some create and drop a table.
//!
//! | | |
//! |---|---|
//! | I29 | a column whose addition was acknowledged is in the schema, one that was refused is not |

use crate::client::{Clients, statement};
use crate::history::{AddedColumn, Ending};
use crate::machine::Life;
use henge_base::Random;
use henge_model::Consistency;
use henge_node::{ChangeError, Error};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The table that gets columns.
pub(crate) const TABLE: &str = "CREATE TABLE sim.columns (k bigint PRIMARY KEY)";
const CREATE: &str = "CREATE TABLE IF NOT EXISTS sim.comes_and_goes (k bigint PRIMARY KEY)";
/// The bytes of a comment, which make an entry of the log as long.
const COMMENT_BYTES: usize = 4_000;
const DROP: &str = "DROP TABLE IF EXISTS sim.comes_and_goes";

impl Clients {
    /// Changes the schema through a node: every other time adds a column.
    pub(crate) fn change_schema(self: &Arc<Self>, life: &Life, random: &mut Random) {
        match random.below(6) {
            0 => self.change_table(life, if random.chance(1, 2) { CREATE } else { DROP }.to_owned()),
            1 | 2 => {
                let comment = "long".repeat(COMMENT_BYTES / 4);
                self.change_table(life, format!("ALTER TABLE sim.columns WITH comment = '{comment}'"));
            }
            _ => self.add_column(life),
        }
    }

    fn change_table(self: &Arc<Self>, life: &Life, text: String) {
        let (clients, life) = (Arc::clone(self), life.clone());
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let work = statement(&life, &text, &[], Consistency::One, None);
            let Some(outcome) = clients.until_hung_up(None, work).await else { return };
            clients.cluster.clockwork.note("table", format!("{:?}", outcome.err()).as_bytes());
        });
    }

    fn add_column(self: &Arc<Self>, life: &Life) {
        let (number, name) = {
            let mut columns = self.columns.lock();
            let name = format!("c{}", columns.len());
            columns.push(AddedColumn { name: name.clone(), ending: Ending::Unknown, told: String::new() });
            (columns.len() - 1, name)
        };
        let (clients, life) = (Arc::clone(self), life.clone());
        self.cluster.clockwork.spawn(Some(life.owner), async move {
            let text = format!("ALTER TABLE sim.columns ADD {name} int");
            let work = statement(&life, &text, &[], Consistency::One, None);
            let Some(outcome) = clients.until_hung_up(None, work).await else { return };
            let ending = match &outcome {
                Ok(_) => Ending::Ok,
                Err(Error::Change(ChangeError::Unknown(_))) => Ending::Unknown,
                Err(_) => Ending::Failed,
            };
            let told = outcome.err().map(|error| error.to_string()).unwrap_or_default();
            clients.cluster.clockwork.note("column", told.as_bytes());
            let mut columns = clients.columns.lock();
            (columns[number].ending, columns[number].told) = (ending, told);
        });
    }
}

/// The violations of I29 by the columns that a node knows.
pub(crate) fn wrong(added: &[AddedColumn], known: &BTreeSet<String>) -> Vec<String> {
    let is_wrong = |column: &&AddedColumn| match column.ending {
        Ending::Ok => !known.contains(&column.name),
        Ending::Failed => known.contains(&column.name),
        Ending::Unknown => false,
    };
    added
        .iter()
        .filter(is_wrong)
        .map(|column| format!("{column:?}, and the schema has {} columns", known.len()))
        .collect()
}
