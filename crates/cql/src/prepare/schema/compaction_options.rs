//! The sub-options of `compaction`, by strategy. They are validated as in Cassandra, stored and described, and have no
//! effect.

use crate::error::Error;
use std::collections::BTreeMap;
use std::str::FromStr;

const CLASS_PACKAGE: &str = "org.apache.cassandra.db.compaction.";
/// Sub-options common to all strategies.
const COMMON: [&str; 8] = [
    "enabled",
    "tombstone_threshold",
    "tombstone_compaction_interval",
    "unchecked_tombstone_compaction",
    "only_purge_repaired_tombstones",
    "provide_overlapping_tombstones",
    "log_all",
    "class",
];
const SIZE_TIERED: [&str; 5] = ["min_threshold", "max_threshold", "min_sstable_size", "bucket_low", "bucket_high"];
const LEVELED: [&str; 3] = ["sstable_size_in_mb", "fanout_size", "single_sstable_uplevel"];
const TIME_WINDOW: [&str; 5] = [
    "compaction_window_unit",
    "compaction_window_size",
    "timestamp_resolution",
    "unsafe_aggressive_sstable_expiration",
    "expired_sstable_check_frequency_seconds",
];
const UNIFIED: [&str; 10] = [
    "scaling_parameters",
    "target_sstable_size",
    "base_shard_count",
    "min_sstable_size",
    "sstable_growth",
    "flush_size_override",
    "max_sstables_to_compact",
    "overlap_inclusion_method",
    "expired_sstable_check_frequency_seconds",
    "unsafe_aggressive_sstable_expiration",
];
const MEBIBYTE: f64 = 1_048_576.0;
/// The smallest target SSTable size of the unified strategy, in bytes.
const TARGET_BYTES_MIN: f64 = MEBIBYTE;
/// The default target SSTable size of the unified strategy, in bytes.
const TARGET_BYTES_DEFAULT: f64 = 1024.0 * MEBIBYTE;

/// The validation of one strategy's own sub-options.
type Check = fn(&Options) -> Result<(), Error>;

/// Sub-options by name.
struct Options(BTreeMap<String, String>);

