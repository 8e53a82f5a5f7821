//! Random statements about secondary indexes.

use crate::names::{many, maybe, name, table_name};
use crate::schema::properties;
use henge_base::Random;
use henge_cql::statement::{CreateIndex, DropIndex, IndexTarget};
use henge_cql::{Position, Statement};
use henge_model::IndexedPart;

pub(crate) fn indexes(random: &mut Random) -> Statement {
    let yes = random.chance(1, 2);
    if random.chance(1, 3) {
        return Statement::DropIndex(DropIndex { name: table_name(random), if_exists: yes });
    }
    Statement::CreateIndex(CreateIndex {
        custom: random.chance(1, 3),
        if_not_exists: yes,
        name: maybe(random, name),
        table: table_name(random),
        targets: many(random, 1, 2, target),
        using: maybe(random, |random| random.pick(&["sai", "it's"]).map_or(String::new(), |class| (*class).to_owned())),
        properties: properties(random, 0),
        position: Position::default(),
    })
}

fn target(random: &mut Random) -> IndexTarget {
    const PARTS: [IndexedPart; 4] = [IndexedPart::Keys, IndexedPart::Values, IndexedPart::Entries, IndexedPart::Full];
    IndexTarget { part: maybe(random, |random| PARTS[random.below(4) as usize]), column: name(random) }
}
