//! The settings of a session, which commands show and change, in cqlsh's words.

use crate::command::{Paging, Setting};
use henge_model::Consistency;

/// Page size in rows, unless PAGING sets it.
const PAGE_ROWS: u32 = 100;

/// The settings.
pub(crate) struct Settings {
    pub(crate) consistency: Consistency,
    /// The level at which conditional statements are decided.
    pub(crate) serial_consistency: Consistency,
    /// True if values are printed one below the other.
    pub(crate) is_expanded: bool,
    /// True if the server is to trace each statement.
    pub(crate) is_traced: bool,
    /// Rows per page; `None` for all at once.
    pub(crate) page_rows: Option<u32>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            consistency: Consistency::One,
            serial_consistency: Consistency::Serial,
            is_expanded: false,
            is_traced: false,
            page_rows: Some(PAGE_ROWS),
        }
    }
}

impl Settings {
    /// Begins the settings of a file, of which only TRACING is as before, and returns those of before.
    pub(crate) fn enter_file(&mut self) -> Settings {
        let own = Settings { is_traced: self.is_traced, ..Settings::default() };
        std::mem::replace(self, own)
    }

    /// Changes a setting, or leaves it, and says how it stands.
    pub(crate) fn apply(&mut self, setting: Setting) -> String {
        match setting {
            Setting::Consistency(None) => format!("Current consistency level is {}.", self.consistency.name()),
            Setting::Consistency(Some(level)) => {
                self.consistency = level;
                format!("Consistency level set to {}.", level.name())
            }
            Setting::SerialConsistency(None) => {
                format!("Current serial consistency level is {}.", self.serial_consistency.name())
            }
            Setting::SerialConsistency(Some(level)) => {
                self.serial_consistency = level;
                format!("Serial consistency level set to {}.", level.name())
            }
            Setting::Expand(to) => switch("EXPAND", &mut self.is_expanded, to),
            Setting::Tracing(to) => switch("TRACING", &mut self.is_traced, to),
            Setting::Paging(paging) => self.page(paging),
        }
    }

    fn page(&mut self, paging: Option<Paging>) -> String {
        let mut is_on = self.page_rows.is_some();
        let said = match paging {
            None => switch("PAGING", &mut is_on, None),
            Some(Paging::On) => switch("PAGING", &mut is_on, Some(true)),
            Some(Paging::Off) => switch("PAGING", &mut is_on, Some(false)),
            Some(Paging::Rows(rows)) => {
                self.page_rows = Some(rows);
                return format!("Page size: {rows}");
            }
        };
        self.page_rows = is_on.then(|| self.page_rows.unwrap_or(PAGE_ROWS));
        self.page_rows.map_or_else(|| said.clone(), |rows| format!("{said}\nPage size: {rows}"))
    }
}

/// Turns something on or off, or leaves it as it is, and says how it stands.
fn switch(name: &str, is_on: &mut bool, to: Option<bool>) -> String {
    let word = |on: bool| if on { "ON" } else { "OFF" };
    match to {
        None => format!("{name} is {}", word(*is_on)),
        Some(on) if on == *is_on => format!("{name} is already {}", word(on)),
        Some(on) => {
            *is_on = on;
            format!("{name} set to {}", word(on))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_switch_says_how_it_stands() {
        let mut settings = Settings::default();
        assert_eq!(settings.apply(Setting::Expand(None)), "EXPAND is OFF");
        assert_eq!(settings.apply(Setting::Expand(Some(true))), "EXPAND set to ON");
        assert_eq!(settings.apply(Setting::Expand(Some(true))), "EXPAND is already ON");
        assert_eq!(settings.apply(Setting::Tracing(Some(true))), "TRACING set to ON");
        assert!(settings.is_expanded && settings.is_traced);
        assert_eq!(settings.apply(Setting::Tracing(Some(false))), "TRACING set to OFF");
        assert!(settings.is_expanded && !settings.is_traced);
    }

    #[test]
    fn pages_are_turned_off_and_on_and_given_a_size() {
        let mut settings = Settings::default();
        assert_eq!(settings.apply(Setting::Paging(None)), "PAGING is ON\nPage size: 100");
        assert_eq!(settings.apply(Setting::Paging(Some(Paging::Rows(7)))), "Page size: 7");
        assert_eq!(settings.apply(Setting::Paging(Some(Paging::On))), "PAGING is already ON\nPage size: 7");
        assert_eq!(settings.apply(Setting::Paging(Some(Paging::Off))), "PAGING set to OFF");
        assert_eq!(settings.page_rows, None);
        assert_eq!(settings.apply(Setting::Paging(Some(Paging::On))), "PAGING set to ON\nPage size: 100");
    }

    #[test]
    fn levels_are_shown_and_set() {
        let mut settings = Settings::default();
        assert_eq!(settings.apply(Setting::SerialConsistency(None)), "Current serial consistency level is SERIAL.");
        let local = Setting::SerialConsistency(Some(Consistency::LocalSerial));
        assert_eq!(settings.apply(local), "Serial consistency level set to LOCAL_SERIAL.");
        assert_eq!(settings.apply(Setting::Consistency(None)), "Current consistency level is ONE.");
        assert_eq!(settings.serial_consistency, Consistency::LocalSerial);
    }
}
