//! Listening, accepting, replacing the policy, and ending without losing a response.

use super::handler::{Revision, Shared};
use super::log::Log;
use super::metrics::{Metrics, count};
use super::onward::Onward;
use super::settings::{self, Settings};
use super::turn::Door;
use super::upstream::SWEEP;
use super::{Judge, admin, connection};
use crate::clock::{Clock, SystemClock};
use socket2::{Domain, Protocol, Socket, Type};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Connections that wait to be accepted; the kernel may cap it (`net.core.somaxconn`).
const BACKLOG: i32 = 4096;
/// A pause after an accept that failed for want of file handles: no busy loop, and soon back.
const NO_HANDLES_PAUSE: Duration = Duration::from_millis(50);

/// Why a server cannot start. Its text says what, where and what to do.
#[derive(Debug)]
pub enum BindError {
    /// An address cannot be listened on.
    Listen {
        /// `listen` or `admin`.
        which: &'static str,
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        error: io::Error,
    },
    /// TLS to an upstream cannot be prepared.
    Upstream(io::Error),
}

impl fmt::Display for BindError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { which, address, error } => {
                write!(f, "cannot listen on {address} (`{which}`): ")?;
                match error.kind() {
                    io::ErrorKind::AddrInUse => {
                        write!(f, "the port is in use; stop the other program or choose another port")
                    }
                    io::ErrorKind::PermissionDenied => {
                        write!(f, "not permitted; ports below 1024 need a privilege, choose a higher one")
                    }
                    io::ErrorKind::AddrNotAvailable => {
                        write!(f, "this machine has no such address; use one that it has, or 0.0.0.0 for all")
                    }
                    _ => write!(f, "{error}; choose another address"),
                }
            }
            Self::Upstream(error) => {
                write!(f, "cannot prepare TLS to an upstream: {error}; check its host name and the root certificates")
            }
        }
    }
}

impl std::error::Error for BindError {}

/// A server that listens but does not serve yet: a reverse proxy, unless it has other doors.
#[derive(Debug)]
pub struct Server<J, D = Onward> {
    listeners: Vec<(std::net::TcpListener, D)>,
    admin: Option<std::net::TcpListener>,
    addresses: Vec<SocketAddr>,
    admin_address: Option<SocketAddr>,
    shared: Arc<Shared<J>>,
}

/// An address to listen on, and what becomes of what comes there.
#[derive(Debug)]
pub struct Listen<D> {
    /// How messages call it, e.g. `listen`.
    pub which: &'static str,
    /// Where; port 0 asks for a free one.
    pub address: SocketAddr,
    /// What becomes of the requests.
    pub door: D,
}

/// A hold on a running server.
#[derive(Debug)]
pub struct Handle<J>(Arc<Shared<J>>);

impl<J> Clone for Handle<J> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<J: Judge> Handle<J> {
    /// Put another policy in place. Requests that have begun end with the old one; each sees exactly one. Addresses,
    /// worker threads and the form of the log stay as they are until a restart.
    ///
    /// # Errors
    /// TLS to an upstream cannot be prepared; then nothing has changed.
    pub fn replace(&self, settings: Settings, judge: J) -> io::Result<()> {
        self.0.replace(Revision::new(settings, judge)?);
        Ok(())
    }

    /// The counters.
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }
}

impl<J: Judge> Server<J> {
    /// Listen as a reverse proxy, by the clock of this machine and with the log on stderr.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind(settings: Settings, judge: J) -> Result<Self, BindError> {
        Self::bind_with(settings, judge, Arc::new(SystemClock), Box::new(io::stderr()))
    }

    /// Listen as a reverse proxy. `clock`: what the policy is told of the time; `sink`: where the access log goes.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn bind_with(
        settings: Settings,
        judge: J,
        clock: Arc<dyn Clock>,
        sink: Box<dyn io::Write + Send>,
    ) -> Result<Self, BindError> {
        let listen = Listen { which: "listen", address: settings.listen, door: Onward };
        Self::open(vec![listen], settings, judge, clock, sink)
    }
}

impl<J: Judge, D: Door<J>> Server<J, D> {
    /// Listen at these doors.
    ///
    /// # Errors
    /// [`BindError`].
    pub fn open(
        doors: Vec<Listen<D>>,
        settings: Settings,
        judge: J,
        clock: Arc<dyn Clock>,
        sink: Box<dyn io::Write + Send>,
    ) -> Result<Self, BindError> {
        let (mut listeners, mut addresses) = (Vec::new(), Vec::new());
        for Listen { which, address, door } in doors {
            let (listener, address) = listen(which, address)?;
            listeners.push((listener, door));
            addresses.push(address);
        }
        let admin = settings.admin.map(|address| listen("admin", address)).transpose()?;
        let (admin, admin_address) = admin.unzip();
        let metrics = Arc::<Metrics>::default();
        let form = settings.log;
        let revision = Revision::new(settings, judge).map_err(BindError::Upstream)?;
        let log = Log::start(form, sink, Arc::clone(&metrics));
        let shared = Arc::new(Shared::new(revision, metrics, log, clock));
        Ok(Self { listeners, admin, addresses, admin_address, shared })
    }

