//! Connections from peers. Whatever a peer sends, at most its own connection ends.

use crate::endpoint::EndpointState;
use crate::frame::Kind;
use crate::handler::{Hello, ReplyHandle};
use crate::hello::{self, HelloError};
use crate::limits::{HANDSHAKE_TIMEOUT, INBOUND_CONNECTIONS_MAX};
use crate::outbox::Outbox;
use crate::stream;
use henge_base::BytesMut;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::time::timeout;

/// Accepts connections until the endpoint is closed.
pub(crate) async fn accept(shared: Arc<EndpointState>) {
    while let Some(incoming) = shared.quinn.accept().await {
        if shared.inbound.load(Ordering::Relaxed) >= INBOUND_CONNECTIONS_MAX {
            incoming.refuse();
            continue;
        }
        shared.inbound.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let address = incoming.remote_address();
            if let Err(error) = serve(&shared, incoming).await {
                shared.log_refusal(address.ip(), &error.to_string());
            }
            shared.inbound.fetch_sub(1, Ordering::Relaxed);
        });
    }
}

/// A connection from a peer after the exchange of hellos.
struct InboundConnection {
    connection: quinn::Connection,
    sender: quinn::SendStream,
    receiver: quinn::RecvStream,
    input: BytesMut,
    hello: Hello,
}

async fn serve(shared: &Arc<EndpointState>, incoming: quinn::Incoming) -> Result<(), HelloError> {
    let lost = || HelloError::Lost("no hello in time".to_owned());
    let accepted = timeout(HANDSHAKE_TIMEOUT, accept_hello(shared, incoming)).await.map_err(|_| lost())??;
    let InboundConnection { connection, sender, mut receiver, input, hello } = accepted;
    let outbox = Arc::new(Outbox::default());
    let write = stream::write(&outbox, sender, |_| {});
    let read = stream::read(&mut receiver, input, |head, body| match head.kind {
        Kind::Request => {
            let reply = ReplyHandle::new(Arc::clone(&outbox), head.correlation);
            let left = Duration::from_millis(u64::from(head.budget_ms));
            shared.handler.request(hello.host, hello.class, left, body, reply);
        }
        Kind::Tell => shared.handler.tell(hello.host, body),
        Kind::Hello | Kind::Reply | Kind::NoReply => {}
    });
    let ended = tokio::select! {
        () = write => Ok(()),
        ended = read => ended,
    };
    outbox.close();
    if let Err(error) = ended {
        connection.close(1u32.into(), error.to_string().as_bytes());
        return Err(error.into());
    }
    Ok(())
}

async fn accept_hello(shared: &Arc<EndpointState>, incoming: quinn::Incoming) -> Result<InboundConnection, HelloError> {
    let lost = |reason: String| HelloError::Lost(reason);
    let address = incoming.remote_address();
    let connection = incoming.await.map_err(|e| HelloError::from_connection_error(&e))?;
    let (mut sender, mut receiver) = connection.accept_bi().await.map_err(|e| HelloError::from_connection_error(&e))?;
    let mut input = BytesMut::new();
    let heard = hello::receive(&connection, &mut receiver, &mut input, address).await;
    let admitted = heard.and_then(|hello| Ok(shared.handler.admit(&hello).map(|()| hello)?));
    let hello = match admitted {
        Ok(hello) => hello,
        Err(error) => {
            connection.close(1u32.into(), error.to_string().as_bytes());
            // Kept open until the peer has received the reason.
            connection.closed().await;
            return Err(error);
        }
    };
    let ours = hello::encode(hello.class, shared.cluster(), &shared.options.release);
    sender.write_all(&ours).await.map_err(|e| lost(e.to_string()))?;
    Ok(InboundConnection { connection, sender, receiver, input, hello })
}
