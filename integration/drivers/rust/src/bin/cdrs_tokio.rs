//! cdrs-tokio as an application uses it; ends with an error at the first thing that is not as with Apache Cassandra.
//!
//! What it cannot do: read a duration, a vector of anything but floats, or tell an empty text or blob from null.

use anyhow::{Context, Result, bail, ensure};
use cdrs_tokio::Error;
use cdrs_tokio::cluster::session::{Session, SessionBuilder, TcpSessionBuilder};
use cdrs_tokio::cluster::{NodeTcpConfigBuilder, TcpConnectionManager};
use cdrs_tokio::frame::Version;
use cdrs_tokio::frame::events::{SchemaChangeOptions, SchemaChangeType, ServerEvent};
use cdrs_tokio::frame::message_error::ErrorType;
use cdrs_tokio::load_balancing::RoundRobinLoadBalancingStrategy;
use cdrs_tokio::query::{PreparedQuery, QueryValues};
use cdrs_tokio::query_values;
use cdrs_tokio::transport::TransportTcp;
use cdrs_tokio::types::blob::Blob;
use cdrs_tokio::types::decimal::Decimal;
use cdrs_tokio::types::duration::Duration;
use cdrs_tokio::types::list::List;
use cdrs_tokio::types::map::Map;
use cdrs_tokio::types::rows::Row;
use cdrs_tokio::types::tuple::Tuple;
use cdrs_tokio::types::value::{Bytes, Value};
use cdrs_tokio::types::{AsRustType, ByIndex, IntoRustByIndex};
use henge_integration_drivers_rust::{Class, REFUSED, Warnings, arguments};
use num_bigint::BigInt;
use std::collections::HashMap;
use std::fmt::Debug;
use std::net::IpAddr;
use uuid::Uuid;

type Balancing = RoundRobinLoadBalancingStrategy<TransportTcp, TcpConnectionManager>;
type Client = Session<TransportTcp, TcpConnectionManager, Balancing>;

#[tokio::main]
async fn main() -> Result<()> {
    let (address, rows) = arguments()?;
    let warnings = Warnings::collect()?;
    for version in [Version::V3, Version::V4, Version::V5] {
        walk(&address, rows, version).await.with_context(|| format!("version {version}"))?;
        warnings.none()?;
    }
    Ok(())
}

async fn walk(address: &str, rows: usize, version: Version) -> Result<()> {
    let config = NodeTcpConfigBuilder::new().with_contact_point(address.into()).with_version(version).build().await?;
    let session = TcpSessionBuilder::new(Balancing::new(), config).with_keyspace("drivers".to_owned()).build().await?;
    ensure!(session.cluster_metadata().nodes().len() == 1, "one node");
    let prefix = format!("cdrs_{}", version as u8);
    every_type(&session, &prefix, version).await.context("every type")?;
    pages(&session, rows).await.context("pages")?;
    altered(&session, &prefix).await.context("ALTER TABLE")?;
    events(&session, &prefix).await.context("events")?;
    refused(&session).await.context("what is refused")
}

/// A table of one column, and the statements that write and read it.
struct Column<'a> {
    session: &'a Client,
    cql: &'a str,
    unset: bool,
    insert: PreparedQuery,
    select: PreparedQuery,
}

impl Column<'_> {
    async fn write(&self, value: Value) -> Result<()> {
        let values: QueryValues = query_values!(1, value);
        self.session.exec_with_values(&self.insert, values).await?;
        Ok(())
    }

    async fn row(&self) -> Result<Row> {
        let answer = self.session.exec_with_values(&self.select, query_values!(1)).await?;
        let rows = answer.response_body()?.into_rows().context("rows")?;
        rows.into_iter().next().context("a row")
    }

    /// Writes each value and reads it by `read`; then unset and null.
    async fn holds<T: Into<Bytes> + Clone + PartialEq + Debug>(
        &self,
        values: &[T],
        read: impl Fn(&Row) -> cdrs_tokio::Result<Option<T>>,
    ) -> Result<()> {
        for value in values {
            self.write(value.clone().into().into()).await?;
            let found = read(&self.row().await?)?;
            ensure!(found.as_ref() == Some(value), "{}: {value:?} came back as {found:?}", self.cql);
            // Version 3 knows no unset values.
            if self.unset {
                self.write(Value::NotSet).await?;
                let kept = read(&self.row().await?)?;
                ensure!(kept.as_ref() == Some(value), "{}: unset changed {value:?} to {kept:?}", self.cql);
            }
        }
        self.write(Value::Null).await?;
        ensure!(self.row().await?.is_empty(0), "{} is not null", self.cql);
        Ok(())
    }

    async fn plain<T: Into<Bytes> + Clone + PartialEq + Debug>(&self, values: &[T]) -> Result<()>
    where
        Row: IntoRustByIndex<T>,
    {
        self.holds(values, |row| row.by_index(0)).await
    }
}

