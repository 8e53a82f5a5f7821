//! One request from its frame to its answer, apart from the connection it came on.

mod answer;
mod batch;
mod conditional;
mod context;
mod lookup;
mod room;

pub(crate) use answer::{Answer, RowsMetadata};
pub(crate) use context::{Client, RequestSummary, error_response};
pub(crate) use lookup::StatementLookup;

use crate::answer::ending;
use crate::client_warnings::log;
use crate::intake::{AnswerLease, AnswerRows, ConnectionAccount, PrepareTurn};
use crate::request_text::without_password;
use crate::statement::{CachedStatement, result_of_text};
use crate::world::ServerWorld;
use batch::run_batch;
use conditional::{conditional, conditional_rows};
use context::RequestContext;
use henge_node::{
    BoundValue, Bytes, Consistency, Core, Ending, LONG_TEXT_BYTES, Mono, Outcome, Page, Parameters, PreparedStatement,
    RequestDescription, RowSink, Warnings,
};
use henge_protocol::{
    ErrorResponse, Execute, Frame, MetadataMode, Prepare, ProtocolError, Query, QueryParameters, Request, Version,
    prepared_id,
};
use lookup::find_prepared;
use room::lease_room;
use smallvec::SmallVec;
use std::sync::Arc;
use tracing::Instrument;

/// Bytes of a request from which on it is not copied out of the read buffer: the buffer holds little else then.
const LARGE_FRAME_BYTES: usize = 64 << 10;

/// A request before it is run.
pub(crate) struct PendingRequest {
    pub(crate) frame: Frame,
    pub(crate) lookup: StatementLookup,
    pub(crate) client: Client,
    /// The account in which its answer finds room.
    pub(crate) account: Arc<ConnectionAccount>,
    /// The time at which its frame was received.
    pub(crate) received: Mono,
}

/// A request after it was run.
pub(crate) struct FinishedRequest {
    pub(crate) answer: Answer,
    /// Warnings for the user.
    pub(crate) warnings: Vec<String>,
    pub(crate) summary: RequestSummary,
    /// The room of the answer.
    pub(crate) room: Option<AnswerLease>,
}

/// Runs a request. A read waits for room for its answer first.
pub(crate) async fn run(core: &Core<ServerWorld>, request: PendingRequest) -> FinishedRequest {
    let PendingRequest { frame, lookup, client, account, received } = request;
    let warnings = Warnings::default();
    let mut summary =
        RequestSummary { operation: lookup.operation(), consistency: Consistency::One, ending: Ending::Ok };
    let context = RequestContext { client: &client, account: &account, warnings: &warnings, received };
    let (lookup, turn) = look_up_long_text(core, &frame, lookup, &context).await;
    let answered = match (lease_room(&account, lookup).await, Request::decode(&frame)) {
        (Ok((lookup, room)), Ok(request)) => {
            let mut room = Some(room);
            let answer = answer(core, frame.header.version, &request, lookup, &context, &mut room, &mut summary).await;
            answer.map(|answer| (answer, room))
        }
        (Err(overloaded), _) => Err(overloaded.into()),
        (_, Err(error)) => Err(error.into()),
    };
    let (answer, room) = answered.unwrap_or_else(|error| (Answer::Error(error), None));
    if let Answer::Error(error) = &answer {
        summary.ending = ending(&error.kind);
    }
    drop(turn);
    let warnings = warnings.into_inner();
    log(&warnings, client.user.as_deref());
    FinishedRequest { answer, warnings, summary, room }
}

/// Prepares the text of a QUERY that is too long for the fast path. Few of one address are run at once, since their plans may be far larger
/// than they are: the turn is to be kept until the request has ended.
async fn look_up_long_text<'a>(
    core: &Core<ServerWorld>,
    frame: &Frame,
    lookup: StatementLookup,
    context: &RequestContext<'a>,
) -> (StatementLookup, Option<PrepareTurn<'a>>) {
    let (StatementLookup::Nothing, Ok(Request::Query(query))) = (&lookup, Request::decode(frame)) else {
        return (lookup, None);
    };
    if query.text.len() < LONG_TEXT_BYTES {
        return (lookup, None);
    }
    let turn = Some(Box::pin(context.account.prepare_turn()).await);
    let keyspace = query.parameters.keyspace.or(context.client.keyspace.as_deref());
    // What is wrong with it is reported when it is run.
    let ready = core.prepare_aside(query.text, keyspace).await;
    (ready.map_or(StatementLookup::Nothing, StatementLookup::Ready), turn)
}

