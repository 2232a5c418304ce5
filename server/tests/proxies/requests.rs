//! Signing in and acting where the proxy has another name for the panel than people have.

use std::sync::Arc;

use parking_lot::Mutex;
use server::web::TrustedProxies;
use tracing_subscriber::fmt::MakeWriter;

use super::curl::{curl, curl_from, printed};
use super::nginx::Nginx;
use super::world::{Options, World};

/// Signs in through the proxy; returns the whole answer.
async fn sign_in(nginx: &Nginx, code: &str, more: &[&str]) -> String {
    let mut command = curl(nginx, "/session");
    command.args(["--include", "--data", &format!("code={code}")]);
    command.args(more);
    printed(command).await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx"]
async fn people_sign_in_and_act_by_the_public_url_alone() {
    let world = World::new(1).await;
    let nginx = Nginx::start(&[world.listens().await], "").await;
    let answer = sign_in(&nginx, &world.seats[0].code, &[]).await;
    assert!(answer.starts_with("HTTP/2 303"), "{answer}");
    // Never the proxy's name for the panel.
    assert!(answer.contains("\nlocation: /\r\n"), "{answer}");
    let cookie = answer
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = cookie.unwrap().split(';').next().unwrap();
    assert!(cookie.starts_with("__Host-workshop="), "{cookie}");

    let cookie = format!("Cookie: {cookie}");
    let mut deploy = curl(&nginx, "/api/deploy");
    deploy.args([
        "--include",
        "--header",
        &cookie,
        "--data",
        "take_over=false",
    ]);
    let answer = printed(deploy).await;
    assert!(answer.starts_with("HTTP/2 200"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx"]
async fn another_sites_form_is_refused_though_the_proxy_hides_the_host() {
    let world = World::new(1).await;
    let nginx = Nginx::start(&[world.listens().await], "").await;
    // As a browser without Sec-Fetch-Site: all that tells the site is the origin.
    for origin in ["https://elsewhere.example", "null"] {
        let mut command = curl_from(origin, &nginx, "/session");
        let code = format!("code={}", world.seats[0].code);
        command.args(["--include", "--data", &code]);
        let answer = printed(command).await;
        assert!(answer.starts_with("HTTP/2 403"), "{origin}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs nginx"]
async fn audit_has_the_browsers_address_if_the_proxy_is_trusted() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_writer(log.clone());
    // Of all tests of this file: the others' seats have lower numbers.
    tracing::subscriber::set_global_default(subscriber.finish()).unwrap();
    for (trusted, seat, client) in [
        (vec!["127.0.0.1/32"], 11, "127.0.0.9"),
        (vec![], 12, "127.0.0.1"),
    ] {
        let networks = trusted.iter().map(|network| network.parse().unwrap());
        let options = Options {
            trusted_proxies: TrustedProxies::new(networks.collect()),
            ..Options::default()
        };
        let world = World::with(12, options).await;
        let forwards = "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;";
        let nginx = Nginx::start(&[world.listens().await], forwards).await;
        // What the browser claims itself is not believed.
        let claims = [
            "--interface",
            "127.0.0.9",
            "--header",
            "X-Forwarded-For: 192.0.2.1",
        ];
        sign_in(&nginx, &world.seats[seat - 1].code, &claims).await;
        let told = log.sign_in(&seat.to_string());
        assert_eq!(told["client"], client, "{trusted:?}: {told}");
    }
}

/// What was logged, one JSON object a line.
#[derive(Clone, Default)]
struct Log {
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Log {
    /// The audit's line of this seat's sign-in.
    fn sign_in(&self, seat: &str) -> serde_json::Value {
        let bytes = self.bytes.lock();
        let lines = bytes.split(|byte| *byte == b'\n');
        let mut told = lines.filter_map(|line| serde_json::from_slice(line).ok());
        let told =
            told.find(|line: &serde_json::Value| line["verb"] == "sign_in" && line["seat"] == seat);
        told.expect("it was written")
    }
}

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}
