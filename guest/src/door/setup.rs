//! What a door makes of the policy once: where requests go, what may not travel, how long anything may take.

use crate::Gate;
use crate::question::Addresses;
use http::{HeaderValue, Uri};
use portcullis_wire::FoldedNames;

/// Milliseconds to open a connection to an upstream, as in the host.
const CONNECT_TIME: u32 = 3_000;
/// Milliseconds until an upstream sends the head of its response, as in the host.
const RESPONSE_TIME: u32 = 30_000;
/// Bytes a request body may have, as in the host.
const MAX_BODY: u64 = 100 << 20;

/// A server, and how it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// TLS?
    pub https: bool,
    /// host or host:port.
    pub authority: String,
    /// Its own name as `Host`, if it is another site.
    pub host: Option<HeaderValue>,
}

impl Origin {
    /// Read `http://host:port` or `https://host:port`.
    pub fn parse(url: &str) -> Option<Self> {
        let uri = Uri::try_from(url).ok()?;
        let https = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let plain = matches!(uri.path(), "" | "/") && uri.query().is_none();
        let authority = uri.authority()?.as_str().to_owned();
        (plain && portcullis_wire::is_host(authority.as_bytes())).then_some(Self { https, authority, host: None })
    }
}

/// What the runtime was told by name.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// Takes the place of the policy's default upstream.
    pub upstream: Option<String>,
    /// The host of the site; otherwise that of `public-origin`.
    pub site: Option<String>,
    /// Every request comes through a proxy of the operator's.
    pub forwarded: bool,
}

/// What stays the same for all requests of an instance.
#[derive(Debug)]
pub struct Setup {
    /// What questions may name.
    pub addresses: Addresses,
    /// Upstreams by number. `None`: nobody said where the default one is.
    pub upstreams: Vec<Option<Origin>>,
    /// Names that no client may send upstream.
    pub dropped: FoldedNames,
    /// Headers that the policy reads.
    pub wanted: Vec<String>,
    /// Rule names by number.
    pub rules: Vec<String>,
    /// The host, where the runtime does not tell one.
    pub site: Option<String>,
    /// Is `X-Forwarded-*` believed?
    pub forwarded: bool,
    /// Milliseconds to connect.
    pub connect: u32,
    /// Milliseconds for the head of a response.
    pub response: u32,
    /// Bytes of a request body.
    pub max_body: u64,
    /// One line for each decision?
    pub log: bool,
}

impl Setup {
    /// From a started gate, and what its runtime was told.
    ///
    /// # Errors
    /// An address that is none.
    pub fn new(gate: &Gate, addresses: Addresses, told: &Told) -> Result<Self, String> {
        let policy = gate.policy();
        let origin = policy.proxy.public_origin.as_deref().and_then(Origin::parse).map(|origin| origin.authority);
        let site = told.site.clone().or(origin);
        if let Some(host) = site.as_deref().filter(|host| !portcullis_wire::is_host(host.as_bytes())) {
            return Err(format!("`{host}` is no host: write `app.example.com`, with a port if it has one"));
        }
        let parse = |url: &str| {
            let wrong = || format!("`{url}` is no upstream: write `http://host:port` or `https://host:port`");
            Origin::parse(url).ok_or_else(wrong)
        };
        let mut upstreams = Vec::new();
        for own in &policy.proxy.upstreams {
            let mut origin = parse(&own.url)?;
            if own.external {
                let host = HeaderValue::try_from(&origin.authority).map_err(|_| format!("`{}` is no host", own.url))?;
                origin.host = Some(host);
            }
            upstreams.push(Some(origin));
        }
        if upstreams.is_empty() {
            upstreams.push(None);
        }
        if let (Some(url), Some(first)) = (&told.upstream, upstreams.first_mut()) {
            *first = Some(parse(url)?);
        }
        Ok(Self {
            addresses,
            upstreams,
            dropped: FoldedNames::of_requests(&gate.stripped()),
            wanted: gate.headers(),
            rules: policy.rules.clone(),
            site,
            forwarded: told.forwarded,
            connect: policy.proxy.connect_timeout.unwrap_or(CONNECT_TIME),
            response: policy.proxy.response_timeout.unwrap_or(RESPONSE_TIME),
            max_body: policy.proxy.max_body.unwrap_or(MAX_BODY),
            log: policy.proxy.access_log,
        })
    }
}