async fn every_type(session: &Client, prefix: &str, version: Version) -> Result<()> {
    let column = async |number: u32, cql: &'static str| {
        let table = format!("{prefix}_type_{number}");
        session.query(format!("CREATE TABLE {table} (k int PRIMARY KEY, v {cql})")).await?;
        let insert = session.prepare(format!("INSERT INTO {table} (k, v) VALUES (?, ?)")).await?;
        let select = session.prepare(format!("SELECT v FROM {table} WHERE k = ?")).await?;
        anyhow::Ok(Column { session, cql, unset: version != Version::V3, insert, select })
    };
    column(0, "ascii").await?.plain(&["a".to_owned()]).await?;
    column(1, "bigint").await?.plain(&[i64::MIN, i64::MAX]).await?;
    column(2, "blob").await?.plain(&[Blob::from(vec![0, 255])]).await?;
    column(3, "boolean").await?.plain(&[true, false]).await?;
    column(4, "date").await?.plain(&[0, i32::MIN, i32::MAX]).await?;
    let decimals = [Decimal::new(BigInt::from(-12340), 3), Decimal::new(BigInt::from(1), i32::MAX)];
    column(5, "decimal").await?.plain(&decimals).await?;
    column(6, "double").await?.plain(&[-1.5e300, f64::INFINITY, f64::MIN_POSITIVE]).await?;
    column(7, "float").await?.plain(&[0.5f32, f32::NEG_INFINITY]).await?;
    column(8, "inet").await?.plain(&["::1".parse::<IpAddr>()?, "255.0.0.1".parse()?]).await?;
    column(9, "int").await?.plain(&[i32::MIN, i32::MAX]).await?;
    column(10, "smallint").await?.plain(&[i16::MIN, i16::MAX]).await?;
    column(11, "text").await?.plain(&["é𝄞".to_owned(), "x".repeat(1 << 20)]).await?;
    column(12, "time").await?.plain(&[0, 86_399_999_999_999i64]).await?;
    column(13, "timestamp").await?.plain(&[-1, i64::MIN, i64::MAX]).await?;
    column(14, "timeuuid").await?.plain(&[Uuid::parse_str("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")?]).await?;
    column(15, "tinyint").await?.plain(&[i8::MIN, i8::MAX]).await?;
    column(16, "uuid").await?.plain(&[Uuid::new_v4(), Uuid::nil()]).await?;
    let varints = ["-123456789012345678901234567890".parse::<BigInt>()?, BigInt::from(0)];
    column(17, "varint").await?.plain(&varints).await?;
    let list = |row: &Row| row.by_index::<List>(0)?.map(|l| l.as_r_type()).transpose();
    column(18, "list<int>").await?.holds(&[vec![3, 1, 3], vec![i32::MIN]], list).await?;
    let set = |row: &Row| row.by_index::<List>(0)?.map(|l| l.as_r_type()).transpose();
    column(19, "set<text>").await?.holds(&[vec!["a".to_owned(), "b".to_owned()]], set).await?;
    let map = |row: &Row| row.by_index::<Map>(0)?.map(|m| m.as_r_type()).transpose();
    let of_map = HashMap::from([("x".to_owned(), 1), ("y".to_owned(), 2)]);
    column(20, "map<text, int>").await?.holds(&[of_map], map).await?;
    nested(&column(21, "frozen<list<frozen<list<int>>>>").await?).await?;
    tuple(&column(22, "tuple<int, text>").await?).await?;
    column(23, "duration").await?.write(Duration::new(1, 2, 3)?.into()).await
}

