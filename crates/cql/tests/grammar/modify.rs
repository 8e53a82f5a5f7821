//! Random INSERT, UPDATE, DELETE and BATCH.

use crate::names::{many, maybe, name, names, table_name};
use crate::relations::{condition, relations};
use crate::terms::{integer_or_marker, value};
use henge_base::Random;
use henge_cql::statement::{
    ArithmeticOperator, Assignment, AssignmentKind, Batch, Delete, Deletion, Insert, InsertValues, ModifyStatement,
    Update, Using,
};
use henge_cql::{BatchKind, Position};

fn using(random: &mut Random) -> Using {
    Using { ttl: maybe(random, integer_or_marker), timestamp: maybe(random, integer_or_marker) }
}

/// A random USING without a TTL.
fn using_timestamp(random: &mut Random) -> Using {
    Using { ttl: None, timestamp: maybe(random, integer_or_marker) }
}

pub(crate) fn insert(random: &mut Random) -> Insert {
    let values = match random.chance(1, 4) {
        true => InsertValues::Json { document: value(random), default_unset: random.chance(1, 2) },
        false => InsertValues::Columns { columns: names(random, 3), terms: many(random, 1, 3, value) },
    };
    Insert {
        table: table_name(random),
        values,
        if_not_exists: maybe(random, |_| Position::default()),
        using: using(random),
    }
}

pub(crate) fn update(random: &mut Random) -> Update {
    Update {
        table: table_name(random),
        using: using(random),
        assignments: many(random, 1, 3, assignment),
        relations: relations(random),
        condition: maybe(random, condition),
    }
}

fn assignment(random: &mut Random) -> Assignment {
    let kind = match random.below(6) {
        0 => AssignmentKind::Change(ArithmeticOperator::Add, value(random)),
        1 => AssignmentKind::Change(ArithmeticOperator::Subtract, value(random)),
        2 => AssignmentKind::Prepend(value(random)),
        3 => AssignmentKind::Element(value(random), value(random)),
        4 => AssignmentKind::Field(name(random), value(random)),
        _ => AssignmentKind::Value(value(random)),
    };
    Assignment { column: name(random), kind }
}

pub(crate) fn delete(random: &mut Random) -> Delete {
    Delete {
        deletions: many(random, 0, 3, deletion),
        table: table_name(random),
        using: using_timestamp(random),
        relations: relations(random),
        condition: maybe(random, condition),
    }
}

fn deletion(random: &mut Random) -> Deletion {
    match random.below(3) {
        0 => Deletion::Element(name(random), value(random)),
        1 => Deletion::Field(name(random), name(random)),
        _ => Deletion::Column(name(random)),
    }
}

pub(crate) fn batch(random: &mut Random) -> Batch {
    Batch {
        kind: *random.pick(&[BatchKind::Logged, BatchKind::Unlogged, BatchKind::Counter]).unwrap(),
        using: using_timestamp(random),
        statements: many(random, 0, 3, |random| match random.below(3) {
            0 => ModifyStatement::Insert(insert(random)),
            1 => ModifyStatement::Update(update(random)),
            _ => ModifyStatement::Delete(delete(random)),
        }),
        position: Position::default(),
    }
}