/// Validates the options and returns them as described, with defaults filled in.
pub(crate) fn check(map: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Error> {
    let mut options = Options(map);
    let Some(class) = options.get("class") else {
        return Err(Error::config("Missing sub-option 'class' for the 'compaction' option"));
    };
    let short = class.strip_prefix(CLASS_PACKAGE).unwrap_or(class).to_owned();
    let (own, check): (Vec<&str>, Check) = match short.as_str() {
        "SizeTieredCompactionStrategy" => (SIZE_TIERED.to_vec(), size_tiered),
        "LeveledCompactionStrategy" => ([&SIZE_TIERED[..], &LEVELED].concat(), check_leveled),
        "TimeWindowCompactionStrategy" => ([&SIZE_TIERED[..], &TIME_WINDOW].concat(), time_window),
        "UnifiedCompactionStrategy" => (UNIFIED.to_vec(), check_unified),
        _ => return Err(Error::config(format!("Unable to find compaction strategy class '{CLASS_PACKAGE}{short}'"))),
    };
    let is_known = |name: &str| own.contains(&name) || COMMON.contains(&name);
    if let Some(name) = options.0.keys().find(|name| !is_known(name)) {
        return Err(Error::config(format!("Properties specified [{name}] are not understood by {short}")));
    }
    options.0.insert("class".to_owned(), format!("{CLASS_PACKAGE}{short}"));
    common(&options)?;
    check(&options)?;
    if own.contains(&"min_threshold") {
        options.0.entry("min_threshold".to_owned()).or_insert_with(|| "4".to_owned());
        options.0.entry("max_threshold".to_owned()).or_insert_with(|| "32".to_owned());
        thresholds(&options)?;
    }
    Ok(options.0)
}

impl Options {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The parsed number, if the option is given.
    fn number<T: FromStr>(&self, name: &str, kind: &str) -> Result<Option<T>, Error> {
        let parse =
            |text: &str| text.parse().map_err(|_| Error::config(format!("{text} is not a parsable {kind} for {name}")));
        self.get(name).map(parse).transpose()
    }

    fn integer(&self, name: &str) -> Result<Option<i64>, Error> {
        self.number(name, "int (base10)")
    }

    /// Refuses a number for which `is_good` is false. `must` is the rest of the message behind the option's name.
    fn check_integer(&self, name: &str, is_good: fn(i64) -> bool, must: &str) -> Result<(), Error> {
        match self.integer(name)? {
            Some(number) if !is_good(number) => Err(Error::config(format!("{name} {must}, but was {number}"))),
            _ => Ok(()),
        }
    }

    /// Refuses values other than true and false; `message` formats the error for a value.
    fn check_boolean(&self, name: &str, message: impl Fn(&str) -> String) -> Result<(), Error> {
        match self.get(name) {
            Some(text) if !text.eq_ignore_ascii_case("true") && !text.eq_ignore_ascii_case("false") => {
                Err(Error::config(message(text)))
            }
            _ => Ok(()),
        }
    }

    /// Refuses values other than these words; `message` formats the error for a value.
    fn check_word(&self, name: &str, words: &[&str], message: impl Fn(&str) -> String) -> Result<(), Error> {
        match self.get(name) {
            Some(text) if !words.contains(&text) => Err(Error::config(message(text))),
            _ => Ok(()),
        }
    }
}

fn common(options: &Options) -> Result<(), Error> {
    options.check_boolean("enabled", |text| format!("enabled should either be 'true' or 'false', not {text}"))?;
    match options.number::<f32>("tombstone_threshold", "int (base10)")? {
        Some(threshold) if threshold.is_nan() || threshold < 0.0 => {
            let message = format!("tombstone_threshold must be greater than 0, but was {threshold:.6}");
            return Err(Error::config(message));
        }
        _ => {}
    }
    options.check_integer("tombstone_compaction_interval", |seconds| seconds >= 0, "must be greater than 0")?;
    let name = "unchecked_tombstone_compaction";
    options.check_boolean(name, |text| format!("'{name}' should be either 'true' or 'false', not '{text}'"))?;
    options.check_boolean("log_all", |text| format!("'log_all' should either be 'true' or 'false', not {text}"))?;
    let name = "provide_overlapping_tombstones";
    match options.get(name).map(str::to_ascii_uppercase) {
        Some(text) if !["NONE", "ROW", "CELL"].contains(&text.as_str()) => Err(Error::config(format!(
            "Invalid value {text} for '{name}' compaction sub-option - must be one of the following [NONE, ROW, CELL]."
        ))),
        _ => Ok(()),
    }
}

fn thresholds(options: &Options) -> Result<(), Error> {
    let number = |name: &str| {
        let text = options.get(name).unwrap_or_default();
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        text.parse::<i32>().ok().filter(|_| digits).ok_or_else(|| {
            Error::config(format!("Invalid value {text} for '{name}' compaction sub-option - must be an integer"))
        })
    };
    let (least, most) = (number("min_threshold")?, number("max_threshold")?);
    let refused = if least == 0 || most == 0 {
        "Disabling compaction by setting compaction thresholds to 0 has been removed, set the compaction option 'enabled' to \
         false instead."
            .to_owned()
    } else if least < 2 {
        format!("Min compaction threshold cannot be less than 2 (got {least})")
    } else if least > most {
        format!("Min compaction threshold (got {least}) cannot be greater than max compaction threshold (got {most})")
    } else {
        return Ok(());
    };
    Err(Error::config(refused))
}

fn size_tiered(options: &Options) -> Result<(), Error> {
    if let Some(size) = options.integer("min_sstable_size")?.filter(|size| *size < 0) {
        return Err(Error::config(format!("min_sstable_size must be non negative: {size}")));
    }
    let low = options.number::<f64>("bucket_low", "float")?.unwrap_or(0.5);
    let high = options.number::<f64>("bucket_high", "float")?.unwrap_or(1.5);
    if high <= low {
        let message = format!("bucket_high value ({high:?}) is less than or equal to the bucket_low value ({low:?})");
        return Err(Error::config(message));
    }
    Ok(())
}

fn check_leveled(options: &Options) -> Result<(), Error> {
    for name in ["sstable_size_in_mb", "fanout_size"] {
        options.check_integer(name, |number| number > 0, "must be larger than 0")?;
    }
    size_tiered(options)
}

fn time_window(options: &Options) -> Result<(), Error> {
    let units = ["MINUTES", "HOURS", "DAYS"];
    let name = "compaction_window_unit";
    options.check_word(name, &units, |text| format!("{text} is not valid for {name}"))?;
    let resolutions = ["SECONDS", "MILLISECONDS", "MICROSECONDS", "NANOSECONDS"];
    let name = "timestamp_resolution";
    options.check_word(name, &resolutions, |text| format!("{text} is not valid for {name}"))?;
    if let Some(size) = options.integer("compaction_window_size")?.filter(|size| *size < 1) {
        return Err(Error::config(format!("{size} must be greater than 1 for compaction_window_size")));
    }
    let name = "expired_sstable_check_frequency_seconds";
    options.check_integer(name, |seconds| seconds >= 0, "must not be negative")?;
    let name = "unsafe_aggressive_sstable_expiration";
    options.check_boolean(name, |text| format!("{name} is not 'true' or 'false' ({text})"))?;
    if options.get(name).is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        return Err(Error::config(format!("{name} is requested but not allowed")));
    }
    size_tiered(options)
}

