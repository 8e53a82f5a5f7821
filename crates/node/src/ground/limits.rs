//! Bounds that nobody sets, and that a simulation draws small: what happens at them happens often then.

/// Bounds of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Those of requests.
    pub requests: henge_coordinator::Limits,
    /// Bytes of rows in the answer of one replica.
    pub answer_bytes: usize,
    /// Bytes of a page of entries of the metadata log, and of a piece of its snapshot; one entry may be larger.
    pub log_page_bytes: usize,
    /// Bytes of a page that is streamed to a new replica; one row may be larger.
    pub stream_page_bytes: usize,
    /// Pages that a source reads for new replicas at once, or that wait for their turn.
    pub stream_pages: usize,
    /// Ranges that a new replica fetches at once.
    pub stream_ranges: usize,
    /// Bytes of states of acceptors that one job looks at.
    pub acceptor_bytes: usize,
    /// Hints that are sent to a target at once.
    pub hints: usize,
    /// Batches that are read from the log at once.
    pub batches: usize,
    /// Bytes of a page of a listing, when replicas are compared.
    pub list_bytes: usize,
    /// Bytes of rows in one answer then; the last row may go beyond.
    pub fetch_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            requests: henge_coordinator::Limits::default(),
            answer_bytes: 1 << 20,
            log_page_bytes: 1 << 20,
            stream_page_bytes: 1 << 20,
            stream_pages: 8,
            stream_ranges: 4,
            acceptor_bytes: 4 << 20,
            hints: 1_024,
            batches: 64,
            list_bytes: henge_repair::LIST_BYTES_MAX,
            fetch_bytes: henge_repair::FETCH_BYTES_MAX,
        }
    }
}
