//! Case folding, normalization and accent folding of text before it is indexed or compared.

use std::borrow::Cow;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The steps applied to a text before it is compared, in the order of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Analysis {
    /// True if the text is made lower-case.
    pub ignores_case: bool,
    /// True if the text is brought into Unicode's normal form C.
    pub normalizes: bool,
    /// True if letters of Latin scripts lose their accents and ligatures are spelled out.
    pub folds_to_ascii: bool,
}

impl Analysis {
    /// True if texts are compared unchanged.
    pub fn is_none(self) -> bool {
        self == Analysis::default()
    }

    /// The text to compare. Bytes that are not UTF-8 stay unchanged.
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
            text = Cow::Owned(fold_to_ascii(&text));
        }
        match text {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        }
    }
}

/// Removes marks from Latin letters and spells ligatures out; letters of other scripts stay unchanged.
fn fold_to_ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            out.push(letter);
            continue;
        }
        if let Some(plain) = spell_out(letter) {
            out.push_str(plain);
            continue;
        }
        let plain: String = letter.nfkd().filter(|part| !is_combining_mark(*part)).collect();
        if plain.is_ascii() { out.push_str(&plain) } else { out.push(letter) }
    }
    out
}

/// The ASCII spelling of Latin letters and quotes that Unicode does not decompose.
fn spell_out(letter: char) -> Option<&'static str> {
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