async fn nested(column: &Column<'_>) -> Result<()> {
    let lists = vec![vec![1, 2], vec![3]];
    column.write(Bytes::from(lists.clone()).into()).await?;
    let outer: Vec<List> = column.row().await?.r_by_index::<List>(0)?.as_r_type()?;
    let found = outer.iter().map(|l| l.as_r_type()).collect::<cdrs_tokio::Result<Vec<Vec<i32>>>>()?;
    ensure!(found == lists, "{found:?}");
    Ok(())
}

async fn tuple(column: &Column<'_>) -> Result<()> {
    // The driver builds no tuples: 1 and null, each behind its length.
    column.write(Value::Some(vec![0, 0, 0, 4, 0, 0, 0, 1, 255, 255, 255, 255])).await?;
    let tuple: Tuple = column.row().await?.r_by_index(0)?;
    let (number, text): (i32, Option<String>) = (tuple.r_by_index(0)?, tuple.by_index(1)?);
    ensure!((number, &text) == (1, &None), "{number} {text:?}");
    Ok(())
}

async fn pages(session: &Client, expected: usize) -> Result<()> {
    let mut pager = session.paged(1000);
    let mut query = pager.query("SELECT k, v FROM paged");
    let mut count = 0;
    loop {
        for row in query.next().await? {
            let (key, value): (i32, String) = (row.r_by_index(0)?, row.r_by_index(1)?);
            ensure!(value == format!("row {key}"), "{key}: {value}");
            count += 1;
        }
        if !query.has_more() {
            break;
        }
    }
    ensure!(count == expected, "{count} rows instead of {expected}");
    Ok(())
}

async fn altered(session: &Client, prefix: &str) -> Result<()> {
    let table = format!("{prefix}_altered");
    session.query(format!("CREATE TABLE {table} (k int PRIMARY KEY, v text)")).await?;
    let insert = session.prepare(format!("INSERT INTO {table} (k, v) VALUES (?, ?)")).await?;
    let select = session.prepare(format!("SELECT * FROM {table} WHERE k = ?")).await?;
    session.exec_with_values(&insert, query_values!(1, "before")).await?;
    session.exec_with_values(&select, query_values!(1)).await?;
    session.query(format!("ALTER TABLE {table} ADD a int")).await?;
    session.exec_with_values(&insert, query_values!(2, "after")).await?;
    let answer = session.exec_with_values(&select, query_values!(2)).await?;
    ensure!(answer.warnings().is_empty(), "{:?}", answer.warnings());
    let rows = answer.response_body()?.into_rows().context("rows")?;
    let row = rows.first().context("a row")?;
    // Only by name: the new column stands between the old ones.
    use cdrs_tokio::types::ByName;
    ensure!(row.contains_column("a") && row.is_empty_by_name("a"), "the new column is null");
    let value: String = row.r_by_name("v")?;
    ensure!(value == "after", "{value}");
    Ok(())
}

async fn events(session: &Client, prefix: &str) -> Result<()> {
    let table = format!("{prefix}_event");
    let mut events = session.create_event_receiver();
    session.query(format!("CREATE TABLE {table} (k int PRIMARY KEY)")).await?;
    session.query(format!("DROP TABLE {table}")).await?;
    for expected in [SchemaChangeType::Created, SchemaChangeType::Dropped] {
        loop {
            let event = tokio::time::timeout(std::time::Duration::from_secs(10), events.recv()).await??;
            let ServerEvent::SchemaChange(change) = event else { continue };
            let named = SchemaChangeOptions::TableType("drivers".to_owned(), table.clone());
            if change.options == named {
                ensure!(change.change_type == expected, "{change:?}");
                break;
            }
        }
    }
    Ok(())
}

async fn refused(session: &Client) -> Result<()> {
    for (text, class) in REFUSED {
        let Err(error) = session.query(text).await else { bail!("{text} was accepted") };
        ensure!(class_of(&error) == class, "{text}: {error}");
    }
    Ok(())
}

fn class_of(error: &Error) -> Class {
    let Error::Server { body, .. } = error else { return Class::Other };
    match body.ty {
        ErrorType::Syntax => Class::Syntax,
        ErrorType::Invalid => Class::Invalid,
        ErrorType::AlreadyExists(_) => Class::AlreadyExists,
        ErrorType::Config => Class::Config,
        ErrorType::Unauthorized => Class::Unauthorized,
        _ => Class::Other,
    }
}
