//! Serves a simulated API for kubectl on a loopback address:
//! `cargo run -p simulator --example serve 127.0.0.1:8001`, then `kubectl -s http://127.0.0.1:8001 get nodes`.

use simulator::{Options, Simulator};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8001".to_owned());
    let listener = TcpListener::bind(&address).await?;
    let options = Options {
        anonymous_admin: true,
        ..Options::default()
    };
    let simulator = Simulator::new(options)?;
    println!("kubectl -s http://{} get nodes", listener.local_addr()?);
    let shutdown = CancellationToken::new();
    tokio::join!(
        simulator.run(shutdown.clone()),
        simulator.serve(listener, shutdown),
    );
    Ok(())
}
