//! One table: its columns, and the statements that read and write it.

use anyhow::{Context, bail};
use henge_protocol::Prepared;
use henge_shell::{DataClient, DataError};

/// A column outside the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ValueColumn {
    pub(crate) name: String,
    pub(crate) is_static: bool,
    pub(crate) form: Form,
}

/// The cells of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// One cell.
    Single,
    /// A cell for each element of a set.
    Set,
    /// A cell for each entry of a map.
    Map,
    /// A cell for each element, under a name that only its node knows.
    List,
    /// A cell for each field of a user type.
    Fields(Vec<String>),
    /// A counter.
    Counter,
}

/// A table as it is imported.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) keyspace: String,
    pub(crate) name: String,
    pub(crate) partition_key: Vec<String>,
    pub(crate) clustering: Vec<String>,
    /// Static ones first.
    pub(crate) values: Vec<ValueColumn>,
    /// True if the source tells the time of each element of a collection.
    pub(crate) has_element_times: bool,
}

/// The rows that are written by a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Static,
    Regular,
}

impl Table {
    /// The number of columns of the key.
    pub(crate) fn key_columns(&self) -> usize {
        self.partition_key.len() + self.clustering.len()
    }

    pub(crate) fn is_counter(&self) -> bool {
        self.values.iter().any(|column| column.form == Form::Counter)
    }

    /// True if a column is a list that is not frozen.
    pub(crate) fn has_lists(&self) -> bool {
        self.values.iter().any(|column| column.form == Form::List)
    }

    /// True if a column is read with its times.
    pub(crate) fn has_times(&self, column: &ValueColumn) -> bool {
        match column.form {
            Form::Single => true,
            Form::Counter => false,
            Form::Set | Form::Map | Form::List | Form::Fields(_) => self.has_element_times,
        }
    }

    /// The columns of a part, with their places among all.
    pub(crate) fn columns(&self, part: Part) -> impl Iterator<Item = (usize, &ValueColumn)> {
        self.values.iter().enumerate().filter(move |(_, column)| column.is_static == (part == Part::Static))
    }

    /// `keyspace.table`, quoted.
    pub(crate) fn full_name(&self) -> String {
        format!("{}.{}", quote(&self.keyspace), quote(&self.name))
    }

    /// The statement that reads a range of tokens: the key, then each column with its times, if it has any.
    pub(crate) fn select(&self) -> String {
        let mut columns: Vec<String> = self.key_names().map(quote).collect();
        for column in &self.values {
            let name = quote(&column.name);
            columns.push(name.clone());
            if self.has_times(column) {
                columns.extend([format!("writetime({name})"), format!("ttl({name})")]);
            }
        }
        let token = format!("token({})", join(self.partition_key.iter().map(|name| quote(name))));
        format!("SELECT {} FROM {} WHERE {token} > ? AND {token} <= ?", columns.join(", "), self.full_name())
    }

    fn key_names(&self) -> impl Iterator<Item = &str> {
        self.partition_key.iter().chain(&self.clustering).map(String::as_str)
    }

    /// The statement that makes a row: its key, and its columns of one cell; a column that is not set stays as it is.
    pub(crate) fn insert(&self) -> String {
        let singles = self.columns(Part::Regular).filter(|(_, column)| column.form == Form::Single);
        let names: Vec<String> =
            self.key_names().chain(singles.map(|(_, column)| column.name.as_str())).map(quote).collect();
        let markers = join(names.iter().map(|_| "?".to_owned()));
        format!(
            "INSERT INTO {} ({}) VALUES ({markers}) USING TIMESTAMP ? AND TTL ?",
            self.full_name(),
            names.join(", ")
        )
    }

    /// The statement that writes cells of a part of a row: time, time to live, then a marker for each column, or for each of its fields.
    /// `None` if there is nothing to write.
    pub(crate) fn update(&self, part: Part) -> Option<String> {
        let assignments: Vec<String> = self.columns(part).flat_map(|(_, column)| assignments(column)).collect();
        let using = if self.is_counter() { "" } else { " USING TIMESTAMP ? AND TTL ?" };
        let set = join(assignments.iter().cloned());
        let key = self.key_of(part);
        (!assignments.is_empty()).then(|| format!("UPDATE {}{using} SET {set} WHERE {key}", self.full_name()))
    }

