//! One client connection: hyper with our limits, and the timers that hyper does not have.

use super::Judge;
use super::handler::{Client, Shared};
use super::settings::{
    MAX_HEADERS, MAX_LOCAL_RESETS, MAX_PENDING_RESETS, MAX_STREAMS, RATE_FLOOR, RATE_WINDOW, Settings,
};
use super::turn::Door;
use super::wire::{Pulse, Wire};
use hyper::server::conn::http1::UpgradeableConnection;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, Sleep};

/// At shutdown a quiet HTTP/1 connection stays open for so long: a request that is on its way is answered, not lost.
const LAME_DUCK: Duration = Duration::from_millis(300);
/// An HTTP/2 connection that was told to go gets so long to do it.
const GOODBYE: Duration = Duration::from_secs(1);
/// How often a busy connection is looked at; [`RATE_STRIKES`] slow looks in a row are too many.
const TICK: Duration = Duration::from_secs(RATE_WINDOW.as_secs() / RATE_STRIKES as u64);
const RATE_STRIKES: u32 = 4;

/// Serve one connection to its end.
pub(super) async fn serve<J: Judge, D: Door<J>>(
    stream: TcpStream,
    peer: SocketAddr,
    door: D,
    shared: Arc<Shared<J>>,
    draining: watch::Receiver<bool>,
    alive: mpsc::Sender<()>,
) {
    let accepted = Instant::now();
    let settings = shared.revision().settings.clone();
    let pulse = Arc::<Pulse>::default();
    let opening = Wire::open(stream, Arc::clone(&pulse));
    let (wire, is_h2) = tokio::select! {
        opened = tokio::time::timeout(settings.head_timeout, opening) => match opened {
            Ok(Ok(opened)) => opened,
            _ => return,
        },
        () = async {
            drained(draining.clone()).await;
            tokio::time::sleep(LAME_DUCK).await;
        } => return,
    };
    let address = super::outbound::address(peer.ip().to_canonical());
    let text = peer.ip().to_canonical().to_string();
    let client =
        Arc::new(Client { shared: Arc::clone(&shared), pulse: Arc::clone(&pulse), peer, address, text, alive });
    let service = service_fn(move |request| {
        let (client, door) = (Arc::clone(&client), door.clone());
        async move { Ok::<_, Infallible>(client.handle(&door, request).await) }
    });
    let io = TokioIo::new(wire);
    let guard = Guard::new(&settings, pulse, is_h2, accepted);
    let is_draining = move || shared.is_draining();
    if is_h2 {
        let connection = http2(&settings).serve_connection(io, service);
        let leave = |connection: Pin<&mut _>| hyper::server::conn::http2::Connection::graceful_shutdown(connection);
        guard.watch(connection, leave, draining, is_draining).await;
    } else {
        let connection = http1(&settings).serve_connection(io, service).with_upgrades();
        let leave = |connection: Pin<&mut _>| UpgradeableConnection::graceful_shutdown(connection);
        guard.watch(connection, leave, draining, is_draining).await;
    }
}

fn http1(settings: &Settings) -> hyper::server::conn::http1::Builder {
    let mut builder = hyper::server::conn::http1::Builder::new();
    builder
        .max_header_size(settings.max_head)
        .max_headers(MAX_HEADERS)
        // A client that has sent all may still want the answer.
        .half_close(true)
        // Ours: hyper's would also end connections that are merely idle, and costs a timer for each request.
        .header_read_timeout(None);
    builder
}

fn http2(settings: &Settings) -> hyper::server::conn::http2::Builder<TokioExecutor> {
    let mut builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_pending_accept_reset_streams(MAX_PENDING_RESETS)
        .max_local_error_reset_streams(MAX_LOCAL_RESETS)
        .max_header_list_size(u32::try_from(settings.max_head).unwrap_or(u32::MAX))
        // A peer that is gone without a word is noticed.
        .keep_alive_interval(settings.idle_timeout)
        .keep_alive_timeout(settings.head_timeout);
    builder
}

