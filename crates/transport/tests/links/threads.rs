//! The threads on which links and connections run.

use super::{PATIENCE, authority, host, identity};
use henge_base::{Bytes, HostId};
use henge_transport::{
    Authority, CallError, Class, Destination, Endpoint, Handler, Hello, Identity, Options, Refusal, ReplyHandle,
    current_core, enter_core,
};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

const CLASSES: [Class; 3] = [Class::Control, Class::Request, Class::Bulk];

/// Records the cores on whose threads it was called.
#[derive(Default)]
struct Recorder {
    served: Mutex<BTreeSet<(Class, Option<usize>)>>,
    answered: Mutex<BTreeSet<(Class, Option<usize>)>>,
}

impl Handler for Recorder {
    fn admit(&self, _hello: &Hello) -> Result<(), Refusal> {
        Ok(())
    }

    fn request(&self, _from: HostId, class: Class, _left: Duration, body: Bytes, reply: ReplyHandle) {
        self.served.lock().unwrap().insert((class, current_core()));
        reply.send(body);
    }

    fn tell(&self, _from: HostId, _body: Bytes) {}

    fn round_trip(&self, _peer: HostId, class: Class, _time: Duration) {
        self.answered.lock().unwrap().insert((class, current_core()));
    }
}

/// A node with two cores.
struct Node {
    endpoint: Endpoint,
    handler: Arc<Recorder>,
    to: Destination,
    cores: Vec<Handle>,
    _ends: Vec<oneshot::Sender<()>>,
}

impl Node {
    fn start(number: u64, authority: &Authority) -> Node {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        Node::start_at(listen, number, &identity(authority, number), Options::default())
    }

    fn start_at(listen: SocketAddr, number: u64, identity: &Identity, options: Options) -> Node {
        let (cores, ends): (Vec<_>, Vec<_>) = (0..2).map(start_core).unzip();
        let handler = Arc::new(Recorder::default());
        let endpoint = Endpoint::bind(listen, identity, handler.clone(), options, &cores).unwrap();
        let to = Destination { host: Some(host(number)), address: endpoint.local_address().unwrap() };
        Node { endpoint, handler, to, cores, _ends: ends }
    }

    /// Asks another node on the thread of a core.
    async fn ask_on(&self, core: usize, to: Destination, class: Class) -> Result<Bytes, CallError> {
        self.ask(core, PATIENCE, to, class).await
    }

    /// Asks another node on the thread of its first core, and waits for so long.
    async fn ask_for(&self, time: Duration, to: Destination, class: Class) -> Result<Bytes, CallError> {
        self.ask(0, time, to, class).await
    }

    async fn ask(&self, core: usize, time: Duration, to: Destination, class: Class) -> Result<Bytes, CallError> {
        let endpoint = self.endpoint.clone();
        let call = async move { endpoint.call(to, class, time, Bytes::from_static(b"hello")).await };
        self.cores[core].spawn(call).await.unwrap()
    }

    fn serving_threads(&self) -> Vec<(Class, Option<usize>)> {
        self.handler.served.lock().unwrap().iter().copied().collect()
    }

    fn answering_threads(&self) -> Vec<(Class, Option<usize>)> {
        self.handler.answered.lock().unwrap().iter().copied().collect()
    }
}

fn start_core(number: usize) -> (Handle, oneshot::Sender<()>) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let handle = runtime.handle().clone();
    let (end, ended) = oneshot::channel();
    std::thread::spawn(move || {
        enter_core(number);
        let _ = runtime.block_on(ended);
    });
    (handle, end)
}

#[tokio::test]
async fn requests_of_a_core_are_answered_to_it_and_a_peer_spreads_them_over_its_own() {
    let authority = authority();
    let (a, b) = (Node::start(1, &authority), Node::start(2, &authority));
    for core in [0, 1, 0, 1] {
        a.ask_on(core, b.to, Class::Request).await.unwrap();
    }
    let both = vec![(Class::Request, Some(0)), (Class::Request, Some(1))];
    assert_eq!(b.serving_threads(), both);
    assert_eq!(a.answering_threads(), both);
    assert_eq!((a.endpoint.figures().links, b.endpoint.figures().inbound), (2, 2), "a link of each core");
}

