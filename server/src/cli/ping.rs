//! `workshop ping`: whether a panel answers at an address, and is ready. It needs no cluster and no right; `helm test` runs
//! it against the panel's Service.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::body::{Body, to_bytes};
use http::header::HOST;
use http::{Request, StatusCode, Uri};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use server::config::Ping;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// Between two questions: a panel that starts is ready within seconds.
const PAUSE: Duration = Duration::from_secs(1);

/// One question; a packet that a policy drops gets no answer.
const ANSWER: Duration = Duration::from_secs(5);

/// Most bytes that are read of an answer.
const MOST: usize = 4096;

/// Asks until the panel is ready. Fails with the last answer when the time is over.
pub(crate) async fn ping(options: Ping) -> Result<ExitCode> {
    let mut last = None;
    let asking = async {
        loop {
            match timeout(ANSWER, ask(&options.url)).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => last = Some(error),
                Err(_) => last = Some(anyhow::anyhow!("no answer within {} s", ANSWER.as_secs())),
            }
            sleep(PAUSE).await;
        }
    };
    if timeout(Duration::from_secs(options.timeout), asking)
        .await
        .is_ok()
    {
        println!("The panel at {} is ready", options.url);
        return Ok(ExitCode::SUCCESS);
    }
    let error = last.unwrap_or_else(|| anyhow::anyhow!("no answer"));
    Err(error.context(format!(
        "the panel at {} was not ready within {} s",
        options.url, options.timeout
    )))
}

async fn ask(url: &Uri) -> Result<()> {
    let authority = url.authority().context("the URL has no host")?;
    // An IPv6 address stands in brackets in a URL, and without them in a socket's address.
    let host = authority.host().trim_matches(['[', ']']);
    let port = authority.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((host, port)).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get("/readyz")
        .header(HOST, authority.as_str())
        .body(Body::empty())?;
    let answer = async move {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = to_bytes(Body::new(answer.into_body()), MOST).await?;
        anyhow::Ok((status, String::from_utf8_lossy(&body).trim().to_owned()))
    };
    // The answer may still be read after the connection has ended.
    let (answer, _) = tokio::join!(answer, connection);
    match answer? {
        (StatusCode::OK, _) => Ok(()),
        (status, text) => bail!("it answers {status}: {text}"),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;

    /// A panel that answers one question with this, and keeps the connection open as HTTP/1.1 does.
    async fn asked(answer: &str) -> (String, Result<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let url = format!("http://{address}").parse().unwrap();
        let panel = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 1024];
            let read = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
            // Ends when the other side does.
            let _ = stream.read(&mut [0]).await;
            String::from_utf8_lossy(&request[..read]).into_owned()
        };
        tokio::join!(panel, ask(&url))
    }

    #[tokio::test]
    async fn ready_panel_is_ready() {
        let (request, answer) = asked("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok\n").await;
        assert!(request.starts_with("GET /readyz HTTP/1.1\r\n"), "{request}");
        answer.unwrap();
    }

    #[tokio::test]
    async fn panel_that_waits_says_for_what() {
        let head = "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 18\r\n\r\n";
        let (_, answer) = asked(&format!("{head}waiting for seats\n")).await;
        assert_eq!(
            answer.unwrap_err().to_string(),
            "it answers 503 Service Unavailable: waiting for seats"
        );
    }
}
