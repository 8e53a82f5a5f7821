//! The texts that may stand at a place.

use super::files::complete_file;
use super::grammar::{Grammar, NameKind, Terminal};
use super::names::{NameList, Names};
use super::place::{Begun, Place};
use super::quoting::write_name;
use super::syntax::{FUNCTIONS, NATIVE_TYPES, REPLICATIONS, SYNTAX, TABLE_OPTIONS};
use crate::copy::option_names;
use std::collections::BTreeSet;
use std::sync::LazyLock;

static GRAMMAR: LazyLock<Grammar> = LazyLock::new(|| Grammar::parse(SYNTAX));

/// Symbols that are offered. Others are shorter to type than to choose.
const SYMBOLS_OFFERED: &str = "(=*";

/// The texts that may replace the begun word before the cursor, whose length in bytes is given with them.
pub(super) fn complete(
    place: &Place<'_>,
    session_keyspace: Option<&str>,
    names: &mut dyn Names,
) -> (usize, Vec<String>) {
    let expected = GRAMMAR.find_next(&place.tokens);
    let is_lower = place.is_lower();
    let mut offers = Offers { place, session_keyspace, names, found: BTreeSet::new() };
    for expected in expected {
        match (expected, &place.begun) {
            (Terminal::Name(NameKind::File), Begun::Text(begun)) => offers.found.extend(complete_file(begun)),
            (Terminal::Name(NameKind::File), Begun::Word("")) => {
                offers.found.insert("'".to_owned());
            }
            (_, Begun::Text(_)) => {}
            (Terminal::Word(word), Begun::Word(_)) => {
                let word = if is_lower { word.to_ascii_lowercase() } else { word.to_owned() };
                offers.offer(format!("{word} "));
            }
            (Terminal::Symbol(symbol), Begun::Word("")) if SYMBOLS_OFFERED.contains(symbol) => {
                offers.found.insert(symbol.to_string());
            }
            (Terminal::Name(kind), _) => offers.offer_names(kind, is_lower),
            _ => {}
        }
    }
    (place.begun.length(), offers.found.into_iter().collect())
}

/// The texts that are offered.
struct Offers<'a> {
    place: &'a Place<'a>,
    session_keyspace: Option<&'a str>,
    names: &'a mut dyn Names,
    found: BTreeSet<String>,
}

impl Offers<'_> {
    /// Offers a text that is no name of the schema.
    fn offer(&mut self, text: String) {
        if let Begun::Word(begun) = self.place.begun
            && text.get(..begun.len()).is_some_and(|start| start.eq_ignore_ascii_case(begun))
        {
            self.found.insert(text);
        }
    }

    fn offer_all(&mut self, texts: &[&str], end: &str) {
        texts.iter().for_each(|text| self.offer(format!("{text}{end}")));
    }

    fn offer_names(&mut self, kind: NameKind, is_lower: bool) {
        // The keyspace that is written before the cursor, or else that of the session.
        let keyspace = self.place.keyspace().or_else(|| self.session_keyspace.map(str::to_owned));
        match (kind, keyspace) {
            (NameKind::Keyspace, _) => self.offer_list(&NameList::Keyspaces, ""),
            (NameKind::Qualifier, _) => self.offer_list(&NameList::Keyspaces, "."),
            (NameKind::Table, Some(keyspace)) => self.offer_list(&NameList::Tables { keyspace }, ""),
            (NameKind::Type, Some(keyspace)) => self.offer_list(&NameList::Types { keyspace }, ""),
            (NameKind::Index, Some(keyspace)) => self.offer_list(&NameList::Indexes { keyspace }, ""),
            (NameKind::Role, _) => self.offer_list(&NameList::Roles, ""),
            (NameKind::Column, _) => {
                let (keyspace, table) = self.place.table().unwrap_or_default();
                if let Some(keyspace) = keyspace.or_else(|| self.session_keyspace.map(str::to_owned)) {
                    self.offer_list(&NameList::Columns { keyspace, table }, "");
                }
            }
            (NameKind::Function, keyspace) => {
                if self.place.keyspace().is_none() {
                    self.offer_all(&FUNCTIONS, "(");
                }
                if let Some(keyspace) = keyspace {
                    self.offer_list(&NameList::Functions { keyspace }, "(");
                }
            }
            (NameKind::Native, _) => self.offer_all(&NATIVE_TYPES, ""),
            (NameKind::TableOption, _) => self.offer_all(&TABLE_OPTIONS, " = "),
            (NameKind::CopyOption, _) => {
                let is_export = self.place.tokens.iter().any(|token| token.text.eq_ignore_ascii_case("TO"));
                for name in option_names(is_export) {
                    let name = if is_lower { name.to_ascii_lowercase() } else { name.to_owned() };
                    self.offer(format!("{name} = "));
                }
            }
            (NameKind::Replication, _) => self.offer_all(&REPLICATIONS, ""),
            (NameKind::Level, _) => {
                for level in henge_model::Consistency::all() {
                    let name = level.name();
                    self.offer(if is_lower { name.to_ascii_lowercase() } else { name.to_owned() });
                }
            }
            _ => {}
        }
    }

    /// Offers names of the schema, quoted where they need it or where a quote was begun.
    fn offer_list(&mut self, list: &NameList, end: &str) {
        let names = self.names.names(list);
        let offered = names.iter().filter_map(|name| match self.place.begun {
            Begun::Word(begun) => {
                let is_begun = name.to_lowercase().starts_with(&begun.to_lowercase());
                is_begun.then(|| format!("{}{end}", write_name(name)))
            }
            Begun::Name(begun) => {
                let written = name.replace('"', "\"\"");
                written.starts_with(begun).then(|| format!("\"{written}\"{end}"))
            }
            Begun::Text(_) => None,
        });
        self.found.extend(offered);
    }
}