/// The description of a request, for its trace.
pub(crate) fn describe_request(frame: &Frame, known: Option<&CachedStatement>) -> RequestDescription {
    let (request, text, parameters) = match Request::decode(frame) {
        Ok(Request::Query(query)) => ("Execute CQL3 query", query.text.to_owned(), Some(query.parameters)),
        Ok(Request::Execute(execute)) => {
            let text = known.map_or_else(String::new, |known| known.ready.text.clone());
            ("Execute CQL3 prepared query", text, Some(execute.parameters))
        }
        Ok(Request::Prepare(prepare)) => ("Preparing CQL3 query", prepare.text.to_owned(), None),
        Ok(Request::Batch(_)) => ("Execute batch of CQL3 queries", String::new(), None),
        _ => return RequestDescription::default(),
    };
    let mut all = vec![("query", without_password(text))];
    if let Some(parameters) = parameters {
        all.push(("consistency_level", parameters.consistency.to_string()));
        all.extend(parameters.serial_consistency.map(|level| ("serial_consistency_level", level.to_string())));
        all.extend(parameters.page_size.map(|size| ("page_size", size.to_string())));
    }
    all.retain(|(_, text)| !text.is_empty());
    RequestDescription { request: request.to_owned(), parameters: all }
}

async fn answer(
    core: &Core<ServerWorld>,
    version: Version,
    request: &Request<'_>,
    lookup: StatementLookup,
    context: &RequestContext<'_>,
    room: &mut Option<AnswerLease>,
    summary: &mut RequestSummary,
) -> Result<Answer, ErrorResponse> {
    match request {
        Request::Query(query) => run_query(core, query, lookup, context, room, summary).await,
        Request::Prepare(prepare) => Box::pin(run_prepare(core, prepare, context, room)).await,
        Request::Execute(execute) => {
            run_execute(core, version, execute, lookup.prepared_statement().cloned(), context, room, summary).await
        }
        Request::Batch(batch) => Box::pin(run_batch(core, batch, context, room, summary)).await,
        _ => Err(ProtocolError::new("this message is not expected on a connection that is established").into()),
    }
}

async fn run_query(
    core: &Core<ServerWorld>,
    query: &Query<'_>,
    lookup: StatementLookup,
    context: &RequestContext<'_>,
    room: &mut Option<AnswerLease>,
    summary: &mut RequestSummary,
) -> Result<Answer, ErrorResponse> {
    let keyspace = query.parameters.keyspace.or(context.client.keyspace.as_deref());
    let ready = match lookup {
        StatementLookup::Ready(ready) if core.is_current(&ready) => ready,
        _ => core.prepare_aside(query.text, keyspace).await.map_err(|e| error_response(core, &e))?,
    };
    let metadata = RowsMetadata::Own(Box::new(result_of_text(&ready)));
    let execution = Execution { ready: &ready, parameters: &query.parameters, metadata, mode: MetadataMode::Full };
    execute(core, execution, context, room, summary).await
}

/// Prepares and keeps a statement. Of one client few are prepared at once and wait for room for their answer: each may be far larger
/// than its text.
async fn run_prepare(
    core: &Core<ServerWorld>,
    prepare: &Prepare<'_>,
    context: &RequestContext<'_>,
    room: &mut Option<AnswerLease>,
) -> Result<Answer, ErrorResponse> {
    let _turn = context.account.prepare_turn().await;
    let keyspace = prepare.keyspace.or(context.client.keyspace.as_deref());
    // A statement that names its keyspaces has one id whatever keyspace is in effect (CASSANDRA-15252): drivers prepare it again on
    // connections to other nodes, and must get the id that they know.
    let qualified =
        core.prepare_aside(prepare.text, None).await.ok().filter(|ready| !ready.describes()).map(|ready| (None, ready));
    let (keyspace, ready) = match qualified {
        Some(qualified) => qualified,
        None => (keyspace, core.prepare_aside(prepare.text, keyspace).await.map_err(|e| error_response(core, &e))?),
    };
    let id = prepared_id(keyspace, prepare.text);
    let ready = core.keep(id, ready, Some(context.account.ip())).map_err(|e| error_response(core, &e))?;
    let known = CachedStatement::new(id, ready);
    *room = Some(context.account.room(known.metadata().bytes()).await?);
    Ok(Answer::Prepared(known))
}

