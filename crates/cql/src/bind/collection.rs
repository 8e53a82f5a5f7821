//! Changes of collections, of fields of types, of counters, and of columns by what they hold (`n = n + 2`), as cells.

use super::list::{List, Place, first_cells, value_of};
use crate::collection::parts;
use crate::context::BindContext;
use crate::error::Error;
use crate::functions::arithmetic::Arithmetic;
use crate::functions::{Expression, append_path, prepend_path};
use crate::guardrails::CELL_BYTES;
use crate::plan::{CollectionChange, CollectionPlan};
use crate::plan::{EvaluatedValue, Source};
use crate::statement::ArithmeticOperator;
use henge_base::{Bytes, Micros, count_steps};
use henge_model::{Cell, CellKind, CellView, ColumnId, DataType, Table, field_path};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Collects the cells of a statement's collection changes.
pub(super) struct Cells<'c, 'a> {
    table: &'c Table,
    pub(super) context: &'c BindContext<'a>,
    pub(super) timestamp: Micros,
    /// The TTL in seconds, and the second at which it ends.
    pub(super) expiry: Option<(u32, i64)>,
    pub(super) cells: Vec<Cell>,
    /// Elements appended to lists so far: each gets a later path than the one before it.
    appended: u32,
    /// Elements prepended to lists so far: those of a later change come before them.
    prepended: u32,
    /// The lists whose elements changes ask for, as the changes so far leave them.
    lists: BTreeMap<ColumnId, List>,
    /// The indexes in `cells` of additions to counters.
    counts: BTreeMap<ColumnId, usize>,
    /// The first stored cell of each column; `None` until a change asks for one.
    stored: Option<BTreeMap<ColumnId, CellView<'a>>>,
}

impl<'c, 'a> Cells<'c, 'a> {
    pub(super) fn new(
        table: &'c Table,
        context: &'c BindContext<'a>,
        timestamp: Micros,
        expiry: Option<(u32, i64)>,
    ) -> Self {
        let (cells, lists, counts) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Cells { table, context, timestamp, expiry, cells, appended: 0, prepended: 0, lists, counts, stored: None }
    }

    /// Adds the cells of a change.
    pub(super) fn add(&mut self, plan: &CollectionPlan) -> Result<(), Error> {
        self.context.guard.list_reads(plan)?;
        match &plan.change {
            CollectionChange::Clear => self.delete_all(plan, self.timestamp),
            CollectionChange::Replace(source) => match source.evaluate(self.context)? {
                EvaluatedValue::Unset => {}
                given => {
                    // The deletion is one microsecond older than the new elements, so that it does not cover them.
                    self.delete_all(plan, self.timestamp.saturating_sub(1));
                    self.put_all(plan, &given, false)?;
                }
            },
            CollectionChange::Add(source) => self.put_all(plan, &source.evaluate(self.context)?, false)?,
            CollectionChange::Prepend(source) => self.put_all(plan, &source.evaluate(self.context)?, true)?,
            CollectionChange::Remove(source) => self.remove_keys(plan, source)?,
            CollectionChange::Put(key, value) => self.put_entry(plan, key, value)?,
            CollectionChange::RemoveOne(key) => self.remove_one(plan, key)?,
            CollectionChange::PutAt(index, value) => {
                let unset = || Error::invalid("Invalid unset value for list index");
                let (place, path) = self.at(plan, index, "set an element on")?.ok_or_else(unset)?;
                match value.evaluate(self.context)? {
                    EvaluatedValue::Unset => {}
                    EvaluatedValue::Null => self.tombstone(plan, &path),
                    EvaluatedValue::Value(value) => self.put(plan, &path, &value)?,
                }
                self.change_list(plan, place, &path);
            }
            CollectionChange::RemoveAt(index) => {
                if let Some((place, path)) = self.at(plan, index, "delete an element from")? {
                    self.tombstone(plan, &path);
                    self.change_list(plan, place, &path);
                }
            }
            CollectionChange::RemoveValues(source) => self.remove_values(plan, source)?,
            CollectionChange::Increase(source) => match source.evaluate(self.context)? {
                EvaluatedValue::Unset => {}
                EvaluatedValue::Null => {
                    let name = name_of(self.table, plan.column);
                    return Err(Error::invalid(format!("Invalid null value for the addition to {name}")));
                }
                EvaluatedValue::Value(amount) => self.add_to_value(plan, &amount)?,
            },
            CollectionChange::Count(source, subtract) => self.add_to_counter(plan, source, *subtract)?,
            CollectionChange::SetField(place, value) => match value.evaluate(self.context)? {
                EvaluatedValue::Unset => {}
                EvaluatedValue::Null => self.tombstone(plan, &field_path(*place)),
                EvaluatedValue::Value(value) => self.put(plan, &field_path(*place), &value)?,
            },
        }
        Ok(())
    }

