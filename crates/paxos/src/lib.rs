//! paxos.
