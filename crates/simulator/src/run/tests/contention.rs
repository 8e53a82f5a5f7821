//! Many clients of one row.

use super::*;
use henge_model::Rows;
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

/// The clients that write what they read before.
const OPTIMISTS: usize = 32;
/// The simulated seconds for which they do.
const SECONDS: u64 = 10;

/// The results of clients that write what they read before.
#[derive(Default)]
struct Results {
    /// The writes of each that were applied.
    applied: [usize; OPTIMISTS],
    /// Writes that were not applied, since another was before them.
    lost: usize,
    unknown: usize,
}

/// A cluster of three with a table of one row.
fn with_one_row(seed: u64) -> Run {
    let mut run = Run::three(false, SharedTable::Default, &mut Random::new(seed), Faults::default());
    let replication = "{'class': 'SimpleStrategy', 'replication_factor': 3}";
    run.execute(&[
        format!("CREATE KEYSPACE other WITH replication = {replication}"),
        "CREATE TABLE other.t (k int PRIMARY KEY, v int)".to_owned(),
        "INSERT INTO other.t (k, v) VALUES (1, 0)".to_owned(),
    ]);
    run.pass(SECOND);
    run
}

/// A number in a row of an answer.
fn number(rows: &Rows, at: usize) -> Option<i32> {
    let bytes = rows.rows.first()?.get(at)?.as_ref()?;
    Some(i32::from_be_bytes(bytes.as_ref().try_into().ok()?))
}

/// Replaces the value that it knows by one of its own, as long as there is time: a write that finds another value has learned it, and one
/// whose outcome is not known reads at SERIAL.
async fn swap_on(life: &Life, cluster: &Cluster, client: usize, end: u64, results: &Mutex<Results>) {
    let (mut known, mut next) = (Some(0), 0);
    while cluster.clockwork.now() < end {
        next += 1;
        let value = client as i32 * 100_000 + next;
        let from = known.map_or("null".to_owned(), |known: i32| known.to_string());
        let text = format!("UPDATE other.t SET v = {value} WHERE k = 1 IF v = {from}");
        match statement(life, &text, &[], Consistency::Quorum, None).await {
            Ok(rows) if number_of_columns(&rows) == 1 => {
                results.lock().applied[client] += 1;
                known = Some(value);
            }
            Ok(rows) => {
                results.lock().lost += 1;
                known = number(&rows, 1);
            }
            Err(_) => {
                results.lock().unknown += 1;
                let text = "SELECT v FROM other.t WHERE k = 1";
                if let Ok(rows) = statement(life, text, &[], Consistency::Serial, None).await {
                    known = number(&rows, 0);
                }
            }
        }
    }
}

/// The columns of an answer: one if a write was applied.
fn number_of_columns(rows: &Rows) -> usize {
    rows.rows.first().map_or(0, Vec::len)
}

/// Each of 32 clients of one row applies a write a second through one coordinator. Through three, which compete, it is about one a second
/// on average, by chance more for some and less for others, and none is starved. They know what became of all but a few.
#[test]
fn clients_that_write_what_they_read_before_all_make_progress() {
    for coordinators in [1, 3] {
        let run = with_one_row(11);
        let results: Arc<Mutex<Results>> = Arc::default();
        let end = run.now() + SECONDS * SECOND;
        for client in 0..OPTIMISTS {
            let life = run.cluster.machines[client % coordinators].life().unwrap();
            let (cluster, results) = (Arc::clone(&run.cluster), Arc::clone(&results));
            run.cluster.clockwork.spawn(Some(life.owner), async move {
                swap_on(&life, &cluster, client, end, &results).await;
            });
        }
        run.pass((SECONDS + 5) * SECOND);
        let Results { applied, lost, unknown } = &*results.lock();
        let (least, sum) = (*applied.iter().min().unwrap(), applied.iter().sum::<usize>());
        let all = sum + lost + unknown;
        let told = format!("{coordinators} coordinators: {sum} applied, {lost} lost, {unknown} unknown: {applied:?}");
        let (each, average) = if coordinators == 1 { (SECONDS, SECONDS) } else { (2, SECONDS * 3 / 4) };
        assert!(sum >= OPTIMISTS * average as usize && least >= each as usize, "{told}");
        assert!(unknown * 200 < all, "{told}");
        assert!(!run.broken());
        run.cluster.clear();
    }
}

/// Without others a SERIAL read takes one round trip, and a conditional write two to its decision, which a third takes to a quorum.
#[test]
fn a_serial_read_takes_one_round_trip_and_a_conditional_write_two() {
    const ONE_WAY: u64 = 20_000;
    const READ: &str = "SELECT v FROM other.t WHERE k = 1";
    let mut run = with_one_row(12);
    // Requests to acceptors, and round trips, of a statement.
    let mut measured = |text: &'static str, level| {
        run.cluster.network.lock().delay = (ONE_WAY, ONE_WAY);
        run.pass(SECOND);
        let (before, began) = (run.cluster.watch.lock().paxos_requests, run.now());
        let (slot, life) = (Slot::default(), run.cluster.machines[0].life().unwrap());
        let (done, cluster) = (slot.clone(), Arc::clone(&run.cluster));
        run.cluster.clockwork.spawn(Some(life.owner), async move {
            statement(&life, text, &[], level, None).await.unwrap();
            done.fill(cluster.clockwork.now());
        });
        let ended = run.await_slot(&slot).unwrap();
        run.pass(SECOND);
        ((run.cluster.watch.lock().paxos_requests - before) / 2, (ended - began) / (2 * ONE_WAY))
    };
    measured(READ, Consistency::Serial);
    assert_eq!(measured("UPDATE other.t SET v = 1 WHERE k = 1 IF v = 0", Consistency::LocalOne), (3, 2));
    assert_eq!(measured(READ, Consistency::Serial), (1, 1));
    assert_eq!(measured("UPDATE other.t SET v = 2 WHERE k = 1 IF v = 1", Consistency::Quorum), (3, 3));
    assert_eq!(measured(READ, Consistency::LocalSerial), (1, 1));
    assert_eq!(measured("UPDATE other.t SET v = 3 WHERE k = 1 IF v = 1", Consistency::Quorum), (1, 1));
    run.cluster.clear();
}
