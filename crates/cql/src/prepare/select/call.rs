//! Calls of native functions in a select list.

use crate::error::Error;
use crate::plan::Selector;
use crate::prepare::select::column_expression::ColumnExpression;
use crate::prepare::term::assignable::is_assignable;
use crate::prepare::term::misfit::wrong_argument;
use crate::prepare::term::term_text::value_name;
use crate::prepare::term::terms::Terms;
use crate::statement::Term;
use henge_model::DataType;

/// A call of a native function. Of each argument, `from_row` has the expression if it depends on the row; the others take
/// the type of their parameter, as in WHERE. `types` are the types that the arguments have of themselves.
pub(crate) fn call(
    term: &Term,
    function: &str,
    given: &[Term],
    (from_row, types): (Vec<Option<ColumnExpression>>, Vec<Option<DataType>>),
    terms: &mut Terms<'_>,
) -> Result<ColumnExpression, Error> {
    let signature = terms.signature(function, &types, (term, given), None)?;
    let mut arguments = Vec::with_capacity(given.len());
    let mut names = Vec::with_capacity(given.len());
    for (i, (selected, parameter)) in from_row.into_iter().zip(&signature.parameters).enumerate() {
        match selected {
            Some(selected) => {
                if !is_assignable(&selected.data_type, parameter) {
                    return Err(wrong_argument(&selected.name, i, function, parameter).at(given[i].position));
                }
                arguments.push(selected.selector);
                names.push(selected.name);
            }
            None => {
                let source = terms.typed_argument(&given[i], types[i].as_ref(), parameter, (function, i))?;
                arguments.push(Selector::Given(source));
                names.push(value_name(&given[i]));
            }
        }
    }
    let name = format!("system.{function}({})", names.join(", "));
    let selector = Selector::Call { function: signature.function, arguments, ordinal: term.position.offset };
    Ok(ColumnExpression { selector, name, data_type: signature.result })
}
