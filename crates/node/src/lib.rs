//! A whole node without sockets.
//!
//! - `ground`: the world outside, settings, clock, metrics.
//! - `peers`: messages between nodes.
//! - `cluster`: the cluster's own metadata, members, gossip.
//! - `replica`: this node's own copy of the data.
//! - `coordinator`: replicas, this node's own and those of others, as a coordinator sees them.
//! - `client`: statements of clients.
//! - `work`: what goes on in the background.
//! - `node`: the parts joined.
//!
//! No runtime is named here: time, tasks, disk and peers come through [`World`].

mod client;
mod cluster;
mod coordinator;
mod ground;
mod node;
mod peers;
mod replica;
#[cfg(test)]
mod wings;
mod work;

pub use client::access::role_identity::RoleIdentity;
pub use client::core::Core;
pub use client::error::Error;
pub use client::error_kind::{AnswerCount, ErrorKind, ReplicaFailure};
pub use client::outcome::Outcome;
pub use client::parameters::Parameters;
pub use client::prepared_statement::{AnswerSize, LONG_TEXT_BYTES, PreparedStatement};
pub use client::request_span::RequestSpanDescription;
pub use client::restored::{BackedUpSchema, RestoreError, RestoredPair, TableMismatch};
pub use client::traces::RequestDescription;
pub use cluster::MetadataFault;
pub use cluster::departure::ClientService;
pub use cluster::events::{Change, ClusterEvent, SchemaEvent, Subject};
pub use cluster::identity_error::IdentityError;
pub use cluster::membership::JoinError;
pub use cluster::override_log::{OverrideError, Voter};
pub use cluster::propose::ChangeError;
pub use coordinator::Coordinator;
pub use coordinator::barrier::BarrierError;
pub use coordinator::trace::{SampledRequest, Trace};
pub use ground::identity::Identity;
pub use ground::limits::Limits;
pub use ground::metric_registry::{
    Declaration, Label, MetricDescription, MetricRegistry, PeerInfos, RenderError, SampleRow, Samples,
};
pub use ground::metrics::Metrics;
pub use ground::options::{Faults, Options};
pub use ground::repairs::TableRepair;
pub use ground::request_labels::{Ending, Operation};
pub use ground::sampled_figures::NodeFigures;
pub use ground::spans::{Span, SpanParent, SpanQueue, SpanRole, SpanValue};
pub use ground::surroundings::{ClientFacts, PoolFacts, QueryFacts, StatementCounts, Surroundings, TlsFacts};
pub use ground::world::{CallError, Class, Lane, To, World};
pub use henge_metadata::{BadHash, EntryHash, Epoch, Plan, PlanKind, PlanStep, Position, RangeReplicas, VersionRange};
pub use node::{
    Gainer, MemberReport, MergeError, MergedRows, Node, Ownership, PendingHints, PlanReport, RenewError,
    RenewedCluster, StartError, UnknownChange, UnknownPlace, renew,
};
pub use peers::ask_error::AskError;
pub use peers::messages::recall::refusal_for_good;
pub use replica::table_counts::TableRequests;
pub use work::plan_driver::{GainerProgress, StreamSource};

// Types of other crates in the signatures above, so that who embeds a node needs no crate below it.
pub use henge_base::{Bytes, HostId, Micros, Mono, Random, hex};
pub use henge_cql::guardrails::{SchemaGuardrails, Threshold};
pub use henge_cql::{ColumnSpec, Guardrails, Warnings, redact};
pub use henge_model::{BoundValue, Consistency, Replication, RowSink, Token};
pub use henge_query::{ConditionalResult, Page};
