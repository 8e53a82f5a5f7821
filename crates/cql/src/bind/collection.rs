//! Changes of collections, encoded as cells.

use crate::collection::parts;
use crate::context::BindContext;
use crate::error::Error;
use crate::functions::arithmetic::Arithmetic;
use crate::functions::{Expression, append_path, prepend_path};
use crate::guardrails::CELL_BYTES;
use crate::plan::{CollectionChange, CollectionPlan};
use crate::plan::{Given, Source};
use crate::statement::ArithmeticOperator;
use henge_base::{Bytes, Micros};
use henge_model::{Cell, CellKind, ColumnId, DataType, Row, Table, field_path};
use std::borrow::Cow;

/// Collects the cells of a statement's collection changes.
pub(super) struct Cells<'c, 'a> {
    table: &'c Table,
    pub(super) context: &'c BindContext<'a>,
    pub(super) timestamp: Micros,
    pub(super) expiry: Option<(u32, i64)>,
    pub(super) cells: Vec<Cell>,
    /// Elements appended to lists so far: each gets a later path than the one before it.
    appended: u32,
    /// Elements prepended to lists so far: those of a later change come before them.
    prepended: u32,
}

impl<'c, 'a> Cells<'c, 'a> {
    pub(super) fn new(
        table: &'c Table,
        context: &'c BindContext<'a>,
        timestamp: Micros,
        expiry: Option<(u32, i64)>,
    ) -> Self {
        Cells { table, context, timestamp, expiry, cells: Vec::new(), appended: 0, prepended: 0 }
    }

    /// Adds the cells of a change.
    pub(super) fn add(&mut self, plan: &CollectionPlan) -> Result<(), Error> {
        self.context.guard.list_reads(plan)?;
        match &plan.change {
            CollectionChange::Clear => self.delete_all(plan, self.timestamp),
            CollectionChange::Replace(source) => match source.evaluate(self.context)? {
                Given::Unset => {}
                given => {
                    // The deletion is one microsecond older than the new elements, so that it does not cover them.
                    self.delete_all(plan, self.timestamp.saturating_sub(1));
                    self.put_all(plan, &given, false)?;
                }
            },
            CollectionChange::Add(source) => self.put_all(plan, &source.evaluate(self.context)?, false)?,
            CollectionChange::Prepend(source) => self.put_all(plan, &source.evaluate(self.context)?, true)?,
            CollectionChange::Remove(source) => self.remove_all(plan, source)?,
            CollectionChange::Put(key, value) => self.put_one(plan, key, value)?,
            CollectionChange::RemoveOne(key) => self.remove_one(plan, key)?,
            CollectionChange::PutAt(index, value) => {
                let unset = || Error::invalid("Invalid unset value for list index");
                let place = self.at(plan, index, "set an element on")?.ok_or_else(unset)?;
                match value.evaluate(self.context)? {
                    Given::Unset => {}
                    Given::Null => self.tombstone(plan, &place),
                    Given::Value(value) => self.put(plan, &place, &value)?,
                }
            }
            CollectionChange::RemoveAt(index) => {
                if let Some(place) = self.at(plan, index, "delete an element from")? {
                    self.tombstone(plan, &place);
                }
            }
            CollectionChange::RemoveValues(source) => self.remove_values(plan, source)?,
            CollectionChange::Increase(source) => match source.evaluate(self.context)? {
                Given::Unset => {}
                given => {
                    let amount = given.require(&format!("the addition to {}", name_of(self.table, plan.column)))?;
                    self.increase(plan, &amount)?;
                }
            },
            CollectionChange::Count(source, subtract) => self.count(plan, source, *subtract)?,
            CollectionChange::SetField(place, value) => match value.evaluate(self.context)? {
                Given::Unset => {}
                Given::Null => self.tombstone(plan, &field_path(*place)),
                Given::Value(value) => self.put(plan, &field_path(*place), &value)?,
            },
        }
        Ok(())
    }

