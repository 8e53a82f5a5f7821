//! A blocking connection to a node.

use crate::failure::{Failure, OTHER_PROTOCOL_REASON, other_protocol_reason};
use crate::interrupt;
use crate::stream::Stream;
use crate::target::Target;
use henge_base::BytesMut;
use henge_protocol::{
    AuthResponse, ClientCodec, ErrorResponse, Incoming, Query, QueryParameters, Request, Response, Startup, Supported,
    Version,
};
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const READ_BYTES: usize = 64 << 10;
/// The option of STARTUP and SUPPORTED with the version of CQL.
const LANGUAGE_OPTION: &str = "CQL_VERSION";

/// A connection on which STARTUP has succeeded.
pub(crate) struct Connection {
    stream: Stream,
    codec: ClientCodec,
    input: BytesMut,
    /// True once the server has sent a response.
    answered: bool,
    /// The time to wait for a response.
    timeout: Duration,
    /// Ends a wait as Ctrl-C does, once it is true.
    cancellation: Option<Arc<AtomicBool>>,
    /// The server's SUPPORTED response.
    pub(crate) supported: Supported,
}

/// A response: a result or the server's error, with warnings.
pub(crate) struct Answer {
    pub(crate) outcome: Result<Response, ErrorResponse>,
    /// The server's warnings.
    pub(crate) warnings: Vec<String>,
    /// The id of the trace, if one was asked for.
    pub(crate) trace: Option<[u8; 16]>,
}

impl Answer {
    fn of(incoming: Incoming) -> Answer {
        let outcome = match incoming.response {
            Response::Error(error) => Err(error),
            response => Ok(response),
        };
        Answer { outcome, warnings: incoming.warnings, trace: incoming.tracing }
    }
}

impl Connection {
    /// Connects with the protocol's version of the target; without one with v5, or with v4 if that fails.
    pub(crate) fn open(target: &Target) -> Result<Connection, Failure> {
        if let Some(version) = target.protocol {
            return Connection::open_version(target, version);
        }
        match Connection::open_version(target, Version::V5) {
            Err(Failure::Version(_) | Failure::Lost(_)) => Connection::open_version(target, Version::V4),
            outcome => outcome,
        }
    }

    fn open_version(target: &Target, version: Version) -> Result<Connection, Failure> {
        let mut connection = Connection {
            stream: Stream::open(target)?,
            codec: ClientCodec::new(version),
            input: BytesMut::new(),
            answered: false,
            timeout: target.request,
            cancellation: None,
            supported: Supported::new(""),
        };
        match connection.ask(&Request::Options)?.outcome {
            Ok(Response::Supported(supported)) => connection.supported = supported,
            Err(error) => return Err(Failure::Version(error.message)),
            other => return Err(Failure::unexpected_response("OPTIONS", &other)),
        }
        let mut startup = Startup::new("henge shell", env!("CARGO_PKG_VERSION"), None);
        if let Some(language) = &target.language {
            connection.check_language(language)?;
            startup.options.retain(|(name, _)| *name != LANGUAGE_OPTION);
            startup.options.push((LANGUAGE_OPTION, language));
        }
        match connection.ask(&Request::Startup(startup))?.outcome {
            Ok(Response::Ready) => Ok(connection),
            Ok(Response::Authenticate(_)) => connection.log_in(target),
            other => Err(Failure::unexpected_response("STARTUP", &other)),
        }
    }

    /// Fails if the server does not speak a version of CQL.
    fn check_language(&self, language: &str) -> Result<(), Failure> {
        let spoken = self.supported.options.get(LANGUAGE_OPTION).cloned().unwrap_or_default();
        match spoken.iter().any(|version| version == language) {
            true => Ok(()),
            false => Err(Failure::Refused(format!(
                "the server does not speak CQL {language}, which --cqlversion or [cql] of cqlshrc asks for; it speaks {}",
                spoken.join(", ")
            ))),
        }
    }

    fn log_in(mut self, target: &Target) -> Result<Connection, Failure> {
        let Some((user, password)) = &target.credentials else {
            return Err(Failure::Refused("the server asks for a role and its password (-u and -p)".to_owned()));
        };
        let token = AuthResponse::plain_token(user, password);
        match self.ask(&Request::AuthResponse(AuthResponse { token: Some(&token) }))?.outcome {
            Ok(Response::AuthSuccess(_)) => Ok(self),
            Err(error) => Err(Failure::Refused(error.message)),
            other => Err(Failure::unexpected_response("AUTH_RESPONSE", &other)),
        }
    }

    /// The protocol version of the connection.
    pub(crate) fn version(&self) -> Version {
        self.codec.version()
    }

    /// Lets waits end once the flag is true.
    pub(crate) fn cancel_by(&mut self, flag: Arc<AtomicBool>) {
        self.cancellation = Some(flag);
    }

