//! What docs/compatibility.md says of settings.

use crate::setting::{IGNORED, SETTINGS};

#[test]
fn settings_are_as_the_manual_says() {
    let lines = SETTINGS.iter().map(|setting| {
        let default = if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
        [format!("`{}`", setting.name), default, setting.meaning.to_owned()]
    });
    henge_manual::compatibility("settings", &henge_manual::table(["Setting", "Default", "Meaning"], lines));
}

#[test]
fn ignored_settings_are_as_the_manual_says() {
    henge_manual::compatibility("ignored settings", &henge_manual::names(IGNORED));
}