/// What a connection is doing, as far as the timers care.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    /// A head is coming.
    Head,
    /// Requests are being served.
    Serving,
    /// Nothing, after so many requests.
    Nothing(u32),
    /// It was told to go.
    Leaving,
}

/// The timers of one connection. One timer entry for all of them, touched only when a wait begins that ends before it.
#[derive(Debug)]
struct Guard {
    pulse: Arc<Pulse>,
    is_h2: bool,
    head: Duration,
    idle: Duration,
    doing: Doing,
    deadline: Instant,
    /// When the timer will fire.
    armed: Instant,
    strikes: u32,
    moved: u64,
    draining: bool,
}

/// What to do after a look.
#[derive(Debug, PartialEq, Eq)]
enum Order {
    Stay,
    /// Ask it to end.
    Leave,
    /// End it.
    Close,
}

impl Guard {
    fn new(settings: &Settings, pulse: Arc<Pulse>, is_h2: bool, accepted: Instant) -> Self {
        let deadline = accepted + settings.head_timeout;
        Self {
            pulse,
            is_h2,
            head: settings.head_timeout,
            idle: settings.idle_timeout,
            doing: Doing::Head,
            deadline,
            armed: deadline,
            strikes: 0,
            moved: 0,
            draining: false,
        }
    }

    async fn watch<C: Future>(
        mut self,
        connection: C,
        leave: impl Fn(Pin<&mut C>),
        draining: watch::Receiver<bool>,
        is_draining: impl Fn() -> bool,
    ) {
        let mut connection = pin!(connection);
        let mut timer = pin!(tokio::time::sleep_until(self.armed));
        let mut notice = pin!(drained(draining));
        // Both are polled when they are new and when they may have fired; the task's waker stays the same.
        let (mut fresh, mut listening) = (true, false);
        std::future::poll_fn(|cx| {
            if connection.as_mut().poll(cx).is_ready() {
                return Poll::Ready(());
            }
            if !std::mem::replace(&mut listening, true) {
                // Only to be woken; what counts is `is_draining`.
                let _ = notice.as_mut().poll(cx);
            }
            if !self.draining && is_draining() {
                self.draining = true;
                self.deadline = self.deadline.min(Instant::now() + LAME_DUCK);
                if self.is_h2 {
                    leave(connection.as_mut());
                    if connection.as_mut().poll(cx).is_ready() {
                        return Poll::Ready(());
                    }
                }
            }
            self.look();
            loop {
                if self.deadline < self.armed {
                    self.armed = self.deadline;
                    timer.as_mut().reset(self.armed);
                    fresh = true;
                }
                if !fired(timer.as_mut(), cx, &mut fresh) {
                    break;
                }
                match self.fire(Instant::now()) {
                    Order::Stay => {}
                    Order::Leave => {
                        leave(connection.as_mut());
                        if connection.as_mut().poll(cx).is_ready() {
                            return Poll::Ready(());
                        }
                    }
                    Order::Close => return Poll::Ready(()),
                }
                self.armed = self.deadline;
                timer.as_mut().reset(self.armed);
                fresh = true;
            }
            Poll::Pending
        })
        .await;
    }

    /// What is it doing now? A new wait gets a new deadline.
    fn look(&mut self) {
        if self.doing == Doing::Leaving || self.draining {
            return;
        }
        let pulse = &self.pulse;
        let doing = if pulse.busy.load(Relaxed) > 0 {
            Doing::Serving
        } else {
            let served = pulse.served.load(Relaxed);
            let head = pulse.head_begun.load(Relaxed) && (!self.is_h2 || served == 0);
            if head { Doing::Head } else { Doing::Nothing(served) }
        };
        if doing != self.doing {
            self.doing = doing;
            let wait = match doing {
                Doing::Head => self.head,
                Doing::Nothing(_) => self.idle,
                _ => TICK,
            };
            self.deadline = Instant::now() + wait;
            self.strikes = 0;
            self.moved = self.pulse.moved.load(Relaxed);
        }
    }

