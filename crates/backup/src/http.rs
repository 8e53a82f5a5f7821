//! Requests to a store of objects: HTTP/1.1, in TLS where the address says https.

use async_trait::async_trait;
use http_body_util::BodyExt;
use hyper::Uri;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{HOST, HeaderValue};
use hyper_util::rt::TokioIo;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody, HttpResponse, HttpResponseBody,
    HttpService,
};
use rustls::pki_types::ServerName;
use std::error::Error;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// The longest time until a connection is open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time from a request to the head of its answer; a part of a content is sent meanwhile.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Open connections that wait for another request.
const IDLE_MAX: usize = 4;

/// Opens connections with these authorities.
pub(crate) struct Connector(pub(crate) TlsConnector);

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Client { tls: self.0.clone(), idle: Mutex::default() }))
    }
}

/// A client, with its open connections.
struct Client {
    tls: TlsConnector,
    /// Each with the scheme and authority that it leads to, the newest last.
    idle: Mutex<Vec<(String, SendRequest<HttpRequestBody>)>>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

#[async_trait]
impl HttpService for Client {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let place = place_of(request.uri())?;
        let mut sender = match self.take(&place.name) {
            Some(sender) => sender,
            None => in_time(CONNECT_TIMEOUT, self.connect(&place)).await?,
        };
        let sent = async { sender.send_request(in_origin_form(request, &place)?).await.map_err(error_of) };
        let (head, body) = in_time(ANSWER_TIMEOUT, sent).await?.into_parts();
        self.keep(place.name, sender);
        Ok(HttpResponse::from_parts(head, HttpResponseBody::new(body.map_err(error_of))))
    }
}

impl Client {
    /// An open connection whose last answer was read.
    fn take(&self, name: &str) -> Option<SendRequest<HttpRequestBody>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, sender)| !sender.is_closed());
        let at = idle.iter().rposition(|(to, sender)| to == name && sender.is_ready())?;
        Some(idle.remove(at).1)
    }

    fn keep(&self, name: String, sender: SendRequest<HttpRequestBody>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() >= IDLE_MAX {
            idle.remove(0);
        }
        idle.push((name, sender));
    }

    async fn connect(&self, place: &HttpPlace) -> Result<SendRequest<HttpRequestBody>, HttpError> {
        let unreached = |error: io::Error| HttpError::new(HttpErrorKind::Connect, error);
        let stream = TcpStream::connect((place.host.as_str(), place.port)).await.map_err(unreached)?;
        if !place.is_encrypted {
            return begin(stream).await;
        }
        let name =
            ServerName::try_from(place.host.clone()).map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?;
        // A certificate that is not trusted will not be trusted by being asked again.
        let untrusted = |error: io::Error| match error.kind() {
            io::ErrorKind::InvalidData => HttpError::new(HttpErrorKind::Unknown, error),
            _ => unreached(error),
        };
        begin(self.tls.connect(name, stream).await.map_err(untrusted)?).await
    }
}

async fn begin<S>(stream: S) -> Result<SendRequest<HttpRequestBody>, HttpError>
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(error_of)?;
    // It ends with its sender, or with the runtime.
    tokio::spawn(connection);
    Ok(sender)
}

/// The other end of a connection.
struct HttpPlace {
    /// Its scheme and authority.
    name: String,
    host: String,
    port: u16,
    is_encrypted: bool,
}

fn place_of(uri: &Uri) -> Result<HttpPlace, HttpError> {
    let is_encrypted = uri.scheme_str() == Some("https");
    let authority = uri.authority().ok_or_else(|| fault("a request without a host"))?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
    let port = authority.port_u16().unwrap_or(if is_encrypted { 443 } else { 80 });
    Ok(HttpPlace { name: format!("{is_encrypted} {authority}"), host, port, is_encrypted })
}

/// The request as a server is asked: its path, and a header with the server's name.
fn in_origin_form(request: HttpRequest, place: &HttpPlace) -> Result<HttpRequest, HttpError> {
    let (mut head, body) = request.into_parts();
    if !head.headers.contains_key(HOST) {
        let authority = head.uri.authority().map_or(place.host.as_str(), |authority| authority.as_str());
        head.headers.insert(
            HOST,
            HeaderValue::from_str(authority).map_err(|error| HttpError::new(HttpErrorKind::Unknown, error))?,
        );
    }
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    head.uri =
        path.parse().map_err(|error: hyper::http::uri::InvalidUri| HttpError::new(HttpErrorKind::Unknown, error))?;
    Ok(HttpRequest::from_parts(head, body))
}

async fn in_time<T>(most: Duration, work: impl Future<Output = Result<T, HttpError>>) -> Result<T, HttpError> {
    let late = |_| HttpError::new(HttpErrorKind::Timeout, io::Error::from(io::ErrorKind::TimedOut));
    tokio::time::timeout(most, work).await.map_err(late)?
}

/// An error of a connection, of the kind by which the store decides whether to ask again.
fn error_of(error: hyper::Error) -> HttpError {
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
    let kind = match io {
        Some(io::ErrorKind::TimedOut) => HttpErrorKind::Timeout,
        Some(_) => HttpErrorKind::Interrupted,
        None if error.is_canceled() || error.is_closed() || error.is_incomplete_message() => HttpErrorKind::Request,
        None => HttpErrorKind::Unknown,
    };
    HttpError::new(kind, error)
}

fn fault(what: &'static str) -> HttpError {
    HttpError::new(HttpErrorKind::Unknown, io::Error::other(what))
}
