//! `cargo xtask bench page`: what a browser must load before an attendee's page is alive, in bytes over the wire.
//!
//! The site is built as for a release, wasm-opt included; a demo serves it, and one seat's page is loaded as a browser
//! would that knows brotli.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::command::say;
use crate::{image, server, site};

/// Where the site of this measurement is, beside the one of `cargo xtask demo`.
const SITE: &str = "target/page";

/// What the whole first page may weigh: 3 s on a slow phone network of 1 Mbit/s.
const LIMIT_KB: f64 = 350.0;

/// No answer of a demo on this machine takes longer.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Prints each part's bytes, and their sum beside the limit.
pub(crate) fn run() -> Result<()> {
    site::release(Path::new(SITE), image::optimise)?;
    let workshop = server::build()?;
    say("Loading the page of a seat");
    let demo = Demo::start(&workshop)?;
    let code = demo.seat_code()?;
    let cookie = sign_in(&demo.address, &code)?;
    let page = get(&demo.address, "/", &cookie, "identity")?;
    let mut parts = vec![("/".to_owned(), get(&demo.address, "/", &cookie, "br")?)];
    for path in assets(&String::from_utf8_lossy(&page.body)) {
        let asset = get(&demo.address, &path, &cookie, "br")?;
        ensure!(
            asset.header("content-encoding") == Some("br"),
            "{path} came without brotli"
        );
        parts.push((path, asset));
    }
    ensure!(
        parts.iter().any(|(path, _)| path.ends_with(".wasm")),
        "the page names no WebAssembly"
    );
    let mut sum = 0;
    for (path, answer) in &parts {
        let bytes = answer.body.len();
        sum += bytes;
        println!("{bytes:>9} B  {path}");
    }
    let kb = sum as f64 / 1000.0;
    println!("{kb:.1} KB over the wire before the page is alive (limit {LIMIT_KB:.0} KB)");
    Ok(())
}

/// The page's own files that it names, each once.
fn assets(html: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    // Its inline script names the folder alone.
    let of_build = |part: &&str| part.starts_with("/pkg/") && !part.ends_with('/');
    for quoted in html.split('"').filter(of_build) {
        if !found.iter().any(|known| known == quoted) {
            found.push(quoted.to_owned());
        }
    }
    found
}

fn sign_in(address: &str, code: &str) -> Result<String> {
    let form = format!("code={code}");
    let request = format!(
        "POST /session HTTP/1.1\r\nHost: {address}\r\nOrigin: http://{address}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{form}",
        form.len()
    );
    let answer = ask(address, &request)?;
    let cookie = answer.header("set-cookie").context("no session came")?;
    let (cookie, _) = cookie.split_once(';').unwrap_or((cookie, ""));
    Ok(cookie.to_owned())
}

fn get(address: &str, path: &str, cookie: &str, encoding: &str) -> Result<Answer> {
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {cookie}\r\nAccept: text/html, */*\r\n\
         Accept-Encoding: {encoding}\r\nConnection: close\r\n\r\n"
    );
    let answer = ask(address, &request)?;
    ensure!(answer.ok, "{path} was not found");
    Ok(answer)
}

/// An answer of HTTP/1.1.
struct Answer {
    ok: bool,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn header(&self, wanted: &str) -> Option<&str> {
        let line = |line: &'_ str| -> Option<(usize, usize)> {
            let (name, value) = line.split_once(':')?;
            let start = name.len() + 1 + (value.len() - value.trim_start().len());
            name.eq_ignore_ascii_case(wanted)
                .then_some((start, line.len()))
        };
        let mut lines = self.head.lines();
        lines.find_map(|text| line(text).map(|(from, to)| &text[from..to]))
    }
}

/// One request on a connection of its own: the same count of bytes as on a kept one, without its rules.
fn ask(address: &str, request: &str) -> Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(TIME_LIMIT))?;
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
    let end = end.context("the answer has no end of its head")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let body = bytes.split_off(end + 4);
    let mut answer = Answer {
        ok: head.starts_with("HTTP/1.1 200"),
        head,
        body,
    };
    if answer.header("transfer-encoding") == Some("chunked") {
        answer.body = unchunked(&answer.body)?;
    }
    Ok(answer)
}

/// A body without the lengths of its chunks.
fn unchunked(mut rest: &[u8]) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|two| two == b"\r\n");
        let line = line.context("a chunk has no length")?;
        let length = std::str::from_utf8(&rest[..line])?;
        let length = usize::from_str_radix(length.trim(), 16)?;
        if length == 0 {
            return Ok(body);
        }
        let chunk = rest.get(line + 2..line + 2 + length);
        body.extend_from_slice(chunk.context("a chunk was cut")?);
        rest = rest.get(line + 4 + length..).unwrap_or_default();
    }
}

/// A running demo, ended when dropped.
struct Demo {
    process: Child,
    description: serde_json::Value,
    address: String,
}

impl Demo {
    fn start(workshop: &Path) -> Result<Self> {
        let mut process = Command::new(workshop)
            .args(["demo", "--json", "--listen", "127.0.0.1:0", "--seats", "1"])
            .args(["--site", SITE])
            .stdout(Stdio::piped())
            .spawn()
            .context("failed to start the demo")?;
        let output = process.stdout.take().context("the demo has no output")?;
        // Owned from here on, so that it ends whatever comes.
        let mut demo = Self {
            process,
            description: serde_json::Value::Null,
            address: String::new(),
        };
        let mut line = String::new();
        std::io::BufRead::read_line(&mut std::io::BufReader::new(output), &mut line)?;
        demo.description = serde_json::from_str(&line).context("the demo told no address")?;
        let url = demo.description["url"].as_str().unwrap_or_default();
        let Some(address) = url.strip_prefix("http://") else {
            bail!("the demo is at {url}");
        };
        demo.address = address.trim_end_matches('/').to_owned();
        Ok(demo)
    }

    fn seat_code(&self) -> Result<String> {
        let code = self.description["seats"][0]["code"].as_str();
        Ok(code.context("the demo has no seat")?.to_owned())
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to do.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn assets_are_found_once() {
        let html = "<link href=\"/pkg/1/main.css\"><script src=\"/pkg/1/app.js\"></script>\
                    <link rel=\"preload\" href=\"/pkg/1/app.js\"><a href=\"/seats\">\
                    <script>address.indexOf(\"/pkg/\")</script>";
        assert_eq!(assets(html), ["/pkg/1/main.css", "/pkg/1/app.js"]);
    }

    #[test]
    fn chunks_are_put_together() {
        let body = unchunked(b"3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n");
        assert_eq!(body.expect("well formed"), b"abc0123456789");
        assert!(unchunked(b"5\r\nab").is_err());
    }
}
