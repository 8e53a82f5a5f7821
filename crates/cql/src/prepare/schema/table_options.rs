//! The options of WITH of a table. Every option of Cassandra 5.0 is validated and stored, even if it has no effect.

use crate::error::Error;
use crate::limits;
use crate::literal::text_of;
use crate::prepare::schema::property::Properties;
use crate::prepare::schema::retry_policy::retry_policy;
use crate::prepare::schema::{compaction_options, compression_options};
use crate::statement::{Constant, Property};
use henge_model::{SerialScope, TableId, TableOptions};
use std::collections::BTreeMap;

/// The options of a new table, and the id if the statement gives one.
pub(crate) fn read(properties: &[Property]) -> Result<(TableOptions, Option<TableId>), Error> {
    let (mut options, id) = read_onto(TableOptions::default(), properties)?;
    let leveled = options.compaction.get("class").is_some_and(|c| c.ends_with("LeveledCompactionStrategy"));
    if leveled && !properties.iter().any(|p| p.name.text == "bloom_filter_fp_chance") {
        options.bloom_filter_fp_chance = 0.1;
    }
    Ok((options, id))
}

/// The options with those that the statement gives replaced, and the id if it gives one.
pub(crate) fn read_onto(
    mut options: TableOptions,
    properties: &[Property],
) -> Result<(TableOptions, Option<TableId>), Error> {
    let mut given = Properties::new(properties)?;
    let id =
        given.text("id")?.map(|text| text.parse().map_err(|_| Error::config(format!("Invalid table id '{text}'"))));
    scalars(&mut given, &mut options)?;
    texts(&mut given, &mut options)?;
    if let Some(map) = given.map("caching")? {
        options.caching = caching(map)?;
    }
    if let Some(map) = given.map("compaction")? {
        options.compaction = compaction_options::check(map)?;
    }
    if let Some(map) = given.map("compression")? {
        options.compression = compression_options::check(map)?;
    }
    if let Some(entries) = given.entries("extensions")? {
        options.extensions = entries.iter().map(extension).collect::<Result<_, _>>()?;
    }
    given.finish()?;
    check(&options)?;
    Ok((options, id.transpose()?))
}

