//! One client connection: frames in, answers out, on one core.
//!
//! A turn takes what was received, answers at once what memory can answer, starts the rest, and sends everything with one call. Reading
//! stops while too many requests are under way or too much waits to be sent: a client that does not read is not read from.

use crate::answer;
use crate::request::{Answer, Counted, asked, detached, run, values_of};
use crate::statement::{Known, Statements};
use crate::world::ServerWorld;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use henge_base::BytesMut;
use henge_model::RowSink;
use henge_node::{ClusterEvent, Core, Ending, Metrics, Node, Operation};
use henge_protocol::{
    Event, Execute, Frame, FrameDecoder, Header, MetadataMode, Opcode, OutputBuffer, ProtocolError, Register, Reply,
    Request, Response, Role, Startup, Supported, Version,
};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::{broadcast, watch};

/// Requests under way on one connection; beyond it nothing is read.
const UNDER_WAY: usize = 1_024;
/// Bytes of answers that wait; beyond it nothing is read.
const OUTPUT_BYTES: usize = 4 << 20;
/// Frames that a turn serves before others get theirs.
const FRAMES_PER_TURN: usize = 64;
/// Bytes asked of the socket at once.
const READ_BYTES: usize = 64 << 10;
/// What the language is called to clients.
const CQL_VERSION: &str = "3.4.7";
/// How long answers under way may take once the server shuts down.
const LAST_WORDS: Duration = Duration::from_secs(5);

type UnderWay = FuturesUnordered<BoxFuture<'static, Done>>;

/// A request that ended.
struct Done {
    header: Header,
    answer: Answer,
    counted: Counted,
    began: Instant,
}

/// A connection.
pub(crate) struct Connection {
    core: Core<ServerWorld>,
    metrics: Arc<Metrics>,
    decoder: FrameDecoder,
    input: BytesMut,
    output: OutputBuffer,
    statements: Statements,
    keyspace: Option<Arc<str>>,
    version: Version,
    started: bool,
    registered: Register,
    under_way: UnderWay,
    closing: bool,
}

/// Tells the client's kernel that the first part of a frame is here. Many drivers send large requests in several writes, of which Nagle's
/// algorithm holds the last one back until then; a delayed acknowledgement would cost 40 ms for each such request.
fn acknowledge(stream: &TcpStream) {
    let _ = rustix::net::sockopt::set_tcp_quickack(stream, true);
}

impl Connection {
    pub(crate) fn new(core: Core<ServerWorld>, node: &Node<ServerWorld>, max_frame: usize) -> Connection {
        Connection {
            core,
            metrics: Arc::clone(node.metrics()),
            decoder: FrameDecoder::with_limit(Role::Server, max_frame),
            input: BytesMut::with_capacity(READ_BYTES),
            output: OutputBuffer::new(Role::Server),
            statements: Statements::default(),
            keyspace: None,
            version: Version::NEWEST,
            started: false,
            registered: Register::default(),
            under_way: FuturesUnordered::new(),
            closing: false,
        }
    }

    /// Serves until the client goes, breaks the protocol, or the server shuts down and everything under way is answered.
    pub(crate) async fn serve(
        mut self,
        mut stream: TcpStream,
        mut events: broadcast::Receiver<ClusterEvent>,
        mut stop: watch::Receiver<bool>,
    ) -> io::Result<()> {
        let mut deadline = None;
        loop {
            let more = self.turn();
            self.send(&mut stream).await?;
            if self.closing || (deadline.is_some() && self.under_way.is_empty()) {
                return Ok(());
            }
            if more {
                tokio::task::yield_now().await;
                continue;
            }
            if !self.input.is_empty() {
                acknowledge(&stream);
            }
            let reading =
                deadline.is_none() && self.under_way.len() < UNDER_WAY && self.output.pending() < OUTPUT_BYTES;
            tokio::select! {
                biased;
                Some(done) = self.under_way.next(), if !self.under_way.is_empty() => self.finish(done),
                ready = stream.readable(), if reading => {
                    ready?;
                    if !self.receive(&stream)? {
                        return Ok(());
                    }
                }
                event = events.recv(), if self.started => self.tell(event),
                _ = stop.changed(), if deadline.is_none() => deadline = Some(Box::pin(tokio::time::sleep(LAST_WORDS))),
                () = async { match &mut deadline { Some(d) => d.await, None => std::future::pending().await } } => return Ok(()),
            }
        }
    }

    /// Takes what the socket has; false at the end of the stream.
    fn receive(&mut self, stream: &TcpStream) -> io::Result<bool> {
        self.input.reserve(READ_BYTES);
        match stream.try_read_buf(&mut self.input) {
            Ok(0) => Ok(false),
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(true),
            Err(error) => Err(error),
        }
    }

    async fn send(&mut self, stream: &mut TcpStream) -> io::Result<()> {
        self.output.seal();
        while !self.output.ready().is_empty() {
            let count = stream.write(self.output.ready()).await?;
            self.output.consume(count);
        }
        Ok(())
    }

    /// Serves complete frames and finished requests. Says whether frames are left for another turn.
    fn turn(&mut self) -> bool {
        let began = Instant::now();
        let mut more = false;
        for served in 0.. {
            if served == FRAMES_PER_TURN || self.under_way.len() >= UNDER_WAY || self.closing {
                more = !self.closing && self.under_way.len() < UNDER_WAY;
                break;
            }
            match self.decoder.next(&mut self.input) {
                Ok(Some(frame)) => self.serve_frame(frame, began),
                Ok(None) => break,
                Err(error) => {
                    self.output.fatal(&error);
                    self.closing |= error.is_fatal();
                }
            }
        }
        self.poll_under_way();
        more
    }

