//! A visitor: sends requests to whatever stands in front, and looks at what came back and at what the app got.

use super::stage::Stage;
use crate::upstream::Received;
use crate::wire::{self, Response};
use std::net::SocketAddr;

/// Where visitors go.
#[derive(Debug, Clone)]
pub struct Front {
    /// Where it listens.
    pub address: SocketAddr,
    /// The Host that visitors ask for.
    pub authority: String,
}

impl Front {
    /// A front that is asked by its address.
    pub fn at(address: SocketAddr) -> Self {
        Self { address, authority: address.to_string() }
    }
}

/// Header lines of a request.
pub(super) type Lines<'a> = &'a [(&'a str, &'a str)];

/// A browser opens a page.
pub(super) const NAVIGATION: (&str, &str) = ("accept", "text/html");
/// A script asks for data.
pub(super) const FETCH: (&str, &str) = ("accept", "application/json");

/// One scenario being played.
pub struct Visit<'a> {
    /// App, issuer and keys.
    pub stage: &'a Stage,
    /// What stands in front.
    pub front: &'a Front,
}

impl Visit<'_> {
    /// The request as bytes.
    pub(super) fn raw(&self, method: &str, target: &str, headers: Lines<'_>, body: &[u8]) -> Vec<u8> {
        let lines: Vec<_> = headers.iter().map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec())).collect();
        wire::request(method, target.as_bytes(), &self.front.authority, &lines, body)
    }

    /// Send bytes, read one response.
    pub(super) fn exchange(&self, raw: &[u8]) -> Result<Response, String> {
        wire::exchange(self.front.address, raw).map_err(|e| format!("no connection: {e}"))
    }

    pub(super) fn send(&self, method: &str, target: &str, headers: Lines<'_>, body: &[u8]) -> Result<Response, String> {
        self.exchange(&self.raw(method, target, headers, body))
    }

    pub(super) fn get(&self, target: &str, headers: Lines<'_>) -> Result<Response, String> {
        self.send("GET", target, headers, &[])
    }

    /// The one request that reached the app.
    pub(super) fn reached(&self) -> Result<Received, String> {
        let mut seen = self.stage.seen();
        match seen.len() {
            1 => Ok(seen.remove(0)),
            0 => Err("the app got nothing".to_owned()),
            more => Err(format!("the app got {more} requests")),
        }
    }

    /// Nothing may have reached the app.
    pub(super) fn untouched(&self) -> Result<(), String> {
        if self.stage.touched() { Err("it reached the app".to_owned()) } else { Ok(()) }
    }

    /// The answer must lead to that place; whether it is written with the host or without is the same to a browser.
    pub(super) fn leads(&self, response: &Response, status: u16, place: &str) -> Result<(), String> {
        expect("status", response.status, status)?;
        let base = url::Url::parse(&format!("http://{}/", self.front.authority)).map_err(|e| e.to_string())?;
        let location = response.header("location").ok_or("there is no location")?;
        let read = |text: &str| base.join(text).map_err(|e| format!("{text}: {e}"));
        expect("location", read(&location)?, read(place)?)
    }
}

/// `seen` must be `wanted`.
pub(super) fn expect<T: PartialEq + std::fmt::Debug>(what: &str, seen: T, wanted: T) -> Result<(), String> {
    if seen == wanted { Ok(()) } else { Err(format!("{what}: {seen:?} instead of {wanted:?}")) }
}

/// Bodies must be the same; says where they differ and not what is in them.
pub(super) fn same_bytes(seen: &[u8], wanted: &[u8]) -> Result<(), String> {
    expect("length of the body", seen.len(), wanted.len())?;
    match seen.iter().zip(wanted).position(|(a, b)| a != b) {
        None => Ok(()),
        Some(at) => Err(format!("the body differs at byte {at}")),
    }
}

/// No cache may keep it.
pub(super) fn private(response: &Response) -> Result<(), String> {
    expect("cache-control", response.header("cache-control").as_deref(), Some("private, no-store"))
}

/// Values of all headers that a server might take for `name`: CGI and its like fold `_` and `.` to `-`. An empty value
/// names nobody.
pub(super) fn told(request: &Received, name: &str) -> Vec<String> {
    let fold = |name: &str| name.replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let lines = request.headers.iter().filter(|(n, value)| fold(n) == name && !value.is_empty());
    lines.map(|(_, value)| String::from_utf8_lossy(value).into_owned()).collect()
}
