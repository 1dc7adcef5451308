//! HTTP through the whole host: a socket, the proxy, the gate with its component, and an upstream that records.

use super::{Answer, Door, Engine, Outcome, Policy, Request, Unsent, component};
use crate::upstream::Upstream;
use crate::wire;
use crate::world::World;
use portcullis::proxy::{LogForm, Overrides, Server, Settings};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The host over a socket.
#[derive(Debug, Clone, Copy)]
pub struct Http;

impl Engine for Http {
    fn name(&self) -> &'static str {
        "http"
    }

    fn open(&self, policy: &Policy, world: &Arc<World>) -> Result<Box<dyn Door>, String> {
        Ok(Box::new(serve(policy, world, Ipv4Addr::LOCALHOST.into())?))
    }
}

/// Serve a policy at this address on a free port, before an upstream that records.
///
/// # Errors
/// The findings, or what the system refused.
pub fn serve(policy: &Policy, world: &Arc<World>, address: IpAddr) -> Result<Served, String> {
    let upstream = Upstream::start();
    let gate = component::load(&policy.clone().before(&upstream.url()), world)?;
    let listen = Some(SocketAddr::new(address, 0).to_string());
    let over = Overrides { listen, workers: Some(1), log: Some(LogForm::Off), ..Overrides::default() };
    let settings = Settings::new(&gate.loaded().proxy, &over).map_err(|e| format!("{}: {}", e.name, e.problem))?;
    let server =
        Server::bind_with(settings, gate, world.clock(), Box::new(std::io::sink())).map_err(|e| e.to_string())?;
    let address = server.local_addr();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        if let Ok(runtime) = super::runtime() {
            runtime.block_on(server.run(async { drop(stopped.await) }));
        }
    });
    Ok(Served { upstream, address, stop: Some(stop), thread: Some(thread) })
}

/// A policy that is served; ends when dropped.
pub struct Served {
    upstream: Upstream,
    address: SocketAddr,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Served {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What is behind it.
    pub fn upstream(&self) -> &Upstream {
        &self.upstream
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Can it be written down as HTTP/1.1 and mean the same to any reader?
fn sendable(request: &Request) -> Result<(), Unsent> {
    if request.target.iter().any(|b| matches!(b, b' ' | b'\r' | b'\n')) {
        return Err(Unsent("HTTP/1.1 has no way to send a space or line break in a target"));
    }
    if request.headers.iter().any(|(_, value)| value.iter().any(|b| matches!(b, b'\r' | b'\n'))) {
        return Err(Unsent("HTTP/1.1 has no way to send a line break in a header value"));
    }
    Ok(())
}

impl Door for Served {
    fn ask(&mut self, request: &Request) -> Result<Answer, Unsent> {
        sendable(request)?;
        self.upstream.take();
        let raw = wire::request(&request.method, &request.target, &request.authority, &request.headers, &request.body);
        let started = Instant::now();
        let response = wire::exchange(self.address, &raw);
        let took = started.elapsed();
        let mut received = self.upstream.take();
        let back = response.as_ref().map(|response| response.headers.clone()).unwrap_or_default();
        let outcome = match (response, received.len()) {
            (Err(error), _) => Outcome::Failed(error.to_string()),
            (Ok(_), 1) => {
                let got = received.remove(0);
                Outcome::Forwarded(got.target, got.headers)
            }
            (Ok(response), 0) => Outcome::Replied(response.status, response.headers),
            (Ok(_), many) => Outcome::Failed(format!("the upstream got {many} requests")),
        };
        // Fetches in the background run on the server's own thread.
        std::thread::sleep(Duration::from_millis(1));
        Ok(Answer { outcome, back, reason: String::new(), took })
    }
}