    /// A list as stored, with the changes that this statement has made so far.
    fn list(&mut self, plan: &CollectionPlan) -> &mut List {
        let (context, cells) = (self.context, &self.cells);
        self.lists.entry(plan.column).or_insert_with(|| {
            let stored = context.before.into_iter().flat_map(|row| row.cells());
            let stored = stored.filter(|cell| cell.column == plan.column).map(|cell| cell.to_cell());
            let written = cells.iter().filter(|cell| cell.column == plan.column).cloned();
            let of = if let DataType::List(of) = &plan.data_type { of } else { &plan.data_type };
            List::new(stored.chain(written).collect(), of, context.now_seconds)
        })
    }

    /// Takes the last cell over into the list, unless the change left the list as it was (an unset value): then the last cell is of
    /// another path.
    fn change_list(&mut self, plan: &CollectionPlan, place: Place, path: &[u8]) {
        if let (Some(list), Some(cell)) = (self.lists.get_mut(&plan.column), self.cells.last())
            && cell.column == plan.column
            && cell.path == path
        {
            list.write(place, cell.clone());
        }
    }

    /// Takes the cells from `start` on, which were added to a list, over into it. A list that cannot take them is made
    /// anew when it is asked for.
    fn extend_list(&mut self, plan: &CollectionPlan, start: usize, prepend: bool) {
        let Some(list) = self.lists.get_mut(&plan.column) else { return };
        let mut added = self.cells[start..].iter().cloned();
        let mut add = |cell| list.add(cell, prepend);
        // The last of the prepended elements stands next to those of before.
        let fits = if prepend { added.rev().all(&mut add) } else { added.all(&mut add) };
        if !fits {
            self.lists.remove(&plan.column);
        }
    }

    /// The place and path of the element at an index; `None` if the index is unset. `attempt` names the change in the
    /// message.
    fn at(&mut self, plan: &CollectionPlan, index: &Source, attempt: &str) -> Result<Option<(Place, Bytes)>, Error> {
        let index = match index.evaluate(self.context)? {
            EvaluatedValue::Unset => return Ok(None),
            given => given.require("list index")?,
        };
        let index = <[u8; 4]>::try_from(&*index).map_err(|_| Error::invalid("Invalid empty value for list index"))?;
        let (index, list) = (i32::from_be_bytes(index), self.list(plan));
        if list.len() == 0 {
            return Err(Error::invalid(format!("Attempted to {attempt} a list which is null")));
        }
        let element = usize::try_from(index).ok().and_then(|index| list.at(index));
        let out_of_bound = || {
            let size = list.len();
            Error::invalid(format!("List index {index} out of bound, list has size {size}"))
        };
        element.map(Some).ok_or_else(out_of_bound)
    }

    fn remove_values(&mut self, plan: &CollectionPlan, source: &Source) -> Result<(), Error> {
        let EvaluatedValue::Value(value) = source.evaluate_choices(self.context)? else { return Ok(()) };
        // Elements of a stored list are never null.
        let unwanted = parts(&plan.data_type, &value).unwrap_or_default();
        for unwanted in unwanted.into_iter().filter_map(|(_, element)| element) {
            for (place, path) in self.list(plan).take_equal(unwanted) {
                self.tombstone(plan, &path);
                self.change_list(plan, place, &path);
            }
        }
        Ok(())
    }

    /// Writes the sum of the row's value and `amount`; nothing if the row has no value.
    fn add_to_value(&mut self, plan: &CollectionPlan, amount: &[u8]) -> Result<(), Error> {
        let before = self.context.before;
        let stored = self.stored.get_or_insert_with(|| first_cells(before.into_iter().flat_map(|row| row.cells())));
        let stored = stored.get(&plan.column).map(|cell| cell.to_cell());
        let Some(stored) = stored.filter(|cell| cell.view().live_value(self.context.now_seconds).is_some()) else {
            return Ok(());
        };
        let of = || plan.data_type.clone();
        let add = Arithmetic { operator: ArithmeticOperator::Add, left: of(), right: of(), result: of() };
        let sum = Expression::Arithmetic(Box::new(add)).call(&[Some(value_of(&stored)), Some(amount)])?;
        sum.map_or(Ok(()), |sum| self.put(plan, &[], &sum))
    }

