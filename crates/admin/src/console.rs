//! `henge admin console`: a web page on loopback that shows what a node knows of itself and its cluster. It passes reports on and changes
//! nothing.
//!
//! - `gate`: which requests are answered; `pages`: the answers; `listener`: connections with bounds.

mod gate;
mod listener;
mod pages;

use crate::client::Client;
use anyhow::Context;
use gate::Token;
use henge_operator::{ClusterReport, KeyspaceSelection};
use std::io::{self, Write};
use std::net::Ipv4Addr;
use tokio::net::TcpListener;

/// Serves the console until the process ends.
pub(crate) async fn serve(client: Client, port: u16) -> anyhow::Result<()> {
    let cluster: ClusterReport = client.report(&KeyspaceSelection::default()).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("port {port} of 127.0.0.1 cannot be used; --console-port names another one"))?;
    let token = Token::draw().context("no random token could be drawn")?;
    let address = listener.local_addr()?;
    let text = format!(
        "The console of cluster {}, as the node at {} has it, until Ctrl-C:\n\n    http://{address}/#{token}\n\n\
         Whoever has this address sees what you see; it can change nothing.\n",
        cluster.name, client.place
    );
    io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush())?;
    listener::serve(listener, pages::router(client, token)).await
}
