//! Type hints: `(type) term`.

use super::Parser;
use crate::keyword::is_reserved;
use crate::lexer::Kind;
use crate::statement::TypeName;
use henge_model::DataType;

impl Parser<'_> {
    /// Parses a type in parentheses, if a term follows it.
    pub(super) fn type_hint(&mut self) -> Option<TypeName> {
        let mut ahead = *self;
        ahead.advance();
        let target = ahead.type_name().ok().filter(|_| ahead.take_symbol(")"))?;
        let native = match &target {
            TypeName::Named { keyspace: None, name } => DataType::native(&name.text).is_some(),
            TypeName::Named { .. } => false,
            _ => true,
        };
        // A string in parentheses may also be a value, followed by a clause.
        let quoted = matches!(target, TypeName::Custom(_));
        let term_follows = match ahead.token.kind {
            // This excludes the colon after a map's key that is a tuple of one string.
            Kind::Symbol if ahead.at_symbol(":") => matches!(ahead.following.kind, Kind::Word | Kind::QuotedName),
            Kind::Symbol => ["?", "(", "[", "{"].iter().any(|s| ahead.at_symbol(s)) || native && ahead.at_symbol("-"),
            Kind::Word if quoted => {
                ahead.at_value_word() || !is_reserved(ahead.token.text) && ahead.following.is_symbol("(")
            }
            Kind::Word => !ahead.at_word("AS") && (!is_reserved(ahead.token.text) || ahead.at_value_word()),
            Kind::End | Kind::Bad(_) => false,
            _ => true,
        };
        if !term_follows {
            return None;
        }
        *self = ahead;
        Some(target)
    }

    /// True at a reserved word that begins a value.
    fn at_value_word(&self) -> bool {
        ["NULL", "TRUE", "FALSE", "NAN", "INFINITY", "TOKEN"].iter().any(|w| self.at_word(w))
    }
}
