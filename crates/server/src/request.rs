//! One request from its frame to its answer, apart from the connection it came on.

use crate::answer;
use crate::client_warnings::log;
use crate::statement::{CachedStatement, result_metadata, result_of_text};
use crate::world::ServerWorld;
use henge_node::{
    BoundValue, Bytes, ConditionalResult, Consistency, Core, Ending, HostId, Operation, Outcome, Page, Parameters,
    PreparedStatement, RequestDescription, RowSink, Warnings,
};
use henge_protocol::{
    Batch, BatchQuery, EncodedRows, ErrorResponse, Execute, Frame, MetadataMode, Prepare, ProtocolError, Query,
    QueryParameters, Request, ResultMetadata, StatementId, Version, prepared_id,
};
use smallvec::SmallVec;
use std::net::IpAddr;
use std::sync::Arc;

/// An answer on its way to the output buffer.
pub(crate) enum Answer {
    Void,
    Rows { rows: EncodedRows, next: Option<Vec<u8>>, metadata: RowsMetadata, mode: MetadataMode },
    Keyspace(String),
    Schema(henge_node::SchemaEvent),
    Prepared(Arc<CachedStatement>),
    LoggedIn(Arc<str>),
    Error(ErrorResponse),
}

/// The statement of a request, as far as it is known before it is run.
pub(crate) enum StatementLookup {
    /// Nothing, or nothing good.
    Nothing,
    /// It was prepared.
    Prepared(Arc<CachedStatement>),
    /// Its text was read.
    Ready(Arc<PreparedStatement>),
}

impl StatementLookup {
    /// The prepared statement.
    pub(crate) fn prepared_statement(&self) -> Option<&Arc<CachedStatement>> {
        if let StatementLookup::Prepared(known) = self { Some(known) } else { None }
    }

    /// The operation of the request, as far as it is known.
    pub(crate) fn operation(&self) -> Operation {
        match self {
            StatementLookup::Nothing => Operation::Other,
            StatementLookup::Prepared(known) => known.ready.operation(),
            StatementLookup::Ready(ready) => ready.operation(),
        }
    }
}

/// The description of the columns of rows.
pub(crate) enum RowsMetadata {
    Prepared(Arc<CachedStatement>),
    Own(Box<ResultMetadata>),
}

impl RowsMetadata {
    pub(crate) fn get(&self) -> &ResultMetadata {
        match self {
            RowsMetadata::Prepared(known) => &known.metadata.result,
            RowsMetadata::Own(own) => own,
        }
    }
}

/// A finished request as metrics count it.
pub(crate) struct Counted {
    pub(crate) operation: Operation,
    pub(crate) consistency: Consistency,
    pub(crate) ending: Ending,
}

/// On whose behalf a request is run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    /// The connection's keyspace.
    pub(crate) keyspace: Option<Arc<str>>,
    /// The role that is logged in; `None` where nobody has to.
    pub(crate) user: Option<Arc<str>>,
}

/// The same with where its warnings go.
struct RequestContext<'a> {
    client: &'a Client,
    warnings: &'a Warnings,
}

/// Runs the request of a frame. Beside the answer it gives warnings for the user.
pub(crate) async fn run(
    core: Core<ServerWorld>,
    frame: Frame,
    found: StatementLookup,
    client: Client,
) -> (Answer, Vec<String>, Counted) {
    let warnings = Warnings::default();
    let mut counted = Counted { operation: Operation::Other, consistency: Consistency::One, ending: Ending::Ok };
    let answer = match Request::decode(&frame) {
        Ok(request) => answer(&core, frame.header.version, &request, found, &client, &warnings, &mut counted).await,
        Err(error) => Err(error.into()),
    };
    let answer = answer.unwrap_or_else(Answer::Error);
    if let Answer::Error(error) = &answer {
        counted.ending = answer::ending(&error.kind);
    }
    let warnings = warnings.into_inner();
    log(&warnings, client.user.as_deref());
    (answer, warnings, counted)
}

