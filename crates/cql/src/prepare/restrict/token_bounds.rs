//! The range of tokens that a WHERE clause names.

use crate::error::{Error, Position};
use crate::plan::{Source, TokenBound, TokenBounds};
use crate::statement::Operator;
use henge_model::Table;

/// One relation on `token(...)`.
#[derive(Clone, Debug)]
pub(crate) struct TokenRestriction {
    pub(crate) operator: Operator,
    pub(crate) source: Source,
    pub(crate) position: Position,
}

/// The range of the token relations; `None` if there are none.
pub(super) fn token_bounds(tokens: &[TokenRestriction], table: &Table) -> Result<Option<TokenBounds>, Error> {
    if tokens.is_empty() {
        return Ok(None);
    }
    let names = table.partition_key.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ");
    let (mut lower, mut upper) = (None, None);
    let mut is_equal = false;
    for TokenRestriction { operator, source, position } in tokens {
        let refuse = |message: String| Err(Error::invalid(message).at(*position));
        if is_equal {
            return refuse(format!("{names} cannot be restricted by more than one relation if it includes an Equal"));
        }
        let inclusive = !matches!(operator, Operator::Less | Operator::Greater);
        let bound = || Some(TokenBound { source: source.clone(), inclusive });
        let end = match operator {
            Operator::Equal if lower.is_some() || upper.is_some() => {
                return refuse(format!(
                    "Columns \"{names}\" cannot be restricted by both an equality and an inequality relation"
                ));
            }
            Operator::Equal => {
                (lower, upper, is_equal) = (bound(), bound(), true);
                continue;
            }
            Operator::Greater | Operator::GreaterOrEqual => std::mem::replace(&mut lower, bound()).map(|_| "start"),
            _ => std::mem::replace(&mut upper, bound()).map(|_| "end"),
        };
        if let Some(end) = end {
            return refuse(format!("More than one restriction was found for the {end} bound on {names}"));
        }
    }
    Ok(Some(TokenBounds { lower, upper }))
}