    fn fire(&mut self, now: Instant) -> Order {
        if now < self.deadline {
            return Order::Stay;
        }
        if self.doing == Doing::Leaving && self.is_h2 && self.pulse.busy.load(Relaxed) == 0 {
            return Order::Close;
        }
        if self.draining && self.doing != Doing::Leaving {
            self.doing = Doing::Leaving;
            self.deadline = now + GOODBYE;
            return Order::Leave;
        }
        match self.doing {
            Doing::Head | Doing::Nothing(_) if self.is_h2 => {
                self.doing = Doing::Leaving;
                self.deadline = now + GOODBYE;
                Order::Leave
            }
            Doing::Head | Doing::Nothing(_) => Order::Close,
            Doing::Serving | Doing::Leaving => {
                self.deadline = now + TICK;
                let moved = self.pulse.moved.load(Relaxed);
                let waits = self.pulse.blocked.load(Relaxed) || self.pulse.waiting.load(Relaxed) > 0;
                let is_slow = waits && moved.wrapping_sub(self.moved) < RATE_FLOOR * TICK.as_secs();
                self.moved = moved;
                self.strikes = if is_slow { self.strikes + 1 } else { 0 };
                if self.strikes >= RATE_STRIKES { Order::Close } else { Order::Stay }
            }
        }
    }
}

/// Ends when the process begins to end.
async fn drained(mut draining: watch::Receiver<bool>) {
    let _ = draining.wait_for(|draining| *draining).await;
}

fn fired(timer: Pin<&mut Sleep>, cx: &mut Context<'_>, fresh: &mut bool) -> bool {
    if timer.is_elapsed() {
        return true;
    }
    std::mem::take(fresh) && timer.poll(cx).is_ready()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard(is_h2: bool) -> (Guard, Arc<Pulse>, Instant) {
        let (pulse, now) = (Arc::<Pulse>::default(), Instant::now());
        let policy = crate::proxy::tests::policy_settings("http://127.0.0.1:1");
        let settings = Settings::new(&policy, &crate::proxy::Overrides::default()).unwrap();
        (Guard::new(&settings, Arc::clone(&pulse), is_h2, now), pulse, now)
    }

    #[test]
    fn a_slow_head_is_closed_and_an_idle_connection_later() {
        let (mut guard, pulse, start) = guard(false);
        pulse.head_begun.store(true, Relaxed);
        guard.look();
        assert_eq!(guard.fire(start + Duration::from_secs(9)), Order::Stay);
        assert_eq!(guard.fire(start + Duration::from_secs(10)), Order::Close);
        pulse.head_begun.store(false, Relaxed);
        pulse.served.store(1, Relaxed);
        guard.look();
        assert_eq!(guard.fire(start + Duration::from_secs(59)), Order::Stay);
        assert_eq!(guard.fire(start + Duration::from_secs(61)), Order::Close);
    }

    #[test]
    fn a_body_below_the_floor_is_closed_after_the_window() {
        let (mut guard, pulse, _) = guard(false);
        pulse.busy.store(1, Relaxed);
        pulse.waiting.store(1, Relaxed);
        guard.look();
        let orders = (1..=4).map(|_| guard.fire(guard.deadline)).collect::<Vec<_>>();
        assert_eq!(orders, [Order::Stay, Order::Stay, Order::Stay, Order::Close]);
    }

    #[test]
    fn a_slow_upstream_is_not_the_clients_fault() {
        let (mut guard, pulse, _) = guard(false);
        pulse.busy.store(1, Relaxed);
        guard.look();
        assert!((1..=100).all(|_| guard.fire(guard.deadline) == Order::Stay));
    }

    #[test]
    fn http2_is_told_to_go() {
        let (mut guard, pulse, _) = guard(true);
        pulse.served.store(3, Relaxed);
        guard.look();
        assert_eq!(guard.fire(guard.deadline), Order::Leave);
        assert_eq!(guard.fire(guard.deadline), Order::Close);
    }
}
