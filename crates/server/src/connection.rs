//! One client connection: frames in, answers out, on one core.
//!
//! A turn decodes the frames that were received, answers at once what memory can answer, starts the rest as tasks, and sends all answers
//! with one call.
//! Reading stops while too many requests are under way or too much waits to be sent: a client that does not read is not read from. What
//! it has under way goes on meanwhile.

mod deadlines;
mod ended_request;
mod farewell;
mod fast;
mod finish;
mod in_flight;
mod parting;
mod session;
mod settings;
mod traced;

pub(crate) use settings::ClientSettings;

use crate::answer;
use crate::clients::ConnectionEntry;
use crate::intake::{Admission, AnswerLease, ConnectionAccount, Overload};
use crate::login::{self, Stage};
use crate::request::{Client, FinishedRequest, PendingRequest, StatementLookup, copy_frame, run};
use crate::sampling::Sampler;
use crate::socket::{Socket, Transfer};
use crate::statement::Statements;
use crate::world::ServerWorld;
use bytes::BytesMut;
use deadlines::Deadlines;
use ended_request::EndedRequest;
use farewell::Farewell;
use henge_node::{ClusterEvent, Consistency, Core, Metrics, Mono, Node, Operation, RoleIdentity};
use henge_protocol::{
    ErrorResponse, Frame, FrameDecoder, Header, Opcode, OutputBuffer, ProtocolError, Register, Reply, Role, Version,
};
use in_flight::InFlightRequests;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::{broadcast, watch};

/// Requests under way on one connection; beyond it nothing is read.
const IN_FLIGHT_REQUESTS_MAX: usize = 1_024;
/// Bytes of answers that wait; beyond it nothing is read.
const OUTPUT_BYTES_MAX: usize = 4 << 20;
/// Bytes that no account counts: of answers that wait on a connection, and of a request that has begun to arrive. Most are far smaller.
const UNCOUNTED_BYTES: usize = 16 << 10;
/// Bytes by which the room of answers that wait grows.
const ROOM_STEP_BYTES: usize = 64 << 10;
/// Frames that a turn serves before others get theirs.
const FRAMES_PER_TURN: usize = 64;
/// The CQL version sent in SUPPORTED.
const CQL_VERSION: &str = "3.4.7";

/// A connection.
pub(crate) struct Connection {
    /// Shared by the requests of the connection: other cores count no references to it.
    core: Arc<Core<ServerWorld>>,
    metrics: Arc<Metrics>,
    decoder: FrameDecoder,
    input: BytesMut,
    output: OutputBuffer,
    statements: Statements,
    client: Client,
    /// The role that the client is logged in as; `None` where nobody has to, and once that was dropped.
    role: Option<RoleIdentity>,
    peer: IpAddr,
    /// Its entry in the register, for `system_views`.
    entry: ConnectionEntry,
    version: Version,
    stage: Stage,
    /// True if the client prefers an error over waiting where it has too much in flight.
    throws_on_overload: bool,
    /// True if the client asks another node where it cannot prepare a statement.
    prepares_elsewhere: bool,
    /// True once the client was warned of prepared statements that depend on the keyspace in effect.
    warned_of_keyspace: bool,
    /// Chooses the requests whose spans are exported; `None` if no spans are.
    sampler: Option<Sampler>,
    max_frame: usize,
    registered: Register,
    /// Its account, a part of that of its client's address.
    account: Arc<ConnectionAccount>,
    /// A large request that has begun to arrive.
    reserved: Option<Admission>,
    /// The room of answers that wait to be sent.
    room: AnswerLease,
    in_flight: InFlightRequests,
    deadlines: Deadlines,
    /// Its end, once the server shuts down.
    farewell: Option<Farewell>,
    /// The time of the last bytes of requests.
    received: Mono,
    closing: bool,
}

/// Leases room for answers that wait, of `bytes` in all. Returns false if there is none.
fn reserve_room(room: &mut AnswerLease, bytes: usize) -> bool {
    let wanted = bytes.saturating_sub(UNCOUNTED_BYTES);
    wanted <= room.bytes() || room.try_grow_to(wanted + ROOM_STEP_BYTES) || room.try_grow_to(wanted)
}

