use super::*;

/// Goes through all states, and prints how many there are.
fn holds(kinds: [Kind; 2], rounds: [u32; 2]) {
    match run(kinds, rounds, Without::default()) {
        Ok(explored) => println!("{kinds:?} of {rounds:?} rounds: {explored:?}"),
        Err(violation) => panic!("{violation:#?}"),
    }
}

/// Shows that a rule is needed.
fn fails(kinds: [Kind; 2], without: Without) {
    let violation = run(kinds, [2, 2], without).expect_err("the rule is missed");
    println!("{without:?}: {} after {} states, by {:?}", violation.rule, violation.states, violation.way);
}

#[test]
fn two_writes_are_decided_one_after_another() {
    holds([Kind::Append, Kind::Append], [2, 1]);
}

#[test]
fn one_of_two_inserts_is_made() {
    holds([Kind::Insert, Kind::Insert], [2, 1]);
}

#[test]
fn a_read_sees_what_was_decided_before_it() {
    holds([Kind::Append, Kind::Read], [2, 1]);
    holds([Kind::Append, Kind::Read], [1, 2]);
}

#[test]
fn each_rule_is_needed() {
    let writes = [Kind::Append, Kind::Append];
    fails(writes, Without { syncs: true, ..Without::default() });
    fails(writes, Without { finishing: true, ..Without::default() });
    fails([Kind::Append, Kind::Read], Without { levelling: true, ..Without::default() });
    fails(writes, Without { quorum: true, ..Without::default() });
    fails(writes, Without { doubts: true, ..Without::default() });
}
