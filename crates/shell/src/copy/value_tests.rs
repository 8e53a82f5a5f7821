//! Tests of `format` and `parse` together: of every type, and of texts that are no values.

use super::format::ValueFormat;
use super::options::ValueStyle;
use super::parse::ValueParser;
use crate::number::NumberStyle;
use crate::timestamp::TimestampFormat;
use henge_base::Random;
use henge_fuzz::fuzz;
use henge_model::{DataType, UserType};

/// The pieces of random texts.
const PIECES: [&str; 40] = [
    "[",
    "]",
    "{",
    "}",
    "(",
    ")",
    ",",
    ":",
    " ",
    "'",
    "''",
    "\"",
    "-",
    "+",
    ".",
    "e",
    "E",
    "0x",
    "0",
    "1",
    "7",
    "23",
    "true",
    "False",
    "None",
    "null",
    "NaN",
    "Infinity",
    "2024-02-29",
    "10:11:12",
    "T",
    "Z",
    "+01:00",
    "1mo2d",
    "::1",
    "10.0.0.1",
    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
    "é",
    "a",
    "field",
];

fn style(null: &str) -> ValueStyle {
    ValueStyle {
        null: null.to_owned(),
        numbers: NumberStyle {
            decimal_separator: ".".to_owned(),
            thousands_separator: String::new(),
            float_digits: 17,
            double_digits: 17,
        },
        booleans: ["True".to_owned(), "False".to_owned()],
        timestamps: TimestampFormat::default(),
        is_exact: false,
    }
}

fn address() -> DataType {
    let fields = [("street", DataType::Text), ("field", DataType::Int)];
    let fields = fields.map(|(name, data_type)| (name.to_owned(), data_type)).into_iter().collect();
    DataType::Udt(UserType { keyspace: "k".to_owned(), name: "address".to_owned(), fields })
}

fn list(of: DataType) -> DataType {
    DataType::List(Box::new(of))
}

fn set(of: DataType) -> DataType {
    DataType::Set(Box::new(of))
}

fn map(key: DataType, value: DataType) -> DataType {
    DataType::Map(Box::new(key), Box::new(value))
}

fn frozen(of: DataType) -> DataType {
    DataType::Frozen(Box::new(of))
}

