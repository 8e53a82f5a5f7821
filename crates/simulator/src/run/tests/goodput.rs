//! More requests than machines can serve, under a model of service time: each message costs its receiver's processor a millisecond, a
//! request of a client a twentieth of that before it is refused or begins, and a processor does one thing after another.

use super::overload::parameters;
use super::*;
use henge_cql::{BoundValue, Warnings};
use henge_model::Rows;
use henge_node::{Error, PreparedStatement};

/// Microseconds that a message takes.
const MESSAGE_US: u64 = 1_000;
/// Microseconds that a request takes until it is refused or begins.
const REQUEST_US: u64 = 50;
/// Requests a second that all machines together can serve: a write costs two messages to other replicas and their two replies.
const CAPACITY: u64 = 3 * SECOND / (4 * MESSAGE_US + REQUEST_US);
const KEYS: u64 = 64;

/// The outcomes of writes.
#[derive(Clone, Copy, Debug, Default)]
struct Outcomes {
    ok: u64,
    overloaded: u64,
    others: u64,
}

struct Site {
    run: Run,
    /// True if clients ask for a trace of each request.
    is_traced: bool,
    statements: Vec<Arc<PreparedStatement>>,
}

impl Site {
    fn new(faults: Faults) -> Site {
        let mut run = Run::three(false, SharedTable::Default, &mut Random::new(5), faults);
        run.execute(&[
            "CREATE KEYSPACE busy WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 3}".to_owned(),
            "CREATE TABLE busy.t (k bigint PRIMARY KEY, v bigint)".to_owned(),
        ]);
        run.pass(2 * SECOND);
        let prepare = |life: &Life| life.core.prepare("INSERT INTO busy.t (k, v) VALUES (?, ?)", None).unwrap();
        let statements = run.lives().iter().map(prepare).collect();
        run.cluster.machines.iter().for_each(|machine| machine.service_us.store(MESSAGE_US, Ordering::Relaxed));
        Site { run, is_traced: false, statements }
    }

    /// Offers writes at QUORUM, so many a second to all machines by turns, whatever becomes of them.
    fn offer(&mut self, rate: u64, time: u64) -> Outcomes {
        let outcomes = Arc::new(Mutex::new(Outcomes::default()));
        let (began, count) = (self.run.now(), rate * time / SECOND);
        for number in 0..count {
            self.run.cluster.clockwork.run_until(began + number * SECOND / rate);
            self.begin(number, &outcomes);
        }
        self.run.pass(5 * SECOND);
        let mut outcomes = *outcomes.lock();
        // What has no answer yet has none in time.
        outcomes.others = count - outcomes.ok - outcomes.overloaded;
        outcomes
    }

    fn begin(&self, number: u64, outcomes: &Arc<Mutex<Outcomes>>) {
        let (cluster, machine) = (&self.run.cluster, (number % 3) as usize);
        let received = cluster.clockwork.now();
        let turn = cluster.machines[machine].work_until(received, REQUEST_US);
        let (life, ready) = (cluster.machines[machine].life().unwrap(), Arc::clone(&self.statements[machine]));
        let core = if self.is_traced { life.core.with_new_trace(None, None).0 } else { life.core.clone() };
        let (outcomes, clockwork) = (Arc::clone(outcomes), Arc::clone(&cluster.clockwork));
        cluster.clockwork.at(turn, move || {
            clockwork.spawn(Some(life.owner), async move {
                let (key, value) = ((number % KEYS).to_be_bytes(), number.to_be_bytes());
                let values = [BoundValue::Value(&key), BoundValue::Value(&value)];
                let warnings = Warnings::default();
                let parameters = parameters(&values, Consistency::Quorum, received, &warnings);
                let outcome = core.execute(&ready, &parameters, &mut Rows::new(0)).await;
                let mut outcomes = outcomes.lock();
                match outcome {
                    Ok(_) => outcomes.ok += 1,
                    Err(Error::Overloaded(_)) => outcomes.overloaded += 1,
                    Err(_) => {}
                }
            });
        });
    }
}

/// The outcomes of writes that are offered at these rates for a while, one after another.
fn outcomes_at<const N: usize>(faults: Faults, rates: [u64; N]) -> [Outcomes; N] {
    let mut site = Site::new(faults);
    let outcomes = rates.map(|rate| site.offer(rate, 3 * SECOND));
    assert!(!site.run.broken());
    site.run.cluster.clear();
    outcomes
}

/// Offered five times what it can do, a cluster does nearly as much as it can, tells the others so at once, and is well again when the load
/// has gone.
#[test]
fn a_cluster_that_is_offered_too_much_does_what_it_can() {
    let rates = [CAPACITY * 9 / 10, 5 * CAPACITY, CAPACITY / 3];
    let [most, overloaded, after] = outcomes_at(Faults::default(), rates);
    println!("{most:?}, at five times as much {overloaded:?}, then {after:?}");
    assert!(most.others == 0 && most.ok >= 95 * (most.ok + most.overloaded) / 100, "{most:?}");
    assert!(10 * overloaded.ok >= 8 * most.ok, "{most:?}, at five times as much {overloaded:?}");
    assert!(overloaded.others * 100 <= overloaded.ok, "refused are told Overloaded: {overloaded:?}");
    assert_eq!((after.overloaded, after.others), (0, 0), "{after:?}");
}

/// Requests that are traced are held to the same as others.
#[test]
fn traced_requests_are_refused_as_others_are() {
    let mut site = Site::new(Faults::default());
    site.is_traced = true;
    let outcomes = site.offer(5 * CAPACITY, 3 * SECOND);
    println!("{outcomes:?}");
    assert!(outcomes.overloaded > outcomes.ok && outcomes.others * 100 <= outcomes.ok, "{outcomes:?}");
    site.run.cluster.clear();
}

/// The check can fail: a cluster that begins everything does work for those who have given up.
#[test]
fn a_cluster_that_begins_everything_does_less() {
    let faults = Faults { admit_all: true, ..Faults::default() };
    let [most, overloaded] = outcomes_at(faults, [CAPACITY * 9 / 10, 5 * CAPACITY]);
    println!("{most:?}, at five times as much {overloaded:?}");
    assert!(10 * overloaded.ok < 8 * most.ok || overloaded.others > overloaded.ok, "{most:?}, {overloaded:?}");
}
