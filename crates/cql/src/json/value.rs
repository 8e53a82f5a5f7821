//! A JSON value.

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json {
    Null,
    Boolean(bool),
    /// A number without fraction and exponent, as written.
    Integer(String),
    /// Any other number, as written.
    Float(String),
    Text(String),
    List(Vec<Json>),
    /// Members in the order of the text, with duplicates; the last one counts.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// The name of its form in Cassandra's messages.
    pub(crate) fn form(&self) -> &'static str {
        match self {
            Json::Null => "null",
            Json::Boolean(_) => "Boolean",
            Json::Integer(text) if text.parse::<i32>().is_ok() => "Integer",
            Json::Integer(text) if text.parse::<i64>().is_ok() => "Long",
            Json::Integer(_) => "BigInteger",
            Json::Float(_) => "Double",
            Json::Text(_) => "String",
            Json::List(_) => "ArrayList",
            Json::Object(_) => "LinkedHashMap",
        }
    }

    /// Its text for messages, cut off at `MESSAGE_CHARS_MAX` characters.
    pub(crate) fn message_text(&self) -> String {
        let text = match self {
            Json::Null => "null".to_owned(),
            Json::Boolean(value) => value.to_string(),
            Json::Integer(text) | Json::Float(text) | Json::Text(text) => text.clone(),
            Json::List(parts) => format!("[{}]", parts.iter().map(Json::message_text).collect::<Vec<_>>().join(", ")),
            Json::Object(members) => {
                let members: Vec<String> =
                    members.iter().map(|(name, v)| format!("{name}={}", v.message_text())).collect();
                format!("{{{}}}", members.join(", "))
            }
        };
        if text.chars().nth(MESSAGE_CHARS_MAX).is_some() {
            text.chars().take(MESSAGE_CHARS_MAX).collect()
        } else {
            text
        }
    }
}

/// Maximum characters of a value in a message.
const MESSAGE_CHARS_MAX: usize = 200;