async fn run_execute(
    core: &Core<ServerWorld>,
    version: Version,
    message: &Execute<'_>,
    known: Option<CachedStatement>,
    context: &RequestContext<'_>,
    room: &mut Option<AnswerLease>,
    summary: &mut RequestSummary,
) -> Result<Answer, ErrorResponse> {
    let known = match known.filter(|k| core.is_current(&k.ready)) {
        Some(known) => known,
        None => find_prepared(core, message.id)?,
    };
    let mode = known.metadata_mode(version, message);
    let metadata = RowsMetadata::Prepared(known.clone());
    let execution = Execution { ready: &known.ready, parameters: &message.parameters, metadata, mode };
    let answer = execute(core, execution, context, room, summary).await;
    if let Ok(Answer::Rows { rows, .. }) = &answer {
        known.note_answer(rows.bytes());
    }
    answer
}

/// A statement with what a client sent for it, and how its rows are described.
struct Execution<'a, 'v> {
    ready: &'a Arc<PreparedStatement>,
    parameters: &'a QueryParameters<'v>,
    metadata: RowsMetadata,
    mode: MetadataMode,
}

async fn execute(
    core: &Core<ServerWorld>,
    execution: Execution<'_, '_>,
    context: &RequestContext<'_>,
    room: &mut Option<AnswerLease>,
    summary: &mut RequestSummary,
) -> Result<Answer, ErrorResponse> {
    let Execution { ready, parameters, metadata, mode } = execution;
    summary.operation = ready.operation();
    summary.consistency = parameters.consistency;
    let values = values_of(ready, parameters)?;
    let asked = request_parameters(parameters, &values, context.client, context.warnings, context.received);
    let mut rows = AnswerRows::new(room.take().unwrap_or_else(|| context.account.no_answer()));
    let span = tracing::debug_span!("client request", client = %context.account.ip(), operation = ?summary.operation);
    let executed = core.execute(ready, &asked, &mut rows);
    let outcome = match span.is_disabled() {
        true => executed.await,
        false => Box::pin(executed.instrument(span)).await,
    };
    if let Some(refusal) = rows.refusal() {
        return Err(refusal.into());
    }
    if let (Err(error), Some(denial)) = (&outcome, rows.denial())
        && error.is_want_of_room()
    {
        return Err(denial.into());
    }
    let outcome = outcome.map_err(|e| error_response(core, &e))?;
    let (rows, lease) = match &outcome {
        Outcome::Applied(applied) => conditional_rows(applied, rows)?,
        _ => rows.finish(metadata.get().bytes())?,
    };
    *room = Some(lease);
    Ok(match outcome {
        Outcome::Void => Answer::Void,
        Outcome::Warning(text) => {
            context.warnings.add(text);
            Answer::Void
        }
        Outcome::Rows(next) => Answer::Rows { rows, next, metadata, mode },
        Outcome::Applied(applied) => conditional(&applied, rows),
        Outcome::Keyspace(name) => Answer::Keyspace(name),
        Outcome::Schema(event) => Answer::Schema(event),
    })
}

/// Bound values in the order of the markers.
pub(crate) fn values_of<'a>(
    ready: &PreparedStatement,
    parameters: &QueryParameters<'a>,
) -> Result<SmallVec<[BoundValue<'a>; 8]>, ErrorResponse> {
    let names = ready.prepared.bind.iter().map(|column| column.name.as_str());
    Ok(parameters.values.clone().order_by_markers(names)?)
}

/// The node's parameters of a request.
pub(crate) fn request_parameters<'a>(
    parameters: &'a QueryParameters<'_>,
    values: &'a [BoundValue<'_>],
    client: &'a Client,
    warnings: &'a Warnings,
    received: Mono,
) -> Parameters<'a> {
    Parameters {
        values,
        consistency: parameters.consistency,
        serial: parameters.serial_consistency.unwrap_or(Consistency::Serial),
        timestamp: parameters.timestamp,
        now_seconds: parameters.now_in_seconds.map(i64::from),
        page: Page { size: parameters.page_size, state: parameters.paging_state },
        user: client.user.as_deref(),
        client: client.address,
        warnings,
        received: Some(received),
    }
}

/// Copies a frame out of the connection's read buffer, which a slow request would keep alive otherwise. A large frame is most of the
/// buffer, and is not copied.
pub(crate) fn copy_frame(frame: &Frame) -> Frame {
    let is_large = frame.body.len() >= LARGE_FRAME_BYTES;
    let body = if is_large { frame.body.clone() } else { Bytes::copy_from_slice(&frame.body) };
    Frame { header: frame.header, body }
}
