//! Tests of hostile input: noise, random tokens, and mutated statements and values. Nothing panics, memory stays
//! proportional to the input, and a text that can be parsed can be printed and parsed again. `HENGE_FUZZ=n` runs n
//! times as many rounds; a failure prints its seed.

use crate::fixture::schema_of;
use crate::lexer::{Kind, Lexer};
use crate::{BindContext, BoundValue, Plan, Statement, limits, parse, prepare};
use henge_base::{Bytes, Random};
use henge_fuzz::{change, fuzz, noise};
use henge_model::{DataType, Schema};

/// Bound on memory for parsing: a term is far larger than the two bytes that it may be written in, and lists grow by
/// doubling.
fn parse_bytes_max(given: usize) -> usize {
    given * 1_000 + (64 << 10)
}

/// Bound on memory for binding, which includes the product of keys: see `limits::READS_MAX`.
fn bound_of_plans(given: usize) -> usize {
    parse_bytes_max(given) + (64 << 20)
}

/// Statements on one topic, and the schema that they are written for.
struct Topic {
    statements: Vec<String>,
    schema: Schema,
}

/// The topics that are compared with Apache Cassandra; together they cover every kind of statement.
fn topics() -> Vec<Topic> {
    let folder = "../../integration/oracle/topics";
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|e| e == "cql")).collect();
    // Sorted, so that a seed means the same on every machine.
    paths.sort();
    assert!(!paths.is_empty());
    let topic = |path| {
        let text = std::fs::read_to_string(path).unwrap();
        let statements: Vec<String> = text.lines().map(str::to_owned).collect();
        let schema = schema_of(statements.iter().map(String::as_str));
        Topic { statements, schema }
    };
    paths.into_iter().map(topic).collect()
}

fn tokens(text: &str) -> Vec<&str> {
    let mut lexer = Lexer::new(text);
    let mut all = Vec::new();
    loop {
        let token = lexer.next();
        match token.kind {
            Kind::End => return all,
            _ => all.push(token.text),
        }
    }
}

