//! Tests of links over real sockets on loopback: delivery, and refused peers.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod hostile;
mod reload;
mod threads;

use henge_base::{Bytes, ClusterId, HostId, Random};
use henge_transport::{
    Authority, CallError, Class, Destination, Endpoint, Handler, Hello, Identity, NodeCertificate, Options, Refusal,
    ReplyHandle,
};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(5);

/// Answers with the request's body, unless the body is `silence` or `nothing`.
#[derive(Default)]
struct Echo {
    cluster: Option<ClusterId>,
    told: AtomicU64,
    asked: AtomicU64,
}

impl Handler for Echo {
    fn admit(&self, hello: &Hello) -> Result<(), Refusal> {
        match (self.cluster, hello.cluster) {
            (Some(ours), Some(theirs)) if ours != theirs => {
                Err(Refusal::OtherCluster { host: hello.host, theirs, ours })
            }
            _ => Ok(()),
        }
    }

    fn request(&self, _from: HostId, _class: Class, _left: Duration, body: Bytes, reply: ReplyHandle) {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match body.as_ref() {
            b"silence" => {
                tokio::spawn(async move {
                    tokio::time::sleep(PATIENCE).await;
                    drop(reply);
                });
            }
            b"nothing" => drop(reply),
            _ => reply.send(body),
        }
    }

    fn tell(&self, _from: HostId, _body: Bytes) {
        self.told.fetch_add(1, Ordering::Relaxed);
    }
}

struct Peer {
    endpoint: Endpoint,
    handler: Arc<Echo>,
    host: HostId,
}

fn host(number: u64) -> HostId {
    HostId::random(&mut Random::new(number))
}

/// A node's certificate and key. It names `localhost` too, because the bare QUIC client checks names.
fn identity_pem(authority: &Authority, number: u64) -> (String, String) {
    let names = ["localhost".to_owned()];
    let node = NodeCertificate { host: host(number), cluster: None, names: &names, days: 1 };
    let issued = authority.node(&node).unwrap();
    (issued.certificate_pem.clone(), issued.key_pem.clone())
}

fn identity(authority: &Authority, number: u64) -> Identity {
    let (certificate, key) = identity_pem(authority, number);
    Identity::from_pem(certificate.as_bytes(), key.as_bytes(), authority.certificate_pem().as_bytes(), b"").unwrap()
}

fn peer_at(listen: SocketAddr, identity: &Identity, cluster: Option<u64>) -> Peer {
    let cluster = cluster.map(|c| ClusterId::random(&mut Random::new(c)));
    peer_with(listen, identity, Options { cluster, release: "test".to_owned(), ..Options::default() })
}

fn peer_with(listen: SocketAddr, identity: &Identity, options: Options) -> Peer {
    let handler = Arc::new(Echo { cluster: options.cluster, ..Echo::default() });
    let endpoint = Endpoint::bind(listen, identity, handler.clone(), options, &[]).unwrap();
    Peer { endpoint, handler, host: identity.host() }
}

fn peer(authority: &Authority, number: u64) -> Peer {
    peer_at(SocketAddr::from(([127, 0, 0, 1], 0)), &identity(authority, number), None)
}

impl Peer {
    fn address(&self) -> SocketAddr {
        self.endpoint.local_address().unwrap()
    }

    fn destination(&self) -> Destination {
        Destination { host: Some(self.host), address: self.address() }
    }

    async fn ask(&self, other: &Peer, text: &'static str) -> Result<Bytes, CallError> {
        self.endpoint.call(other.destination(), Class::Request, PATIENCE, Bytes::from_static(text.as_bytes())).await
    }
}

fn authority() -> Authority {
    Authority::generate("test", 1).unwrap()
}