    fn delete_all(&mut self, plan: &CollectionPlan, timestamp: Micros) {
        self.lists.remove(&plan.column);
        let kind = CellKind::ComplexDeletion { local_seconds: self.context.now_seconds };
        self.cells.push(Cell { column: plan.column, path: Bytes::new(), timestamp, kind });
    }

    /// Writes every element of a value as a cell; null has no elements.
    fn put_all(&mut self, plan: &CollectionPlan, given: &EvaluatedValue<'_>, prepend: bool) -> Result<(), Error> {
        let EvaluatedValue::Value(value) = given else { return Ok(()) };
        if let DataType::Udt(_) = plan.data_type {
            return self.put_fields(plan, value);
        }
        let elements = elements(&plan.data_type, value)?;
        let before = self.cells.len();
        // Prepended elements are not counted, as in Cassandra.
        let guarded = self.context.guard.measures_collections() && !elements.is_empty() && !prepend;
        if guarded {
            let each = if matches!(plan.data_type, DataType::Map(..)) { 2 } else { 1 };
            self.context.guard.items(elements.len() / each, || name_of(self.table, plan.column))?;
        }
        match &plan.data_type {
            DataType::Map(..) => elements.chunks(2).try_for_each(|entry| self.put(plan, entry[0], entry[1]))?,
            DataType::Set(_) => elements.into_iter().try_for_each(|element| self.put(plan, element, &[]))?,
            _ => {
                for (number, element) in elements.iter().enumerate() {
                    let path = self.list_path(prepend, number, elements.len());
                    self.put(plan, &path, element)?;
                }
                *if prepend { &mut self.prepended } else { &mut self.appended } += elements.len() as u32;
                self.extend_list(plan, before, prepend);
            }
        }
        if guarded {
            let bytes = self.cells[before..].iter().map(|cell| CELL_BYTES + cell.path.len() + value_of(cell).len());
            self.context.guard.collection_size(bytes.sum(), || name_of(self.table, plan.column))?;
        }
        Ok(())
    }

    /// Writes an addition to a counter as a cell without a path, from which the leading replica makes a shard. Several
    /// additions of one statement are summed up.
    fn add_to_counter(&mut self, plan: &CollectionPlan, source: &Source, subtract: bool) -> Result<(), Error> {
        let given = match source.evaluate(self.context)? {
            EvaluatedValue::Unset => return Ok(()),
            given => given.require("counter increment")?,
        };
        let amount = <[u8; 8]>::try_from(&*given).map(i64::from_be_bytes);
        let amount = amount.map_err(|_| Error::invalid("Invalid empty value for counter increment"))?;
        let amount = if subtract { negate(amount)? } else { amount };
        // For the test of steps (linear_tests.rs).
        count_steps(1);
        let Some(before) = self.counts.get(&plan.column).and_then(|place| self.cells.get_mut(*place)) else {
            self.counts.insert(plan.column, self.cells.len());
            return self.put(plan, &[], &amount.to_be_bytes());
        };
        let so_far = value_of(before).try_into().map_or(0, i64::from_be_bytes);
        let value = Bytes::copy_from_slice(&so_far.wrapping_add(amount).to_be_bytes());
        before.kind = CellKind::Live { value };
        Ok(())
    }

    /// Writes every field that is not null as a cell.
    fn put_fields(&mut self, plan: &CollectionPlan, value: &[u8]) -> Result<(), Error> {
        let fields = parts(&plan.data_type, value).unwrap_or_default();
        let there = fields.iter().enumerate().filter_map(|(place, (_, field))| Some((place, (*field)?)));
        there.into_iter().try_for_each(|(place, field)| self.put(plan, &field_path(place), field))
    }

    /// The path of the element `number` of `count` that are added to a list.
    fn list_path(&self, prepend: bool, number: usize, count: usize) -> [u8; 16] {
        match prepend {
            true => prepend_path(self.context, self.prepended + (count - 1 - number) as u32),
            false => append_path(self.context, self.appended + number as u32),
        }
    }

