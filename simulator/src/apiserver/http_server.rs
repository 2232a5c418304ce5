//! The API server over HTTP/1.1, for kubectl. Not for the open: there is no TLS.

use std::convert::Infallible;
use std::sync::Arc;

use http::Request;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{ApiServer, MAX_BODY_BYTES, authentication};
use crate::status::Status;

impl ApiServer {
    /// Answers connections until `shutdown`, then ends them, open watches included.
    pub(crate) async fn serve(self: Arc<Self>, listener: TcpListener, shutdown: CancellationToken) {
        let mut connections = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = shutdown.cancelled() => break,
                accepted = listener.accept() => accepted,
                Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            };
            let stream = match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a connection to the simulated API");
                    // Too many open files is the usual cause: give the others time to end.
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    continue;
                }
            };
            let server = Arc::clone(&self);
            let shutdown = shutdown.clone();
            connections.spawn(async move {
                let service = service_fn(move |request| answer(Arc::clone(&server), request));
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::select! {
                    // A client that goes away is no error of ours.
                    _ = connection => {}
                    () = shutdown.cancelled() => {}
                }
            });
        }
        connections.shutdown().await;
    }
}

async fn answer(
    server: Arc<ApiServer>,
    request: Request<Incoming>,
) -> Result<http::Response<super::Body>, Infallible> {
    let (parts, body) = request.into_parts();
    server.faults.delay().await;
    let now = server.store.clock().now();
    let caller = match authentication::caller(&parts, &server.tokens, now, &server.anonymous) {
        Ok(caller) => caller,
        Err(status) => return Ok(server.refuse(&status)),
    };
    Ok(match Limited::new(body, MAX_BODY_BYTES).collect().await {
        Ok(body) => server.handle(&caller, &parts, body.to_bytes()),
        Err(_) => server.refuse(&Status::too_large(MAX_BODY_BYTES)),
    })
}