/// The description of a traced request.
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

/// A statement without what comes behind the word: traces are read by many.
pub(crate) fn without_password(text: String) -> String {
    match text.to_ascii_lowercase().find("password") {
        Some(at) => format!("{} ***", &text[..at + "password".len()]),
        None => text,
    }
}

async fn answer(
    core: &Core<ServerWorld>,
    version: Version,
    request: &Request<'_>,
    found: StatementLookup,
    client: &Client,
    warnings: &Warnings,
    counted: &mut Counted,
) -> Result<Answer, ErrorResponse> {
    let by = &RequestContext { client, warnings };
    match request {
        Request::Query(query) => run_query(core, query, found, by, counted).await,
        Request::Prepare(prepare) => run_prepare(core, prepare, client),
        Request::Execute(execute) => {
            run_execute(core, version, execute, found.prepared_statement().cloned(), by, counted).await
        }
        Request::Batch(batch) => run_batch(core, batch, by, counted).await,
        _ => Err(ProtocolError::new("this message is not expected on a connection that is established").into()),
    }
}

pub(crate) fn error_response(core: &Core<ServerWorld>, error: &henge_node::Error) -> ErrorResponse {
    answer::error(error, &|host: HostId| -> Option<IpAddr> { core.rpc_address_of(host).map(|a| a.ip()) })
}

async fn run_query(
    core: &Core<ServerWorld>,
    query: &Query<'_>,
    found: StatementLookup,
    by: &RequestContext<'_>,
    counted: &mut Counted,
) -> Result<Answer, ErrorResponse> {
    let keyspace = query.parameters.keyspace.or(by.client.keyspace.as_deref());
    let ready = match found {
        StatementLookup::Ready(ready) if core.is_current(&ready) => ready,
        _ => core.prepare(query.text, keyspace).map_err(|e| error_response(core, &e))?,
    };
    let metadata = RowsMetadata::Own(Box::new(result_of_text(&ready)));
    execute(core, &ready, &query.parameters, by, metadata, MetadataMode::Full, counted).await
}

fn run_prepare(core: &Core<ServerWorld>, prepare: &Prepare<'_>, client: &Client) -> Result<Answer, ErrorResponse> {
    let keyspace = prepare.keyspace.or(client.keyspace.as_deref());
    // A statement that names its keyspaces has one id whatever keyspace is in effect (CASSANDRA-15252): drivers prepare it again on
    // connections to other nodes, and must get the id that they know.
    let qualified = core.prepare(prepare.text, None).ok().filter(|ready| !ready.describes()).map(|ready| (None, ready));
    let (keyspace, ready) = match qualified {
        Some(qualified) => qualified,
        None => (keyspace, core.prepare(prepare.text, keyspace).map_err(|e| error_response(core, &e))?),
    };
    let id = prepared_id(keyspace, prepare.text);
    Ok(Answer::Prepared(Arc::new(CachedStatement::new(id, core.keep(id, ready)))))
}

async fn run_execute(
    core: &Core<ServerWorld>,
    version: Version,
    message: &Execute<'_>,
    known: Option<Arc<CachedStatement>>,
    by: &RequestContext<'_>,
    counted: &mut Counted,
) -> Result<Answer, ErrorResponse> {
    let known = match known.filter(|k| core.is_current(&k.ready)) {
        Some(known) => known,
        None => find(core, message.id)?,
    };
    let mode = known.metadata_mode(version, message);
    let metadata = RowsMetadata::Prepared(Arc::clone(&known));
    execute(core, &known.ready, &message.parameters, by, metadata, mode, counted).await
}

/// A prepared statement at the current epoch.
fn find(core: &Core<ServerWorld>, id: &[u8]) -> Result<Arc<CachedStatement>, ErrorResponse> {
    let known = StatementId::try_from(id).ok().and_then(|id| Some(CachedStatement::new(id, core.find_prepared(&id)?)));
    known.map(Arc::new).ok_or_else(|| ErrorResponse::unknown_statement(id))
}

