//! The effective numbers of a proxy: what the policy says, then what the command line says, then a documented default.

use crate::contract::ProxySettings;
use ipnet::IpNet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

/// Where clients connect. Loopback: a gate that nobody configured is not on the network.
pub const LISTEN: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);
/// To open a connection to an upstream, TLS included. A SYN retry takes 1 s, so this allows one and a bit.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Until an upstream sends the head of its response; what leading proxies use.
pub const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);
/// To receive a request head. Slow-head attacks hold a connection for this long (security notes, row L2).
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// A client connection between requests. Browsers keep theirs 60 s or longer.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// For requests in flight at shutdown; the usual patience of an orchestrator before it kills.
pub const GRACE: Duration = Duration::from_secs(30);
/// Bytes of a request body.
pub const MAX_BODY: u64 = 100 * 1024 * 1024;
/// Bytes of a request head, and of an upstream's response head.
pub const MAX_HEAD: u32 = 64 * 1024;
/// Smallest `max-head` that still takes a session cookie and a browser's headers, in bytes.
const MIN_HEAD: u32 = 8 * 1024;
/// Header lines in a request or response; hyper's own default.
pub const MAX_HEADERS: usize = 100;
/// Bytes of a method. The longest registered one (`UPDATEREDIRECTREF`) has 17.
pub const MAX_METHOD: usize = 32;
/// Streams of one HTTP/2 connection; Envoy's figure for the edge.
pub const MAX_STREAMS: u32 = 100;
/// Resets that one HTTP/2 connection may cause before it is ended (rapid reset, MadeYouReset); hyper's figure is 20
/// for streams that were reset before we took them, 1,024 for those that we reset.
pub const MAX_PENDING_RESETS: usize = 20;
/// See [`MAX_PENDING_RESETS`].
pub const MAX_LOCAL_RESETS: usize = 1024;
/// An idle upstream connection is given up after this. Node closes its own after 5 s; before that is safe.
pub const UPSTREAM_IDLE: Duration = Duration::from_secs(4);
/// Idle connections kept for each upstream.
pub const UPSTREAM_IDLE_CONNECTIONS: usize = 512;
/// Unread bytes of a request body that are drained after an early answer, so that the client sees the answer.
pub const DRAIN_BYTES: u64 = 64 * 1024;
/// How long such a drain may take.
pub const DRAIN_TIME: Duration = Duration::from_secs(2);
/// Without a byte in either direction a tunnel ends after this (at most twice this).
pub const TUNNEL_IDLE: Duration = Duration::from_secs(600);
/// The slowest body, either way: bytes a second, over [`RATE_WINDOW`].
pub const RATE_FLOOR: u64 = 1024;
/// See [`RATE_FLOOR`].
pub const RATE_WINDOW: Duration = Duration::from_secs(20);

/// One upstream server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamSettings {
    /// Name that routes and logs use.
    pub name: String,
    /// TLS to it?
    pub tls: bool,
    /// Host name or address, without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
    /// It is another site, and asked by its own name.
    pub external: bool,
}

/// How a request is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogForm {
    /// Not at all.
    Off,
    /// One JSON object a line.
    #[default]
    Json,
    /// One line for people: `GET /product  anonymous -> 307 /signin  rule product`.
    Pretty,
}

/// What the command line may say over the policy's own settings. `None`: nothing.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// Address to listen on.
    pub listen: Option<String>,
    /// Address of the admin listener.
    pub admin: Option<String>,
    /// URL of the upstream called `default`.
    pub upstream: Option<String>,
    /// Nothing is sent upstream: the policy need not name an upstream.
    pub sends_nothing: bool,
    /// Worker threads.
    pub workers: Option<u16>,
    /// Form of the access log.
    pub log: Option<LogForm>,
}

