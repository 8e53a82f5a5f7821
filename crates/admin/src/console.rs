//! `henge admin console`: a web page on loopback that shows what a node knows of itself and its cluster. It passes reports on; what
//! else it does is done by who has logged in as a role, as any client does.
//!
//! - `gate`: which requests are answered; `pages`: the answers; `query`: statements of those who have logged in; `trace`: of one of them;
//!   `listener`: connections with bounds.

mod gate;
mod listener;
mod pages;
mod query;
mod trace;

use crate::client::Client;
use anyhow::Context;
use gate::Token;
use henge_operator::{ClusterReport, KeyspaceSelection};
use query::Sessions;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use tokio::net::TcpListener;

/// Serves the console until the process ends.
pub(crate) async fn serve(client: Client, port: u16, authorities: Option<PathBuf>) -> anyhow::Result<()> {
    let cluster: ClusterReport = client.report(&KeyspaceSelection::default()).await?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("port {port} of 127.0.0.1 cannot be used; --console-port names another one"))?;
    let token = Token::draw().context("no random token could be drawn")?;
    let address = listener.local_addr()?;
    let text = format!(
        "The console of cluster {}, as the node at {} has it, until Ctrl-C:\n\n    http://{address}/#{token}\n\n\
         Whoever has this address sees what you see. To run CQL there, a person logs in as a role.\n",
        cluster.name, client.place
    );
    io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush())?;
    listener::serve(listener, pages::router(client, token, Sessions::new(authorities))).await
}
