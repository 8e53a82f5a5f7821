//! The first connection id of a connection, which names its class in the clear: the peer chooses a thread by it before it can read the
//! hello.

use crate::handler::Class;
use quinn_proto::{ConnectionId, ConnectionIdGenerator, RandomConnectionIdGenerator};

/// Bytes of the first connection id that a caller chooses for its peer: at least 8, at most 20 (RFC 9000, 7.2).
const FIRST_ID_BYTES: usize = 16;

/// A first connection id, random but for its first byte, which is the number of the class.
pub(crate) fn first_id(class: Class) -> ConnectionId {
    let mut id = RandomConnectionIdGenerator::new(FIRST_ID_BYTES).generate_cid();
    id[0] = class.number();
    id
}

/// The class that a caller's first connection id names. It may say what it likes: the hello decides what is served.
pub(crate) fn class_hint(id: &ConnectionId) -> Option<Class> {
    Class::ALL.into_iter().find(|class| Some(&class.number()) == id.first())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_first_id_names_the_class() {
        for class in Class::ALL {
            let id = first_id(class);
            assert_eq!((id.len(), class_hint(&id)), (FIRST_ID_BYTES, Some(class)));
            assert_ne!(id, first_id(class), "the rest is random");
        }
        assert_eq!(class_hint(&ConnectionId::new(&[9; 16])), None);
        assert_eq!(class_hint(&ConnectionId::new(&[])), None);
    }
}