async fn execute(
    core: &Core<ServerWorld>,
    ready: &Arc<PreparedStatement>,
    parameters: &QueryParameters<'_>,
    by: &RequestContext<'_>,
    metadata: RowsMetadata,
    mode: MetadataMode,
    counted: &mut Counted,
) -> Result<Answer, ErrorResponse> {
    counted.operation = ready.operation();
    counted.consistency = parameters.consistency;
    let values = values_of(ready, parameters)?;
    let asked = request_parameters(parameters, &values, by.client, by.warnings);
    let mut rows = EncodedRows::default();
    let outcome = core.execute(ready, &asked, &mut rows).await.map_err(|e| error_response(core, &e))?;
    Ok(match outcome {
        Outcome::Void => Answer::Void,
        Outcome::Warning(text) => {
            by.warnings.add(text);
            Answer::Void
        }
        Outcome::Rows(next) => Answer::Rows { rows, next, metadata, mode },
        Outcome::Applied(applied) => conditional(applied),
        Outcome::Keyspace(name) => Answer::Keyspace(name),
        Outcome::Schema(event) => Answer::Schema(event),
    })
}

/// The answer of a conditional write describes its own columns: they depend on what became of it.
fn conditional(applied: ConditionalResult) -> Answer {
    let metadata = RowsMetadata::Own(Box::new(result_metadata(&applied.columns)));
    let mut rows = EncodedRows::default();
    for row in &applied.rows {
        rows.begin_row();
        row.iter().for_each(|value| rows.value(value.as_deref()));
    }
    Answer::Rows { rows, next: None, metadata, mode: MetadataMode::Full }
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
) -> Parameters<'a> {
    Parameters {
        values,
        consistency: parameters.consistency,
        serial: parameters.serial_consistency.unwrap_or(Consistency::Serial),
        timestamp: parameters.timestamp,
        now_seconds: parameters.now_in_seconds.map(i64::from),
        page: Page { size: parameters.page_size, state: parameters.paging_state },
        user: client.user.as_deref(),
        warnings,
    }
}

async fn run_batch(
    core: &Core<ServerWorld>,
    batch: &Batch<'_>,
    by: &RequestContext<'_>,
    counted: &mut Counted,
) -> Result<Answer, ErrorResponse> {
    counted.operation = Operation::Write;
    counted.consistency = batch.consistency;
    let keyspace = batch.keyspace.or(by.client.keyspace.as_deref());
    let mut statements = Vec::with_capacity(batch.statements.len());
    for statement in &batch.statements {
        let ready = match statement.query {
            BatchQuery::Text(text) => core.prepare(text, keyspace).map_err(|e| error_response(core, &e))?,
            BatchQuery::Prepared(id) => Arc::clone(&find(core, id)?.ready),
        };
        statements.push((ready, batch.values(statement).to_vec()));
    }
    let parameters = Parameters {
        values: &[],
        consistency: batch.consistency,
        serial: batch.serial_consistency.unwrap_or(Consistency::Serial),
        timestamp: batch.timestamp,
        now_seconds: batch.now_in_seconds.map(i64::from),
        page: Page::default(),
        user: by.client.user.as_deref(),
        warnings: by.warnings,
    };
    let outcome =
        core.execute_batch(batch.kind, &statements, &parameters).await.map_err(|e| error_response(core, &e))?;
    Ok(if let Outcome::Applied(applied) = outcome { conditional(applied) } else { Answer::Void })
}

/// Copies a frame, so that a request that takes its time does not keep the connection's read buffer alive.
pub(crate) fn copy_frame(frame: &Frame) -> Frame {
    Frame { header: frame.header, body: Bytes::copy_from_slice(&frame.body) }
}
