//! Changes of collections as cells.

use super::BindContext;
use super::source::{Given, Source};
use crate::collection::parts;
use crate::error::Error;
use crate::functions::{appended, prepended};
use crate::guardrails::CELL_BYTES;
use crate::limits;
use crate::prepare::{CollectionChange, CollectionPlan};
use henge_base::{Bytes, Micros};
use henge_model::{Cell, CellKind, CellView, ColumnId, DataType, Table, field_path};

/// Puts the cells of a statement's collections together.
pub(super) struct Cells<'c, 'a> {
    table: &'c Table,
    pub(super) context: &'c BindContext<'a>,
    pub(super) timestamp: Micros,
    pub(super) expiry: Option<(u32, i64)>,
    pub(super) cells: Vec<Cell>,
    /// Elements of lists so far: each has a later place than the one before it.
    elements: u16,
}

impl<'c, 'a> Cells<'c, 'a> {
    pub(super) fn new(
        table: &'c Table,
        context: &'c BindContext<'a>,
        timestamp: Micros,
        expiry: Option<(u32, i64)>,
    ) -> Self {
        Cells { table, context, timestamp, expiry, cells: Vec::new(), elements: 0 }
    }

    /// Adds the cells of a change.
    pub(super) fn add(&mut self, plan: &CollectionPlan) -> Result<(), Error> {
        self.context.guard.list_reads(plan)?;
        match &plan.change {
            CollectionChange::Clear => self.delete_all(plan, self.timestamp),
            CollectionChange::Replace(source) => match source.evaluate(self.context)? {
                Given::Unset => {}
                given => {
                    // What was there before goes, what comes with it stays.
                    self.delete_all(plan, self.timestamp.saturating_sub(1));
                    self.put_all(plan, &given, false)?;
                }
            },
            CollectionChange::Add(source) => self.put_all(plan, &source.evaluate(self.context)?, false)?,
            CollectionChange::Prepend(source) => self.put_all(plan, &source.evaluate(self.context)?, true)?,
            CollectionChange::Remove(source) => self.remove_all(plan, source)?,
            CollectionChange::Put(key, value) => self.put_one(plan, key, value)?,
            CollectionChange::RemoveOne(key) => {
                let key = key.evaluate(self.context)?.required("an element of a collection")?;
                self.tombstone(plan, &key)?;
            }
            CollectionChange::PutAt(index, value) => {
                let place = self.at(plan, index)?;
                match value.evaluate(self.context)? {
                    Given::Unset => {}
                    Given::Null => self.tombstone(plan, &place)?,
                    Given::Value(value) => self.put(plan, &place, &value)?,
                }
            }
            CollectionChange::RemoveAt(index) => {
                let place = self.at(plan, index)?;
                self.tombstone(plan, &place)?;
            }
            CollectionChange::RemoveValues(source) => self.remove_values(plan, source)?,
            CollectionChange::Count(source, subtract) => self.count(plan, source, *subtract)?,
            CollectionChange::SetField(place, value) => match value.evaluate(self.context)? {
                Given::Unset => {}
                Given::Null => self.tombstone(plan, &field_path(*place))?,
                Given::Value(value) => self.put(plan, &field_path(*place), &value)?,
            },
        }
        Ok(())
    }