/// All numbers of a running proxy. See `docs/proxy.md` for the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where clients connect.
    pub listen: SocketAddr,
    /// Health and metrics; `None`: no such listener.
    pub admin: Option<SocketAddr>,
    /// Peers whose `X-Forwarded-*` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Upstreams, in the order of `ProxySettings::upstreams`; at least one, unless nothing is sent.
    pub upstreams: Vec<UpstreamSettings>,
    /// See [`CONNECT_TIMEOUT`].
    pub connect_timeout: Duration,
    /// See [`RESPONSE_TIMEOUT`].
    pub response_timeout: Duration,
    /// See [`HEAD_TIMEOUT`].
    pub head_timeout: Duration,
    /// See [`IDLE_TIMEOUT`].
    pub idle_timeout: Duration,
    /// See [`TUNNEL_IDLE`].
    pub tunnel_idle: Duration,
    /// See [`GRACE`].
    pub grace: Duration,
    /// See [`MAX_BODY`].
    pub max_body: u64,
    /// See [`MAX_HEAD`].
    pub max_head: usize,
    /// Worker threads, at least 1.
    pub workers: usize,
    /// Form of the access log.
    pub log: LogForm,
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// Its name, e.g. `listen` or `upstreams.default`.
    pub name: String,
    /// What is wrong and what would be right.
    pub problem: String,
}

// === impl Settings ===

impl Settings {
    /// From a policy's settings and the command line's.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn new(policy: &ProxySettings, over: &Overrides) -> Result<Self, SettingsError> {
        let listen = over.listen.as_deref().or(policy.listen.as_deref());
        let admin = over.admin.as_deref().or(policy.admin.as_deref());
        let max_head = policy.max_head.unwrap_or(MAX_HEAD);
        if max_head < MIN_HEAD {
            return Err(problem("max-head", format!("{max_head} bytes are too few, {MIN_HEAD} is the least")));
        }
        let log = match over.log {
            Some(form) => form,
            None if policy.access_log => LogForm::Json,
            None => LogForm::Off,
        };
        Ok(Self {
            listen: listen.map_or(Ok(LISTEN), |text| address("listen", text))?,
            admin: admin.map(|text| address("admin", text)).transpose()?,
            trusted_proxies: policy.trusted_proxies.iter().map(|text| network(text)).collect::<Result<_, _>>()?,
            upstreams: upstreams(policy, over)?,
            connect_timeout: millis(policy.connect_timeout, CONNECT_TIMEOUT),
            response_timeout: millis(policy.response_timeout, RESPONSE_TIMEOUT),
            head_timeout: millis(policy.head_timeout, HEAD_TIMEOUT),
            idle_timeout: millis(policy.idle_timeout, IDLE_TIMEOUT),
            tunnel_idle: TUNNEL_IDLE,
            grace: millis(policy.grace, GRACE),
            max_body: policy.max_body.unwrap_or(MAX_BODY),
            max_head: usize::try_from(max_head).unwrap_or(usize::MAX),
            workers: over.workers.or(policy.workers).map_or_else(cores, |n| usize::from(n).max(1)),
            log,
        })
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn millis(given: Option<u32>, default: Duration) -> Duration {
    given.map_or(default, |ms| Duration::from_millis(u64::from(ms)))
}

fn problem(name: &str, problem: String) -> SettingsError {
    SettingsError { name: name.to_owned(), problem }
}

/// `127.0.0.1:8080`, `[::1]:8080`, `:8080` (every address) or `localhost:8080`.
pub(crate) fn address(name: &str, text: &str) -> Result<SocketAddr, SettingsError> {
    let full = match text.strip_prefix(':') {
        Some(port) => format!("0.0.0.0:{port}"),
        None => text.strip_prefix("localhost:").map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}")),
    };
    full.parse().map_err(|_| problem(name, format!("`{text}` is no address; write it as `127.0.0.1:8080`")))
}

pub(crate) fn network(text: &str) -> Result<IpNet, SettingsError> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| problem("trusted-proxies", format!("`{text}` is no network; write it as `10.0.0.0/8`")))
}

fn upstreams(policy: &ProxySettings, over: &Overrides) -> Result<Vec<UpstreamSettings>, SettingsError> {
    let mut list = policy
        .upstreams
        .iter()
        .map(|u| Ok(UpstreamSettings { external: u.external, ..UpstreamSettings::parse(&u.name, &u.url)? }))
        .collect::<Result<Vec<_>, SettingsError>>()?;
    if let Some(url) = &over.upstream {
        let given = UpstreamSettings::parse("default", url)?;
        match list.iter_mut().find(|u| u.name == "default") {
            Some(place) => *place = given,
            None => list.push(given),
        }
    }
    if list.is_empty() && !over.sends_nothing {
        return Err(problem("upstreams", "there is none; name one as `http://127.0.0.1:3000`".to_owned()));
    }
    Ok(list)
}