#[test]
fn requests_of_a_peer_are_served_while_the_control_thread_stands_still() {
    let authority = authority();
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let (own, other) = (runtime(), runtime());
    let a = own.block_on(async { Node::start(1, &authority) });
    let b = other.block_on(async { Node::start(2, &authority) });
    // Nothing runs on the control thread of the other one: no control can be answered, requests are.
    own.block_on(async {
        for core in [0, 1] {
            a.ask_on(core, b.to, Class::Request).await.unwrap();
        }
        let control = a.ask_on(0, b.to, Class::Control);
        assert!(tokio::time::timeout(Duration::from_millis(100), control).await.is_err());
    });
    assert_eq!(b.serving_threads(), [(Class::Request, Some(0)), (Class::Request, Some(1))]);
    let (end, ended) = oneshot::channel::<()>();
    std::thread::scope(|threads| {
        threads.spawn(|| other.block_on(ended).unwrap_err());
        own.block_on(a.ask_on(0, b.to, Class::Control)).unwrap();
        drop(end);
    });
}

#[tokio::test]
async fn a_port_is_no_other_endpoint_s_too() {
    let authority = authority();
    let a = Node::start(1, &authority);
    let taken = Endpoint::bind(a.to.address, &identity(&authority, 2), a.handler.clone(), Options::default(), &a.cores);
    assert!(taken.is_err(), "though its own sockets share it");
}

/// A process that was killed says nothing to its peers; the next one resets what they still send to it. Its reset has random bytes where
/// other datagrams have a connection id.
#[test]
fn a_peer_that_was_killed_and_starts_again_ends_links_of_every_class() {
    let authority = authority();
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let (own, other) = (runtime(), runtime());
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    // Only a reset ends a link in time.
    let patient = Options { idle_timeout: Duration::from_secs(3600), ..Options::default() };
    let a = own.block_on(async { Node::start_at(any, 1, &identity(&authority, 1), patient.clone()) });
    let id = identity(&authority, 2);
    let b = other.block_on(async { Node::start_at(any, 2, &id, patient.clone()) });
    let (to, again) = (b.to, runtime());
    std::thread::scope(|threads| {
        let (end, ended) = oneshot::channel::<()>();
        threads.spawn(|| other.block_on(ended).unwrap_err());
        for class in CLASSES {
            own.block_on(a.ask_on(0, to, class)).unwrap();
        }
        drop(end);
    });
    other.shutdown_background();
    drop(b);
    let _b = again.block_on(async {
        loop {
            // The port becomes free when the last thread of the killed one has ended.
            if std::net::UdpSocket::bind(to.address).is_ok() {
                break Node::start_at(to.address, 2, &id, patient);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    std::thread::scope(|threads| {
        let (end, ended) = oneshot::channel::<()>();
        threads.spawn(|| again.block_on(ended).unwrap_err());
        own.block_on(async {
            for class in CLASSES {
                let found = async {
                    while a.ask_for(Duration::from_millis(200), to, class).await.is_err() {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                };
                tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("{class:?} goes on being lost"));
            }
        });
        drop(end);
    });
}

#[tokio::test]
async fn control_stays_off_the_cores() {
    let authority = authority();
    let (a, b) = (Node::start(1, &authority), Node::start(2, &authority));
    // The core that asks has load of its own: what it asks of this class leaves from the control thread.
    a.ask_on(1, b.to, Class::Control).await.unwrap();
    assert_eq!(b.serving_threads(), [(Class::Control, None)]);
    assert_eq!(a.answering_threads(), [(Class::Control, None)]);
}

#[tokio::test]
async fn links_of_all_threads_end_when_a_host_is_forgotten() {
    let authority = authority();
    let (a, b) = (Node::start(1, &authority), Node::start(2, &authority));
    a.ask_on(0, b.to, Class::Request).await.unwrap();
    a.ask_on(1, b.to, Class::Request).await.unwrap();
    a.ask_on(1, b.to, Class::Bulk).await.unwrap();
    assert_eq!(a.endpoint.figures().links, 3);
    a.endpoint.forget(host(2), None);
    assert_eq!(a.endpoint.figures().links, 0);
    a.ask_on(0, b.to, Class::Request).await.unwrap();
}
