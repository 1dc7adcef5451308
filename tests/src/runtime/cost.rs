//! What a request costs: CPU time of the servers while a visitor asks for one protected page again and again.

use super::{Running, TICKS};
use crate::scenario::Stage;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// Requests of a round, on one connection.
const ROUND: u32 = 2_000;
/// Rounds are added until so many ticks have passed: one more or less is then within some percent.
const ENOUGH: u64 = 100;
/// At most so many rounds.
const ROUNDS: u32 = 10;

/// Microseconds of CPU time for one request.
///
/// # Errors
/// When an answer is not the page.
pub fn of_a_request(stage: &Stage, running: &Running) -> Result<f64, String> {
    let front = &running.front;
    let session = stage.session("u1");
    let raw = format!(
        "GET {} HTTP/1.1\r\nhost: {}\r\naccept: text/html\r\ncookie: {session}\r\n\r\n",
        "/product/7", front.authority
    );
    let fail = |e: std::io::Error| format!("the connection broke: {e}");
    let mut connection = None;
    // Keys are fetched and pools are filled before it counts.
    round(&mut connection, running, raw.as_bytes(), ROUND / 10).map_err(fail)?;
    let (before, mut requests) = (running.ticks(), 0);
    loop {
        round(&mut connection, running, raw.as_bytes(), ROUND).map_err(fail)?;
        stage.clear();
        requests += ROUND;
        let ticks = running.ticks() - before;
        if ticks >= ENOUGH || requests >= ROUND * ROUNDS {
            return Ok(ticks as f64 * 1e6 / TICKS as f64 / f64::from(requests));
        }
    }
}

/// So many requests, one after the other, on a connection that is kept as long as the server keeps it.
fn round(kept: &mut Option<TcpStream>, running: &Running, raw: &[u8], requests: u32) -> std::io::Result<()> {
    for _ in 0..requests {
        let mut stream = match kept.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(running.front.address)?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(Duration::from_secs(20)))?;
                stream
            }
        };
        stream.write_all(raw)?;
        if answer(&mut stream)? {
            *kept = Some(stream);
        }
    }
    Ok(())
}

/// Read one page to its end; says whether the connection may be used again.
fn answer(stream: &mut TcpStream) -> std::io::Result<bool> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut buffer)?;
        bytes.extend_from_slice(&buffer[..count]);
        let Some(end) = bytes.windows(4).position(|w| w == b"\r\n\r\n") else {
            if count == 0 {
                return Err(std::io::Error::other("closed without an answer"));
            }
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        if !head.starts_with("http/1.1 200") {
            return Err(std::io::Error::other(head.lines().next().unwrap_or_default().to_owned()));
        }
        let body = &bytes[end + 4..];
        // The page is `app`, with a length or as one chunk.
        let whole =
            if head.contains("transfer-encoding") { body.ends_with(b"0\r\n\r\n") } else { body.ends_with(b"app") };
        if whole || count == 0 {
            return Ok(count != 0 && !head.contains("connection: close"));
        }
    }
}