fn check_unified(options: &Options) -> Result<(), Error> {
    options.get("scaling_parameters").unwrap_or("T4").split(',').try_for_each(|text| scaling_parameter(text.trim()))?;
    let target = least_size(options, "target_sstable_size")?.unwrap_or(TARGET_BYTES_DEFAULT);
    least_size(options, "flush_size_override")?;
    for name in ["base_shard_count", "expired_sstable_check_frequency_seconds"] {
        if let Some(number) = options.integer(name)?.filter(|number| *number < 1) {
            return Err(Error::config(format!("Invalid configuration, {name} should be positive: {number}")));
        }
    }
    options.integer("max_sstables_to_compact")?;
    if let Some(text) = options.get("min_sstable_size") {
        least_sstable(text, target)?;
    }
    if let Some(text) = options.get("sstable_growth") {
        growth(text)?;
    }
    let name = "overlap_inclusion_method";
    let method = options.get(name).unwrap_or("NONE").to_ascii_uppercase();
    if !["NONE", "SINGLE", "TRANSITIVE"].contains(&method.as_str()) {
        let given = options.get(name).unwrap_or_default();
        let message =
            format!("Invalid overlap inclusion method {given}. The valid options are [NONE, SINGLE, TRANSITIVE].");
        return Err(Error::config(message));
    }
    let name = "unsafe_aggressive_sstable_expiration";
    options.check_boolean(name, |text| format!("{name} should either be 'true' or 'false', not {text}"))
}

/// Checks a scaling parameter: `N`, `L` or `T` with a fan factor of at least 2, or a number.
fn scaling_parameter(text: &str) -> Result<(), Error> {
    let is_digits = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if text == "N" || is_digits(text.strip_prefix(['+', '-']).unwrap_or(text)) {
        return Ok(());
    }
    match text.strip_prefix(['L', 'T']).filter(|digits| is_digits(digits)) {
        None => Err(Error::config(format!("Scaling parameter {text} must match N|L[0-9]+|T[0-9]+|[+-]?[0-9]+"))),
        Some(digits) if digits.parse::<u64>().is_ok_and(|factor| factor < 2) => {
            Err(Error::config(format!("Fan factor cannot be lower than 2 in {text}")))
        }
        Some(_) => Ok(()),
    }
}

/// The size in bytes, which must be at least one mebibyte.
fn least_size(options: &Options, name: &str) -> Result<Option<f64>, Error> {
    let Some(text) = options.get(name) else { return Ok(None) };
    let wrong = || Error::config(format!("{name} {text} is not a valid size in bytes: {text} does not end in unit B"));
    let bytes = size(text).ok_or_else(wrong)?;
    if bytes < TARGET_BYTES_MIN {
        return Err(Error::config(format!("{name} {text} is not acceptable, size must be at least 1.000MiB")));
    }
    Ok(Some(bytes))
}

