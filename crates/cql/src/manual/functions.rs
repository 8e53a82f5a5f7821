//! The native functions: each is asked for by name with arguments of every type, and what the answer's type is.

use super::{SAMPLES, column, describe_types, prepare_if_valid, result_of, schema};
use crate::functions;
use henge_model::Schema;
use std::collections::BTreeMap;

/// Functions that are not in the registry, or mean nothing outside their place.
const BY_HAND: [[&str; 3]; 5] = [
    ["`count(*)`", "", "`bigint`"],
    ["`token`", "the partition key", "`bigint`"],
    ["`from_json` `fromjson`", "`text`; in values alone", "the type of its place"],
    ["`writetime` `maxwritetime`", "a column outside the key, or elements of one; in a select list", "`bigint`"],
    ["`ttl`", "a column outside the key, or elements of one; in a select list", "`int`"],
];
const AGGREGATES: [&str; 5] = ["count", "min", "max", "sum", "avg"];

/// Arguments behind the first; `T` is the type of the first.
const REST: [&[&str]; 9] = [
    &[],
    &["T"],
    &["duration"],
    &["text"],
    &["duration", "T"],
    &["duration", "timestamp"],
    &["int", "int"],
    &["int", "int", "text"],
    &["text", "text"],
];

/// The types of a first argument that are taken, each with the type of what comes of it.
type Results = Vec<(&'static str, String)>;

#[test]
fn functions_are_as_the_manual_says() {
    let schema = schema();
    // Names that are called the same way share a line.
    let mut lines: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    let names: Vec<&str> = functions::names().chain(AGGREGATES).filter(|name| !by_hand(name)).collect();
    for name in names {
        let ways = ways(name, &schema);
        assert!(!ways.is_empty(), "{name} is called in no way that is tried here");
        for way in ways {
            let line = lines.entry(way).or_default();
            if !line.contains(&name) {
                line.push(name);
            }
        }
    }
    let mut table: Vec<[String; 3]> = lines
        .into_iter()
        .map(|((takes, gives), names)| [henge_manual::names(names), takes, gives])
        .chain(blob_conversions(&schema))
        .chain(BY_HAND.map(|line| line.map(str::to_owned)))
        .collect();
    table.sort();
    henge_manual::compatibility("functions", &henge_manual::table(["Function", "Takes", "Gives"], table));
}

fn by_hand(name: &str) -> bool {
    BY_HAND.iter().any(|[names, ..]| names.contains(&format!("`{name}`")))
}

/// The arguments that a function takes and the types that it gives, in words.
fn ways(name: &str, schema: &Schema) -> Vec<(String, String)> {
    let mut ways = Vec::new();
    if let Some(result) = result_of(&format!("{name}()"), &[], schema) {
        ways.push((String::new(), format!("`{result}`")));
    }
    let results = |rest: &[&str]| -> Results {
        SAMPLES.into_iter().filter_map(|first| Some((first, call(name, first, rest, schema)?))).collect()
    };
    let mut forms: Vec<(&[&str], Results)> = REST.map(|rest| (rest, results(rest))).to_vec();
    // The form that takes most is what is meant; others of its length take the same by conversions.
    forms.sort_by_key(|(rest, results)| (rest.len(), std::cmp::Reverse(results.len())));
    let mut seen: Vec<(usize, &str)> = Vec::new();
    for (rest, results) in forms {
        let fresh: Vec<_> = results.into_iter().filter(|(first, _)| !seen.contains(&(rest.len(), first))).collect();
        seen.extend(fresh.iter().map(|(first, _)| (rest.len(), *first)));
        ways.extend(of_form(rest, &fresh, schema));
    }
    ways
}

/// The ways of one form: one for each result, results that are the type of the first argument taken together.
fn of_form(rest: &[&str], results: &[(&str, String)], schema: &Schema) -> Vec<(String, String)> {
    let is_one = results.iter().all(|(_, result)| *result == results[0].1);
    let mut by_result: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (first, result) in results {
        let own = result_of(&column(first), &[first], schema);
        let is_own = own.as_ref() == Some(result) && (!is_one || results.len() == 1);
        by_result.entry(if is_own { "its type".to_owned() } else { format!("`{result}`") }).or_default().push(first);
    }
    let takes = |firsts: &[&str]| {
        let others =
            rest.iter().map(|other| if *other == "T" { ", another".to_owned() } else { format!(", `{other}`") });
        describe_types(firsts) + &others.collect::<String>()
    };
    by_result.into_iter().map(|(result, firsts)| (takes(&firsts), result)).collect()
}

fn call(name: &str, first: &str, rest: &[&str], schema: &Schema) -> Option<String> {
    let others = rest.iter().map(|other| if *other == "T" { first } else { other });
    let samples: Vec<&str> = std::iter::once(first).chain(others).collect();
    let arguments: Vec<String> = samples.iter().map(|sample| column(sample)).collect();
    result_of(&format!("{name}({})", arguments.join(", ")), &samples, schema)
}

/// `int_as_blob`, `blob_as_int` and so on.
fn blob_conversions(schema: &Schema) -> Vec<[String; 3]> {
    let native = |sample: &&str| !sample.contains('<');
    let converts = |to_blob: bool| -> Vec<&str> {
        let works = |sample: &&str| {
            let (call, given) = match to_blob {
                true => (format!("{sample}_as_blob({})", column(sample)), *sample),
                false => (format!("blob_as_{sample}({})", column("blob")), "blob"),
            };
            result_of(&call, &[given], schema).is_some()
        };
        SAMPLES.into_iter().filter(native).filter(works).collect()
    };
    assert!(prepare_if_valid("SELECT intasblob(k), blobasint(intasblob(k)) FROM every", schema).is_some());
    vec![
        ["`T_as_blob` `Tasblob`".to_owned(), format!("T: {}", describe_types(&converts(true))), "`blob`".to_owned()],
        ["`blob_as_T` `blobasT`".to_owned(), "`blob`".to_owned(), format!("T: {}", describe_types(&converts(false)))],
    ]
}
