//! The first bytes of connection ids, which say in the clear where a datagram belongs: the kernel hands it to a thread by them before
//! anything in it can be decrypted.
//!
//! | byte of the id | says |
//! |---|---|
//! | 0 | number of the class; 0, control, is for the control thread, all others are for cores |
//! | 1 | the core, as the remainder by their number |
//!
//! The others are random. A caller chooses the first id of its peer, and each thread the ids of its own connections.

use crate::core_number::current_core;
use crate::handler::Class;
use nix::libc::{sock_filter, sock_fprog};
use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::AttachReusePortCbpf;
use quinn_proto::{ConnectionId, ConnectionIdGenerator, RandomConnectionIdGenerator};
use std::net::UdpSocket;
use std::time::Duration;

/// Bytes of the first connection id that a caller chooses for its peer: at least 8, at most 20 (RFC 9000, 7.2).
const FIRST_ID_BYTES: usize = 16;
/// Bytes of the connection ids that a node issues for itself.
const ID_BYTES: usize = 8;
/// The place of the destination's id in a packet with a short header (RFC 8999, 5.2).
const SHORT_ID_AT: u32 = 1;
/// The same in a packet with a long header (RFC 8999, 5.1).
const LONG_ID_AT: u32 = 6;

/// A first connection id, of a class. Links of a node's cores are for as many cores of the peer, counted from `first_core`.
pub(crate) fn first_id(class: Class, first_core: u8) -> ConnectionId {
    let mut id = RandomConnectionIdGenerator::new(FIRST_ID_BYTES).generate_cid();
    id[0] = class.number();
    if let Some(core) = current_core() {
        id[1] = first_core.wrapping_add(core as u8);
    }
    id
}

/// A number to count cores of peers from. Each node draws its own, so that the links of all nodes are spread over all cores of one.
pub(crate) fn draw_core() -> u8 {
    RandomConnectionIdGenerator::new(ID_BYTES).generate_cid()[0]
}

/// The class that a caller's first connection id names. It may say what it likes: the hello decides what is served.
pub(crate) fn class_hint(id: &ConnectionId) -> Option<Class> {
    Class::ALL.into_iter().find(|class| Some(&class.number()) == id.first())
}

/// The connection ids that a thread issues.
pub(crate) struct ThreadIds {
    random: RandomConnectionIdGenerator,
    /// The core and the number of cores; `None` for the control thread.
    core: Option<(u8, u8)>,
}

impl ThreadIds {
    pub(crate) fn new(core: Option<(u8, u8)>) -> ThreadIds {
        ThreadIds { random: RandomConnectionIdGenerator::new(ID_BYTES), core }
    }
}

impl ConnectionIdGenerator for ThreadIds {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut id = self.random.generate_cid();
        id[0] = self.core.map_or(Class::Control, |_| Class::Request).number();
        if let Some((core, cores)) = self.core {
            // The greatest byte that is not above the random one and has this remainder; the core itself if there is none.
            let below = id[1] - id[1] % cores;
            id[1] = below.checked_add(core).unwrap_or(core);
        }
        id
    }

    fn cid_len(&self) -> usize {
        ID_BYTES
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

/// Has the kernel choose among the sockets of a port: the first is for the control thread, those after it are for so many cores.
pub(crate) fn steer(socket: &UdpSocket, cores: u8) -> std::io::Result<()> {
    let mut program = program(cores);
    let filter = sock_fprog { len: program.len() as u16, filter: program.as_mut_ptr() };
    Ok(setsockopt(socket, AttachReusePortCbpf, &filter)?)
}

/// The program that the kernel runs for each datagram (classic BPF). It returns the number of the socket; for a datagram that is too short
/// to have an id, 0.
fn program(cores: u8) -> [sock_filter; 13] {
    const LOAD: u16 = 0x30;
    const JUMP: u16 = 0x05;
    const IF_BIT: u16 = 0x45;
    const IF_EQUAL: u16 = 0x15;
    const REMAINDER: u16 = 0x94;
    const ADD: u16 = 0x04;
    const RETURN: u16 = 0x06;
    const RETURN_VALUE: u16 = 0x16;
    const LONG_HEADER: u32 = 0x80;
    let step = |code, k| sock_filter { code, jt: 0, jf: 0, k };
    // Skips so many steps if it is so.
    let test = |code, k, jt| sock_filter { code, jt, jf: 0, k };
    let control = u32::from(Class::Control.number());
    [
        step(LOAD, 0),
        test(IF_BIT, LONG_HEADER, 4),
        step(LOAD, SHORT_ID_AT),
        test(IF_EQUAL, control, 8),
        step(LOAD, SHORT_ID_AT + 1),
        step(JUMP, 3),
        step(LOAD, LONG_ID_AT),
        test(IF_EQUAL, control, 4),
        step(LOAD, LONG_ID_AT + 1),
        step(REMAINDER, u32::from(cores)),
        step(ADD, 1),
        step(RETURN_VALUE, 0),
        step(RETURN, 0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_id_names_the_class() {
        for class in Class::ALL {
            let id = first_id(class, 3);
            assert_eq!((id.len(), class_hint(&id)), (FIRST_ID_BYTES, Some(class)));
            assert_ne!(id, first_id(class, 3), "the rest is random");
        }
        assert_eq!(class_hint(&ConnectionId::new(&[9; 16])), None);
        assert_eq!(class_hint(&ConnectionId::new(&[])), None);
    }

    #[test]
    fn the_ids_of_a_thread_name_it() {
        let ids = |core| {
            let mut ids = ThreadIds::new(core);
            (0..1_000).map(move |_| ids.generate_cid())
        };
        assert!(ids(None).all(|id| id[0] == 0 && id.len() == ID_BYTES));
        for (core, cores) in [(0, 1), (0, 3), (2, 3), (99, 100), (127, 128)] {
            assert!(ids(Some((core, cores))).all(|id| id[0] != 0 && id[1] % cores == core), "core {core} of {cores}");
        }
    }
}
