//! Sockets: connections are accepted up to a number, each with limits on how long it may dawdle.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Service;
use super::stall::StallGuard;

/// Bytes that one connection reads ahead; a request's line and headers must fit.
const READ_BYTES_MAX: usize = 128 << 10;
/// How long accepting rests when the system has no more sockets.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(50);

/// How connections are treated.
#[derive(Debug, Clone)]
pub struct Sockets {
    /// Connections served at a time; further ones wait in the system's backlog.
    pub connections_max: usize,
    /// How long a request's headers may take, and how long a connection may be idle.
    pub header_timeout: Duration,
    /// How long a client may leave an answer unread.
    pub write_timeout: Duration,
    /// How long requests that were accepted may take once the server stops.
    pub stop_timeout: Duration,
}

/// Serves until `stop` is done, then finishes what was accepted.
pub async fn serve(
    service: Service,
    listener: TcpListener,
    sockets: Sockets,
    stop: impl Future<Output = ()>,
) {
    let graceful = GracefulShutdown::new();
    let permits = Arc::new(Semaphore::new(sockets.connections_max));
    let accepting = async {
        loop {
            let (stream, peer, permit) = accept(&listener, &permits).await;
            let connection = Connection {
                service: service.clone(),
                peer: peer.ip().to_canonical(),
                sockets: sockets.clone(),
                watcher: graceful.watcher(),
            };
            tokio::spawn(connection.run(stream, permit));
        }
    };
    tokio::select! {
        () = accepting => {}
        () = stop => {}
    }
    drop(listener);
    service.stop();
    let open = graceful.count();
    tracing::info!(connections = open, "stopping: finishing what was accepted");
    if tokio::time::timeout(sockets.stop_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("some connections did not finish in time and are closed");
    }
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> (TcpStream, SocketAddr, Option<OwnedSemaphorePermit>) {
    // The semaphore is never closed; were it, connections would go uncounted, not unserved.
    let permit = Arc::clone(permits).acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (stream, peer, permit),
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
            }
        }
    }
}

struct Connection {
    service: Service,
    peer: IpAddr,
    sockets: Sockets,
    watcher: Watcher,
}

impl Connection {
    async fn run(self, stream: TcpStream, permit: Option<OwnedSemaphorePermit>) {
        let Self { service, peer, sockets, watcher } = self;
        // Without it, small answers may wait for the client's acknowledgement of the last one.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY");
        }
        let stream = TokioIo::new(StallGuard::new(stream, sockets.write_timeout));
        let answer = service_fn(move |request| {
            let service = service.clone();
            async move { Ok::<_, Infallible>(service.respond(request, peer).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(sockets.header_timeout)
            .max_buf_size(READ_BYTES_MAX)
            .serve_connection(stream, answer);
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%peer, %error, "a connection broke off");
        }
        drop(permit);
    }
}

#[cfg(test)]
mod tests;
