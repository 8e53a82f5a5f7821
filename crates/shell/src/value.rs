//! Values formatted as in cqlsh.

use crate::number::NumberStyle;
use crate::timestamp::TimestampView;
use henge_base::Reader;
use henge_model::DataType;
use std::sync::LazyLock;

/// Digits of floating point numbers, unless `cqlshrc` tells others.
pub(crate) const DIGITS: usize = 5;

/// The form of values.
#[derive(Clone, Debug)]
pub(crate) struct ValueView {
    pub(crate) numbers: NumberStyle,
    pub(crate) timestamps: TimestampView,
}

impl Default for ValueView {
    fn default() -> ValueView {
        let numbers = NumberStyle {
            decimal_separator: String::new(),
            thousands_separator: String::new(),
            float_digits: DIGITS,
            double_digits: DIGITS,
        };
        ValueView { numbers, timestamps: TimestampView::default() }
    }
}

/// Formats a value in the form that no file changes; `None` is null.
pub(crate) fn format_value(data_type: &DataType, value: Option<&[u8]>) -> String {
    static DEFAULT: LazyLock<ValueView> = LazyLock::new(ValueView::default);
    DEFAULT.format(data_type, value)
}

impl ValueView {
    /// Formats a value; `None` is null.
    pub(crate) fn format(&self, data_type: &DataType, value: Option<&[u8]>) -> String {
        let Some(bytes) = value else { return "null".to_owned() };
        let digits = match data_type.unfrozen() {
            DataType::Double => self.numbers.double_digits,
            _ => self.numbers.float_digits,
        };
        match data_type {
            // Outside collections texts have no quotes.
            DataType::Text | DataType::Ascii => escape_control(&String::from_utf8_lossy(bytes)),
            _ => self.format_nested(data_type, bytes, digits),
        }
    }

    /// Formats a value inside a collection, numbers with so many digits.
    fn format_nested(&self, data_type: &DataType, bytes: &[u8], digits: usize) -> String {
        let elements = |types: &[&DataType]| self.format_elements(bytes, types, digits);
        match data_type {
            DataType::Frozen(inner) => self.format_nested(inner, bytes, digits),
            DataType::Text | DataType::Ascii => {
                format!("'{}'", escape_control(&String::from_utf8_lossy(bytes)).replace('\'', "''"))
            }
            DataType::Timestamp => bytes
                .try_into()
                .map_or_else(|_| data_type.literal(bytes), |bytes| self.timestamps.format(i64::from_be_bytes(bytes))),
            DataType::Date | DataType::Time | DataType::Inet => data_type.literal(bytes).trim_matches('\'').to_owned(),
            DataType::Float | DataType::Double => parse_float(bytes)
                .map_or_else(|| data_type.literal(bytes), |number| self.numbers.format_float(number, digits)),
            DataType::Boolean => if bytes.iter().all(|b| *b == 0) { "False" } else { "True" }.to_owned(),
            DataType::List(inner) => format!("[{}]", elements(&[inner]).join(", ")),
            DataType::Set(inner) => format!("{{{}}}", elements(&[inner]).join(", ")),
            DataType::Map(key, value) => {
                let items = elements(&[key, value]);
                let pairs: Vec<String> = items.chunks(2).map(|pair| pair.join(": ")).collect();
                format!("{{{}}}", pairs.join(", "))
            }
            _ => data_type.literal(bytes),
        }
    }

    /// Formats the elements of a collection, to which `types` apply in turn.
    fn format_elements(&self, bytes: &[u8], types: &[&DataType], digits: usize) -> Vec<String> {
        let mut reader = Reader::new(bytes);
        let count = reader.i32().unwrap_or(0).max(0) as usize * types.len();
        let mut out = Vec::new();
        for at in 0..count {
            let Ok(length) = reader.i32() else { break };
            out.push(match usize::try_from(length) {
                Ok(length) => match reader.take(length) {
                    Ok(element) => self.format_nested(types[at % types.len()], element, digits),
                    Err(_) => break,
                },
                Err(_) => "null".to_owned(),
            });
        }
        out
    }
}

/// Replaces control characters by escapes, so that they cannot break the table's layout.
fn escape_control(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

fn parse_float(bytes: &[u8]) -> Option<f64> {
    match bytes.len() {
        4 => Some(f64::from(f32::from_be_bytes(bytes.try_into().ok()?))),
        8 => Some(f64::from_be_bytes(bytes.try_into().ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_look_as_in_cqlsh() {
        let shown = |t: &DataType, b: &[u8]| format_value(t, Some(b));
        assert_eq!(shown(&DataType::Text, b"a\n'b'"), "a\\n'b'");
        assert_eq!(shown(&DataType::Blob, &[0, 255]), "0x00ff");
        assert_eq!(shown(&DataType::Timestamp, &1_296_705_900_000i64.to_be_bytes()), "2011-02-03 04:05:00.000000+0000");
        assert_eq!(shown(&DataType::Boolean, &[1]), "True");
        assert_eq!(format_value(&DataType::Int, None), "null");
        let set = DataType::Set(Box::new(DataType::Text));
        assert_eq!(shown(&set, &[0, 0, 0, 2, 0, 0, 0, 1, b'a', 0, 0, 0, 1, b'b']), "{'a', 'b'}");
    }

    /// The expected texts are those of cqlsh 6.2.2.
    #[test]
    fn floating_point_numbers_have_the_digits_of_cqlsh() {
        for (number, text) in [
            (1.0, "1"),
            (2.34567891, "2.34568"),
            (100000.0, "1e+05"),
            (0.00001234567, "1.2e-05"),
            (12345.678, "12345.678"),
            (-0.5, "-0.5"),
        ] {
            assert_eq!(format_value(&DataType::Double, Some(&f64::to_be_bytes(number))), text);
        }
    }

    #[test]
    fn digits_and_timestamps_are_those_of_the_view() {
        let mut view = ValueView { timestamps: TimestampView::parse("%d.%m.%Y").unwrap(), ..ValueView::default() };
        (view.numbers.float_digits, view.numbers.double_digits) = (1, 3);
        let third = f64::to_be_bytes(1.0 / 3.0);
        assert_eq!(view.format(&DataType::Double, Some(&third)), "0.3333");
        assert_eq!(view.format(&DataType::Float, Some(&f32::to_be_bytes(0.25))), "0.25");
        let list = [&[0, 0, 0, 1, 0, 0, 0, 8][..], &third].concat();
        assert_eq!(view.format(&DataType::List(Box::new(DataType::Double)), Some(&list)), "[0.33]");
        assert_eq!(view.format(&DataType::Timestamp, Some(&0_i64.to_be_bytes())), "01.01.1970");
    }
}
