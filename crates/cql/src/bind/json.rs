//! Evaluation of a bound document of `INSERT ... JSON`: each column takes its member of the document.

use crate::context::BindContext;
use crate::error::{Error, Position};
use crate::json::{Json, Members, decode, parse};
use crate::plan::{Changes, Choices, JsonPlan, ModifyPlan, Reach, Source, assemble, mark_inserted};
use henge_model::Column;

impl JsonPlan {
    /// The plan with the values of the bound document filled in.
    pub(crate) fn fill(&self, plan: &ModifyPlan, context: &BindContext<'_>) -> Result<ModifyPlan, Error> {
        let document = self.document.evaluate(context)?.require("[json]")?;
        let text = std::str::from_utf8(&document).map_err(|_| Error::invalid("[json] is not valid UTF-8"))?;
        fill_from_json(plan, text, self.default_unset)
    }
}

pub(crate) fn fill_from_json(plan: &ModifyPlan, document: &str, default_unset: bool) -> Result<ModifyPlan, Error> {
    let table = &plan.table;
    let mut values = Values::parse(document)?;
    // All members are decoded before it is looked at what the key has.
    let mut decode = |columns: &[Column]| -> Result<Vec<Option<Source>>, Error> {
        columns.iter().map(|column| values.take(column)).collect()
    };
    let (partition, clustering) = (decode(&table.partition_key)?, decode(&table.clustering)?);
    let mut changes = Changes::default();
    for column in table.statics.iter().chain(&table.regulars).filter(|column| !table.hides(column)) {
        match values.take(column)? {
            Some(source) => changes.set(column, source, Position::default())?,
            None if default_unset => {}
            None => changes.set(column, Source::Null, Position::default())?,
        }
    }
    values.check_all_taken()?;
    let key = |columns: &[Column], sources: Vec<Option<Source>>| -> Result<Vec<Choices>, Error> {
        let required = columns.iter().zip(sources).map(|(column, source)| require_key(column, source, default_unset));
        required.map(|source| source.map(Choices::one)).collect()
    };
    let (partition, clustering) = (key(&table.partition_key, partition)?, key(&table.clustering, clustering)?);
    let (ttl, timestamp) = (plan.ttl.clone(), plan.timestamp.clone());
    let made = assemble(table, partition, clustering, Reach::Rows, changes, ttl, timestamp);
    let filled = ModifyPlan {
        partition: made.partition,
        clustering: made.clustering,
        cells: made.cells,
        statics: made.statics,
        collections: made.collections,
        static_collections: made.static_collections,
        is_single: made.is_single,
        json: None,
        ..plan.clone()
    };
    Ok(mark_inserted(filled))
}

/// Refuses a key column that is null or that the document does not have.
fn require_key(column: &Column, source: Option<Source>, default_unset: bool) -> Result<Source, Error> {
    let missing = if default_unset { "unset value for" } else { "null value in condition for" };
    match source {
        Some(Source::Null) => {
            Err(Error::invalid(format!("Invalid null value in condition for column {}", column.name)))
        }
        Some(source) => Ok(source),
        None => Err(Error::invalid(format!("Invalid {missing} column {}", column.name))),
    }
}

/// The members of a document that no column has taken yet.
struct Values(Members);

impl Values {
    fn parse(document: &str) -> Result<Values, Error> {
        let undecodable = |why: &dyn std::fmt::Display| {
            Error::invalid(format!("Could not decode JSON string as a map: {why}. (String was: {document})"))
        };
        match parse(document) {
            Ok(Json::Object(members)) => Ok(Values(Members::of(members))),
            Ok(Json::Null) => Err(Error::invalid("Got null for INSERT JSON values")),
            Ok(other) => Err(undecodable(&format_args!("it is a {}", other.form()))),
            Err(why) => Err(undecodable(&why)),
        }
    }

    /// Takes the value of a column out of the document; `None` if it has no such member.
    fn take(&mut self, column: &Column) -> Result<Option<Source>, Error> {
        let Some(value) = self.0.take(&column.name) else { return Ok(None) };
        if value == Json::Null {
            return Ok(Some(Source::Null));
        }
        let decoded = decode(&value, &column.data_type)
            .map_err(|why| Error::invalid(format!("Error decoding JSON value for {}: {why}", column.name)))?;
        Ok(Some(Source::Fixed(decoded.into())))
    }

    fn check_all_taken(&self) -> Result<(), Error> {
        match self.0.first_left() {
            None => Ok(()),
            Some(name) => Err(Error::invalid(format!("JSON values map contains unrecognized column: {name}"))),
        }
    }
}
