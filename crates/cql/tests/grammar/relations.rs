//! Random conditions of WHERE and IF.

use crate::names::{many, name, names};
use crate::terms::{marker, tuple, value};
use henge_base::Random;
use henge_cql::Position;
use henge_cql::statement::{Condition, Operator, Relation, Subject, Term};

const SIGNS: [Operator; 7] = [
    Operator::Equal,
    Operator::NotEqual,
    Operator::Less,
    Operator::LessOrEqual,
    Operator::Greater,
    Operator::GreaterOrEqual,
    Operator::In,
];
const WORDS: [Operator; 4] = [Operator::Like, Operator::Contains, Operator::ContainsKey, Operator::IsNotNull];

/// One to three random relations of WHERE, which may contain index expressions.
pub(crate) fn relations(random: &mut Random) -> Vec<Relation> {
    many(random, 1, 3, |random| if random.chance(1, 12) { index_expression(random) } else { relation(random) })
}

fn index_expression(random: &mut Random) -> Relation {
    let (subject, values) = (Subject::Index(name(random)), vec![value(random)]);
    Relation { subject, operator: Operator::Equal, values, listed: false, position: Position::default() }
}

fn relation(random: &mut Random) -> Relation {
    let subject = match random.below(9) {
        0 => Subject::Columns(names(random, 3)),
        1 => Subject::Token(names(random, 3)),
        2 => Subject::Element(name(random), value(random)),
        3 => Subject::Field(name(random), name(random)),
        _ => Subject::Column(name(random)),
    };
    let words = !matches!(subject, Subject::Columns(_)) && random.chance(1, 3);
    let operator = *if words { random.pick(&WORDS) } else { random.pick(&SIGNS) }.unwrap();
    let listed = operator == Operator::In && random.chance(2, 3);
    let values = match operator {
        Operator::IsNotNull => vec![],
        Operator::In if listed => listed_values(random, &subject),
        Operator::In => vec![marker(random)],
        _ => vec![value(random)],
    };
    Relation { subject, operator, values, listed, position: Position::default() }
}

/// Random values of IN. For several columns they are all tuples or all bind markers.
fn listed_values(random: &mut Random, subject: &Subject) -> Vec<Term> {
    let one = match subject {
        Subject::Columns(_) if random.chance(1, 2) => marker,
        Subject::Columns(_) => tuple,
        _ => value,
    };
    many(random, 0, 3, one)
}

pub(crate) fn condition(random: &mut Random) -> Condition {
    match random.chance(1, 4) {
        true => Condition::Exists(Position::default()),
        false => Condition::Relations(many(random, 1, 3, relation)),
    }
}
