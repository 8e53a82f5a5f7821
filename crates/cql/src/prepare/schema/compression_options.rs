//! The sub-options of `compression`.

use crate::error::Error;
use std::collections::BTreeMap;

const CLASS_PACKAGE: &str = "org.apache.cassandra.io.compress.";
/// Maximum chunk length in KiB: Cassandra counts its bytes in a signed 32-bit integer.
const CHUNK_KIB_MAX: u32 = i32::MAX as u32 / 1024;

/// Validates the options and returns them as described, with defaults filled in. An empty map, or `enabled` other than
/// true, turns compression off.
pub(crate) fn check(mut map: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Error> {
    let enabled = map.remove("enabled").map_or(!map.is_empty(), |text| text.eq_ignore_ascii_case("true"));
    if !enabled {
        if !map.is_empty() {
            return Err(Error::config("If the 'enabled' option is set to false no other options must be specified"));
        }
        return Ok(BTreeMap::from([("enabled".to_owned(), "false".to_owned())]));
    }
    let class = match map.get("class").map(String::as_str) {
        None => return Err(Error::config("Missing sub-option 'class' for the 'compression' option.")),
        Some("") => {
            let message = "The 'class' option must not be empty. To disable compression use 'enabled' : false";
            return Err(Error::config(message));
        }
        Some(class) => class.strip_prefix(CLASS_PACKAGE).unwrap_or(class).to_owned(),
    };
    let own: &[&str] = match class.as_str() {
        "LZ4Compressor" => &["lz4_compressor_type", "lz4_high_compressor_level"],
        "ZstdCompressor" => &["compression_level"],
        "SnappyCompressor" | "DeflateCompressor" | "NoopCompressor" => &[],
        _ => return Err(Error::config(format!("Could not create Compression for type {class}"))),
    };
    let common = ["class", "chunk_length_in_kb", "min_compress_ratio"];
    if let Some(name) = map.keys().find(|name| !own.contains(&name.as_str()) && !common.contains(&name.as_str())) {
        return Err(Error::config(format!("Unknown compression options {name}")));
    }
    map.insert("class".to_owned(), format!("{CLASS_PACKAGE}{class}"));
    chunk_length(&mut map)?;
    compress_ratio(&mut map)?;
    lz4(&map)?;
    level(&map)?;
    Ok(map)
}

fn chunk_length(map: &mut BTreeMap<String, String>) -> Result<(), Error> {
    let text = map.entry("chunk_length_in_kb".to_owned()).or_insert_with(|| "16".to_owned());
    let length: i32 = text.parse().map_err(|_| Error::config("Invalid value for chunk_length_in_kb"))?;
    let refused = match u32::try_from(length) {
        Err(_) | Ok(0) => "Invalid negative or null chunk_length_in_kb".to_owned(),
        Ok(length) if length > CHUNK_KIB_MAX => format!("Value of chunk_length_in_kb is too large ({length})"),
        Ok(length) if !length.is_power_of_two() => "chunk_length_in_kb must be a power of 2".to_owned(),
        Ok(_) => return Ok(()),
    };
    Err(Error::config(refused))
}

/// Checks the ratio, and drops zero, the default, which is not described.
fn compress_ratio(map: &mut BTreeMap<String, String>) -> Result<(), Error> {
    let Some(text) = map.remove("min_compress_ratio") else { return Ok(()) };
    let ratio = text.parse::<f64>().ok().filter(|ratio| *ratio == 0.0 || *ratio >= 1.0);
    let message = "min_compress_ratio can either be 0 or greater than or equal to 1";
    match ratio.ok_or_else(|| Error::config(message))? {
        0.0 => {}
        ratio => drop(map.insert("min_compress_ratio".to_owned(), format!("{ratio:?}"))),
    }
    Ok(())
}

fn lz4(map: &BTreeMap<String, String>) -> Result<(), Error> {
    match map.get("lz4_compressor_type").map(String::as_str) {
        None | Some("fast" | "high") => {}
        Some(other) => {
            let message = format!(
                "Invalid compressor type '{other}' specified for LZ4 parameter 'lz4_compressor_type'. Valid options are [high, fast]."
            );
            return Err(Error::config(message));
        }
    }
    let Some(text) = map.get("lz4_high_compressor_level") else { return Ok(()) };
    match text.parse::<u32>() {
        Ok(1..=17) => Ok(()),
        _ => Err(Error::config(format!(
            "Invalid value [{text}] for parameter 'lz4_high_compressor_level'. Value must be between 1 and 17."
        ))),
    }
}

/// Checks the level of Zstandard.
fn level(map: &BTreeMap<String, String>) -> Result<(), Error> {
    match map.get("compression_level").map(|text| (text, text.parse::<i32>())) {
        None | Some((_, Ok(-131_072..=22))) => Ok(()),
        Some((text, _)) => Err(Error::config(format!("compression_level={text} is invalid"))),
    }
}
