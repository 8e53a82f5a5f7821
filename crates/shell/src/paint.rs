//! Colours for terminals.

/// Colours, if they are switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Paint {
    on: bool,
}

impl Paint {
    /// Colours, if `on` is true.
    pub(crate) fn new(on: bool) -> Paint {
        Paint { on }
    }

    /// Colours a column's name.
    pub(crate) fn name(self, text: &str) -> String {
        self.colour("35;1", text)
    }

    /// Colours a padded value; `value` is the text without padding.
    pub(crate) fn value(self, padded: &str, value: &str) -> String {
        self.colour(if value == "null" { "31;1" } else { "33;1" }, padded)
    }

    /// Colours an error.
    pub(crate) fn error(self, text: &str) -> String {
        self.colour("31;1", text)
    }

    fn colour(self, code: &str, text: &str) -> String {
        if self.on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