impl Connection {
    pub(crate) fn new(
        core: Core<ServerWorld>,
        node: &Node<ServerWorld>,
        settings: &ClientSettings,
        peer: IpAddr,
        entry: ConnectionEntry,
    ) -> Connection {
        let max_frame = settings.max_frame;
        let account = ConnectionAccount::new(settings.intake.account(peer));
        let before_login = if core.demands_login() { login::FRAME_BYTES_MAX } else { max_frame };
        Connection {
            received: core.now(),
            core: Arc::new(core),
            metrics: Arc::clone(node.metrics()),
            decoder: FrameDecoder::with_limit(Role::Server, before_login),
            input: BytesMut::new(),
            output: OutputBuffer::new(Role::Server),
            statements: Statements::default(),
            client: Client { address: Some(peer), ..Client::default() },
            role: None,
            peer,
            entry,
            version: Version::NEWEST,
            stage: Stage::New,
            throws_on_overload: false,
            prepares_elsewhere: false,
            warned_of_keyspace: false,
            sampler: settings.sample_share.map(Sampler::new),
            max_frame,
            room: account.no_answer(),
            account,
            reserved: None,
            registered: Register::default(),
            in_flight: InFlightRequests::new(),
            deadlines: Deadlines::default(),
            farewell: None,
            closing: false,
        }
    }

    /// Serves until the client goes, breaks the protocol or stands still, or the server shuts down and everything under way is answered.
    pub(crate) async fn serve(
        mut self,
        mut socket: Socket,
        mut events: broadcast::Receiver<ClusterEvent>,
        mut stop: watch::Receiver<bool>,
    ) -> io::Result<()> {
        self.deadlines.login = self.core.demands_login().then(|| Instant::now() + login::LOGIN_TIMEOUT);
        loop {
            let more = self.turn();
            self.send(&mut socket)?;
            if self.has_ended() {
                match self.farewell {
                    Some(_) => socket.part().await,
                    None => socket.close().await,
                }
                return Ok(());
            }
            if more {
                tokio::task::yield_now().await;
                continue;
            }
            if !self.input.is_empty() {
                socket.acknowledge();
            }
            let reading = self.is_reading();
            self.deadlines.input.watch(reading && (!self.input.is_empty() || self.decoder.is_within_frame()));
            tokio::select! {
                biased;
                event = events.recv(), if self.stage.is_established() => self.tell(event),
                done = self.in_flight.next() => self.finish(*done),
                moved = socket.transfer(reading.then_some(&mut self.input), self.output.ready_bytes()) => match moved? {
                    Transfer::Received(0) => return Ok(()),
                    Transfer::Received(count) => {
                        // Requests that wait in the buffer for others to end were received by then.
                        self.received = self.core.now();
                        self.deadlines.input.count(count);
                    }
                    Transfer::Sent(count) => self.take_sent(count),
                },
                _ = stop.changed(), if self.farewell.is_none() => self.begin_farewell(),
                is_over = self.deadlines.wait() => if is_over { return Ok(()) },
            }
        }
    }

    /// True if nothing is left to do: the connection is to be closed and its last answers are sent, or the server shuts down and nothing
    /// is under way.
    fn has_ended(&self) -> bool {
        let in_flight = self.in_flight.count();
        let is_over = self.farewell.as_ref().is_some_and(|farewell| farewell.is_over(Instant::now(), in_flight));
        (self.closing || is_over) && self.output.ready_bytes().is_empty()
    }

    /// True if more requests are taken.
    fn is_reading(&self) -> bool {
        !self.closing && self.has_room()
    }

    /// True if further requests may begin: a client with too much under way, or that does not take its answers, waits.
    fn has_room(&self) -> bool {
        self.in_flight.count() < IN_FLIGHT_REQUESTS_MAX
            && self.output.pending_bytes() < OUTPUT_BYTES_MAX
            && self.farewell.as_ref().is_none_or(Farewell::has_room)
            && (self.throws_on_overload || self.has_room_for_requests())
    }

    /// True if the bytes of requests in flight leave room for more.
    fn has_room_for_requests(&self) -> bool {
        self.account.request_bytes(self.reserved.as_ref()) < self.account.request_bytes_max()
    }

    /// Sends what the socket takes now.
    fn send(&mut self, socket: &mut Socket) -> io::Result<()> {
        self.output.seal();
        while !self.output.ready_bytes().is_empty() {
            match socket.send_now(self.output.ready_bytes())? {
                Some(count) => self.take_sent(count),
                None => break,
            }
        }
        self.deadlines.output.watch(!self.output.ready_bytes().is_empty());
        Ok(())
    }

    fn take_sent(&mut self, count: usize) {
        self.output.consume(count);
        self.deadlines.output.count(count);
        let pending = self.output.pending_bytes();
        if pending == 0 || self.room.bytes() > pending + 2 * ROOM_STEP_BYTES {
            self.room.shrink_to(pending);
        }
    }

