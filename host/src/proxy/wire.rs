//! The client's byte stream as hyper reads it, with two things that hyper does not tell: whether a request target
//! had a `#` (the `http` crate cuts it off in silence), and whether bytes move (for the timers in `connection`).

use std::io;
use std::pin::Pin;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What the tasks of one client connection tell each other. Relaxed throughout: one task does nearly everything, and
/// nobody's safety hangs on the order.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// Requests being served.
    pub(super) busy: AtomicU32,
    /// Requests served to the end.
    pub(super) served: AtomicU32,
    /// Have bytes come since the last request was taken?
    pub(super) head_begun: AtomicBool,
    /// Bodies that wait for the client to send.
    pub(super) waiting: AtomicU32,
    /// Is a write waiting for the client to read?
    pub(super) blocked: AtomicBool,
    /// Bytes moved, both ways.
    pub(super) moved: AtomicU64,
    /// Targets that had a fragment.
    pub(super) fragments: Fragments,
}

/// Marks a request as being served for as long as it lives.
#[derive(Debug)]
pub(super) struct Busy(std::sync::Arc<Pulse>);

impl Busy {
    pub(super) fn new(pulse: &std::sync::Arc<Pulse>) -> Self {
        pulse.busy.fetch_add(1, Relaxed);
        pulse.head_begun.store(false, Relaxed);
        Self(std::sync::Arc::clone(pulse))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.served.fetch_add(1, Relaxed);
        self.0.busy.fetch_sub(1, Relaxed);
    }
}

/// A TCP connection of a client.
#[derive(Debug)]
pub(super) struct Wire {
    stream: TcpStream,
    /// Bytes that were read to tell HTTP/2 from HTTP/1.
    first: Vec<u8>,
    /// `None`: HTTP/2, whose heads are compressed.
    scan: Option<FragmentScan>,
    pulse: std::sync::Arc<Pulse>,
}

/// How an HTTP/2 connection begins (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