impl UpstreamSettings {
    /// From `http://host:port` or `https://host:port`; no path, query or credentials.
    ///
    /// # Errors
    /// What is wrong with the URL.
    pub fn parse(name: &str, url: &str) -> Result<Self, SettingsError> {
        let bad = |what: &str| {
            problem(&format!("upstreams.{name}"), format!("`{url}` {what}; write it as `http://host:port`"))
        };
        let uri: http::Uri = url.parse().map_err(|_| bad("is no URL"))?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(bad("is neither http nor https")),
        };
        if !matches!(uri.path(), "" | "/") || uri.query().is_some() {
            return Err(bad("has a path"));
        }
        let authority = uri.authority().ok_or_else(|| bad("names no host"))?;
        if authority.as_str().contains('@') {
            return Err(bad("holds a user name"));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(bad("names no host"));
        }
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        Ok(Self { name: name.to_owned(), tls, host, port, external: false })
    }
}

impl UpstreamSettings {
    /// Its own name as Host, with the port unless it is the usual one (RFC 9110 section 7.2).
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let usual = if self.tls { 443 } else { 80 };
        if self.port == usual { host } else { format!("{host}:{}", self.port) }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.problem)
    }
}

impl std::error::Error for SettingsError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::Upstream;
    use crate::proxy::tests::policy_settings;

    #[test]
    fn defaults_listen_on_loopback_and_trust_nobody() {
        let settings = Settings::new(&policy_settings("http://127.0.0.1:3000"), &Overrides::default()).unwrap();
        assert!(settings.listen.ip().is_loopback());
        assert_eq!(settings.admin, None);
        assert!(settings.trusted_proxies.is_empty());
        assert_eq!(settings.max_head, 65_536);
    }

    #[test]
    fn the_command_line_wins() {
        let over = Overrides {
            listen: Some(":9000".to_owned()),
            upstream: Some("https://app.internal".to_owned()),
            workers: Some(0),
            log: Some(LogForm::Pretty),
            ..Overrides::default()
        };
        let mut policy = policy_settings("http://127.0.0.1:3000");
        policy.upstreams.push(Upstream {
            name: "api".to_owned(),
            url: "http://[::1]:4000".to_owned(),
            external: false,
        });
        let settings = Settings::new(&policy, &over).unwrap();
        assert_eq!(settings.listen, "0.0.0.0:9000".parse().unwrap());
        assert_eq!((settings.workers, settings.log), (1, LogForm::Pretty));
        let [app, api] = settings.upstreams.as_slice() else { panic!("{:?}", settings.upstreams) };
        assert_eq!((app.host.as_str(), app.port, app.tls), ("app.internal", 443, true));
        assert_eq!((api.host.as_str(), api.port, api.tls), ("::1", 4000, false));
    }

    #[test]
    fn mistakes_say_what_and_where() {
        let none =
            Settings::new(&ProxySettings { upstreams: vec![], ..policy_settings("http://h") }, &Overrides::default());
        assert!(none.unwrap_err().to_string().starts_with("upstreams: there is none"));
        let elsewhere = Overrides { sends_nothing: true, ..Overrides::default() };
        let none = ProxySettings { upstreams: vec![], ..policy_settings("http://h") };
        assert!(Settings::new(&none, &elsewhere).unwrap().upstreams.is_empty());
        for url in ["ftp://h", "http://h/path", "http://u:p@h", "h:80", "http://h?x"] {
            assert!(UpstreamSettings::parse("default", url).is_err(), "{url}");
        }
        let over = Overrides { listen: Some("nowhere".to_owned()), ..Overrides::default() };
        let bad = Settings::new(&policy_settings("http://h"), &over).unwrap_err();
        assert_eq!(bad.name, "listen");
    }
}
