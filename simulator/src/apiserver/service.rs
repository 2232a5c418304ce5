//! The API server as a `tower::Service`, so that `kube::Client` talks to it without a network.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt;

use super::ApiServer;
use super::respond::Body;
use crate::identity::Identity;
use crate::status::Status;

/// Answers the requests of one identity.
#[derive(Clone, Debug)]
pub struct Service {
    server: Arc<ApiServer>,
    caller: Identity,
}

impl Service {
    pub(crate) fn new(server: Arc<ApiServer>, caller: Identity) -> Self {
        Self { server, caller }
    }
}

impl<B> tower::Service<Request<B>> for Service
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: std::fmt::Display,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Self { server, caller } = self.clone();
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            server.faults.delay().await;
            Ok(match body.collect().await {
                Ok(body) => server.handle(&caller, &parts, body.to_bytes()),
                Err(error) => server.refuse(&Status::bad_request(error.to_string())),
            })
        })
    }
}
