//! A proxy before a real API server that writes down each request, for the census: `cargo run -p simulator --example
//! record_requests -- LOG [TOKEN_FILE]`. KUBECONFIG names the cluster; who asks is whoever's token a request bears, or
//! else the file's: kubectl sends none without TLS. It appends to LOG, so several can run at once.
//! It prints the address to use instead of the API server's, and runs until it is interrupted.

#![expect(clippy::print_stdout, reason = "it tells its address")]

use std::convert::Infallible;
use std::fs::File;
use std::io::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use kube::client::Body;
use kube::config::AuthInfo;
use kube::{Client, Config};
use parking_lot::Mutex;
use serde_json::json;
use tokio::net::TcpListener;

type Answer = Response<UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>>;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().ok_or("where to write is missing")?;
    let log = File::options().create(true).append(true).open(path)?;
    let log = Arc::new(Mutex::new(log));
    let token = arguments.next().map(std::fs::read_to_string).transpose()?;
    let authorization = token
        .map(|token| HeaderValue::try_from(format!("Bearer {}", token.trim())))
        .transpose()?;
    let mut config = Config::infer().await?;
    // Each request brings its own token.
    config.auth_info = AuthInfo::default();
    config.default_retry = false;
    let client = Client::try_from(config)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        let (client, log, authorization) =
            (client.clone(), Arc::clone(&log), authorization.clone());
        tokio::spawn(async move {
            let service = service_fn(move |mut request: Request<Incoming>| {
                if let Some(authorization) = &authorization {
                    let headers = request.headers_mut();
                    let own = headers.entry(AUTHORIZATION);
                    own.or_insert_with(|| authorization.clone());
                }
                forward(client.clone(), Arc::clone(&log), request)
            });
            // A client that goes away is no error of ours.
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn forward(
    client: Client,
    log: Arc<Mutex<File>>,
    request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let (mut parts, body) = request.into_parts();
    let text = |headers: &HeaderMap, name| {
        let value = headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok());
        value.unwrap_or("").to_owned()
    };
    let mut line = json!({
        "agent": text(&parts.headers, USER_AGENT),
        "method": parts.method.as_str(),
        "path": parts.uri.path(),
        "query": parts.uri.query().unwrap_or(""),
        "accept": text(&parts.headers, ACCEPT),
        "content_type": text(&parts.headers, CONTENT_TYPE),
    });
    parts.headers.remove(HOST);
    let answer = match body.collect().await {
        Ok(body) => {
            let request = Request::from_parts(parts, Body::from(body.to_bytes().to_vec()));
            client
                .send(request)
                .await
                .map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    let answer = match answer {
        Ok(answer) => answer.map(|body| body.map_err(Into::into).boxed_unsync()),
        Err(error) => {
            let body = Full::new(Bytes::from(error)).map_err(|never| match never {});
            let mut answer = Response::new(body.boxed_unsync());
            *answer.status_mut() = StatusCode::BAD_GATEWAY;
            answer
        }
    };
    line["code"] = json!(answer.status().as_u16());
    // A line that cannot be written is a request that the census lacks: better to end here.
    if writeln!(log.lock(), "{line}").is_err() {
        std::process::exit(1);
    }
    Ok(answer)
}
