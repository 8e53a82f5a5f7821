//! Random SELECT.

use crate::names::{many, maybe, name, table_name};
use crate::relations::relations;
use crate::terms::{expression, value};
use henge_base::Random;
use henge_cql::Position;
use henge_cql::statement::{OrderBy, Select, SelectItem};

pub(crate) fn select(random: &mut Random) -> Select {
    Select {
        json: maybe(random, |_| Position::default()),
        distinct: maybe(random, |_| Position::default()),
        items: many(random, 0, 3, item),
        table: table_name(random),
        relations: maybe(random, relations).unwrap_or_default(),
        group_by: maybe(random, |random| many(random, 1, 2, expression)).unwrap_or_default(),
        order_by: maybe(random, |random| many(random, 1, 2, order_by)).unwrap_or_default(),
        per_partition_limit: maybe(random, value),
        limit: maybe(random, value),
        allow_filtering: random.chance(1, 2),
    }
}

pub(crate) fn item(random: &mut Random) -> SelectItem {
    SelectItem { term: expression(random), alias: maybe(random, name) }
}

fn order_by(random: &mut Random) -> OrderBy {
    OrderBy { column: name(random), descending: random.chance(1, 2), nearest_to: maybe(random, value) }
}
