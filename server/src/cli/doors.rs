//! Where people and tools come in, with TLS or without, and where they are sent to TLS from.

use std::net::SocketAddr;

use anyhow::Context as _;
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::edge::EdgeOptions;
use web::edge::accept::{self, Door};
use web::edge::security::Edge;
use web::router;

/// Connections of one address that is only sent elsewhere.
const REDIRECTED_EACH: usize = 32;

/// What listens.
pub(super) struct Doors {
    listener: TcpListener,
    tls: Option<tls::Acceptor>,
    redirect: Option<TcpListener>,
    edge: Edge,
}

async fn bind(address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))
}

impl Doors {
    /// Opens them. What connects waits until they are served.
    pub(super) async fn open(options: &EdgeOptions) -> anyhow::Result<Self> {
        let tls = options.tls().map(tls::Acceptor::new).transpose()?;
        let listener = bind(options.listen).await?;
        let redirect = match options.redirect_http {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        Ok(Self { listener, tls, redirect, edge: options.edge() })
    }

    /// Where people and tools come in.
    pub(super) fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where they are sent to TLS from, if anywhere.
    pub(super) fn redirect_address(&self) -> std::io::Result<Option<SocketAddr>> {
        self.redirect.as_ref().map(TcpListener::local_addr).transpose()
    }

    /// Serves them until `stop` is cancelled.
    pub(super) async fn serve(self, router: Router, stop: CancellationToken) -> std::io::Result<()> {
        let port = self.address()?.port();
        let Self { listener, tls, redirect, edge } = self;
        let send_on = async {
            if let Some(listener) = redirect {
                let door = Door { listener, tls: None, router: router::to_tls(edge.clone(), port) };
                accept::serve(door, |_| REDIRECTED_EACH, stop.clone()).await;
            }
        };
        let door = Door { listener, tls, router };
        let serve = accept::serve(door, |address| edge.connections_of(address), stop.clone());
        tokio::join!(serve, send_on);
        Ok(())
    }
}
