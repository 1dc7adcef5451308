//! From a permit to what the proxy that asked has to do with the request it holds, in the words of no mode.

use super::Cannot;
use super::original::Original;
use crate::gate::{Edit, Permit};
use crate::proxy::Judge;
use crate::proxy::Turn;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use std::sync::Arc;

/// Names of our own in answers; from a client they are as false as an identity header.
pub(super) const OWN_PREFIX: &str = "x-portcullis-";

/// What is to be done.
#[derive(Debug)]
pub(super) struct Orders {
    /// Headers of the request as they shall reach the app; without a value: not at all.
    pub(super) request: Vec<(HeaderName, Vec<HeaderValue>)>,
    /// Headers that came and may not travel, and that no edit names.
    pub(super) foreign: Vec<HeaderName>,
    /// All names that no client may send, whether they came or not.
    pub(super) stripped: Vec<HeaderName>,
    /// The Cookie line that shall reach the app, and whether it is the client's own.
    pub(super) cookie: (Option<HeaderValue>, bool),
    /// The target to send.
    pub(super) target: PathAndQuery,
    /// Is that another one than was asked about?
    pub(super) moved: bool,
    /// Edits of the response.
    pub(super) response: Vec<Edit>,
    /// The upstream, if it is not the default one.
    pub(super) upstream: Option<Arc<str>>,
}

impl Orders {
    /// `headers`: what the client has sent, as far as the proxy hands it on. `is_own`: names of the proxy's own.
    pub(super) fn new<J: Judge>(
        permit: &Permit,
        asked: &Original,
        headers: &HeaderMap,
        is_own: impl Fn(&str) -> bool,
        turn: &Turn<'_, J>,
    ) -> Result<Self, Cannot> {
        if permit.status().is_some() {
            return Err(Cannot::told("forward auth cannot change the status of a page of the app"));
        }
        let is_foreign = |name: &str| {
            let name = name.to_ascii_lowercase();
            !is_own(&name) && (turn.is_stripped(&name) || name.starts_with(OWN_PREFIX))
        };
        let mut foreign = headers.keys().filter(|name| is_foreign(name.as_str())).cloned().collect::<Vec<_>>();
        let mut travels = headers.clone();
        for name in &foreign {
            travels.remove(name);
        }
        portcullis_wire::edit(&mut travels, permit.request());
        match permit.cookie() {
            None => portcullis_wire::join_cookies(&mut travels),
            Some(None) => drop(travels.remove(header::COOKIE)),
            Some(Some(line)) => drop(travels.insert(header::COOKIE, line.clone())),
        }
        let mut request: Vec<(HeaderName, Vec<HeaderValue>)> = Vec::new();
        for edit in permit.request() {
            let (Edit::Set(name, _) | Edit::Append(name, _) | Edit::Remove(name)) = edit;
            if name != header::COOKIE && !request.iter().any(|(known, _)| known == name) {
                request.push((name.clone(), travels.get_all(name).iter().cloned().collect()));
            }
        }
        foreign.retain(|name| !request.iter().any(|(known, _)| known == name));
        let is_cookie = |edit: &Edit| matches!(edit, Edit::Set(name, _) | Edit::Append(name, _) | Edit::Remove(name) if name == header::COOKIE);
        let own_cookie = permit.cookie().is_none() && !permit.request().iter().any(is_cookie);
        let upstream = match permit.upstream() {
            0 => None,
            number => match turn.upstream_name(number) {
                Some(name) => Some(Arc::clone(name)),
                None => return Err(Cannot::told("no such upstream")),
            },
        };
        Ok(Self {
            request,
            foreign,
            stripped: turn.stripped_names().collect(),
            cookie: (travels.remove(header::COOKIE), own_cookie),
            moved: *permit.target() != asked.target,
            target: permit.target().clone(),
            response: permit.response().to_vec(),
            upstream,
        })
    }

    /// Refuse what a proxy would have to remove, and cannot be told to.
    pub(super) fn nothing_foreign(&self) -> Result<(), Cannot> {
        match self.foreign.first() {
            None => Ok(()),
            Some(name) => Err(Cannot {
                status: StatusCode::BAD_REQUEST,
                why: "a header that no client may send; the proxy in front has to remove it",
                about: Some(name.as_str().to_owned()),
            }),
        }
    }
}
