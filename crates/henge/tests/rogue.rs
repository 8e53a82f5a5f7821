//! A process against a host with a certificate of its authority that is no member of its cluster.

#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use henge_base::{Bytes, ClusterId, HostId, Random};
use henge_metadata::{Command, CommandId};
use henge_transport::{
    Authority, Class, Destination, Endpoint, Handler, Hello, Identity, NodeCertificate, Options, Refusal, ReplyHandle,
};
use serde::Serialize;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Time that a debug build on a busy machine gets to start.
const START_TIMEOUT: Duration = Duration::from_secs(90);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of the header of a message (crates/node/src/peers/header.rs); its reply has the status at 24.
const HEADER_BYTES: usize = 32;
const STATUS_AT: usize = 24;
/// The status of a reply that refuses a caller which is no member (crates/coordinator/src/refusal.rs).
const STRANGER: u32 = 13;
/// The message that proposes a change of the metadata.
const PROPOSE: u8 = 10;
/// All requests (docs/messages.md), but for the two that strangers may send: `Probe` and `Propose`, which is looked into.
const OF_MEMBERS: [u8; 29] =
    [0, 1, 2, 6, 7, 8, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 24, 25, 26, 27, 30, 31, 32, 33, 34, 35, 36, 37];

/// A node, ended with this.
struct Server {
    process: Child,
    peers: SocketAddr,
    clients: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(directory: &Path) -> Server {
        let local = |port| SocketAddr::from(([127, 0, 0, 1], port));
        let peers = UdpSocket::bind(local(0)).unwrap().local_addr().unwrap();
        let clients = TcpListener::bind(local(0)).unwrap().local_addr().unwrap();
        let settings = [("storage_port", peers.port()), ("native_transport_port", clients.port()), ("metrics_port", 0)];
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_henge"));
        command.args(["server", "--data-directory"]).arg(directory).stdout(Stdio::null()).stderr(Stdio::null());
        for (name, value) in settings {
            command.arg("--set").arg(format!("{name}={value}"));
        }
        let server = Server { process: command.spawn().unwrap(), peers, clients };
        let began = Instant::now();
        while TcpStream::connect(server.clients).is_err() {
            assert!(began.elapsed() < START_TIMEOUT, "the node does not start");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }
}

/// A host that serves nobody.
struct Rogue;

impl Handler for Rogue {
    fn admit(&self, _hello: &Hello) -> Result<(), Refusal> {
        Ok(())
    }

    fn request(&self, _from: HostId, _class: Class, _left: Duration, _body: Bytes, _reply: ReplyHandle) {}

    fn tell(&self, _from: HostId, _body: Bytes) {}
}

/// An endpoint with a certificate of the node's authority for a host that nobody knows.
fn rogue(directory: &Path, cluster: Option<ClusterId>) -> Endpoint {
    let read = |name: &str| std::fs::read_to_string(directory.join("certs").join(name)).unwrap();
    let authority = Authority::from_pem(&read("ca.pem"), &read("ca.key")).unwrap();
    let node = NodeCertificate { host: HostId::random(&mut Random::new(77)), cluster: None, names: &[], days: 1 };
    let issued = authority.node(&node).unwrap();
    let identity = Identity::from_pem(
        issued.certificate_pem.as_bytes(),
        issued.key_pem.as_bytes(),
        read("ca.pem").as_bytes(),
        b"",
    );
    let options = Options { cluster, ..Options::default() };
    Endpoint::bind(SocketAddr::from(([127, 0, 0, 1], 0)), &identity.unwrap(), Arc::new(Rogue), options, &[]).unwrap()
}

/// The status of the reply to a message.
async fn status(rogue: &Endpoint, node: &Server, kind: u8, body: &[u8]) -> u32 {
    let mut message = vec![1, kind];
    message.resize(HEADER_BYTES, 0);
    message.extend_from_slice(body);
    let to = Destination { host: None, address: node.peers };
    let reply = rogue.call(to, Class::Control, ANSWER_TIMEOUT, message.into()).await.unwrap();
    u32::from_le_bytes(reply[STATUS_AT..STATUS_AT + 4].try_into().unwrap())
}

/// A proposal as members send it.
#[derive(Serialize)]
struct Propose {
    origin: CommandId,
    command: Command,
    forwarded: bool,
}

fn propose(command: Command) -> Vec<u8> {
    let origin = CommandId::random(&mut Random::new(5));
    rmp_serde::to_vec_named(&Propose { origin, command, forwarded: false }).unwrap()
}

#[tokio::test]
async fn a_certificate_alone_reads_and_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let node = Server::start(directory.path());
    let cluster = std::fs::read_to_string(directory.path().join("cluster")).unwrap();
    // A checksum follows.
    let cluster = ClusterId(cluster.split_whitespace().next().unwrap().parse().unwrap());
    for named in [None, Some(cluster)] {
        let rogue = rogue(directory.path(), named);
        for kind in OF_MEMBERS {
            assert_eq!(status(&rogue, &node, kind, &[]).await, STRANGER, "message {kind}, cluster {named:?}");
        }
        let drop = Command::DropKeyspace { name: "system_traces".to_owned(), if_exists: true };
        let superuser = Command::Role(henge_metadata::RoleCommand::First {
            name: "rogue".to_owned(),
            salted_hash: String::new(),
            anew: true,
        });
        for command in [drop, superuser] {
            assert_eq!(status(&rogue, &node, PROPOSE, &propose(command)).await, STRANGER, "cluster {named:?}");
        }
        rogue.close().await;
    }
}