    /// The elements that a list has, with their places, in order.
    fn list(&self, plan: &CollectionPlan) -> Vec<CellView<'a>> {
        let Some(row) = self.context.before else { return Vec::new() };
        let live = |cell: &CellView<'_>| cell.live_value(self.context.now_seconds).is_some();
        let mut elements: Vec<_> = row.cells().filter(|cell| cell.column == plan.column && live(cell)).collect();
        elements.sort_by(|a, b| DataType::Timeuuid.compare(a.path, b.path));
        elements
    }

    /// The place of the element at an index.
    fn at(&self, plan: &CollectionPlan, index: &Source) -> Result<Vec<u8>, Error> {
        let index = index.evaluate(self.context)?.required("a list index")?;
        let index = <[u8; 4]>::try_from(&*index).map_err(|_| Error::invalid("Invalid empty value for a list index"))?;
        let (index, list) = (i32::from_be_bytes(index), self.list(plan));
        if list.is_empty() {
            return Err(Error::invalid("Attempted to set or delete an element of a list which is null"));
        }
        let element = usize::try_from(index).ok().and_then(|index| list.get(index));
        let out_of_bound = || {
            let size = list.len();
            Error::invalid(format!("List index {index} out of bound, list has size {size}"))
        };
        element.map(|cell| cell.path.to_vec()).ok_or_else(out_of_bound)
    }

    fn remove_values(&mut self, plan: &CollectionPlan, source: &Source) -> Result<(), Error> {
        let (Given::Value(value), DataType::List(of)) = (source.evaluate(self.context)?, &plan.data_type) else {
            return Ok(());
        };
        let unwanted = elements(&plan.data_type, &value)?;
        for cell in self.list(plan) {
            let element = cell.live_value(self.context.now_seconds).unwrap_or_default();
            if unwanted.iter().any(|unwanted| of.compare(unwanted, element).is_eq()) {
                self.tombstone(plan, cell.path)?;
            }
        }
        Ok(())
    }

    fn delete_all(&mut self, plan: &CollectionPlan, timestamp: Micros) {
        let kind = CellKind::ComplexDeletion { local_seconds: self.context.now_seconds };
        self.cells.push(Cell { column: plan.column, path: Bytes::new(), timestamp, kind });
    }

    /// Every element of a value becomes a cell. Null has none.
    fn put_all(&mut self, plan: &CollectionPlan, given: &Given<'_>, prepend: bool) -> Result<(), Error> {
        let Given::Value(value) = given else { return Ok(()) };
        if let DataType::Udt(_) = plan.data_type {
            return self.put_fields(plan, value);
        }
        let elements = elements(&plan.data_type, value)?;
        let before = self.cells.len();
        // As in Cassandra elements that are prepended are not counted.
        let guarded = self.context.guard.measures_collections() && !elements.is_empty() && !prepend;
        if guarded {
            let each = if matches!(plan.data_type, DataType::Map(..)) { 2 } else { 1 };
            self.context.guard.items(elements.len() / each, || name_of(self.table, plan.column))?;
        }
        match &plan.data_type {
            DataType::Map(..) => elements.chunks(2).try_for_each(|entry| self.put(plan, entry[0], entry[1]))?,
            DataType::Set(_) => elements.into_iter().try_for_each(|element| self.put(plan, element, &[]))?,
            _ => {
                for element in elements {
                    let path = self.place(prepend);
                    self.put(plan, &path, element)?;
                }
            }
        }
        if guarded {
            let bytes = self.cells[before..].iter().map(|cell| CELL_BYTES + cell.path.len() + value_of(cell).len());
            self.context.guard.collection_size(bytes.sum(), || name_of(self.table, plan.column))?;
        }
        Ok(())
    }

    /// An addition becomes a cell without a path: the replica that leads it makes a shard of it. All of one statement are one.
    fn count(&mut self, plan: &CollectionPlan, source: &Source, subtract: bool) -> Result<(), Error> {
        let given = match source.evaluate(self.context)? {
            Given::Unset => return Ok(()),
            given => given.required("counter increment")?,
        };
        let amount = <[u8; 8]>::try_from(&*given).map(i64::from_be_bytes);
        let amount = amount.map_err(|_| Error::invalid("Invalid empty value for counter increment"))?;
        let amount = if subtract { negated(amount)? } else { amount };
        let is_its_own = |cell: &Cell| cell.column == plan.column && cell.path.is_empty();
        let before = self.cells.iter().position(is_its_own).map(|at| self.cells.remove(at));
        let before = before.and_then(|cell| match cell.kind {
            CellKind::Live { value } => value.as_ref().try_into().ok().map(i64::from_be_bytes),
            _ => None,
        });
        self.put(plan, &[], &before.unwrap_or(0).wrapping_add(amount).to_be_bytes())
    }

    /// Every field that is not null becomes a cell.
    fn put_fields(&mut self, plan: &CollectionPlan, value: &[u8]) -> Result<(), Error> {
        let fields = parts(&plan.data_type, value).unwrap_or_default();
        let there = fields.iter().enumerate().filter_map(|(place, (_, field))| Some((place, (*field)?)));
        there.into_iter().try_for_each(|(place, field)| self.put(plan, &field_path(place), field))
    }

    /// The place of a list's next element.
    fn place(&mut self, prepend: bool) -> [u8; 16] {
        let number = self.elements;
        self.elements = self.elements.saturating_add(1);
        if prepend { prepended(self.context, number) } else { appended(self.context, number) }
    }

    fn put(&mut self, plan: &CollectionPlan, path: &[u8], value: &[u8]) -> Result<(), Error> {
        if plan.data_type != DataType::Counter {
            let name = || name_of(self.table, plan.column);
            // Elements of sets and keys of maps are users' values too.
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
        self.cell(plan, path, kind)
    }

    fn tombstone(&mut self, plan: &CollectionPlan, path: &[u8]) -> Result<(), Error> {
        self.cell(plan, path, CellKind::Tombstone { local_seconds: self.context.now_seconds })
    }

    fn cell(&mut self, plan: &CollectionPlan, path: &[u8], kind: CellKind) -> Result<(), Error> {
        if path.len() > limits::ELEMENT_MAX {
            let message = format!(
                "an element of a set, or a key of a map, may have {} bytes at most, not {}",
                limits::ELEMENT_MAX,
                path.len()
            );
            return Err(Error::invalid(message));
        }
        let path = match &plan.data_type {
            DataType::Map(of, _) | DataType::Set(of) => of.canonical(path),
            _ => Bytes::copy_from_slice(path),
        };
        self.cells.push(Cell { column: plan.column, path, timestamp: self.timestamp, kind });
        Ok(())
    }

    fn remove_all(&mut self, plan: &CollectionPlan, keys: &Source) -> Result<(), Error> {
        let Given::Value(value) = keys.evaluate(self.context)? else { return Ok(()) };
        let of = match &plan.data_type {
            DataType::Map(key, _) => DataType::Set(key.clone()),
            other => other.clone(),
        };
        elements(&of, &value)?.into_iter().try_for_each(|key| self.tombstone(plan, key))
    }

    fn put_one(&mut self, plan: &CollectionPlan, key: &Source, value: &Source) -> Result<(), Error> {
        let key = key.evaluate(self.context)?.required("a map key")?;
        match value.evaluate(self.context)? {
            Given::Unset => Ok(()),
            Given::Null => self.tombstone(plan, &key),
            Given::Value(value) => self.put(plan, &key, &value),
        }
    }
}