    /// The live elements of a list in order: those of the stored row, with the changes that this statement has made so
    /// far.
    fn list(&self, plan: &CollectionPlan) -> Vec<Cell> {
        let stored = self.context.before.into_iter().flat_map(|row| row.cells());
        let stored = stored.filter(|cell| cell.column == plan.column).map(|cell| cell.to_cell());
        let written = self.cells.iter().filter(|cell| cell.column == plan.column).cloned();
        let mut row = Row { cells: stored.chain(written).collect(), ..Row::default() };
        row.normalize();
        let mut elements = row.cells;
        elements.retain(|cell| cell.view().live_value(self.context.now_seconds).is_some());
        elements.sort_by(|a, b| DataType::Timeuuid.compare(&a.path, &b.path));
        elements
    }

    /// The path of the element at an index; `None` if the index is unset. `attempt` names the change in the message.
    fn at(&self, plan: &CollectionPlan, index: &Source, attempt: &str) -> Result<Option<Vec<u8>>, Error> {
        let index = match index.evaluate(self.context)? {
            Given::Unset => return Ok(None),
            given => given.require("list index")?,
        };
        let index = <[u8; 4]>::try_from(&*index).map_err(|_| Error::invalid("Invalid empty value for list index"))?;
        let (index, list) = (i32::from_be_bytes(index), self.list(plan));
        if list.is_empty() {
            return Err(Error::invalid(format!("Attempted to {attempt} a list which is null")));
        }
        let element = usize::try_from(index).ok().and_then(|index| list.get(index));
        let out_of_bound = || {
            let size = list.len();
            Error::invalid(format!("List index {index} out of bound, list has size {size}"))
        };
        element.map(|cell| Some(cell.path.to_vec())).ok_or_else(out_of_bound)
    }

    fn remove_values(&mut self, plan: &CollectionPlan, source: &Source) -> Result<(), Error> {
        let (Given::Value(value), DataType::List(of)) = (source.evaluate_choices(self.context)?, &plan.data_type)
        else {
            return Ok(());
        };
        // Elements of a stored list are never null.
        let unwanted = parts(&plan.data_type, &value).unwrap_or_default();
        let unwanted: Vec<&[u8]> = unwanted.into_iter().filter_map(|(_, element)| element).collect();
        for cell in self.list(plan) {
            let element = value_of(&cell);
            if unwanted.iter().any(|unwanted| of.compare(unwanted, element).is_eq()) {
                self.tombstone(plan, &cell.path);
            }
        }
        Ok(())
    }

    /// The sum of what the row has and what comes to it; nothing where it has none.
    fn increase(&mut self, plan: &CollectionPlan, amount: &[u8]) -> Result<(), Error> {
        let mut stored = self.context.before.into_iter().flat_map(|row| row.cells());
        let stored = stored.find(|cell| cell.column == plan.column).map(|cell| cell.to_cell());
        let Some(stored) = stored.filter(|cell| cell.view().live_value(self.context.now_seconds).is_some()) else {
            return Ok(());
        };
        let of = || plan.data_type.clone();
        let add = Arithmetic { operator: ArithmeticOperator::Add, left: of(), right: of(), result: of() };
        let sum = Expression::Arithmetic(Box::new(add)).call(&[Some(value_of(&stored)), Some(amount)])?;
        sum.map_or(Ok(()), |sum| self.put(plan, &[], &sum))
    }

    fn delete_all(&mut self, plan: &CollectionPlan, timestamp: Micros) {
        let kind = CellKind::ComplexDeletion { local_seconds: self.context.now_seconds };
        self.cells.push(Cell { column: plan.column, path: Bytes::new(), timestamp, kind });
    }

