//! The register of client connections, for system tables. Each connection has a record; a request that memory answers only adds to a
//! counter there, which no other thread writes.

use crate::request_text;
use crate::statement::CachedStatement;
use henge_node::{ClientFacts, PreparedStatement, QueryFacts, StatementCounts, TlsFacts};
use henge_protocol::{Frame, Opcode, Startup, Version};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

/// Options of STARTUP that are kept, and their bytes in all; further ones are dropped.
const OPTIONS_MAX: usize = 64;
const OPTION_BYTES_MAX: usize = 8 << 10;

/// The user of clients where nobody has to log in.
const ANONYMOUS: &str = "anonymous";

/// The register.
#[derive(Default)]
pub(crate) struct Clients {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    records: BTreeMap<u64, Arc<Record>>,
    next: u64,
    /// The work of closed connections, by core.
    closed: BTreeMap<usize, WorkCounts>,
}

/// The work of a core's connections.
#[derive(Clone, Copy, Default)]
struct WorkCounts {
    requests: u64,
    executed: StatementCounts,
}

impl WorkCounts {
    fn plus(self, other: WorkCounts) -> WorkCounts {
        let executed = StatementCounts {
            prepared: self.executed.prepared + other.executed.prepared,
            regular: self.executed.regular + other.executed.regular,
        };
        WorkCounts { requests: self.requests + other.requests, executed }
    }
}

/// One connection's record.
pub(crate) struct Record {
    number: u64,
    core: usize,
    address: SocketAddr,
    tls: Option<TlsFacts>,
    session: Mutex<Session>,
    requests: Counter,
    prepared: Counter,
    regular: Counter,
    in_flight: Mutex<RequestSlots>,
}

/// The facts that a client has given about itself.
#[derive(Default)]
struct Session {
    /// Since STARTUP.
    version: Option<Version>,
    options: Vec<(String, String)>,
    is_ready: bool,
    username: Option<String>,
    keyspace: Option<String>,
}

/// A number that one thread counts up and others read.
#[derive(Default)]
struct Counter(AtomicU64);