    /// Runs a statement. After a failure the connection must not be used any more.
    pub(crate) fn query<'a>(&mut self, text: &'a str, parameters: QueryParameters<'a>) -> Result<Answer, Failure> {
        self.ask(&Request::Query(Query { text, parameters }))
    }

    /// Runs a statement of which the server is to keep a trace.
    pub(crate) fn query_traced<'a>(
        &mut self,
        text: &'a str,
        parameters: QueryParameters<'a>,
    ) -> Result<Answer, Failure> {
        let encoded = self.codec.send_traced(0, &Request::Query(Query { text, parameters }));
        encoded.map_err(|error| Failure::Lost(error.to_string()))?;
        self.exchange()
    }

    /// Sends a request and waits for its answer.
    pub(crate) fn ask(&mut self, request: &Request<'_>) -> Result<Answer, Failure> {
        self.codec.send(0, request).map_err(|error| Failure::Lost(error.to_string()))?;
        self.exchange()
    }

    /// Sends requests, all at once, and waits for their answers, which are given in the order of the requests.
    pub(crate) fn ask_all(
        &mut self,
        requests: &[Request<'_>],
    ) -> Result<Vec<Result<Response, ErrorResponse>>, Failure> {
        for (stream, request) in requests.iter().enumerate() {
            let stream = i16::try_from(stream).map_err(|_| Failure::Lost("too many requests at once".to_owned()))?;
            self.codec.send(stream, request).map_err(|error| Failure::Lost(error.to_string()))?;
        }
        self.flush()?;
        let deadline = Instant::now() + self.timeout;
        let mut outcomes: Vec<Option<Result<Response, ErrorResponse>>> = requests.iter().map(|_| None).collect();
        let mut missing = outcomes.len();
        while missing > 0 {
            let (stream, answer) = self.receive(deadline)?;
            let place = usize::try_from(stream).ok().and_then(|stream| outcomes.get_mut(stream));
            if let Some(place) = place.filter(|place| place.is_none()) {
                *place = Some(answer.outcome);
                missing -= 1;
            }
        }
        Ok(outcomes.into_iter().flatten().collect())
    }

    /// Encodes a request on a stream that has none under way; `next_answer` sends it.
    pub(crate) fn submit(&mut self, stream: i16, request: &Request<'_>) -> Result<(), Failure> {
        self.codec.send(stream, request).map_err(|error| Failure::Lost(error.to_string()))
    }

    /// The next answer that has arrived, with its stream; `None` if none has.
    pub(crate) fn ready_answer(&mut self) -> Result<Option<(i16, Answer)>, Failure> {
        let incoming = self.codec.receive(&mut self.input).map_err(|error| Failure::Lost(error.to_string()))?;
        Ok(incoming.map(|incoming| (incoming.stream, Answer::of(incoming))))
    }

    /// Sends what is encoded, and waits for the next answer.
    pub(crate) fn next_answer(&mut self) -> Result<(i16, Answer), Failure> {
        self.flush()?;
        self.receive(Instant::now() + self.timeout)
    }

    /// Sends what is encoded, and waits for the answer.
    fn exchange(&mut self) -> Result<Answer, Failure> {
        self.flush()?;
        let deadline = Instant::now() + self.timeout;
        loop {
            // Another stream has events.
            if let (0, answer) = self.receive(deadline)? {
                return Ok(answer);
            }
        }
    }

    fn flush(&mut self) -> Result<(), Failure> {
        let output = self.codec.output();
        let length = output.len();
        let sent = self.stream.write_all(output).and_then(|()| self.stream.flush());
        sent.map_err(|error| self.stream.failure(&error, self.answered))?;
        self.codec.consume(length);
        Ok(())
    }

    /// The next answer, with its stream.
    fn receive(&mut self, deadline: Instant) -> Result<(i16, Answer), Failure> {
        loop {
            let incoming = self.codec.receive(&mut self.input).map_err(|error| match self.answered {
                true => Failure::Lost(error.to_string()),
                false => Failure::NotCql(OTHER_PROTOCOL_REASON),
            });
            let Some(incoming) = incoming? else {
                self.read_input(deadline)?;
                continue;
            };
            self.answered = true;
            return Ok((incoming.stream, Answer::of(incoming)));
        }
    }

    /// Reads more input. Fails at the deadline and on Ctrl-C.
    fn read_input(&mut self, deadline: Instant) -> Result<(), Failure> {
        let mut chunk = [0; READ_BYTES];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(self.stream.end_of_stream(self.answered)),
                Ok(count) => {
                    if let Some(reason) =
                        Some(&chunk[..count]).filter(|_| !self.answered).and_then(other_protocol_reason)
                    {
                        return Err(Failure::NotCql(reason));
                    }
                    self.input.extend_from_slice(&chunk[..count]);
                    return Ok(());
                }
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    let is_cancelled = |flag: &Arc<AtomicBool>| flag.load(Ordering::Relaxed);
                    if self.cancellation.as_ref().is_some_and(is_cancelled) || interrupt::take_interrupt() {
                        return Err(Failure::Cancelled);
                    }
                    if Instant::now() >= deadline {
                        return Err(Failure::TimedOut);
                    }
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.stream.failure(&error, self.answered)),
            }
        }
    }
}