    /// Writes every element of a value as a cell; null has no elements.
    fn put_all(&mut self, plan: &CollectionPlan, given: &Given<'_>, prepend: bool) -> Result<(), Error> {
        let Given::Value(value) = given else { return Ok(()) };
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
                    let path = self.place(prepend, number, elements.len());
                    self.put(plan, &path, element)?;
                }
                *if prepend { &mut self.prepended } else { &mut self.appended } += elements.len() as u32;
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
    fn count(&mut self, plan: &CollectionPlan, source: &Source, subtract: bool) -> Result<(), Error> {
        let given = match source.evaluate(self.context)? {
            Given::Unset => return Ok(()),
            given => given.require("counter increment")?,
        };
        let amount = <[u8; 8]>::try_from(&*given).map(i64::from_be_bytes);
        let amount = amount.map_err(|_| Error::invalid("Invalid empty value for counter increment"))?;
        let amount = if subtract { negate(amount)? } else { amount };
        let is_its_own = |cell: &Cell| cell.column == plan.column && cell.path.is_empty();
        let before = self.cells.iter().position(is_its_own).map(|at| self.cells.remove(at));
        let before = before.and_then(|cell| match cell.kind {
            CellKind::Live { value } => value.as_ref().try_into().ok().map(i64::from_be_bytes),
            _ => None,
        });
        self.put(plan, &[], &before.unwrap_or(0).wrapping_add(amount).to_be_bytes())
    }

    /// Writes every field that is not null as a cell.
    fn put_fields(&mut self, plan: &CollectionPlan, value: &[u8]) -> Result<(), Error> {
        let fields = parts(&plan.data_type, value).unwrap_or_default();
        let there = fields.iter().enumerate().filter_map(|(place, (_, field))| Some((place, (*field)?)));
        there.into_iter().try_for_each(|(place, field)| self.put(plan, &field_path(place), field))
    }

    /// The path of the element `number` of `count` that are added to a list.
    fn place(&self, prepend: bool, number: usize, count: usize) -> [u8; 16] {
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

    fn remove_all(&mut self, plan: &CollectionPlan, keys: &Source) -> Result<(), Error> {
        let Given::Value(value) = keys.evaluate(self.context)? else { return Ok(()) };
        let of = match &plan.data_type {
            DataType::Map(key, _) => DataType::Set(key.clone()),
            other => other.clone(),
        };
        elements(&of, &value)?.into_iter().for_each(|key| self.tombstone(plan, key));
        Ok(())
    }

    fn put_one(&mut self, plan: &CollectionPlan, key: &Source, value: &Source) -> Result<(), Error> {
        let key = map_key(key.evaluate(self.context)?)?;
        match value.evaluate(self.context)? {
            Given::Unset => Ok(()),
            Given::Null => {
                self.tombstone(plan, &key);
                Ok(())
            }
            Given::Value(value) => self.put(plan, &key, &value),
        }
    }

    /// Removes one element. An unset element of a set removes nothing; a map's key must be set.
    fn remove_one(&mut self, plan: &CollectionPlan, key: &Source) -> Result<(), Error> {
        let key = match (key.evaluate(self.context)?, &plan.data_type) {
            (Given::Unset, DataType::Set(_)) => return Ok(()),
            (Given::Null, DataType::Set(_)) => return Err(Error::invalid("Invalid null set element")),
            (given, _) => map_key(given)?,
        };
        self.tombstone(plan, &key);
        Ok(())
    }
}

fn map_key(given: Given<'_>) -> Result<Cow<'_, [u8]>, Error> {
    match given {
        Given::Value(key) => Ok(key),
        Given::Null => Err(Error::invalid("Invalid null map key")),
        Given::Unset => Err(Error::invalid("Invalid unset map key")),
    }
}

/// The name of a column.
pub(super) fn name_of(table: &Table, column: ColumnId) -> &str {
    table.columns().find(|c| c.id == column).map_or("", |c| &c.name)
}

fn value_of(cell: &Cell) -> &[u8] {
    match &cell.kind {
        CellKind::Live { value } | CellKind::Expiring { value, .. } => value,
        CellKind::Tombstone { .. } | CellKind::ComplexDeletion { .. } => &[],
    }
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
