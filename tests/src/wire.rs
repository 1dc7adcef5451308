//! HTTP/1.1 on bytes: send exactly what a case says, read what comes back.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A response.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Response {
    /// Status; 0 when the connection was closed without an answer.
    pub status: u16,
    /// Header lines, names in lower case.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body, with the chunks joined.
    pub body: Vec<u8>,
}

impl Response {
    /// First value of that header as text.
    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| String::from_utf8_lossy(v).into_owned())
    }

    /// All values of that header as text.
    pub fn all(&self, name: &str) -> Vec<String> {
        self.headers.iter().filter(|(n, _)| n == name).map(|(_, v)| String::from_utf8_lossy(v).into_owned()).collect()
    }
}

/// Longest wait for a server of our own on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// Send `raw` on a connection of its own and read one response. The request should ask for `connection: close`.
///
/// # Errors
/// When there is no connection.
pub fn exchange(address: SocketAddr, raw: &[u8]) -> std::io::Result<Response> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    // A server may answer and close before it has read everything; what it said still counts.
    let _ = stream.write_all(raw);
    let mut bytes = Vec::new();
    let mut buffer = [0; 64 * 1024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => break,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
        if complete(&bytes) {
            break;
        }
    }
    Ok(parse(&bytes))
}

/// `method target` with these lines, as bytes.
pub fn request(method: &str, target: &[u8], authority: &str, headers: &[(String, Vec<u8>)], body: &[u8]) -> Vec<u8> {
    let mut raw = Vec::with_capacity(512 + body.len());
    raw.extend_from_slice(method.as_bytes());
    raw.push(b' ');
    raw.extend_from_slice(target);
    raw.extend_from_slice(format!(" HTTP/1.1\r\nhost: {authority}\r\nconnection: close\r\n").as_bytes());
    for (name, value) in headers {
        raw.extend_from_slice(name.as_bytes());
        raw.extend_from_slice(b": ");
        raw.extend_from_slice(value);
        raw.extend_from_slice(b"\r\n");
    }
    if !body.is_empty() {
        raw.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
    }
    raw.extend_from_slice(b"\r\n");
    raw.extend_from_slice(body);
    raw
}

/// `GET target` with these headers, in one go.
///
/// # Errors
/// When there is no connection.
pub fn get(address: SocketAddr, target: &str, headers: &[(&str, &str)]) -> std::io::Result<Response> {
    send(address, "GET", target, headers, &[])
}

/// Any request with a body, in one go.
///
/// # Errors
/// When there is no connection.
pub fn send(
    address: SocketAddr,
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> std::io::Result<Response> {
    let lines: Vec<_> = headers.iter().map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec())).collect();
    exchange(address, &request(method, target.as_bytes(), &address.to_string(), &lines, body))
}

fn head_end(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4)
}

/// Is a whole response there, as far as its framing tells?
fn complete(bytes: &[u8]) -> bool {
    let Some(end) = head_end(bytes) else { return false };
    let response = head(&bytes[..end]);
    if let Some(length) = response.header("content-length").and_then(|l| l.parse::<usize>().ok()) {
        return bytes.len() - end >= length;
    }
    match response.header("transfer-encoding") {
        Some(_) => bytes[end..].ends_with(b"0\r\n\r\n"),
        None => matches!(response.status, 204 | 304),
    }
}

fn head(bytes: &[u8]) -> Response {
    let mut lines = bytes.split(|&b| b == b'\n').map(|l| l.strip_suffix(b"\r").unwrap_or(l));
    let first = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let status = first.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    let headers = lines
        .filter_map(|line| {
            let colon = line.iter().position(|&b| b == b':')?;
            let name = String::from_utf8_lossy(&line[..colon]).to_lowercase();
            Some((name, line[colon + 1..].trim_ascii().to_vec()))
        })
        .collect();
    Response { status, headers, body: Vec::new() }
}

fn parse(bytes: &[u8]) -> Response {
    let Some(end) = head_end(bytes) else { return Response::default() };
    let mut response = head(&bytes[..end]);
    let body = &bytes[end..];
    response.body = match response.header("transfer-encoding") {
        Some(_) => unchunk(body),
        None => body.to_vec(),
    };
    response
}

/// Join chunks (RFC 9112 section 7.1); stops at the first thing that is no chunk.
pub fn unchunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(line) = bytes.windows(2).position(|w| w == b"\r\n") {
        let size = std::str::from_utf8(&bytes[..line]).ok().and_then(|s| usize::from_str_radix(s.trim(), 16).ok());
        let Some(size) = size.filter(|&s| s > 0) else { break };
        let Some(chunk) = bytes.get(line + 2..line + 2 + size) else { break };
        body.extend_from_slice(chunk);
        bytes = bytes.get(line + 4 + size..).unwrap_or_default();
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chunked_response_is_joined() {
        let raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        assert!(complete(raw));
        assert!(!complete(&raw[..raw.len() - 2]));
        assert_eq!(parse(raw).body, b"abcde");
        assert_eq!(parse(b"").status, 0);
    }
}
