//! Random statements about materialized views and triggers.

use crate::names::{many, maybe, name, names, table_name};
use crate::relations::relations;
use crate::schema::properties;
use crate::select::item;
use henge_base::Random;
use henge_cql::Position;
use henge_cql::statement::{CreateView, TriggerStatement, ViewStatement};

pub(crate) fn view(random: &mut Random) -> ViewStatement {
    let (name, yes) = (table_name(random), random.chance(1, 2));
    match random.below(4) {
        0 => ViewStatement::Alter { name, if_exists: yes, properties: properties(random, 1) },
        1 => ViewStatement::Drop { name, if_exists: yes },
        _ => ViewStatement::Create(Box::new(create(random))),
    }
}

fn create(random: &mut Random) -> CreateView {
    CreateView {
        name: table_name(random),
        if_not_exists: random.chance(1, 2),
        items: many(random, 0, 3, item),
        table: table_name(random),
        relations: maybe(random, relations).unwrap_or_default(),
        primary_key: (names(random, 2), many(random, 0, 2, name)),
        clustering_order: many(random, 0, 2, |random| (name(random), random.chance(1, 2))),
        properties: properties(random, 0),
        position: Position::default(),
    }
}

pub(crate) fn trigger(random: &mut Random) -> TriggerStatement {
    let (name, table, yes) = (name(random), table_name(random), random.chance(1, 2));
    match random.chance(1, 2) {
        true => TriggerStatement::Drop { name, if_exists: yes, table },
        false => {
            let class = "org.example.It's".to_owned();
            TriggerStatement::Create { name, if_not_exists: yes, table, class, position: Position::default() }
        }
    }
}
