//! The text that an index compares instead of the text that was written.

use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What is done to a text before it is compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Analysis {
    /// Capital letters are made small.
    pub ignores_case: bool,
    /// Unicode's normal form C.
    pub normalizes: bool,
    /// Letters of Latin scripts lose their accents.
    pub folds_to_ascii: bool,
}

impl Analysis {
    /// Whether texts are compared as they are.
    pub fn is_none(self) -> bool {
        self == Analysis::default()
    }

    /// The text to compare. Bytes that are no text are left as they are.
    pub fn apply<'a>(self, text: &'a [u8]) -> Cow<'a, [u8]> {
        let Some(text) = std::str::from_utf8(text).ok().filter(|_| !self.is_none()) else { return Cow::Borrowed(text) };
        let mut text = Cow::Borrowed(text);
        if self.ignores_case {
            text = Cow::Owned(text.to_lowercase());
        }
        if self.normalizes {
            text = Cow::Owned(text.nfc().collect());
        }
        if self.folds_to_ascii {
            text = Cow::Owned(fold(&text));
        }
        match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        }
    }
}

/// Letters without their marks, and ligatures apart; other scripts stay as they are.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            out.push(letter);
            continue;
        }
        if let Some(plain) = spelled_out(letter) {
            out.push_str(plain);
            continue;
        }
        let plain: String = letter.nfkd().filter(|part| !is_combining_mark(*part)).collect();
        if plain.is_ascii() { out.push_str(&plain) } else { out.push(letter) }
    }
    out
}

/// Latin letters that Unicode does not take apart.
fn spelled_out(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'ẞ' => "SS",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'ø' => "o",
        'Ø' => "O",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'ł' => "l",
        'Ł' => "L",
        'þ' => "th",
        'Þ' => "TH",
        'ħ' => "h",
        'Ħ' => "H",
        'ı' => "i",
        'ŧ' => "t",
        'Ŧ' => "T",
        '‘' | '’' => "'",
        '“' | '”' => "\"",
        '–' | '—' => "-",
        _ => return None,
    })
}
