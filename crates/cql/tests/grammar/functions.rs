//! Random statements about user-defined functions and aggregates.

use crate::names::{many, maybe, name, table_name, type_name};
use crate::terms::value;
use henge_base::Random;
use henge_cql::Position;
use henge_cql::statement::{CreateAggregate, CreateFunction, DropFunction, FunctionStatement, Name, Presence};

fn presence(random: &mut Random) -> Presence {
    Presence { or_replace: random.chance(1, 2), if_not_exists: random.chance(1, 2) }
}

pub(crate) fn function(random: &mut Random) -> FunctionStatement {
    match random.below(3) {
        0 => FunctionStatement::Create(create(random)),
        1 => FunctionStatement::CreateAggregate(aggregate(random)),
        _ => FunctionStatement::Drop(DropFunction {
            aggregate: random.chance(1, 2),
            if_exists: random.chance(1, 2),
            name: table_name(random),
            parameters: maybe(random, |random| many(random, 0, 3, |random| type_name(random, 2))),
        }),
    }
}

fn create(random: &mut Random) -> CreateFunction {
    CreateFunction {
        name: table_name(random),
        presence: presence(random),
        parameters: many(random, 0, 3, |random| (name(random), type_name(random, 2))),
        called_on_null: random.chance(1, 2),
        returns: type_name(random, 2),
        language: Name { text: "java".to_owned(), position: Position::default() },
        body: (*random.pick(&["", "return 'a';", "$$ ; \"x\" -- y"]).unwrap()).to_owned(),
        position: Position::default(),
    }
}

fn aggregate(random: &mut Random) -> CreateAggregate {
    CreateAggregate {
        name: table_name(random),
        presence: presence(random),
        parameters: many(random, 0, 3, |random| type_name(random, 2)),
        state_function: name(random),
        state_type: type_name(random, 2),
        final_function: maybe(random, name),
        initial: maybe(random, value),
        position: Position::default(),
    }
}