/// A statement with bytes or tokens changed; tokens may come from another statement.
fn mutate_statement(random: &mut Random, statements: &[String]) -> String {
    let text = random.pick(statements).unwrap();
    if random.chance(1, 4) {
        let mut bytes = text.as_bytes().to_vec();
        change(random, &mut bytes);
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    let mut words = tokens(text);
    let others = tokens(random.pick(statements).unwrap());
    for _ in 0..=random.below(3) {
        let at = random.below(words.len() as u64 + 1) as usize;
        let other = random.below(words.len().max(1) as u64) as usize;
        match random.below(5) {
            0 if at < words.len() => _ = words.remove(at),
            1 if at < words.len() => words.swap(at, other),
            2 if at < words.len() => words[at] = others.get(other).copied().unwrap_or("?"),
            3 => {
                words.insert(at, random.pick(&["?", "NULL", "(", ")", "-", "1", ":a", "IN", "]", "{}", "''"]).unwrap())
            }
            _ => {
                let end = (at + random.below(6) as usize).min(words.len());
                let piece = words[at..end].to_vec();
                words.splice(at..at, piece);
            }
        }
    }
    words.join(" ")
}

/// True if the statement's tree retains its whole text.
fn is_whole(printed: &str, statement: &Statement) -> bool {
    // The new type of ALTER ... TYPE is not kept.
    let lost = ["Retype("];
    let tree = format!("{statement:?}");
    !lost.iter().any(|part| tree.contains(part)) && !printed.is_empty()
}

fn check(text: &str) -> Option<Statement> {
    let statement = parse(text).ok()?;
    let printed = statement.to_string();
    if is_whole(&printed, &statement) {
        let again = parse(&printed).unwrap_or_else(|e| panic!("{e}\n{text}\n{printed}"));
        assert_eq!(again.to_string(), printed, "{text}");
    }
    Some(statement)
}

#[test]
fn noise_and_tokens() {
    const PIECES: [&str; 48] = [
        "SELECT", "INSERT", "INTO", "UPDATE", "DELETE", "FROM", "WHERE", "AND", "IF", "EXISTS", "IN", "CREATE",
        "TABLE", "ALTER", "DROP", "BEGIN", "BATCH", "APPLY", "USING", "TTL", "LIMIT", "ORDER", "BY", "AS", "CAST",
        "token", "JSON", "list", "<", ">", "(", ")", "[", "]", "{", "}", ",", ".", "..", "=", "-", "*", ":", "?", "a",
        "1", "'x'", "\"",
    ];
    fuzz(20_000, parse_bytes_max, |random| {
        let text = match random.chance(1, 2) {
            true => String::from_utf8_lossy(&noise(random, 200)).into_owned(),
            false => (0..random.below(60)).map(|_| *random.pick(&PIECES).unwrap()).collect::<Vec<_>>().join(" "),
        };
        check(&text);
        text.len() + 1
    });
}

#[test]
fn changed_statements() {
    let topics = topics();
    fuzz(10_000, parse_bytes_max, |random| {
        let topic = random.pick(&topics).unwrap();
        let text = mutate_statement(random, &topic.statements);
        check(&text);
        text.len() + 1
    });
}

/// Random values for the markers, most of them with the length of some type.
fn values(random: &mut Random, count: usize) -> Vec<Vec<u8>> {
    let lengths = [0, 1, 2, 4, 8, 16, 20];
    (0..count)
        .map(|_| match random.chance(2, 3) {
            true => (0..*random.pick(&lengths).unwrap()).map(|_| random.next_u64() as u8).collect(),
            false => noise(random, 40),
        })
        .collect()
}

fn bind(random: &mut Random, plan: &Plan, context: &BindContext<'_>) {
    match plan {
        Plan::Modify(plan) => {
            let _ = (plan.bind(context, &mut Vec::new()), plan.row_keys(context));
        }
        Plan::Select(plan) => {
            let _ = (plan.bind(context), plan.single_row_key(context.values));
            let table = plan.table();
            let types =
                table.partition_key.iter().chain(&table.clustering).chain(&table.statics).chain(&table.regulars);
            let row: Vec<Option<Bytes>> = types.map(|column| a_value(random, &column.data_type)).collect();
            let mut output = plan.output(context);
            if !plan.is_identity() && !plan.is_aggregate() {
                let _ = output.row(&row, &mut Vec::new());
            }
        }
        _ => {}
    }
}

fn a_value(random: &mut Random, data_type: &DataType) -> Option<Bytes> {
    let value = values(random, 1).remove(0);
    data_type.validate(&value).is_ok().then(|| value.into())
}

#[test]
fn changed_statements_with_values() {
    let topics = topics();
    fuzz(10_000, bound_of_plans, |random| {
        let topic = random.pick(&topics).unwrap();
        let text = mutate_statement(random, &topic.statements);
        let Some(statement) = check(&text) else { return text.len() };
        let Ok(prepared) = prepare(&statement, &topic.schema, None) else { return text.len() };
        let given = values(random, prepared.bind.len());
        let bound: Vec<BoundValue<'_>> = given
            .iter()
            .map(|value| match random.below(8) {
                0 => BoundValue::Null,
                1 => BoundValue::Unset,
                _ => BoundValue::Value(value),
            })
            .collect();
        let context = BindContext {
            values: &bound,
            timestamp: random.next_u64() as i64,
            now_us: 1_700_000_000_000_000,
            now_seconds: 1_700_000_000,
            before: None,
            statement: 0,
            seed: 1,
            guard: Default::default(),
        };
        bind(random, &prepared.plan, &context);
        text.len() + given.len() * 40
    });
}

/// Deep nesting is refused before the stack overflows, also on the smallest stack of a server thread.
#[test]
fn deep_nesting_is_refused() {
    let openings = [
        "(",
        "[",
        "{",
        "{1:",
        "f(",
        "-",
        "- ",
        "CAST(",
        "(int)",
        "a[",
        "a[1..",
        "a.",
        "1+",
        "1*",
        "(a,",
        "{a:",
        "token(",
        "(list<int>)",
        "(list<",
        "(tuple<int,",
        "a[a.",
        "-(",
        "k.f(",
        "((a)=",
        "?[",
    ];
    let places = [
        "SELECT ",
        "SELECT a FROM t WHERE ",
        "SELECT a FROM t WHERE a = ",
        "SELECT a FROM t WHERE a IN (",
        "INSERT INTO t (a) VALUES (",
        "UPDATE t SET a = ",
        "UPDATE t SET a[",
        "DELETE a[",
        "SELECT a FROM t ORDER BY a ANN OF ",
        "CREATE TABLE t (a ",
        "CREATE TABLE t WITH a = ",
        "BEGIN BATCH INSERT INTO t (a) VALUES (",
        "INSERT INTO t JSON ",
        "UPDATE t SET a = 1 WHERE a = 1 IF ",
    ];
    let deep = move || {
        for place in places {
            for opening in openings {
                for depth in [limits::NESTING_MAX - 2, 100_000] {
                    let text = format!("{place}{}1", opening.repeat(depth));
                    let _ = parse(&text);
                }
            }
        }
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(deep).unwrap().join().unwrap();
}