impl Wire {
    /// Read until it is clear which protocol the client speaks. Returns whether it is HTTP/2.
    pub(super) async fn open(mut stream: TcpStream, pulse: std::sync::Arc<Pulse>) -> io::Result<(Self, bool)> {
        use tokio::io::AsyncReadExt;
        let mut first = Vec::new();
        while first.len() < PREFACE.len() && PREFACE.starts_with(&first) {
            // Small, so that an idle connection costs little; hyper's own buffer comes after.
            if first.is_empty() {
                first.reserve(1024);
            }
            if stream.read_buf(&mut first).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let is_h2 = first.starts_with(PREFACE);
        let mut scan = (!is_h2).then(FragmentScan::default);
        if let Some(scan) = &mut scan {
            scan.feed(&first, &pulse.fragments);
        }
        pulse.head_begun.store(true, Relaxed);
        Ok((Self { stream, first, scan, pulse }, is_h2))
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.first.is_empty() {
            let n = this.first.len().min(buf.remaining());
            buf.put_slice(this.first.get(..n).unwrap_or_default());
            this.first.drain(..n);
            if this.first.is_empty() {
                this.first = Vec::new();
            }
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(cx, buf))?;
        let new = buf.filled().get(before..).unwrap_or_default();
        if !new.is_empty() {
            let pulse = &*this.pulse;
            pulse.moved.store(pulse.moved.load(Relaxed).wrapping_add(new.len() as u64), Relaxed);
            if pulse.busy.load(Relaxed) == 0 {
                pulse.head_begun.store(true, Relaxed);
            }
            if let Some(scan) = &mut this.scan {
                scan.feed(new, &pulse.fragments);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Wire {
    fn wrote(&self, result: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        match &result {
            Poll::Ready(Ok(n)) => {
                let moved = self.pulse.moved.load(Relaxed);
                self.pulse.moved.store(moved.wrapping_add(*n as u64), Relaxed);
                self.pulse.blocked.store(false, Relaxed);
            }
            Poll::Ready(Err(_)) => {}
            Poll::Pending => self.pulse.blocked.store(true, Relaxed),
        }
        result
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, data);
        self.wrote(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write_vectored(cx, data);
        self.wrote(result)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Request targets on this connection that went on with `#`. Almost always empty.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    any: AtomicBool,
    seen: Mutex<Vec<Box<[u8]>>>,
}

/// So many are remembered; after that every request of the connection is taken for one.
const REMEMBERED: usize = 64;

impl Fragments {
    /// Did the client write a `#` after this target?
    pub(super) fn cut(&self, target: &str, absolute: bool) -> bool {
        if !self.any.load(Relaxed) {
            return false;
        }
        let Ok(seen) = self.seen.lock() else { return true };
        let is_same = |cut: &[u8]| match cut {
            b"" => target == "/",
            [b'/', ..] => cut == target.as_bytes(),
            _ => absolute,
        };
        seen.len() >= REMEMBERED || seen.iter().any(|cut| is_same(cut))
    }

    fn remember(&self, target: &[u8]) {
        let Ok(mut seen) = self.seen.lock() else { return };
        if seen.len() < REMEMBERED && !seen.iter().any(|known| **known == *target) {
            seen.push(target.into());
        }
        self.any.store(true, Relaxed);
    }
}

/// Finds `METHOD target#` in what a client sends, however it is cut into reads. A body that holds the very words of
/// the request it belongs to may be mistaken for one; then the next such request gets a 400.
#[derive(Debug, Default)]
struct FragmentScan {
    /// The unfinished line, as far as a request line could begin so.
    line: Vec<u8>,
    /// The unfinished line cannot become a request line.
    hopeless: bool,
}

/// A request line is part of a head, and that is limited; see `settings::MAX_HEAD`. A longer line is not kept.
const LONGEST_LINE: usize = 80 * 1024;
/// In so many bytes there is a space, or it is no request line (methods have at most 32 bytes).
const METHOD_ROOM: usize = 40;

impl FragmentScan {
    fn feed(&mut self, data: &[u8], found: &Fragments) {
        for hash in memchr::memchr_iter(b'#', data) {
            let before = data.get(..hash).unwrap_or_default();
            match memchr::memrchr(b'\n', before) {
                Some(end) => note(before.get(end + 1..).unwrap_or_default(), found),
                None if self.line.is_empty() => note(before, found),
                None => note(&[&self.line, before].concat(), found),
            }
        }
        let rest = match memchr::memrchr(b'\n', data) {
            Some(end) => {
                self.line.clear();
                self.hopeless = false;
                data.get(end + 1..).unwrap_or_default()
            }
            None => data,
        };
        if rest.is_empty() || self.hopeless {
            return;
        }
        self.line.extend_from_slice(rest);
        let start = self.line.get(..METHOD_ROOM);
        if self.line.len() > LONGEST_LINE || start.is_some_and(|start| !start.contains(&b' ')) {
            self.line = Vec::new();
            self.hopeless = true;
        }
    }
}

/// `before` is a line up to a `#`. Are its last two words a method and a target?
fn note(before: &[u8], found: &Fragments) {
    let Some(space) = memchr::memrchr(b' ', before) else { return };
    let (words, target) = (before.get(..space).unwrap_or_default(), before.get(space + 1..).unwrap_or_default());
    let method = words.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    if !method.is_empty() && method.iter().all(|byte| byte.is_ascii_graphic() && *byte != b':') {
        found.remember(target);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scanned(pieces: &[&[u8]]) -> Fragments {
        let (mut scan, found) = (FragmentScan::default(), Fragments::default());
        for piece in pieces {
            scan.feed(piece, &found);
        }
        found
    }

    #[test]
    fn a_fragment_is_seen() {
        assert!(scanned(&[b"GET /product#/signin HTTP/1.1\r\nHost: a\r\n\r\n"]).cut("/product", false));
        assert!(scanned(&[b"GET /a?b#c HTTP/1.1\r\n\r\n"]).cut("/a?b", false));
        assert!(scanned(&[b"GET #/product HTTP/1.1\r\n\r\n"]).cut("/", false));
        assert!(scanned(&[b"GET http://a/b#c HTTP/1.1\r\n\r\n"]).cut("/b", true));
        assert!(scanned(&[b"POST / HTTP/1.1\r\n\r\nbody, no newGET /b# HTTP/1.1\r\n\r\n"]).cut("/b", false));
    }

    #[test]
    fn other_number_signs_are_not() {
        let found = scanned(&[b"GET /a HTTP/1.1\r\nCookie: a=#b; c=#\r\nX: # y\r\n\r\n#{body: #1}\r\n# a b"]);
        assert!(!found.cut("/a", false) && !found.cut("/", false));
        assert!(!scanned(&[b"GET /a#x HTTP/1.1\r\n\r\n"]).cut("/b", false));
    }

    #[test]
    fn a_body_without_lines_is_not_kept() {
        let mut scan = FragmentScan::default();
        scan.feed(&[b'A'; 100_000], &Fragments::default());
        assert!(scan.hopeless && scan.line.capacity() == 0);
        scan.feed(b"\r\nGET /a", &Fragments::default());
        assert_eq!(scan.line, b"GET /a");
    }

    proptest! {
        /// However the bytes are cut, the same is found.
        #[test]
        fn cuts_do_not_matter(cuts in prop::collection::vec(1_usize..12, 1..12)) {
            let bytes: &[u8] = b"\r\nGET /first HTTP/1.1\r\nHost: a\r\n\r\nGET /one/two?x=y#frag HTTP/1.1\r\nHost: a\r\n\r\n";
            let (mut rest, mut pieces) = (bytes, Vec::new());
            for cut in cuts.iter().cycle() {
                if rest.is_empty() { break; }
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                pieces.push(piece);
                rest = after;
            }
            let found = scanned(&pieces);
            prop_assert!(found.cut("/one/two?x=y", false));
            prop_assert!(!found.cut("/first", false));
        }
    }
}
