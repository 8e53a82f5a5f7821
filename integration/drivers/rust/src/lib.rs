//! What the programs for both drivers share: what they are called with, the statements that must be refused, and what a driver
//! says in its log.

use anyhow::{Context, Result, ensure};
use std::sync::{Arc, Mutex};
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Metadata, Subscriber, span};

/// A node whose keyspace `drivers` has the table `paged`, and that table's number of rows.
pub fn arguments() -> Result<(String, usize)> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().context("the address of a node")?;
    let rows = arguments.next().context("the number of rows")?.parse()?;
    Ok((format!("{address}:9042"), rows))
}

/// The classes of errors, as the protocol tells them apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Class {
    Syntax,
    Invalid,
    AlreadyExists,
    Config,
    Unauthorized,
    Other,
}

/// Statements that are wrong, and how.
pub const REFUSED: [(&str, Class); 21] = [
    ("SELEC 1", Class::Syntax),
    ("DELETE FROM paged", Class::Syntax),
    ("SELECT * FROM nothing", Class::Invalid),
    ("SELECT nothing FROM paged", Class::Invalid),
    ("SELECT * FROM paged WHERE v = 1", Class::Invalid),
    ("SELECT * FROM paged WHERE v = 'x'", Class::Invalid),
    ("SELECT * FROM paged LIMIT 0", Class::Invalid),
    ("SELECT nothing(k) FROM paged", Class::Invalid),
    ("INSERT INTO paged (k, v) VALUES ('x', 'y')", Class::Invalid),
    ("INSERT INTO paged (v) VALUES ('y')", Class::Invalid),
    ("INSERT INTO paged (k, v) VALUES (1)", Class::Invalid),
    ("INSERT INTO paged (k, v) VALUES (null, 'y')", Class::Invalid),
    ("UPDATE paged SET v = 1 WHERE k = 1", Class::Invalid),
    ("UPDATE paged SET k = 1 WHERE k = 1", Class::Invalid),
    ("TRUNCATE nothing", Class::Invalid),
    ("DROP TABLE nothing", Class::Invalid),
    ("CREATE TABLE bad (k nothing PRIMARY KEY)", Class::Invalid),
    ("CREATE TABLE bad (k int)", Class::Invalid),
    ("CREATE TABLE paged (k int PRIMARY KEY)", Class::AlreadyExists),
    ("CREATE KEYSPACE o WITH replication = {'class': 'Nothing'}", Class::Config),
    ("CREATE TABLE system.bad (k int PRIMARY KEY)", Class::Unauthorized),
];

/// Collects what is logged as a warning or worse.
#[derive(Clone, Default)]
pub struct Warnings(Arc<Mutex<Vec<String>>>);

impl Warnings {
    /// From now on, in the whole program.
    pub fn collect() -> Result<Warnings> {
        let warnings = Warnings::default();
        tracing::subscriber::set_global_default(warnings.clone())?;
        Ok(warnings)
    }

    /// An error that names what there was.
    pub fn none(&self) -> Result<()> {
        let found = self.0.lock().map_err(|e| anyhow::anyhow!("{e}"))?;
        // Cassandra says this, too, of a session that uses a keyspace and prepares statements.
        let found: Vec<&String> =
            found.iter().filter(|text| !text.contains("with prepared statements is considered")).collect();
        ensure!(found.is_empty(), "the driver warned: {found:#?}");
        Ok(())
    }
}

impl Subscriber for Warnings {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN && metadata.is_event()
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(event.metadata().target().to_owned());
        event.record(&mut text);
        if let Ok(mut found) = self.0.lock() {
            found.push(text.0);
        }
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// An event's fields, one behind the other.
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push_str(&format!(" {field}={value:?}"));
    }
}