    /// The statement that reads the counters of a part of a row.
    pub(crate) fn select_counters(&self, part: Part) -> String {
        let names = join(self.columns(part).map(|(_, column)| quote(&column.name)));
        format!("SELECT {names} FROM {} WHERE {}", self.full_name(), self.key_of(part))
    }

    fn key_of(&self, part: Part) -> String {
        let clustering = self.clustering.iter().filter(|_| part == Part::Regular);
        let names = self.partition_key.iter().chain(clustering);
        names.map(|name| format!("{} = ?", quote(name))).collect::<Vec<_>>().join(" AND ")
    }
}

fn assignments(column: &ValueColumn) -> Vec<String> {
    let name = quote(&column.name);
    match &column.form {
        Form::Single | Form::List => vec![format!("{name} = ?")],
        Form::Set | Form::Map | Form::Counter => vec![format!("{name} = {name} + ?")],
        Form::Fields(fields) => fields.iter().map(|field| format!("{name}.{} = ?", quote(field))).collect(),
    }
}

/// A name in double quotes.
pub(crate) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// A row of `system_schema.columns`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ColumnRow {
    pub(crate) table: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) position: i32,
    pub(crate) type_text: String,
}

/// The tables that columns make, in the order of their names; fields of user types are looked up.
pub(crate) fn tables_of(
    keyspace: &str,
    columns: &[ColumnRow],
    fields_of: impl Fn(&str) -> Option<Vec<String>>,
) -> anyhow::Result<Vec<Table>> {
    let mut names: Vec<&str> = columns.iter().map(|column| column.table.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| table_of(keyspace, name, columns, &fields_of)).collect()
}

fn table_of(
    keyspace: &str,
    name: &str,
    columns: &[ColumnRow],
    fields_of: &impl Fn(&str) -> Option<Vec<String>>,
) -> anyhow::Result<Table> {
    let mut own: Vec<&ColumnRow> = columns.iter().filter(|column| column.table == name).collect();
    own.sort_by_key(|column| (column.kind.clone(), column.position, column.name.clone()));
    let named =
        |kind: &str| own.iter().filter(|column| column.kind == kind).map(|column| column.name.clone()).collect();
    let mut values = Vec::new();
    for kind in ["static", "regular"] {
        // Tables of old have a column of no type where there is none.
        for column in own.iter().filter(|column| column.kind == kind && column.type_text != "empty") {
            let form = form_of(&column.type_text, fields_of);
            values.push(ValueColumn { name: column.name.clone(), is_static: kind == "static", form });
        }
    }
    let table = Table {
        keyspace: keyspace.to_owned(),
        name: name.to_owned(),
        partition_key: named("partition_key"),
        clustering: named("clustering"),
        values,
        has_element_times: true,
    };
    if table.partition_key.is_empty() {
        bail!("{keyspace}.{name} has no partition key in system_schema.columns");
    }
    Ok(table)
}

fn form_of(type_text: &str, fields_of: &impl Fn(&str) -> Option<Vec<String>>) -> Form {
    match type_text {
        "counter" => Form::Counter,
        text if text.starts_with("set<") => Form::Set,
        text if text.starts_with("map<") => Form::Map,
        text if text.starts_with("list<") => Form::List,
        text => fields_of(text.trim_matches('"')).map_or(Form::Single, Form::Fields),
    }
}

/// The prepared statements of a table, on one connection of either side.
pub(crate) struct Statements {
    pub(crate) select: Prepared,
    pub(crate) target_select: Prepared,
    pub(crate) insert: Option<Prepared>,
    pub(crate) updates: [Option<Prepared>; 2],
    pub(crate) counters: [Option<Prepared>; 2],
}

impl Statements {
    pub(crate) fn prepare(
        table: &Table,
        source: &mut DataClient,
        target: &mut DataClient,
    ) -> anyhow::Result<Statements> {
        let updates = [Part::Static, Part::Regular].map(|part| table.update(part));
        let [statics, regulars] = updates.each_ref().map(Option::is_some);
        let counters = [(Part::Static, statics), (Part::Regular, regulars)]
            .map(|(part, is_there)| (is_there && table.is_counter()).then(|| table.select_counters(part)));
        let mut prepare = |text: Option<String>| {
            text.map(|text| target.prepare(&text).with_context(|| format!("the target: {text}"))).transpose()
        };
        let [statics, regulars] = updates;
        let [static_counters, regular_counters] = counters;
        Ok(Statements {
            insert: prepare((!table.is_counter()).then(|| table.insert()))?,
            updates: [prepare(statics)?, prepare(regulars)?],
            counters: [prepare(static_counters)?, prepare(regular_counters)?],
            target_select: target
                .prepare(&table.select())
                .with_context(|| format!("the target: {}", table.select()))?,
            select: source.prepare(&table.select()).with_context(|| format!("the source: {}", table.select()))?,
        })
    }
}