fn least_sstable(text: &str, target: f64) -> Result<(), Error> {
    let wrong = || Error::config(format!("{text} is not a valid size in bytes for min_sstable_size"));
    let bytes = size(text).ok_or_else(wrong)?;
    if bytes < 0.0 {
        let message = "Invalid configuration, min_sstable_size should be greater than or equal to 0 (zero)";
        return Err(Error::config(message));
    }
    if bytes >= target * 0.7 {
        let message = format!(
            "Invalid configuration, min_sstable_size ({text}) should be less than 70% of the targetSSTableSize ({}MiB)",
            target / MEBIBYTE
        );
        return Err(Error::config(message));
    }
    Ok(())
}

/// Checks a growth: a fraction between 0 and 1, or a percentage.
fn growth(text: &str) -> Result<(), Error> {
    let number = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => text.trim().parse(),
    };
    match number {
        Err(_) => Err(Error::config(format!("sstable_growth is not a valid number between 0 and 1: {text}"))),
        Ok(number) if !(0.0..=1.0).contains(&number) => {
            Err(Error::config(format!("sstable_growth {text} must be between 0 and 1")))
        }
        Ok(_) => Ok(()),
    }
}

/// The number of bytes of a size such as `1.5GiB`; the unit is mandatory.
fn size(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 5] = [("KiB", 1.0), ("MiB", 2.0), ("GiB", 3.0), ("TiB", 4.0), ("B", 0.0)];
    let (number, power) = UNITS.iter().find_map(|(unit, power)| Some((text.strip_suffix(unit)?, power)))?;
    Some(number.trim().parse::<f64>().ok()? * 1024f64.powf(*power))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_pairs(options: &[(&str, &str)]) -> Result<BTreeMap<String, String>, String> {
        let map = options.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        check(map).map_err(|e| e.message)
    }

    fn refusal(class: &str, name: &str, value: &str) -> String {
        check_pairs(&[("class", class), (name, value)]).unwrap_err()
    }

    #[test]
    fn thresholds_are_shown_where_a_strategy_has_them() {
        let shown = check_pairs(&[("class", "LeveledCompactionStrategy"), ("sstable_size_in_mb", "100")]).unwrap();
        assert_eq!(shown["class"], "org.apache.cassandra.db.compaction.LeveledCompactionStrategy");
        assert_eq!((&*shown["min_threshold"], &*shown["max_threshold"]), ("4", "32"));
        assert!(!check_pairs(&[("class", "UnifiedCompactionStrategy")]).unwrap().contains_key("min_threshold"));
    }

    #[test]
    fn wrong_options_of_the_leveled_strategy_are_refused() {
        let class = "LeveledCompactionStrategy";
        assert_eq!(refusal(class, "sstable_size_in_mb", "0"), "sstable_size_in_mb must be larger than 0, but was 0");
        assert_eq!(
            refusal(class, "sstable_size_in_mb", "x"),
            "x is not a parsable int (base10) for sstable_size_in_mb"
        );
        assert_eq!(refusal(class, "fanout_size", "-1"), "fanout_size must be larger than 0, but was -1");
        assert_eq!(
            refusal(class, "tombstone_threshold", "-1"),
            "tombstone_threshold must be greater than 0, but was -1.000000"
        );
    }

    #[test]
    fn wrong_options_of_the_unified_strategy_are_refused() {
        let class = "UnifiedCompactionStrategy";
        assert_eq!(refusal(class, "scaling_parameters", "T4, T1"), "Fan factor cannot be lower than 2 in T1");
        assert!(refusal(class, "target_sstable_size", "1KiB").ends_with("size must be at least 1.000MiB"));
        assert!(refusal(class, "sstable_growth", "2").ends_with("must be between 0 and 1"));
        assert!(
            check_pairs(&[("class", class), ("scaling_parameters", "L10, -3, N"), ("sstable_growth", "33%")]).is_ok()
        );
    }
}
