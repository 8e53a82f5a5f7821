//! Tests with peers that violate the protocol of frames and hellos: each loses its own connection and affects nobody
//! else.

use super::{PATIENCE, Peer, authority, identity_pem, peer};
use henge_base::Random;
use henge_transport::Authority;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

const HELLO: u16 = 0;
const REQUEST: u16 = 1;
const REPLY: u16 = 2;

/// A frame whose header may contain anything.
fn frame(version: u8, kind: u16, length: u32, body: &[u8]) -> Vec<u8> {
    let mut out = vec![version];
    out.extend_from_slice(&kind.to_le_bytes());
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&[7; 12]);
    out.extend_from_slice(body);
    out
}

fn whole(kind: u16, body: &[u8]) -> Vec<u8> {
    frame(1, kind, body.len() as u32, body)
}

/// The hello of a well-behaved peer: format 1, class request, no cluster.
fn hello() -> Vec<u8> {
    let mut body = vec![1, 1, 0];
    body.extend_from_slice(&[0; 16]);
    body.extend_from_slice(b"raw");
    whole(HELLO, &body)
}

/// A bare QUIC connection, without a certificate if `number` is `None`.
async fn connect(authority: &Authority, number: Option<u64>, to: &Peer) -> Result<quinn::Connection, String> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.certificate_pem().as_bytes()).unwrap()).unwrap();
    let builder = rustls::ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match number {
        None => builder.with_no_client_auth(),
        Some(number) => {
            let (certificate, key) = identity_pem(authority, number);
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap()).unwrap()
        }
    };
    config.alpn_protocols = vec![b"henge/1".to_vec()];
    let crypto = quinn::crypto::rustls::QuicClientConfig::try_from(config).unwrap();
    let endpoint = quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    let connecting = endpoint
        .connect_with(quinn::ClientConfig::new(Arc::new(crypto)), to.address(), "localhost")
        .map_err(|e| e.to_string())?;
    connecting.await.map_err(|e| e.to_string())
}

/// Sends `bytes` on one stream and returns the input up to the end of the connection; `None` if the peer does not end
/// it.
async fn send(connection: &quinn::Connection, bytes: &[u8]) -> Option<Vec<u8>> {
    let Ok((mut sender, mut receiver)) = connection.open_bi().await else { return Some(Vec::new()) };
    let _ = sender.write_all(bytes).await;
    let mut heard = Vec::new();
    let listen = async {
        while let Ok(Some(chunk)) = receiver.read_chunk(1 << 16, true).await {
            heard.extend_from_slice(&chunk.bytes);
        }
        connection.closed().await;
    };
    tokio::time::timeout(PATIENCE * 2, listen).await.ok().map(|()| heard)
}

#[tokio::test]
async fn absurd_frames_after_the_hello_end_one_connection() {
    let authority = authority();
    let (a, b) = (peer(&authority, 1), peer(&authority, 2));
    assert!(a.ask(&b, "hello").await.is_ok());
    let mut random = Random::new(4);
    let noise: Vec<u8> = (0..10_000).map(|_| random.below(256) as u8).collect();
    let absurd: [(&str, Vec<u8>); 6] = [
        ("a length of 4 GiB", frame(1, REQUEST, u32::MAX, b"")),
        ("a length just over the limit", frame(1, REQUEST, (64 << 20) + 1, b"x")),
        ("an unknown version", frame(9, REQUEST, 1, b"x")),
        ("an unknown kind", frame(1, 999, 1, b"x")),
        ("noise", noise),
        ("text", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
    ];
    for (what, bytes) in absurd {
        let raw = connect(&authority, Some(3), &b).await.unwrap();
        let heard = send(&raw, &[hello(), bytes].concat()).await;
        assert!(heard.is_some(), "{what}: the connection stays open");
        assert!(a.ask(&b, "hello").await.is_ok(), "{what}");
    }
    assert_eq!(a.endpoint.figures().refused, 0);
}

#[tokio::test]
async fn frames_that_make_no_sense_are_passed_over() {
    let authority = authority();
    let (a, b) = (peer(&authority, 1), peer(&authority, 2));
    let raw = connect(&authority, Some(3), &b).await.unwrap();
    let (mut sender, mut receiver) = raw.open_bi().await.unwrap();
    // Replies without a call and a second hello are ignored; the request after them is answered.
    let bytes = [hello(), whole(REPLY, b"to nothing"), hello(), whole(REQUEST, b"ask")].concat();
    sender.write_all(&bytes).await.unwrap();
    let mut heard = Vec::new();
    while !heard.ends_with(b"ask") {
        let chunk = tokio::time::timeout(PATIENCE, receiver.read_chunk(1 << 16, true)).await.unwrap();
        heard.extend_from_slice(&chunk.unwrap().unwrap().bytes);
    }
    assert!(a.ask(&b, "hello").await.is_ok());
}

#[tokio::test]
async fn without_a_hello_nothing_is_answered() {
    let authority = authority();
    let (a, b) = (peer(&authority, 1), peer(&authority, 2));
    for bytes in [whole(REQUEST, b"ask"), whole(HELLO, b""), whole(HELLO, &[9; 40]), frame(1, HELLO, 1 << 20, b"")] {
        let raw = connect(&authority, Some(3), &b).await.unwrap();
        assert_eq!(send(&raw, &bytes).await, Some(Vec::new()), "{bytes:?}");
    }
    assert_eq!(b.handler.asked.load(Ordering::Relaxed), 0);
    assert!(a.ask(&b, "hello").await.is_ok());
}

#[tokio::test]
async fn a_hello_that_never_comes_is_not_awaited() {
    let authority = authority();
    let b = peer(&authority, 2);
    let raw = connect(&authority, Some(3), &b).await.unwrap();
    let half = &hello()[..10];
    assert_eq!(send(&raw, half).await, Some(Vec::new()));
}

#[tokio::test]
async fn who_shows_no_certificate_gets_nothing() {
    let authority = authority();
    let (a, b) = (peer(&authority, 1), peer(&authority, 2));
    // In TLS 1.3 the client completes its handshake before the server checks its certificate.
    if let Ok(raw) = connect(&authority, None, &b).await {
        let bytes = [hello(), whole(REQUEST, b"ask")].concat();
        assert_eq!(send(&raw, &bytes).await, Some(Vec::new()));
    }
    assert_eq!(b.handler.asked.load(Ordering::Relaxed), 0);
    wait_for_refusal(&b).await;
    assert!(a.ask(&b, "hello").await.is_ok());
}

#[tokio::test]
async fn many_streams_and_datagrams_harm_nobody() {
    let authority = authority();
    let (a, b) = (peer(&authority, 1), peer(&authority, 2));
    let raw = connect(&authority, Some(3), &b).await.unwrap();
    let (mut first, _keep) = raw.open_bi().await.unwrap();
    first.write_all(&hello()).await.unwrap();
    let mut streams = Vec::new();
    for _ in 0..1_000 {
        let opened = tokio::time::timeout(Duration::from_millis(20), raw.open_uni()).await;
        let Ok(Ok(mut stream)) = opened else { break };
        let _ = stream.write_all(&[0; 1_000]).await;
        streams.push(stream);
    }
    assert!(streams.len() < 1_000, "a peer may open any number of streams");
    let _ = raw.send_datagram(vec![0; 100].into());
    assert!(a.ask(&b, "hello").await.is_ok());
}

async fn wait_for_refusal(peer: &Peer) {
    let refused = async {
        while peer.endpoint.figures().refused == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, refused).await.unwrap();
}
