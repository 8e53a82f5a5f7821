//! Remains of dropped and truncated tables.

use super::*;

/// Acceptor states belong to the table: when it is truncated or dropped, they leave every disk with its rows.
#[test]
fn acceptors_leave_with_their_table() {
    let mut run = Run::three(false, SharedTable::Default, &mut Random::new(11), Faults::default());
    for end in ["TRUNCATE sim.swaps", "DROP TABLE sim.swaps"] {
        let swap = run.begin(0, SwapKind::Swap { from: None, to: 1 }, None);
        assert!(run.end(swap).applied);
        run.pass(SECOND);
        let held = |run: &Run| (0..3).map(|machine| run.stored_values(machine, Family::Paxos).len()).sum::<usize>();
        assert_eq!(held(&run), 3, "{end}");
        run.execute(&[end.to_owned()]);
        run.pass(5 * SECOND);
        assert_eq!(held(&run), 0, "{end}");
    }
    run.cluster.clear();
}