#[test]
fn values_are_written_as_they_are_read() {
    let style = style("");
    for (data_type, text) in [
        (DataType::Ascii, "plain"),
        (DataType::Text, " it's \"é\", "),
        (DataType::Bigint, "-9223372036854775808"),
        (DataType::Blob, "0xcafe"),
        (DataType::Blob, "0x"),
        (DataType::Boolean, "False"),
        (DataType::Counter, "7"),
        (DataType::Date, "2024-02-29"),
        (DataType::Decimal, "-123.4500"),
        (DataType::Decimal, "1E+5"),
        (DataType::Double, "0.5"),
        (DataType::Double, "-Infinity"),
        (DataType::Duration, "1y2mo3d4h5m6s7ms8us9ns"),
        (DataType::Float, "1.5"),
        (DataType::Inet, "::1"),
        (DataType::Int, "-5"),
        (DataType::Smallint, "-300"),
        (DataType::Time, "10:11:12.123456789"),
        (DataType::Timestamp, "2024-02-29 10:11:12.345+0000"),
        (DataType::Timeuuid, "50554d6e-29bb-11e5-b345-feff819cdc9f"),
        (DataType::Tinyint, "-128"),
        (DataType::Uuid, "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"),
        (DataType::Varint, "123456789012345678901234567890"),
        (list(DataType::Double), "[1.25, 1e+20]"),
        (list(DataType::Int), "[]"),
        (set(DataType::Text), "{'', 'a', 'b, c', 'it''s'}"),
        (set(DataType::Inet), "{'10.0.0.1', '9.0.0.1', '::1'}"),
        (map(DataType::Time, DataType::Timestamp), "{10:11:12.000000000: '2024-02-29 10:11:12.345+0000'}"),
        (map(DataType::Int, frozen(set(DataType::Int))), "{1: {2, 3}, 4: {}}"),
        (DataType::Tuple(vec![DataType::Int, DataType::Text].into()), "(None, '')"),
        (DataType::Vector(Box::new(DataType::Float), 3), "[1.5, -2, 3]"),
        (DataType::Vector(Box::new(DataType::Text), 2), "['a', 'b''c']"),
        (address(), "{street: 'West: {1}', field: }"),
        (list(frozen(address())), "[{street: , field: 1}]"),
    ] {
        let bytes = ValueParser::new(&style).parse(&data_type, text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let bytes = bytes.unwrap_or_else(|| panic!("{text} is read as null"));
        assert_eq!(ValueFormat::new(&data_type, &style).format(Some(&bytes)), text, "{data_type}");
    }
}

#[test]
fn texts_that_are_no_values_are_refused_with_a_reason() {
    let style = style("");
    for (data_type, text, reason) in [
        (DataType::Int, "x", "\"x\" is no int"),
        (DataType::Tinyint, "128", "is no tinyint"),
        (DataType::Boolean, "yes", "is no boolean"),
        (DataType::Ascii, "é", "is no ascii"),
        (DataType::Blob, "cafe", "is no blob"),
        (DataType::Timeuuid, "f81d4fae-7dec-41d0-a765-00a0c91e6bf6", "is no timeuuid"),
        (list(DataType::Int), "1, 2", "no matching brackets"),
        (list(DataType::Int), "[1, ]", "which a list<int> cannot hold"),
        (map(DataType::Int, DataType::Int), "{1}", "has 1 parts, and 2 are expected"),
        (DataType::Vector(Box::new(DataType::Float), 3), "[1, 2]", "has 2 parts, and 3 are expected"),
        (DataType::Tuple(vec![DataType::Int].into()), "(1, 2)", "has 2 parts, and 1 are expected"),
        (address(), "{town: 'x'}", "has a field town, which address does not have"),
    ] {
        let error = ValueParser::new(&style).parse(&data_type, text).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let long = ValueParser::new(&style).parse(&DataType::Int, &"é".repeat(500)).unwrap_err().to_string();
    assert!(long.chars().count() < 120, "{long}");
}

#[test]
fn null_is_what_the_option_says() {
    let (nothing, marker) = (style(""), style("\\N"));
    assert_eq!(ValueParser::new(&nothing).parse(&DataType::Text, ""), Ok(None));
    assert_eq!(ValueParser::new(&marker).parse(&DataType::Text, ""), Ok(Some(Vec::new())));
    assert_eq!(ValueParser::new(&marker).parse(&DataType::Int, ""), Ok(None));
    assert_eq!(ValueParser::new(&marker).parse(&DataType::Text, "\\N"), Ok(None));
    // As it is written, with its backslash doubled.
    let written = ValueFormat::new(&DataType::Text, &marker).format(None);
    assert_eq!((written.as_str(), ValueParser::new(&marker).parse(&DataType::Text, &written)), ("\\\\N", Ok(None)));
    assert_eq!(ValueFormat::new(&DataType::Int, &nothing).format(Some(&[])), "");
}

#[test]
fn exact_values_are_read_back_whole() {
    let style = ValueStyle { is_exact: true, ..style("<null>") };
    let texts = ["", "a\\b", "\\n", "line\nline\r\n", "\t\u{0}\u{a0}", "'quoted'", "None", " "];
    let doubles = [0.1, 1.0 / 3.0, f64::MIN_POSITIVE, f64::MAX, -0.0, 1e15, 123_456_789.123_456_78, f64::INFINITY];
    let list = list(DataType::Double);
    let both = |data_type: &DataType, bytes: &[u8]| {
        let text = ValueFormat::new(data_type, &style).format(Some(bytes));
        let read = ValueParser::new(&style).parse(data_type, &text);
        assert_eq!(read, Ok(Some(bytes.to_vec())), "{text:?}");
    };
    texts.iter().for_each(|text| both(&DataType::Text, text.as_bytes()));
    let pair = DataType::Tuple(vec![DataType::Text, DataType::Text].into());
    texts.iter().for_each(|text| both(&pair, &pair.join_parts(&[Some(text.as_bytes().to_vec()), None])));
    doubles.iter().for_each(|number| both(&DataType::Double, &number.to_be_bytes()));
    doubles.iter().for_each(|number| both(&DataType::Float, &(*number as f32).to_be_bytes()));
    both(&list, &list.join_parts(&doubles.map(|number| Some(number.to_be_bytes().to_vec()))));
}

fn random_type(random: &mut Random, depth: u64) -> DataType {
    let natives = [
        "ascii",
        "bigint",
        "blob",
        "boolean",
        "date",
        "decimal",
        "double",
        "duration",
        "inet",
        "int",
        "smallint",
        "text",
        "time",
        "timestamp",
        "timeuuid",
        "tinyint",
        "uuid",
        "varint",
    ];
    let mut inner = || frozen(random_type(random, depth.saturating_sub(1)));
    let (first, second) = if depth > 0 { (inner(), inner()) } else { (DataType::Int, DataType::Text) };
    match random.below(if depth > 0 { 12 } else { 6 }) {
        6 => list(first),
        7 => set(first),
        8 => map(first, second),
        9 => DataType::Tuple(vec![first, second].into()),
        10 => DataType::Vector(Box::new(first), 2),
        11 => address(),
        _ => DataType::native(natives[random.below(natives.len() as u64) as usize]).unwrap_or(DataType::Int),
    }
}

#[test]
fn random_texts_are_values_or_refused() {
    let values = std::cell::Cell::new(0);
    fuzz(
        20_000,
        |given| (1 << 16) + 200 * given,
        |random| {
            let style = style("");
            let data_type = random_type(random, 2);
            let pieces = random.below(12);
            let inner: String = (0..pieces).map(|_| PIECES[random.below(PIECES.len() as u64) as usize]).collect();
            let text = match random.below(4) {
                0 => format!("[{inner}]"),
                1 => format!("{{{inner}}}"),
                2 => format!("({inner})"),
                _ => inner,
            };
            if let Ok(Some(bytes)) = ValueParser::new(&style).parse(&data_type, &text) {
                values.set(values.get() + 1);
                assert_eq!(data_type.validate(&bytes), Ok(()), "{text} as {data_type}");
                let written = ValueFormat::new(&data_type, &style).format(Some(&bytes));
                let again = ValueParser::new(&style).parse(&data_type, &written);
                // Not all bytes: a NaN may have a sign.
                let again = again.map(|again| ValueFormat::new(&data_type, &style).format(again.as_deref()));
                assert_eq!(again.as_ref(), Ok(&written), "{text} as {data_type}");
            }
            text.len()
        },
    );
    assert!(values.get() > 1_000, "{} texts were values", values.get());
}
