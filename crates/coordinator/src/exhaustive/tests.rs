use super::*;

#[test]
fn a_read_sees_what_was_acknowledged_while_members_come_and_go() {
    match run(8, Without::default()) {
        Ok(explored) => println!("a join and a leave: {explored:?}"),
        Err(violation) => panic!("{violation:#?}"),
    }
}

#[test]
fn each_rule_of_a_move_is_needed() {
    let all = [
        (8, Without { caught_up: true, ..Without::default() }),
        (4, Without { barrier: true, ..Without::default() }),
        (4, Without { fence: true, ..Without::default() }),
        (4, Without { raised_quorum: true, ..Without::default() }),
        (4, Without { pending: true, ..Without::default() }),
        (4, Without { streaming: true, ..Without::default() }),
        (4, Without { settled_sources: true, ..Without::default() }),
        (4, Without { sources: true, ..Without::default() }),
        (4, Without { reading: true, ..Without::default() }),
    ];
    for (last, without) in all {
        match run(last, without) {
            Ok(explored) => panic!("{without:?} is not missed: {explored:?}"),
            Err(violation) => println!("{without:?}: after {} states, by {:?}", violation.states, violation.way),
        }
    }
}
