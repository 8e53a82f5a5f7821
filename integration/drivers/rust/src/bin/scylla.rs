//! ScyllaDB's Rust driver as an application uses it; ends with an error at the first thing that is not as with Apache Cassandra.
//!
//! It speaks version 4 of the protocol alone, and does not show events: its own picture of the schema is what follows them.

use anyhow::{Context, Result, bail, ensure};
use bigdecimal::BigDecimal;
use futures::TryStreamExt;
use henge_integration_drivers_rust::{Class, REFUSED, Warnings, arguments};
use scylla::client::session::Session;
use scylla::client::session_builder::SessionBuilder;
use scylla::errors::{DbError, ExecutionError, RequestAttemptError};
use scylla::statement::Statement;
use scylla::value::{CqlDate, CqlDecimal, CqlDuration, CqlTime, CqlTimestamp, CqlTimeuuid, CqlValue, CqlVarint, Unset};
use std::time::Duration;

#[tokio::main]
async fn main() -> Result<()> {
    let (address, rows) = arguments()?;
    let warnings = Warnings::collect()?;
    let session = SessionBuilder::new().known_node(address).use_keyspace("drivers", true).build().await?;
    ensure!(session.get_cluster_state().get_nodes_info().len() == 1, "one node");
    every_type(&session).await.context("every type")?;
    pages(&session, rows).await.context("pages")?;
    altered(&session).await.context("ALTER TABLE")?;
    refused(&session).await.context("what is refused")?;
    warnings.none()
}

/// Values of each type, the extremes among them.
fn samples() -> Result<Vec<(&'static str, Vec<CqlValue>)>> {
    use CqlValue::*;
    let decimal = |text: &str| anyhow::Ok(Decimal(CqlDecimal::try_from(text.parse::<BigDecimal>()?)?));
    let varint = |text: &str| anyhow::Ok(Varint(CqlVarint::from(text.parse::<num_bigint::BigInt>()?)));
    let text = |text: &str| Text(text.to_owned());
    let duration = |months, days, nanoseconds| Duration(CqlDuration { months, days, nanoseconds });
    let timeuuid = |text: &str| anyhow::Ok(Timeuuid(CqlTimeuuid::from(uuid::Uuid::parse_str(text)?)));
    Ok(vec![
        ("ascii", vec![Ascii("a".to_owned()), Ascii(String::new())]),
        ("bigint", vec![BigInt(i64::MIN), BigInt(i64::MAX)]),
        ("blob", vec![Blob(vec![0, 255]), Blob(vec![])]),
        ("boolean", vec![Boolean(true), Boolean(false)]),
        ("date", vec![Date(CqlDate(0)), Date(CqlDate(1 << 31)), Date(CqlDate(u32::MAX))]),
        ("decimal", vec![decimal("-12.340")?, decimal("0.000000000000000000000000000001")?]),
        ("double", vec![Double(-1.5e300), Double(f64::INFINITY), Double(f64::MIN_POSITIVE)]),
        ("duration", vec![duration(1, 2, 3), duration(-1, -2, -3), duration(i32::MAX, i32::MAX, i64::MAX)]),
        ("float", vec![Float(0.5), Float(f32::NEG_INFINITY)]),
        ("inet", vec![Inet("::1".parse()?), Inet("255.0.0.1".parse()?)]),
        ("int", vec![Int(i32::MIN), Int(i32::MAX)]),
        ("smallint", vec![SmallInt(i16::MIN), SmallInt(i16::MAX)]),
        ("text", vec![text("é𝄞"), text("")]),
        ("time", vec![Time(CqlTime(0)), Time(CqlTime(86_399_999_999_999))]),
        ("timestamp", vec![Timestamp(CqlTimestamp(-1)), Timestamp(CqlTimestamp(i64::MIN))]),
        ("timeuuid", vec![timeuuid("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")?]),
        ("tinyint", vec![TinyInt(-128), TinyInt(127)]),
        ("uuid", vec![Uuid(uuid::Uuid::new_v4()), Uuid(uuid::Uuid::nil())]),
        ("varint", vec![varint("-123456789012345678901234567890")?, varint("0")?]),
        ("list<int>", vec![List(vec![Int(3), Int(1), Int(3)])]),
        ("set<text>", vec![Set(vec![text("a"), text("b")])]),
        ("map<text, int>", vec![Map(vec![(text("x"), Int(1)), (text("y"), Int(2))])]),
        ("frozen<list<frozen<set<int>>>>", vec![List(vec![Set(vec![Int(1), Int(2)]), Set(vec![])])]),
        ("tuple<int, text>", vec![Tuple(vec![Some(Int(1)), None])]),
        ("vector<float, 3>", vec![Vector(vec![Float(1.0), Float(-2.0), Float(0.0)])]),
    ])
}

