//! A request to several acceptors.

use crate::Request;
use henge_base::Bytes;
use std::sync::{Arc, OnceLock};

/// A request that this node's acceptor takes as it is, and that is encoded once for all others. Cheap to clone.
#[derive(Clone, Debug)]
pub struct SharedRequest {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    request: Request,
    bytes: OnceLock<Bytes>,
}

impl SharedRequest {
    /// The request.
    pub fn request(&self) -> &Request {
        &self.inner.request
    }

    /// Its bytes, encoded by the first call.
    pub fn bytes(&self) -> &Bytes {
        self.inner.bytes.get_or_init(|| self.inner.request.encode())
    }
}

impl From<Request> for SharedRequest {
    fn from(request: Request) -> Self {
        SharedRequest { inner: Arc::new(Inner { request, bytes: OnceLock::new() }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Ballot;

    #[test]
    fn all_clones_have_the_same_bytes() {
        let key = Bytes::from_static(b"k");
        let shared =
            SharedRequest::from(Request::Prepare { key, ballot: Ballot::NONE, is_write: true, reads: Vec::new() });
        let clone = shared.clone();
        assert_eq!(shared.bytes().as_ptr(), clone.bytes().as_ptr());
        assert_eq!(Request::decode(clone.bytes()).as_ref(), Ok(shared.request()));
    }
}
