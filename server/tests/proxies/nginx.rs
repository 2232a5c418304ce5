//! An nginx in a folder of its own, with a certificate that nobody knows.

use std::fmt::Write as _;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::net::TcpStream;

pub(crate) struct Nginx {
    folder: PathBuf,
    process: Option<Child>,
    /// With TLS and HTTP/2.
    pub(crate) tls: u16,
    /// Without.
    pub(crate) plain: SocketAddr,
}

impl Nginx {
    /// In front of these panels, asked by turns. `more` stands beside `proxy_pass`.
    pub(crate) async fn start(panels: &[SocketAddr], more: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("workshop-nginx-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let [tls, plain] = free_ports();
        let mut nginx = Self {
            folder,
            process: None,
            tls: tls.port(),
            plain,
        };
        nginx.make_certificate();
        fs::write(
            nginx.folder.join("nginx.conf"),
            nginx.configuration(panels, more),
        )
        .unwrap();
        nginx.run().await;
        nginx
    }

    /// Ends it, and every stream with it.
    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // By itself it ends its worker, too; killed it would leave that behind.
            let stopped = self.command().args(["-s", "stop"]).status().unwrap();
            assert!(stopped.success());
            process.wait().unwrap();
        }
    }

    /// Starts it at the same port as before; returns once it listens.
    pub(crate) async fn run(&mut self) {
        self.process = Some(self.command().spawn().expect("nginx is installed"));
        let listens = async {
            while TcpStream::connect(self.plain).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let listens = tokio::time::timeout(Duration::from_secs(10), listens).await;
        listens.expect("nginx listens");
    }

    fn command(&self) -> Command {
        let mut command =
            Command::new(std::env::var("NGINX_PROGRAM").unwrap_or("nginx".to_owned()));
        command
            .arg("-e")
            .arg(self.folder.join("error.log"))
            .arg("-c")
            .arg(self.folder.join("nginx.conf"));
        command
    }

    fn configuration(&self, panels: &[SocketAddr], more: &str) -> String {
        let folder = self.folder.display();
        let mut text =
            format!("daemon off; pid {folder}/pid; events {{}}\nhttp {{ access_log off;\n");
        for what in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"] {
            writeln!(text, "{what}_temp_path {folder}/{what};").unwrap();
        }
        text.push_str("upstream panel {");
        for panel in panels {
            write!(text, " server {panel};").unwrap();
        }
        let location = format!("location / {{ proxy_pass http://panel; {more} }}");
        write!(
            text,
            " }}\nserver {{ listen 127.0.0.1:{} ssl http2; ssl_certificate {folder}/cert.pem; \
             ssl_certificate_key {folder}/key.pem; {location} }}\nserver {{ listen {}; {location} }}\n}}\n",
            self.tls, self.plain
        )
        .unwrap();
        text
    }

    fn make_certificate(&self) {
        let made = Command::new("openssl")
            .args([
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            ])
            .args(["-subj", "/CN=workshop.example.org"])
            .arg("-keyout")
            .arg(self.folder.join("key.pem"))
            .arg("-out")
            .arg(self.folder.join("cert.pem"))
            .stderr(Stdio::null())
            .status()
            .expect("openssl is installed");
        assert!(made.success());
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if let Some(mut process) = self.process.take() {
            // Also while a test fails: nothing here may fail again.
            let _ = self.command().args(["-s", "stop"]).status();
            let _ = process.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Ports that are free now.
fn free_ports() -> [SocketAddr; 2] {
    let listeners = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    listeners.map(|listener| listener.local_addr().unwrap())
}
