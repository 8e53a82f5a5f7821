//! Tests of what is offered where.

use super::names::{NameList, Names};
use super::offers::complete;
use super::place::Place;

/// A schema with two keyspaces.
struct Schema;

impl Names for Schema {
    fn names(&mut self, list: &NameList) -> Vec<String> {
        let names: &[&str] = match list {
            NameList::Keyspaces => &["shop", "system", "Archive"],
            NameList::Tables { keyspace } if keyspace == "shop" => &["orders", "order_lines", "Old", "table"],
            NameList::Tables { keyspace } if keyspace == "Archive" => &["years"],
            NameList::Columns { keyspace, table } if (keyspace.as_str(), table.as_str()) == ("shop", "orders") => {
                &["id", "customer", "Total"]
            }
            NameList::Columns { keyspace, table } if (keyspace.as_str(), table.as_str()) == ("Archive", "years") => {
                &["year"]
            }
            NameList::Types { .. } => &["address"],
            NameList::Functions { .. } => &["double_it"],
            NameList::Indexes { .. } => &["by_customer"],
            NameList::Roles => &["ada", "Bea"],
            _ => &[],
        };
        names.iter().map(|name| (*name).to_owned()).collect()
    }
}

/// The text before `|` that is replaced, and the texts that may replace it.
fn complete_at(text: &str) -> (String, Vec<String>) {
    let (before, behind) = text.split_once('|').unwrap();
    let place = Place::find(before, behind).unwrap();
    let (length, texts) = complete(&place, Some("shop"), &mut Schema);
    (before[before.len() - length..].to_owned(), texts)
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(complete_at(text).1, expected, "{text}");
}

/// Checks that some texts are offered, and others are not.
#[track_caller]
fn check_some(text: &str, with: &[&str], without: &[&str]) {
    let (_, texts) = complete_at(text);
    assert!(with.iter().all(|text| texts.iter().any(|offered| offered == text)), "{text}: {texts:?}");
    assert!(without.iter().all(|text| texts.iter().all(|offered| offered != text)), "{text}: {texts:?}");
}

#[test]
fn statements_and_commands_are_offered_at_the_beginning() {
    check_some("|", &["SELECT ", "INSERT ", "CONSISTENCY ", "COPY ", "BEGIN "], &["FROM ", "WHERE "]);
    check("sel|", &["select "]);
    check("SE|", &["SELECT ", "SERIAL "]);
    check("SELECT 1; UPD|", &["UPDATE "]);
    check("SELECT -- a comment\n * fr|", &["from "]);
    check("xyz |", &[]);
}

#[test]
fn keywords_follow_what_was_typed() {
    check_some(
        "SELECT * FROM orders |",
        &["WHERE ", "ORDER ", "LIMIT ", "ALLOW ", "GROUP ", "PER "],
        &["FROM ", "AND "],
    );
    check("select * from orders where id = 1 order |", &["by "]);
    check_some("SELECT * FROM orders WHERE id IN (1, 2) |", &["AND ", "LIMIT "], &["WHERE "]);
    check("SELECT * FROM orders ALLOW |", &["FILTERING "]);
    check("INSERT |", &["INTO "]);
    check("INSERT INTO orders (id) |", &["VALUES "]);
    check("INSERT INTO orders (id) VALUES (1) |", &["IF ", "USING "]);
    check("INSERT INTO orders (id) VALUES (1) USING T|", &["TIMESTAMP ", "TTL "]);
    check("UPDATE orders |", &["SET ", "USING "]);
    check("UPDATE orders SET id = id + 1 |", &["WHERE "]);
    check("BEGIN |", &["BATCH ", "COUNTER ", "UNLOGGED "]);
    check("BEGIN BATCH INSERT INTO orders (id) VALUES (1); |", &["APPLY ", "DELETE ", "INSERT ", "UPDATE "]);
    check("CREATE TABLE x (a int PRIMARY |", &["KEY "]);
    check_some("CREATE TABLE x (a |", &["int", "text", "address", "MAP "], &["PRIMARY "]);
    check("CREATE KEYSPACE x WITH |", &["DURABLE_WRITES ", "REPLICATION "]);
    check("DROP TABLE IF |", &["EXISTS "]);
    check("GRANT SELECT ON KEYSPACE shop |", &["TO "]);
}

#[test]
fn names_come_from_the_schema() {
    check("SELECT * FROM ord|", &["order_lines", "orders"]);
    check("SELECT * FROM |", &["\"Archive\".", "\"Old\"", "\"table\"", "order_lines", "orders", "shop.", "system."]);
    check("SELECT * FROM \"Archive\".|", &["years"]);
    check_some("SELECT | FROM \"Archive\".years", &["year", "count(", "*", "DISTINCT "], &["id"]);
    check("SELECT cust| FROM orders", &["customer"]);
    check("INSERT INTO shop.orders (|", &["\"Total\"", "customer", "id"]);
    check("INSERT INTO orders (id, tot|", &["\"Total\""]);
    check_some("SELECT * FROM orders WHERE |", &["id", "customer", "TOKEN "], &[]);
    check("USE s|", &["shop", "system"]);
    check("USE \"Ar|", &["\"Archive\""]);
    check("DROP INDEX by|", &["by_customer"]);
    check("GRANT a|", &["ada", "all ", "alter ", "authorize "]);
    check("LOGIN b|", &["\"Bea\""]);
    check("SELECT dou| FROM orders", &["double_it("]);
}

#[test]
fn commands_take_their_arguments() {
    check("CONSISTENCY LOCAL_Q|", &["LOCAL_QUORUM"]);
    check("consistency each|", &["each_quorum"]);
    check("SERIAL CONSISTENCY |", &["LOCAL_SERIAL ", "SERIAL "]);
    check("PAGING O|", &["OFF ", "ON "]);
    check("SHOW |", &["HOST ", "REPLICAS ", "SESSION ", "VERSION "]);
    check("SOURCE |", &["'"]);
    check("COPY orders TO |", &["'", "STDOUT "]);
    check("COPY orders (id) FROM 'x.csv' WITH HEAD|", &["HEADER = "]);
    check_some("DESCRIBE |", &["KEYSPACES ", "CLUSTER ", "orders", "shop", "shop."], &[]);
}

#[test]
fn texts_and_comments_are_left_alone() {
    assert!(Place::find("SELECT 1 -- from", "").is_none());
    assert!(Place::find("SELECT $$ from", "").is_none());
    check("SELECT * FROM orders WHERE customer = 'fr|", &[]);
    assert_eq!(complete_at("SOURCE '/nowhere/it''s |").0, "'/nowhere/it''s ");
    check("INSERT INTO orders (id) VALUES (|", &[]);
}