/// A column's name.
pub(super) fn name_of(table: &Table, column: ColumnId) -> &str {
    table.columns().find(|c| c.id == column).map_or("", |c| &c.name)
}

fn value_of(cell: &Cell) -> &[u8] {
    match &cell.kind {
        CellKind::Live { value } | CellKind::Expiring { value, .. } => value,
        CellKind::Tombstone { .. } | CellKind::ComplexDeletion { .. } => &[],
    }
}

/// The elements of a valid value; a map's are keys and values in turn.
fn elements<'v>(data_type: &DataType, value: &'v [u8]) -> Result<Vec<&'v [u8]>, Error> {
    // The empty value is a collection of nothing.
    if value.is_empty() {
        return Ok(Vec::new());
    }
    let null = || Error::invalid(format!("null is not supported inside {data_type}"));
    let found = parts(data_type, value).ok_or_else(|| Error::invalid(format!("not a valid {data_type}")))?;
    found.into_iter().map(|(_, element)| element.ok_or_else(null)).collect()
}

/// What is added where so much is taken away.
fn negated(amount: i64) -> Result<i64, Error> {
    let overflow = || {
        let precision = "supported counter precision (signed 8 bytes integer)";
        Error::invalid(format!("The negation of {amount} overflows {precision}"))
    };
    amount.checked_neg().ok_or_else(overflow)
}