async fn every_type(session: &Session) -> Result<()> {
    let samples = samples()?;
    let columns: String = samples.iter().enumerate().map(|(i, (cql, _))| format!(", c{i} {cql}")).collect();
    session.query_unpaged(format!("CREATE TABLE scylla_types (k int PRIMARY KEY{columns})"), ()).await?;
    for (i, (cql, values)) in samples.into_iter().enumerate() {
        let key = i as i32;
        let insert = session.prepare(format!("INSERT INTO scylla_types (k, c{i}) VALUES (?, ?)")).await?;
        let select = session.prepare(format!("SELECT c{i} FROM scylla_types WHERE k = ?")).await?;
        let read = async || {
            let rows = session.execute_unpaged(&select, (key,)).await?.into_rows_result()?;
            anyhow::Ok(rows.single_row::<(Option<CqlValue>,)>()?.0)
        };
        for value in values {
            session.execute_unpaged(&insert, (key, &value)).await?;
            let found = read().await?;
            ensure!(found.as_ref() == Some(&value), "{cql}: {value:?} came back as {found:?}");
            session.execute_unpaged(&insert, (key, Unset)).await?;
            let kept = read().await?;
            ensure!(kept == Some(value), "{cql}: unset changed the value to {kept:?}");
        }
        session.execute_unpaged(&insert, (key, None::<CqlValue>)).await?;
        let gone = read().await?;
        ensure!(gone.is_none(), "{cql}: null came back as {gone:?}");
    }
    Ok(())
}

async fn pages(session: &Session, expected: usize) -> Result<()> {
    let statement = Statement::new("SELECT k, v FROM paged").with_page_size(1000);
    let mut rows = session.query_iter(statement, ()).await?.rows_stream::<(i32, String)>()?;
    let mut count = 0;
    while let Some((key, value)) = rows.try_next().await? {
        ensure!(value == format!("row {key}"), "{key}: {value}");
        count += 1;
    }
    ensure!(count == expected, "{count} rows instead of {expected}");
    Ok(())
}

async fn altered(session: &Session) -> Result<()> {
    session.query_unpaged("CREATE TABLE scylla_altered (k int PRIMARY KEY, v text)", ()).await?;
    let insert = session.prepare("INSERT INTO scylla_altered (k, v) VALUES (?, ?)").await?;
    let select = session.prepare("SELECT * FROM scylla_altered WHERE k = ?").await?;
    session.execute_unpaged(&insert, (1, "before")).await?;
    let before = session.execute_unpaged(&select, (1,)).await?.into_rows_result()?;
    ensure!(before.single_row::<(i32, String)>()? == (1, "before".to_owned()), "before");
    session.query_unpaged("ALTER TABLE scylla_altered ADD w int", ()).await?;
    session.execute_unpaged(&insert, (2, "after")).await?;
    let after = session.execute_unpaged(&select, (2,)).await?.into_rows_result()?;
    let names: Vec<&str> = after.column_specs().iter().map(|c| c.name()).collect();
    ensure!(names == ["k", "v", "w"], "{names:?}");
    ensure!(after.single_row::<(i32, String, Option<i32>)>()? == (2, "after".to_owned(), None), "after");
    learned(session).await
}

/// The driver's own picture of the schema has the new column.
async fn learned(session: &Session) -> Result<()> {
    for _ in 0..100 {
        let state = session.get_cluster_state();
        let table = state.get_keyspace("drivers").and_then(|k| k.tables.get("scylla_altered"));
        if table.is_some_and(|t| t.columns.contains_key("w")) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    bail!("the driver did not learn of the new column")
}

async fn refused(session: &Session) -> Result<()> {
    for (text, class) in REFUSED {
        let Err(error) = session.query_unpaged(text, ()).await else { bail!("{text} was accepted") };
        ensure!(class_of(&error) == class, "{text}: {error}");
    }
    Ok(())
}

fn class_of(error: &ExecutionError) -> Class {
    match error {
        ExecutionError::LastAttemptError(RequestAttemptError::DbError(error, _)) => match error {
            DbError::SyntaxError => Class::Syntax,
            DbError::Invalid => Class::Invalid,
            DbError::AlreadyExists { .. } => Class::AlreadyExists,
            DbError::ConfigError => Class::Config,
            DbError::Unauthorized => Class::Unauthorized,
            _ => Class::Other,
        },
        _ => Class::Other,
    }
}