    fn put(&mut self, plan: &CollectionPlan, path: &[u8], value: &[u8]) -> Result<(), Error> {
        if plan.data_type != DataType::Counter {
            let name = || name_of(self.table, plan.column);
            // Set elements and map keys are guarded too: they are values that the user gave.
            if matches!(plan.data_type, DataType::Set(_) | DataType::Map(..)) {
                self.context.guard.value_size(path.len(), name)?;
            }
            self.context.guard.value_size(value.len(), name)?;
        }
        let value = Bytes::copy_from_slice(value);
        let kind = match self.expiry {
            None => CellKind::Live { value },
            Some((ttl, expires)) => CellKind::Expiring { value, ttl, expires },
        };
        self.cell(plan, path, kind);
        Ok(())
    }

    fn tombstone(&mut self, plan: &CollectionPlan, path: &[u8]) {
        self.cell(plan, path, CellKind::Tombstone { local_seconds: self.context.now_seconds });
    }

    fn cell(&mut self, plan: &CollectionPlan, path: &[u8], kind: CellKind) {
        let path = match &plan.data_type {
            DataType::Map(of, _) | DataType::Set(of) => of.canonical(path),
            _ => Bytes::copy_from_slice(path),
        };
        self.cells.push(Cell { column: plan.column, path, timestamp: self.timestamp, kind });
    }

    fn remove_keys(&mut self, plan: &CollectionPlan, keys: &Source) -> Result<(), Error> {
        let EvaluatedValue::Value(value) = keys.evaluate(self.context)? else { return Ok(()) };
        let of = match &plan.data_type {
            DataType::Map(key, _) => DataType::Set(key.clone()),
            other => other.clone(),
        };
        elements(&of, &value)?.into_iter().for_each(|key| self.tombstone(plan, key));
        Ok(())
    }

    fn put_entry(&mut self, plan: &CollectionPlan, key: &Source, value: &Source) -> Result<(), Error> {
        let key = map_key(key.evaluate(self.context)?)?;
        match value.evaluate(self.context)? {
            EvaluatedValue::Unset => Ok(()),
            EvaluatedValue::Null => {
                self.tombstone(plan, &key);
                Ok(())
            }
            EvaluatedValue::Value(value) => self.put(plan, &key, &value),
        }
    }

    /// Removes one element. An unset element of a set removes nothing; a map's key must be set.
    fn remove_one(&mut self, plan: &CollectionPlan, key: &Source) -> Result<(), Error> {
        let key = match (key.evaluate(self.context)?, &plan.data_type) {
            (EvaluatedValue::Unset, DataType::Set(_)) => return Ok(()),
            (EvaluatedValue::Null, DataType::Set(_)) => return Err(Error::invalid("Invalid null set element")),
            (given, _) => map_key(given)?,
        };
        self.tombstone(plan, &key);
        Ok(())
    }
}

fn map_key(given: EvaluatedValue<'_>) -> Result<Cow<'_, [u8]>, Error> {
    match given {
        EvaluatedValue::Value(key) => Ok(key),
        EvaluatedValue::Null => Err(Error::invalid("Invalid null map key")),
        EvaluatedValue::Unset => Err(Error::invalid("Invalid unset map key")),
    }
}

/// The name of a column.
pub(super) fn name_of(table: &Table, column: ColumnId) -> &str {
    table.columns().find(|c| c.id == column).map_or("", |c| &c.name)
}

/// The elements of a valid value. A map's elements alternate between keys and values.
fn elements<'v>(data_type: &DataType, value: &'v [u8]) -> Result<Vec<&'v [u8]>, Error> {
    // An empty value is read as an empty collection.
    if value.is_empty() {
        return Ok(Vec::new());
    }
    let null = || Error::invalid("null is not supported inside collections");
    let found = parts(data_type, value).ok_or_else(|| Error::invalid(format!("not a valid {data_type}")))?;
    found.into_iter().map(|(_, element)| element.ok_or_else(null)).collect()
}

/// The negated amount of a subtraction; an error if it overflows.
fn negate(amount: i64) -> Result<i64, Error> {
    let overflow = || {
        let precision = "supported counter precision (signed 8 bytes integer)";
        Error::invalid(format!("The negation of {amount} overflows {precision}"))
    };
    amount.checked_neg().ok_or_else(overflow)
}