    /// Finishes what has ended, and starts what is new, without waiting.
    fn poll_under_way(&mut self) {
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        while let std::task::Poll::Ready(Some(done)) = self.under_way.poll_next_unpin(&mut context) {
            self.finish(done);
        }
    }

    fn serve_frame(&mut self, frame: Frame, began: Instant) {
        match frame.header.opcode {
            Opcode::Execute | Opcode::Query | Opcode::Prepare | Opcode::Batch if self.started => {
                self.serve_statement(frame, began)
            }
            Opcode::Startup | Opcode::Options | Opcode::Register | Opcode::AuthResponse => self.serve_session(&frame),
            _ => {
                let error = ProtocolError::new("Unexpected message, expecting STARTUP or OPTIONS");
                self.output.error(&Reply::to(&frame.header), &error.into());
            }
        }
    }

    fn serve_statement(&mut self, frame: Frame, began: Instant) {
        let mut known = None;
        if frame.header.opcode == Opcode::Execute {
            known = self.known(&frame);
            if let Some(known) = &known
                && self.answered_from_memory(&frame, known, began)
            {
                return;
            }
        }
        let (header, core, keyspace) = (frame.header, self.core.clone(), self.keyspace.clone());
        let frame = detached(&frame);
        self.under_way.push(Box::pin(async move {
            let (answer, counted) = run(core, frame, known, keyspace).await;
            Done { header, answer, counted, began }
        }));
    }

    /// The statement that an EXECUTE names, at the current epoch.
    fn known(&mut self, frame: &Frame) -> Option<Arc<Known>> {
        let message = frame.message().ok()?;
        let execute = Execute::decode(frame.header.version, message).ok()?;
        if let Some(known) = self.statements.get(execute.id).filter(|k| self.core.is_current(&k.ready)) {
            return Some(Arc::clone(known));
        }
        let id = execute.id.try_into().ok()?;
        let known = Arc::new(Known::new(id, self.core.prepared(&id)?.ok()?));
        self.statements.keep(Arc::clone(&known));
        Some(known)
    }

    /// The fast path: a read of one row that this node holds in memory goes straight into the output buffer.
    fn answered_from_memory(&mut self, frame: &Frame, known: &Arc<Known>, began: Instant) -> bool {
        let Ok(execute) = frame.message().and_then(|message| Execute::decode(frame.header.version, message)) else {
            return false;
        };
        let Ok(values) = values_of(&known.ready, &execute.parameters) else { return false };
        let result = &known.metadata.result;
        let told = execute.metadata_id.unwrap_or(result.id());
        let mode = MetadataMode::of_execute(frame.header.version, execute.parameters.skip_metadata, told, result);
        let mut rows = self.output.rows(&Reply::to(&frame.header), result, mode);
        let mark = rows.mark();
        if !self.core.try_execute(&known.ready, &asked(&execute.parameters, &values), &mut rows) {
            rows.rollback(mark);
            return false;
        }
        rows.finish(None);
        self.metrics.request(Operation::Read, execute.parameters.consistency, Ending::Ok, began.elapsed());
        true
    }

    fn finish(&mut self, done: Done) {
        let Done { header, answer, counted, began } = done;
        let reply = Reply::to(&header);
        self.metrics.request(counted.operation, counted.consistency, counted.ending, began.elapsed());
        match answer {
            Answer::Void => self.output.void(&reply),
            Answer::Error(error) => self.output.error(&reply, &error),
            Answer::Rows { rows, next, metadata, mode } => {
                let mut writer = self.output.rows(&reply, metadata.get(), mode);
                writer.append(rows);
                writer.finish(next.as_deref());
            }
            Answer::Keyspace(name) => {
                self.keyspace = Some(name.as_str().into());
                self.output.respond(&reply, &Response::SetKeyspace(name));
            }
            Answer::Schema(event) => {
                let change = answer::schema_change(&event);
                self.output.respond(&reply, &Response::SchemaChange(change));
            }
            Answer::Prepared(known) => {
                self.output.prepared(&reply, &known.metadata);
                self.statements.keep(known);
            }
        }
    }

    /// Messages about the connection itself.
    fn serve_session(&mut self, frame: &Frame) {
        let reply = Reply::to(&frame.header);
        match Request::decode(frame) {
            Ok(Request::Options) => self.output.respond(&reply, &Response::Supported(Supported::new(CQL_VERSION))),
            Ok(Request::Startup(startup)) => self.start(&reply, &startup),
            Ok(Request::Register(register)) if self.started => {
                self.registered.add(register);
                self.output.respond(&reply, &Response::Ready);
            }
            Ok(_) => self.output.error(&reply, &ProtocolError::new("this message is not expected here").into()),
            Err(error) => self.output.error(&reply, &error.into()),
        }
    }

    fn start(&mut self, reply: &Reply<'_>, startup: &Startup<'_>) {
        if self.started {
            return self
                .output
                .error(reply, &ProtocolError::new("Unexpected message STARTUP, the connection is established").into());
        }
        (self.started, self.version) = (true, reply.version);
        self.decoder.establish(reply.version, startup.compression);
        self.output.respond(reply, &Response::Ready);
        self.output.establish(reply.version, startup.compression);
    }

    fn tell(&mut self, event: Result<ClusterEvent, broadcast::error::RecvError>) {
        // A client that lagged behind misses events; drivers refresh on their own as well.
        let Ok(event) = event else { return };
        let event = answer::event(&event);
        let wanted = match event {
            Event::Topology { .. } => self.registered.topology,
            Event::Status { .. } => self.registered.status,
            Event::Schema(_) => self.registered.schema,
        };
        if wanted {
            self.output.event(self.version, &event);
        }
    }
}