fn scalars(given: &mut Properties<'_>, options: &mut TableOptions) -> Result<(), Error> {
    let integers: [(&'static str, &mut u32); 5] = [
        ("default_time_to_live", &mut options.default_time_to_live),
        ("gc_grace_seconds", &mut options.gc_grace_seconds),
        ("min_index_interval", &mut options.min_index_interval),
        ("max_index_interval", &mut options.max_index_interval),
        ("memtable_flush_period_in_ms", &mut options.memtable_flush_period_in_ms),
    ];
    for (name, place) in integers {
        if let Some(value) = given.take_parsed::<i64>(name, "an integer")? {
            let fits = u32::try_from(value).ok().filter(|v| *v <= i32::MAX as u32);
            *place =
                fits.ok_or_else(|| Error::config(format!("{name} must be greater than or equal to 0 (got {value})")))?;
        }
    }
    for (name, place) in [
        ("bloom_filter_fp_chance", &mut options.bloom_filter_fp_chance),
        ("crc_check_chance", &mut options.crc_check_chance),
    ] {
        *place = given.take_parsed(name, "a number")?.unwrap_or(*place);
    }
    for (name, place) in [
        ("cdc", &mut options.cdc),
        ("allow_auto_snapshot", &mut options.allow_auto_snapshot),
        ("incremental_backups", &mut options.incremental_backups),
    ] {
        *place = given.take_parsed(name, "a boolean")?.unwrap_or(*place);
    }
    Ok(())
}

fn texts(given: &mut Properties<'_>, options: &mut TableOptions) -> Result<(), Error> {
    if let Some(comment) = given.text("comment")? {
        options.comment = comment;
    }
    options.memtable = given.text("memtable")?.filter(|name| name != "default");
    if let Some(name) = &options.memtable {
        return Err(Error::config(format!("Memtable configuration \"{name}\" not found")));
    }
    if let Some(text) = given.text("speculative_retry")? {
        options.speculative_retry = retry_policy(&text)?;
    }
    if let Some(text) = given.text("additional_write_policy")? {
        options.additional_write_policy = retry_policy(&text)?;
    }
    if let Some(text) = given.text("read_repair")? {
        let upper = text.to_ascii_uppercase();
        if !["BLOCKING", "NONE"].contains(&upper.as_str()) {
            return Err(Error::config(format!("Invalid value '{text}' for read_repair: it is BLOCKING or NONE")));
        }
        options.read_repair = upper;
    }
    if let Some(text) = given.text("serial_consistency")? {
        options.serial_consistency = serial_scope(&text)?;
    }
    Ok(())
}

/// The scope of a level; `None` of `UNSET`: the next conditional write fixes it.
fn serial_scope(text: &str) -> Result<Option<SerialScope>, Error> {
    let upper = text.to_ascii_uppercase();
    if upper == "UNSET" {
        return Ok(None);
    }
    match upper.parse().ok().and_then(SerialScope::of_level) {
        Some(scope) => Ok(Some(scope)),
        None => Err(Error::config(format!(
            "Invalid value '{text}' for serial_consistency: it is SERIAL, LOCAL_SERIAL or UNSET"
        ))),
    }
}

fn check(options: &TableOptions) -> Result<(), Error> {
    let refuse = |message: String| Err(Error::config(message));
    // The lowest false positive chance that a bloom filter in Cassandra supports, at twenty bits per key.
    let lowest = 6.71e-5;
    if !(options.bloom_filter_fp_chance > lowest && options.bloom_filter_fp_chance <= 1.0) {
        let given = options.bloom_filter_fp_chance;
        return refuse(format!(
            "bloom_filter_fp_chance must be larger than 6.71E-5 and less than or equal to 1.0 (got {given:?})"
        ));
    }
    if !(0.0..=1.0).contains(&options.crc_check_chance) {
        return refuse(format!(
            "crc_check_chance must be larger than or equal to 0 and smaller than or equal to 1.0 (got {:?})",
            options.crc_check_chance
        ));
    }
    if options.default_time_to_live > limits::TTL_SECONDS_MAX {
        return refuse(format!(
            "default_time_to_live must be less than or equal to {} (got {})",
            limits::TTL_SECONDS_MAX,
            options.default_time_to_live
        ));
    }
    if options.min_index_interval < 1 {
        return refuse(format!(
            "min_index_interval must be greater than or equal to 1 (got {})",
            options.min_index_interval
        ));
    }
    if options.max_index_interval < options.min_index_interval {
        return refuse(format!(
            "max_index_interval must be greater than or equal to min_index_interval ({}) (got {})",
            options.min_index_interval, options.max_index_interval
        ));
    }
    Ok(())
}

fn caching(map: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Error> {
    // Caches that the map leaves out are off.
    let mut caching = BTreeMap::from(["keys", "rows_per_partition"].map(|name| (name.to_owned(), "NONE".to_owned())));
    for (name, value) in map {
        let value = value.to_ascii_uppercase();
        let fits = match name.as_str() {
            "keys" => ["ALL", "NONE"].contains(&value.as_str()),
            "rows_per_partition" => ["ALL", "NONE"].contains(&value.as_str()) || value.parse::<u32>().is_ok(),
            _ => {
                return Err(Error::config(format!(
                    "Invalid caching sub-options [{name}]: only 'keys' and 'rows_per_partition' are allowed"
                )));
            }
        };
        if !fits {
            return Err(Error::config(format!("Invalid value '{value}' for caching sub-option '{name}'")));
        }
        caching.insert(name, if value == "0" { "NONE".to_owned() } else { value });
    }
    Ok(caching)
}

fn extension((name, value): &(Constant, Constant)) -> Result<(String, Vec<u8>), Error> {
    match value {
        Constant::Blob(bytes) => Ok((text_of(name), bytes.clone())),
        _ => Err(Error::config("extensions are blobs by name")),
    }
}