/// True if a server tells the time of each element of collections and of each field, as Cassandra does from 5.0 on.
pub(crate) fn tells_element_times(table: &Table, client: &mut DataClient) -> anyhow::Result<bool> {
    match client.prepare(&table.select()) {
        Ok(_) => Ok(true),
        Err(DataError::Refused(error)) => {
            let plain = Table { has_element_times: false, ..table.clone() };
            client
                .prepare(&plain.select())
                .with_context(|| format!("{} cannot be read ({error})", table.full_name()))?;
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, kind: &str, position: i32, type_text: &str) -> ColumnRow {
        let [name, kind, type_text] = [name, kind, type_text].map(str::to_owned);
        ColumnRow { table: "t".to_owned(), name, kind, position, type_text }
    }

    pub(crate) fn table() -> Table {
        let columns = [
            column("v", "regular", -1, "int"),
            column("m", "regular", -1, "map<text, int>"),
            column("u", "regular", -1, "own"),
            column("f", "regular", -1, "frozen<set<int>>"),
            column("s", "static", -1, "text"),
            column("c", "clustering", 0, "int"),
            column("B", "partition_key", 1, "int"),
            column("a", "partition_key", 0, "int"),
        ];
        let fields = |name: &str| (name == "own").then(|| vec!["x".to_owned(), "y".to_owned()]);
        tables_of("ks", &columns, fields).unwrap().remove(0)
    }

    #[test]
    fn statements_name_every_column() {
        let table = table();
        assert_eq!(
            table.select(),
            "SELECT \"a\", \"B\", \"c\", \"s\", writetime(\"s\"), ttl(\"s\"), \"f\", writetime(\"f\"), ttl(\"f\"), \
             \"m\", writetime(\"m\"), ttl(\"m\"), \"u\", writetime(\"u\"), ttl(\"u\"), \"v\", writetime(\"v\"), ttl(\"v\") \
             FROM \"ks\".\"t\" WHERE token(\"a\", \"B\") > ? AND token(\"a\", \"B\") <= ?"
        );
        assert_eq!(
            table.insert(),
            "INSERT INTO \"ks\".\"t\" (\"a\", \"B\", \"c\", \"f\", \"v\") VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ? AND TTL ?"
        );
        assert_eq!(
            table.update(Part::Regular).unwrap(),
            "UPDATE \"ks\".\"t\" USING TIMESTAMP ? AND TTL ? SET \"f\" = ?, \"m\" = \"m\" + ?, \"u\".\"x\" = ?, \"u\".\"y\" = ?, \
             \"v\" = ? WHERE \"a\" = ? AND \"B\" = ? AND \"c\" = ?"
        );
        assert_eq!(
            table.update(Part::Static).unwrap(),
            "UPDATE \"ks\".\"t\" USING TIMESTAMP ? AND TTL ? SET \"s\" = ? WHERE \"a\" = ? AND \"B\" = ?"
        );
        let plain = Table { has_element_times: false, ..table };
        assert!(!plain.select().contains("ttl(\"m\")") && plain.select().contains("ttl(\"v\")"));
    }

    #[test]
    fn counters_are_read_and_added_to() {
        let columns = [column("k", "partition_key", 0, "int"), column("n", "regular", -1, "counter")];
        let table = tables_of("ks", &columns, |_| None).unwrap().remove(0);
        assert_eq!(table.update(Part::Regular).unwrap(), "UPDATE \"ks\".\"t\" SET \"n\" = \"n\" + ? WHERE \"k\" = ?");
        assert_eq!(table.update(Part::Static), None);
        assert_eq!(table.select_counters(Part::Regular), "SELECT \"n\" FROM \"ks\".\"t\" WHERE \"k\" = ?");
    }
}