#[tokio::test]
async fn many_calls_at_once_are_each_answered() {
    let authority = authority();
    let (a, b) = (peer(&authority, 1), peer(&authority, 2));
    let calls = (0..2_000u32).map(|n| {
        let body = Bytes::from(n.to_be_bytes().repeat(1 + n as usize % 300));
        let call = a.endpoint.call(b.destination(), Class::Request, PATIENCE, body.clone());
        async move { assert_eq!(call.await, Ok(body)) }
    });
    futures_util::future::join_all(calls).await;
    let big = Bytes::from(vec![7; 9 << 20]);
    assert_eq!(a.endpoint.call(b.destination(), Class::Bulk, PATIENCE, big.clone()).await, Ok(big));
    a.endpoint.tell(b.destination(), Bytes::from_static(b"psst"));
    while b.handler.told.load(Ordering::Relaxed) == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn what_is_not_answered_is_unknown() {
    let authority = authority();
    let (a, b) = (peer(&authority, 1), peer(&authority, 2));
    assert_eq!(a.ask(&b, "nothing").await, Err(CallError::Unknown));
    let began = Instant::now();
    let body = Bytes::from_static(b"silence");
    let call = a.endpoint.call(b.destination(), Class::Request, Duration::from_millis(200), body);
    assert_eq!(call.await, Err(CallError::Unknown));
    assert!((150..2_000).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_peer_of_another_authority_gets_nothing() {
    let (a, stranger) = (peer(&authority(), 1), peer(&authority(), 2));
    assert_eq!(stranger.ask(&a, "hello").await, Err(CallError::NotSent));
    assert_eq!(a.ask(&stranger, "hello").await, Err(CallError::NotSent));
    assert_eq!(a.handler.asked.load(Ordering::Relaxed), 0);
    assert!(a.endpoint.figures().refused > 0);
}

#[tokio::test]
async fn another_host_than_expected_gets_nothing() {
    let authority = authority();
    let (a, b) = (peer(&authority, 1), peer(&authority, 2));
    let wrong = Destination { host: Some(host(3)), address: b.address() };
    let call = a.endpoint.call(wrong, Class::Request, PATIENCE, Bytes::from_static(b"hello"));
    assert_eq!(call.await, Err(CallError::NotSent));
    let anybody = Destination { host: None, address: b.address() };
    let call = a.endpoint.call(anybody, Class::Request, PATIENCE, Bytes::from_static(b"hello"));
    assert_eq!(call.await, Ok(Bytes::from_static(b"hello")));
}

#[tokio::test]
async fn a_peer_of_another_cluster_gets_nothing() {
    let authority = authority();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let a = peer_at(any, &identity(&authority, 1), Some(1));
    let b = peer_at(any, &identity(&authority, 2), Some(2));
    assert_eq!(a.ask(&b, "hello").await, Err(CallError::NotSent));
    assert_eq!(b.handler.asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_client_certificate_is_no_node() {
    let authority = authority();
    let issued = authority.client("someone", 1).unwrap();
    let identity = Identity::from_pem(
        issued.certificate_pem.as_bytes(),
        issued.key_pem.as_bytes(),
        authority.certificate_pem().as_bytes(),
        b"",
    );
    assert!(identity.unwrap_err().to_string().contains("urn:henge:host"));
}

#[tokio::test]
async fn a_peer_that_restarts_is_found_again() {
    let authority = authority();
    let (a, b) = (peer(&authority, 1), peer(&authority, 2));
    assert!(a.ask(&b, "hello").await.is_ok());
    let (address, id) = (b.address(), identity(&authority, 2));
    b.endpoint.close().await;
    drop(b);
    let again = tokio::time::timeout(Duration::from_secs(20), async {
        let b = loop {
            // The port becomes free when the old socket is gone.
            let socket = std::net::UdpSocket::bind(address);
            if socket.is_ok() {
                drop(socket);
                break peer_at(address, &id, None);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        while a.ask(&b, "hello").await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    again.await.unwrap();
}

#[tokio::test]
async fn a_connection_for_bulk_is_closed_sooner_than_others() {
    let authority = authority();
    let options = Options { burst_timeout: Duration::from_millis(20), ..Options::default() };
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let (a, b) = (peer_with(listen, &identity(&authority, 1), options), peer(&authority, 2));
    for class in [Class::Control, Class::Request, Class::Bulk] {
        let call = a.endpoint.call(b.destination(), class, Duration::from_secs(5), Bytes::from_static(b"hello"));
        assert_eq!(call.await, Ok(Bytes::from_static(b"hello")));
    }
    while a.endpoint.figures().links_up > 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(a.endpoint.figures().links_up, 2, "those for control and requests");
}

#[tokio::test]
async fn an_unused_connection_is_closed_and_opened_again() {
    let authority = authority();
    let options = Options { unused_timeout: Duration::from_millis(20), ..Options::default() };
    let listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let (a, b) = (peer_with(listen, &identity(&authority, 1), options), peer(&authority, 2));
    for _ in 0..3 {
        assert_eq!(a.ask(&b, "hello").await, Ok(Bytes::from_static(b"hello")));
        while a.endpoint.figures().links_up > 0 || b.endpoint.figures().inbound > 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    // A call that takes longer than that keeps its connection.
    let body = Bytes::from_static(b"silence");
    let call = a.endpoint.call(b.destination(), Class::Request, Duration::from_millis(300), body);
    assert_eq!((call.await, b.handler.asked.load(Ordering::Relaxed)), (Err(CallError::Unknown), 4));
    // Calls that meet the closing are all answered.
    for pause in 0..40 {
        assert_eq!(a.ask(&b, "hello").await, Ok(Bytes::from_static(b"hello")));
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
}

#[tokio::test]
async fn garbage_on_the_port_harms_nobody() {
    let authority = authority();
    let (a, b) = (peer(&authority, 1), peer(&authority, 2));
    assert!(a.ask(&b, "hello").await.is_ok());
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut random = Random::new(9);
    for length in 1..400 {
        let noise: Vec<u8> = (0..length * 3).map(|_| random.below(256) as u8).collect();
        socket.send_to(&noise, b.address()).unwrap();
    }
    assert!(a.ask(&b, "hello").await.is_ok());
}

#[tokio::test]
async fn a_full_queue_refuses_at_once() {
    let authority = authority();
    let a = peer(&authority, 1);
    // Nobody listens there: all calls wait until dialling gives up.
    let nobody = Destination { host: None, address: SocketAddr::from(([127, 0, 0, 1], 9)) };
    let body = Bytes::from(vec![0; 8 << 20]);
    let mut calls: Vec<_> =
        (0..8).map(|_| a.endpoint.call(nobody, Class::Request, Duration::from_secs(30), body.clone())).collect();
    let last = calls.pop().unwrap();
    let refused = tokio::time::timeout(Duration::from_millis(500), last).await;
    assert_eq!(refused.unwrap(), Err(CallError::NotSent));
    assert!(a.endpoint.figures().queue_bytes <= 32 << 20);
    let waited = tokio::time::timeout(Duration::from_secs(20), futures_util::future::join_all(calls)).await.unwrap();
    assert!(waited.into_iter().all(|outcome| outcome == Err(CallError::NotSent)));
}