impl Counter {
    fn add(&self) {
        // One thread writes it, so an atomic addition is not needed.
        self.0.store(self.get() + 1, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Requests in flight, in slots that are used again.
#[derive(Default)]
struct RequestSlots {
    slots: Vec<Option<Request>>,
    free: Vec<usize>,
}

#[derive(Clone)]
struct Request {
    frame: Frame,
    /// The statement, which the register does not keep alive.
    known: Option<Weak<PreparedStatement>>,
    arrived: Instant,
    begun: Instant,
}

/// The slot of a request in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot(usize);

impl Clients {
    /// Registers a connection on a core until the entry is dropped.
    pub(crate) fn register(
        self: &Arc<Self>,
        core: usize,
        address: SocketAddr,
        tls: Option<TlsFacts>,
    ) -> ConnectionEntry {
        let mut inner = self.inner.lock();
        let number = inner.next;
        inner.next += 1;
        let record = Arc::new(Record {
            number,
            core,
            address,
            tls,
            session: Mutex::default(),
            requests: Counter::default(),
            prepared: Counter::default(),
            regular: Counter::default(),
            in_flight: Mutex::default(),
        });
        inner.records.insert(number, Arc::clone(&record));
        ConnectionEntry { clients: Arc::clone(self), record }
    }

    fn leave(&self, record: &Record) {
        let mut inner = self.inner.lock();
        inner.records.remove(&record.number);
        let closed = inner.closed.entry(record.core).or_default();
        *closed = closed.plus(record.work());
    }

    fn records(&self) -> Vec<Arc<Record>> {
        self.inner.lock().records.values().cloned().collect()
    }

    /// The connections that have sent STARTUP.
    pub(crate) fn facts(&self) -> Vec<ClientFacts> {
        self.records().iter().filter_map(|record| record.facts()).collect()
    }

    /// Requests under way.
    pub(crate) fn queries(&self) -> Vec<QueryFacts> {
        self.records().iter().flat_map(|record| record.queries()).collect()
    }

    /// Statements executed since the start.
    pub(crate) fn executed_statements(&self) -> StatementCounts {
        let inner = self.inner.lock();
        let open = inner.records.values().map(|record| record.work());
        open.chain(inner.closed.values().copied()).fold(WorkCounts::default(), WorkCounts::plus).executed
    }

    /// Requests under way, and requests answered since the start, on a core.
    pub(crate) fn load(&self, core: usize) -> (u64, u64) {
        let inner = self.inner.lock();
        let closed = inner.closed.get(&core).map_or(0, |closed| closed.requests);
        let records = inner.records.values().filter(|record| record.core == core);
        let (in_flight, begun) = records.fold((0, closed), |(in_flight, begun), record| {
            (in_flight + record.in_flight.lock().count(), begun + record.requests.get())
        });
        (in_flight, begun.saturating_sub(in_flight))
    }
}

/// A connection in the register; dropping it removes it.
pub(crate) struct ConnectionEntry {
    clients: Arc<Clients>,
    pub(crate) record: Arc<Record>,
}

impl Drop for ConnectionEntry {
    fn drop(&mut self) {
        self.clients.leave(&self.record);
    }
}

impl Record {
    /// The client said STARTUP, and is served or has to log in first.
    pub(crate) fn record_startup(&self, version: Version, startup: &Startup<'_>, is_ready: bool) {
        let mut bytes = 0;
        let fits = |(key, value): &&(&str, &str)| {
            bytes += key.len() + value.len();
            bytes <= OPTION_BYTES_MAX
        };
        let kept = startup.options.iter().take(OPTIONS_MAX).take_while(fits);
        // In the order of keys, as a map has them; of one key that comes twice the last value.
        let options: BTreeMap<String, String> =
            kept.map(|(key, value)| (key.to_ascii_uppercase(), (*value).to_owned())).collect();
        let options = options.into_iter().collect();
        let username = is_ready.then(|| ANONYMOUS.to_owned());
        *self.session.lock() = Session { version: Some(version), options, is_ready, username, keyspace: None };
    }

    pub(crate) fn logged_in(&self, user: &str) {
        let mut session = self.session.lock();
        session.is_ready = true;
        session.username = Some(user.to_owned());
    }

    pub(crate) fn uses(&self, keyspace: &str) {
        self.session.lock().keyspace = Some(keyspace.to_owned());
    }

    /// Counts a request.
    pub(crate) fn count(&self, opcode: Opcode) {
        self.requests.add();
        match opcode {
            Opcode::Execute => self.prepared.add(),
            Opcode::Query => self.regular.add(),
            _ => {}
        }
    }

    /// Adds a request in flight.
    pub(crate) fn begin(&self, frame: Frame, known: Option<&CachedStatement>, arrived: Instant) -> Slot {
        let known = known.map(|known| Arc::downgrade(&known.ready));
        let request = Request { frame, known, arrived, begun: Instant::now() };
        self.in_flight.lock().put(request)
    }

    /// Removes a request that was answered.
    pub(crate) fn end(&self, slot: Slot) {
        let ended = self.in_flight.lock().take(slot);
        drop(ended); // Not under the lock: it may be the last to hold the frame.
    }

    fn work(&self) -> WorkCounts {
        let executed = StatementCounts { prepared: self.prepared.get(), regular: self.regular.get() };
        WorkCounts { requests: self.requests.get(), executed }
    }

    fn facts(&self) -> Option<ClientFacts> {
        let session = self.session.lock();
        Some(ClientFacts {
            address: self.address,
            username: session.username.clone(),
            keyspace: session.keyspace.clone(),
            protocol_version: session.version?.number(),
            options: session.options.clone(),
            stage: if session.is_ready { "ready" } else { "authenticating" },
            requests: self.requests.get(),
            tls: self.tls.clone(),
        })
    }

    fn queries(&self) -> Vec<QueryFacts> {
        // Copies share what they are of: the connection waits no longer than that takes.
        let in_flight = self.in_flight.lock().slots.clone();
        let now = Instant::now();
        let facts = |(slot, request): (usize, Request)| QueryFacts {
            id: format!("core-{}/{}/{slot}", self.core, self.number),
            queued: request.begun.saturating_duration_since(request.arrived),
            running: now.saturating_duration_since(request.begun),
            task: request_text::describe(&request.frame, request.known.as_ref().and_then(Weak::upgrade).as_deref()),
        };
        let slots = in_flight.into_iter().enumerate();
        slots.filter_map(|(slot, request)| Some((slot, request?))).map(facts).collect()
    }
}

impl RequestSlots {
    fn put(&mut self, request: Request) -> Slot {
        match self.free.pop() {
            Some(slot) => {
                self.slots[slot] = Some(request);
                Slot(slot)
            }
            None => {
                self.slots.push(Some(request));
                Slot(self.slots.len() - 1)
            }
        }
    }

    fn take(&mut self, Slot(slot): Slot) -> Option<Request> {
        let taken = self.slots.get_mut(slot).and_then(Option::take);
        if taken.is_some() {
            self.free.push(slot);
        }
        taken
    }

    fn count(&self) -> u64 {
        (self.slots.len() - self.free.len()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use henge_node::Bytes;
    use henge_protocol::{Flags, Header};

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    fn options_frame() -> Frame {
        let (flags, opcode) = (Flags::default(), Opcode::Options);
        Frame { header: Header { version: Version::V4, flags, stream: 0, opcode, length: 0 }, body: Bytes::new() }
    }

    #[test]
    fn connections_are_there_from_startup_to_their_end() {
        let clients = Arc::new(Clients::default());
        let entered = clients.register(0, address(1), None);
        assert_eq!(clients.facts(), []);
        let startup = Startup { options: vec![("FOO", "no"), ("driver_name", "x"), ("foo", "bar")], compression: None };
        entered.record.record_startup(Version::V4, &startup, false);
        let facts = &clients.facts()[0];
        assert_eq!((facts.stage, facts.username.as_deref(), facts.protocol_version), ("authenticating", None, 4));
        let options: Vec<(&str, &str)> =
            facts.options.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(options, [("DRIVER_NAME", "x"), ("FOO", "bar")]);
        entered.record.logged_in("ann");
        entered.record.uses("ks");
        let facts = &clients.facts()[0];
        assert_eq!(
            (facts.stage, facts.username.as_deref(), facts.keyspace.as_deref()),
            ("ready", Some("ann"), Some("ks"))
        );
        drop(entered);
        assert_eq!(clients.facts(), []);
    }

    #[test]
    fn what_a_client_says_of_itself_is_limited() {
        let clients = Arc::new(Clients::default());
        let entered = clients.register(0, address(1), None);
        let long = "x".repeat(5_000);
        let many = vec![("A", long.as_str()), ("B", long.as_str())];
        entered.record.record_startup(Version::V4, &Startup { options: many, compression: None }, true);
        assert_eq!(clients.facts()[0].options.len(), 1);
        let keys: Vec<String> = (0..1_000).map(|number| number.to_string()).collect();
        let many = keys.iter().map(|key| (key.as_str(), "")).collect();
        entered.record.record_startup(Version::V4, &Startup { options: many, compression: None }, true);
        assert_eq!(clients.facts()[0].options.len(), OPTIONS_MAX);
    }

    #[test]
    fn requests_are_counted_beyond_the_end_of_connections() {
        let clients = Arc::new(Clients::default());
        let (first, second) = (clients.register(0, address(1), None), clients.register(0, address(2), None));
        first.record.count(Opcode::Execute);
        second.record.count(Opcode::Query);
        second.record.count(Opcode::Register);
        let slot = first.record.begin(options_frame(), None, Instant::now());
        assert_eq!((clients.load(0), clients.load(1)), ((1, 2), (0, 0)));
        first.record.end(slot);
        drop(second);
        assert_eq!(clients.load(0), (0, 3));
        assert_eq!(clients.executed_statements(), StatementCounts { prepared: 1, regular: 1 });
    }

    #[test]
    fn places_are_used_again_and_never_twice() {
        let clients = Arc::new(Clients::default());
        let entered = clients.register(3, address(1), None);
        let begin = || entered.record.begin(options_frame(), None, Instant::now());
        let (first, _second) = (begin(), begin());
        entered.record.end(first);
        entered.record.end(first);
        let (_third, _fourth) = (begin(), begin());
        let ids: Vec<String> = clients.queries().into_iter().map(|query| query.id).collect();
        assert_eq!(ids, ["core-3/0/0", "core-3/0/1", "core-3/0/2"]);
    }
}
