//! Certificates, authorities and revocations that change while links are in use.

use super::{PATIENCE, Peer, authority, identity_pem, peer, peer_at};
use henge_transport::{Authority, CallError, Identity};
use std::net::SocketAddr;

/// A node's identity that trusts these authorities, but for what the list revokes.
fn trusting(pem: &(String, String), authorities: &[&Authority], list: &str) -> Identity {
    let roots: String = authorities.iter().map(|authority| authority.certificate_pem()).collect();
    Identity::from_pem(pem.0.as_bytes(), pem.1.as_bytes(), roots.as_bytes(), list.as_bytes()).unwrap()
}

/// Waits until the connections between two peers have ended.
async fn part(a: &Peer, b: &Peer) {
    let ended = async {
        while [a, b].iter().any(|peer| peer.endpoint.figures().links_up + peer.endpoint.figures().inbound > 0) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
}

/// Asks until the answer is not that links are about to be connected again.
async fn ask_again(a: &Peer, b: &Peer) -> bool {
    let answered = async {
        while a.ask(b, "hello").await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.is_ok()
}

#[tokio::test]
async fn a_renewed_certificate_is_used_without_ending_a_link() {
    let authority = authority();
    let (a, b) = (peer(&authority, 1), peer(&authority, 2));
    a.ask(&b, "hello").await.unwrap();
    b.endpoint.replace_identity(&trusting(&identity_pem(&authority, 2), &[&authority], "")).unwrap();
    a.ask(&b, "hello").await.unwrap();
    assert_eq!((a.endpoint.figures().links_up, b.endpoint.figures().inbound), (1, 1));
    // And by connections from now on.
    b.ask(&a, "hello").await.unwrap();
    assert!(ask_again(&peer(&authority, 3), &b).await);
}

#[tokio::test]
async fn a_revoked_certificate_ends_its_links_at_once_and_for_good() {
    let authority = authority();
    let pems = [identity_pem(&authority, 1), identity_pem(&authority, 2), identity_pem(&authority, 3)];
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let [a, b, c] = [0, 1, 2].map(|number: usize| peer_at(any, &trusting(&pems[number], &[&authority], ""), None));
    for (from, to) in [(&a, &b), (&b, &a), (&a, &c), (&c, &a)] {
        from.ask(to, "hello").await.unwrap();
    }
    let list = authority.revoke(None, &[pems[1].0.clone()]).unwrap();
    a.endpoint.replace_identity(&trusting(&pems[0], &[&authority], &list)).unwrap();
    let ended = async {
        while b.endpoint.figures().links_up + b.endpoint.figures().inbound > 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, ended).await.unwrap();
    assert_eq!(a.ask(&b, "hello").await, Err(CallError::NotSent));
    assert_eq!(b.ask(&a, "hello").await, Err(CallError::NotSent));
    // Nobody else's links ended.
    assert_eq!((a.endpoint.figures().links_up, a.endpoint.figures().inbound), (1, 1));
    // A later list adds to the former one.
    let both = authority.revoke(Some(&list), &[pems[2].0.clone()]).unwrap();
    a.endpoint.replace_identity(&trusting(&pems[0], &[&authority], &both)).unwrap();
    part(&a, &c).await;
    assert_eq!(b.ask(&a, "hello").await, Err(CallError::NotSent));
}

#[tokio::test]
async fn an_authority_is_replaced_while_links_are_in_use() {
    let (old, new) = (authority(), authority());
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let (old_pems, new_pems) = ([1, 2].map(|n| identity_pem(&old, n)), [1, 2].map(|n| identity_pem(&new, n)));
    let [a, b] = [0, 1].map(|n: usize| peer_at(any, &trusting(&old_pems[n], &[&old], ""), None));
    a.ask(&b, "hello").await.unwrap();
    // First all trust both, then all get new certificates, then none trusts the old authority.
    for (n, peer) in [&a, &b].into_iter().enumerate() {
        peer.endpoint.replace_identity(&trusting(&old_pems[n], &[&old, &new], "")).unwrap();
        a.ask(&b, "hello").await.unwrap();
    }
    for (n, peer) in [&a, &b].into_iter().enumerate() {
        peer.endpoint.replace_identity(&trusting(&new_pems[n], &[&old, &new], "")).unwrap();
        a.ask(&b, "hello").await.unwrap();
    }
    for (n, peer) in [&a, &b].into_iter().enumerate() {
        peer.endpoint.replace_identity(&trusting(&new_pems[n], &[&new], "")).unwrap();
        assert!(ask_again(&a, &b).await, "links of old certificates are opened again with the new ones");
    }
}