    /// Serves complete frames and finished requests. Returns true if frames are left for another turn.
    fn turn(&mut self) -> bool {
        let began = Instant::now();
        let mut more = false;
        for served in 0.. {
            let takes_more = self.has_room() && !self.closing;
            if served == FRAMES_PER_TURN || !takes_more {
                more = takes_more;
                break;
            }
            match self.decoder.next(&mut self.input) {
                Ok(Some(frame)) => self.serve_frame(frame, began),
                Ok(None) => {
                    self.reserve_for_partial_frame();
                    break;
                }
                Err(error) => {
                    self.reserved = None;
                    self.output.write_frame_error(&error);
                    self.closing |= error.is_fatal();
                }
            }
        }
        while let Some(done) = self.in_flight.try_next() {
            self.finish(*done);
        }
        self.refuse_held(began);
        more
    }

    /// Reserves the bytes of a large request as soon as its length is known, or skips the request if there is no room: half sent requests
    /// take memory too.
    fn reserve_for_partial_frame(&mut self) {
        if self.input.is_empty() {
            // An idle connection holds no read buffer.
            self.input = BytesMut::new();
        }
        let begun = self.decoder.partial_header(&self.input).filter(|header| header.length as usize > UNCOUNTED_BYTES);
        let (Some(header), None) = (begun, &self.reserved) else { return };
        match self.account.reserve(header.length as usize) {
            Ok(reserved) => self.reserved = Some(reserved),
            Err(overloaded) => {
                self.decoder.skip_partial(&mut self.input);
                self.refuse(&header, &StatementLookup::Nothing, overloaded.into(), Instant::now());
            }
        }
    }

    fn serve_frame(&mut self, frame: Frame, began: Instant) {
        // OPTIONS before it only ask what STARTUP may say.
        if self.stage != Stage::New || frame.header.opcode == Opcode::Startup {
            self.entry.record.count(frame.header.opcode);
        }
        match frame.header.opcode {
            Opcode::Execute | Opcode::Query | Opcode::Prepare | Opcode::Batch if self.stage.is_established() => {
                if !self.decline(&frame, began) {
                    self.serve_statement(frame, began);
                }
            }
            Opcode::Startup | Opcode::Options | Opcode::Register | Opcode::AuthResponse => self.serve_session(&frame),
            opcode => {
                let error = match self.stage {
                    Stage::New => ProtocolError::new("Unexpected message, expecting STARTUP or OPTIONS"),
                    _ => ProtocolError::new(format!(
                        "Unexpected message {}, expecting SASL_RESPONSE",
                        format!("{opcode:?}").to_uppercase()
                    )),
                };
                self.output.write_error(&Reply::to(&frame.header), &error.into());
            }
        }
    }

    fn serve_statement(&mut self, frame: Frame, began: Instant) {
        self.check_role();
        let traced = self.trace_request(&frame);
        let Some(lookup) = self.try_memory(&frame, traced.is_traced(), began) else { return };
        if !self.has_room_for_requests() {
            self.reserved = None;
            let overload = Overload::Connection(self.account.request_bytes_max());
            return self.refuse(&frame.header, &lookup, overload.into(), began);
        }
        let reserved = self.reserved.take();
        let bytes =
            (frame.body.len() + lookup.plan_bytes()).saturating_sub(reserved.as_ref().map_or(0, Admission::bytes));
        let admitted = match self.account.admit(bytes) {
            Ok(admitted) => Some(if let Some(reserved) = reserved { admitted.join(reserved) } else { admitted }),
            Err(overloaded) => return self.refuse(&frame.header, &lookup, overloaded.into(), began),
        };
        let (header, core) = (frame.header, Arc::clone(&self.core));
        let (client, account, received) = (self.client.clone(), Arc::clone(&self.account), self.received);
        let frame = copy_frame(&frame);
        let slot = Some(self.entry.record.begin(frame.clone(), lookup.prepared_statement(), began));
        let reads = matches!(lookup.operation(), Operation::Read | Operation::Scan);
        let request = async move {
            let (core, trace) = match traced.is_traced() {
                true => traced.begin(&core, &frame, &lookup),
                false => (core, None),
            };
            let answered = run(&core, PendingRequest { frame, lookup, client, account, received }).await;
            let trace = trace.and_then(|trace| trace.end(&answered));
            let FinishedRequest { answer, warnings, summary, room } = answered;
            Box::new(EndedRequest { header, answer, warnings, summary, began, trace, slot, _admitted: admitted, room })
        };
        if reads { self.in_flight.run_while_open(request) } else { self.in_flight.run(request) }
    }

    /// Answers a request with an error before it is begun.
    fn refuse(&mut self, header: &Header, lookup: &StatementLookup, error: ErrorResponse, began: Instant) {
        let operation = lookup.operation();
        self.metrics.request(operation, Consistency::One, answer::ending(&error.kind), began.elapsed());
        self.output.write_error(&Reply::to(header), &error);
    }
}
