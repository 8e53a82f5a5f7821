//! Random statements about keyspaces and tables, and DESCRIBE.

use crate::names::{many, maybe, name, names, table_name, type_name};
use crate::terms::{constant, integer, value};
use henge_base::Random;
use henge_cql::statement::{
    AlterKeyspace, AlterTable, AlterTableChange, AlterType, AlterTypeChange, ColumnDefinition, Constant,
    CreateKeyspace, CreateTable, CreateType, Describe, DescribeSubject, DropKeyspace, DropTable, DropType, MaskCall,
    MaskClause, Property, PropertyValue, Truncate, Use,
};
use henge_cql::{Position, Statement};
use std::collections::BTreeSet;

pub(crate) fn properties(random: &mut Random, least: u64) -> Vec<Property> {
    many(random, least, 3, |random| {
        let value = match random.chance(1, 3) {
            true => PropertyValue::Map(entries(random)),
            false => PropertyValue::Constant(constant(random)),
        };
        Property { name: name(random), value }
    })
}

/// The entries of a random map without duplicate keys.
fn entries(random: &mut Random) -> Vec<(Constant, Constant)> {
    let mut met = BTreeSet::new();
    let mut entries = many(random, 0, 2, |random| (constant(random), constant(random)));
    entries.retain(|(key, _)| met.insert(text_of(key)));
    entries
}

/// The text by which keys count as duplicates, whatever their kind.
fn text_of(key: &Constant) -> String {
    match key {
        Constant::String(text) | Constant::Integer(text) | Constant::Float(text) | Constant::Duration(text) => {
            text.clone()
        }
        other => format!("{other:?}"),
    }
}

/// A random statement of one or two parts.
pub(crate) fn small(random: &mut Random) -> Statement {
    let yes = random.chance(1, 2);
    match random.below(7) {
        0 => Statement::Use(Use { keyspace: name(random) }),
        1 => Statement::CreateKeyspace(CreateKeyspace {
            name: name(random),
            if_not_exists: yes,
            properties: properties(random, 1),
        }),
        2 => Statement::AlterKeyspace(AlterKeyspace {
            name: name(random),
            if_exists: yes,
            properties: properties(random, 1),
        }),
        3 => Statement::DropKeyspace(DropKeyspace { name: name(random), if_exists: yes }),
        4 => Statement::DropTable(DropTable { table: table_name(random), if_exists: yes }),
        5 => Statement::DropType(DropType { name: table_name(random), if_exists: yes }),
        _ => Statement::Truncate(Truncate { table: table_name(random) }),
    }
}

fn random_mask(random: &mut Random) -> MaskClause {
    let call = maybe(random, |random| MaskCall {
        keyspace: maybe(random, name),
        function: name(random),
        arguments: many(random, 0, 2, value),
    });
    MaskClause { call, position: Position::default() }
}

fn column(random: &mut Random) -> ColumnDefinition {
    ColumnDefinition {
        name: name(random),
        data_type: type_name(random, 2),
        is_static: random.chance(1, 4),
        masked: maybe(random, random_mask),
        is_primary_key: random.chance(1, 4),
    }
}

/// A random column to add, which is not part of the key.
fn added_column(random: &mut Random) -> ColumnDefinition {
    ColumnDefinition { is_primary_key: false, ..column(random) }
}

pub(crate) fn create_table(random: &mut Random) -> CreateTable {
    CreateTable {
        table: table_name(random),
        if_not_exists: random.chance(1, 2),
        columns: many(random, 1, 4, column),
        primary_keys: many(random, 0, 2, |random| (names(random, 2), many(random, 0, 2, name))),
        clustering_order: many(random, 0, 2, |random| (name(random), random.chance(1, 2))),
        compact_storage: maybe(random, |_| Position::default()),
        properties: properties(random, 0),
    }
}

pub(crate) fn alter_table(random: &mut Random) -> AlterTable {
    let yes = random.chance(1, 2);
    let change = match random.below(7) {
        0 => AlterTableChange::Add { if_not_exists: yes, columns: many(random, 1, 3, added_column) },
        1 => AlterTableChange::Drop { if_exists: yes, columns: names(random, 3), timestamp: maybe(random, integer) },
        2 => AlterTableChange::Rename {
            if_exists: yes,
            names: many(random, 1, 2, |random| (name(random), name(random))),
        },
        3 => AlterTableChange::DropCompactStorage,
        4 => AlterTableChange::Retype(name(random)),
        5 => AlterTableChange::Mask { if_exists: yes, column: name(random), masked: maybe(random, random_mask) },
        _ => AlterTableChange::With(properties(random, 1)),
    };
    AlterTable { table: table_name(random), if_exists: random.chance(1, 2), change, position: Position::default() }
}

pub(crate) fn create_type(random: &mut Random) -> CreateType {
    // User types may not have the name of a native type.
    let mut name_of_none = table_name(random);
    while henge_model::DataType::native(&name_of_none.name.text).is_some() {
        name_of_none = table_name(random);
    }
    CreateType {
        name: name_of_none,
        if_not_exists: random.chance(1, 2),
        fields: many(random, 1, 4, |random| (name(random), type_name(random, 2))),
    }
}

pub(crate) fn alter_type(random: &mut Random) -> AlterType {
    let yes = random.chance(1, 2);
    let change = match random.below(3) {
        0 => AlterTypeChange::Add { if_not_exists: yes, field: name(random), data_type: type_name(random, 2) },
        1 => {
            AlterTypeChange::Rename { if_exists: yes, names: many(random, 1, 2, |random| (name(random), name(random))) }
        }
        _ => AlterTypeChange::Retype,
    };
    AlterType { name: table_name(random), if_exists: random.chance(1, 2), change, position: Position::default() }
}

pub(crate) fn describe(random: &mut Random) -> Describe {
    let yes = random.chance(1, 2);
    let subject = match random.below(15) {
        0 => DescribeSubject::Cluster,
        1 => DescribeSubject::Keyspaces,
        2 => DescribeSubject::Tables,
        3 => DescribeSubject::Types,
        4 => DescribeSubject::Functions,
        5 => DescribeSubject::Aggregates,
        6 => DescribeSubject::Schema { full: yes },
        7 => DescribeSubject::Keyspace { name: maybe(random, name), only: yes },
        8 => DescribeSubject::Table(table_name(random)),
        9 => DescribeSubject::Index(table_name(random)),
        10 => DescribeSubject::View(table_name(random)),
        11 => DescribeSubject::Type(table_name(random)),
        12 => DescribeSubject::Function(table_name(random)),
        13 => DescribeSubject::Aggregate(table_name(random)),
        _ => DescribeSubject::Any(table_name(random)),
    };
    Describe { subject, internals: random.chance(1, 2), position: Position::default() }
}
