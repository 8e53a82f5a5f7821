//! Many clients of one row.

use super::*;
use parking_lot::Mutex;

/// The clients, spread over three nodes.
const CLIENTS: usize = 24;
/// The conditional writes that each makes, one after another.
const WRITES: usize = 4;
/// Simulated microseconds that a conditional write goes on for at least before it gives up.
const PATIENCE_MIN: u64 = SECOND * 9 / 10;

/// Twenty-four clients of one row all make progress, and none is told that the outcome is unknown while there is time to find out.
#[test]
fn clients_that_contend_for_a_row_all_make_progress() {
    let mut run = Run::three(false, SharedTable::Default, &mut Random::new(11), Faults::default());
    let replication = "{'class': 'SimpleStrategy', 'replication_factor': 3}";
    run.execute(&[
        format!("CREATE KEYSPACE other WITH replication = {replication}"),
        "CREATE TABLE other.t (k int PRIMARY KEY, v int)".to_owned(),
        "INSERT INTO other.t (k, v) VALUES (1, 1)".to_owned(),
    ]);
    run.pass(SECOND);
    let errors: Arc<Mutex<Vec<(String, u64)>>> = Arc::default();
    let made: Arc<Mutex<[usize; CLIENTS]>> = Arc::new(Mutex::new([0; CLIENTS]));
    for client in 0..CLIENTS {
        let life = run.cluster.machines[client % 3].life().unwrap();
        let (errors, made) = (Arc::clone(&errors), Arc::clone(&made));
        let cluster = Arc::clone(&run.cluster);
        run.cluster.clockwork.spawn(Some(life.owner), async move {
            for _ in 0..WRITES {
                let began = cluster.clockwork.now();
                let text = format!("UPDATE other.t SET v = {client} WHERE k = 1 IF v != -1");
                match statement(&life, &text, &[], Consistency::Quorum, None).await {
                    Ok(_) => made.lock()[client] += 1,
                    Err(error) => errors.lock().push((error.to_string(), cluster.clockwork.now() - began)),
                }
            }
        });
    }
    run.pass(30 * SECOND);
    let errors = errors.lock();
    assert!(made.lock().iter().all(|made| *made > 0), "{:?} {errors:?}", made.lock());
    assert!(errors.iter().all(|(_, took)| *took >= PATIENCE_MIN), "{errors:?}");
    assert!(!run.broken());
    run.cluster.clear();
}