    /// Where clients connect, in the order of the doors; the real port if 0 was asked for.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The first of [`Self::addresses`].
    pub fn local_addr(&self) -> SocketAddr {
        self.addresses.first().copied().unwrap_or(settings::LISTEN)
    }

    /// Where health and metrics are, if anywhere.
    pub fn admin_addr(&self) -> Option<SocketAddr> {
        self.admin_address
    }

    /// To replace the policy and read the counters while it runs.
    pub fn handle(&self) -> Handle<J> {
        Handle(Arc::clone(&self.shared))
    }

    /// Serve until `shutdown` ends; then accept nothing more, let requests in flight end within the grace, and return.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { listeners, admin, shared, .. } = self;
        let listen = |(listener, door)| Ok((TcpListener::from_std(listener)?, door));
        let Ok(listeners) = listeners.into_iter().map(listen).collect::<io::Result<Vec<_>>>() else { return };
        let admin = admin.and_then(|admin| TcpListener::from_std(admin).ok());
        let admin = admin.map(|admin| tokio::spawn(admin::run(admin, Arc::clone(&shared))));
        let (tell, draining) = watch::channel(false);
        let (alive, mut all_gone) = mpsc::channel::<()>(1);
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        let mut sweep = tokio::time::interval(SWEEP);

        let start = |connections: &mut JoinSet<()>, (stream, peer): (TcpStream, SocketAddr), door: D| {
            count(&shared.metrics.connections);
            // Small answers must not wait for an acknowledgement.
            let _ = stream.set_nodelay(true);
            let (draining, alive) = (draining.clone(), alive.clone());
            connections.spawn(connection::serve(stream, peer, door, Arc::clone(&shared), draining, alive));
        };
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                (accepted, door) = std::future::poll_fn(|cx| accept(&listeners, cx)) => match accepted {
                    Ok(accepted) => start(&mut connections, accepted, door),
                    Err(error) if is_of_one_connection(&error) => {}
                    Err(_) => {
                        count(&shared.metrics.accept_errors);
                        tokio::time::sleep(NO_HANDLES_PAUSE).await;
                    }
                },
                Some(_) = connections.join_next() => {}
                _ = sweep.tick() => shared.revision().upstreams.iter().for_each(|upstream| upstream.sweep()),
            }
        }

        // Who has connected already is served.
        let accept_now = std::future::poll_fn(|cx| match accept(&listeners, cx) {
            Poll::Ready((Ok(accepted), door)) => Poll::Ready(Some((accepted, door))),
            _ => Poll::Ready(None),
        });
        let mut accept_now = pin!(accept_now);
        while let Some((accepted, door)) = accept_now.as_mut().await {
            start(&mut connections, accepted, door);
        }
        drop(listeners);
        drop(alive);
        shared.drain();
        let _ = tell.send(true);
        let grace = shared.revision().settings.grace;
        let all_done = async {
            while connections.join_next().await.is_some() {}
            // Tunnels outlive the connections they came from.
            let _ = all_gone.recv().await;
        };
        let _ = tokio::time::timeout(grace, all_done).await;
        connections.abort_all();
        drop(all_gone);
        while connections.join_next().await.is_some() {}
        if let Some(admin) = admin {
            admin.abort();
        }
        shared.log.close();
    }
}

/// The next connection at any door.
fn accept<D: Clone>(
    listeners: &[(TcpListener, D)],
    cx: &mut Context<'_>,
) -> Poll<(io::Result<(TcpStream, SocketAddr)>, D)> {
    for (listener, door) in listeners {
        if let Poll::Ready(accepted) = listener.poll_accept(cx) {
            return Poll::Ready((accepted, door.clone()));
        }
    }
    Poll::Pending
}

fn listen(which: &'static str, address: SocketAddr) -> Result<(std::net::TcpListener, SocketAddr), BindError> {
    let open = || -> io::Result<(std::net::TcpListener, SocketAddr)> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
        // So that a restart need not wait for old connections; two listeners still cannot share a port.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        socket.set_nonblocking(true)?;
        socket.bind(&address.into())?;
        socket.listen(BACKLOG)?;
        let listener = std::net::TcpListener::from(socket);
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    open().map_err(|error| BindError::Listen { which, address, error })
}

/// Did only this connection fail, before it was ours?
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionRefused
    )
}

/// Ends at the first SIGTERM or SIGINT. A second one ends the process at once, with the status that a shell gives for
/// it (128 + signal).
pub async fn signals() {
    let first = signal().await;
    if first.is_some() {
        tokio::spawn(async {
            if let Some(number) = signal().await {
                std::process::exit(128 + number);
            }
        });
    }
}

#[cfg(unix)]
async fn signal() -> Option<i32> {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        // Without handlers the system's own behaviour stays: the first signal ends the process.
        return std::future::pending().await;
    };
    tokio::select! {
        _ = term.recv() => Some(15),
        _ = int.recv() => Some(2),
    }
}

#[cfg(not(unix))]
async fn signal() -> Option<i32> {
    match tokio::signal::ctrl_c().await {
        Ok(()) => Some(2),
        Err(_) => std::future::pending().await,
    }
}
