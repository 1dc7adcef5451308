//! `[proxy]`.

use super::{Lower, Site};
use crate::config::document::Node;
use crate::config::{codes, units};
use crate::diagnostic::Diagnostic;
use crate::policy::{ProxySettings, Upstream};
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// Name of the upstream of routes that name none.
const DEFAULT: &str = "default";

pub(super) fn proxy(lower: &mut Lower<'_>, node: Option<&Node>) -> ProxySettings {
    let mut proxy = ProxySettings { access_log: true, ..ProxySettings::default() };
    let Some(node) = node else { return proxy };
    proxy.listen = listener(lower, node.get("listen"));
    proxy.admin = listener(lower, node.get("admin"));
    if let (Some(listen), Some(admin), Some(at)) = (&proxy.listen, &proxy.admin, node.get("admin"))
        && listen == admin
        && !admin.ends_with(":0")
    {
        let message = format!("`{admin}` is the address of `listen`, too");
        lower.error(codes::SAME_ADDRESS, at.span, message, "give `admin` its own port");
    }
    proxy.public_origin = node.get("public-origin").and_then(|node| lower.origin(node));
    proxy.upstreams = upstreams(lower, node);
    lower.upstreams = proxy.upstreams.iter().map(|upstream| upstream.name.clone()).collect();
    for (node, text) in lower.texts(node.get("trusted-proxies")) {
        proxy.trusted_proxies.extend(network(lower, node, text));
    }
    let timeout = |key: &str| milliseconds(node.get("timeouts").and_then(|table| table.get(key)));
    proxy.connect_timeout = timeout("connect");
    proxy.response_timeout = timeout("response");
    proxy.head_timeout = timeout("head");
    proxy.idle_timeout = timeout("idle");
    proxy.grace = timeout("grace");
    let limit = |key: &str| bytes(node.get("limits").and_then(|table| table.get(key)));
    proxy.max_body = limit("body");
    proxy.max_head = limit("head").and_then(|bytes| u32::try_from(bytes).ok());
    proxy.workers = node.get("workers").and_then(Node::integer).and_then(|n| u16::try_from(n).ok());
    proxy.isolate_requests = node.get("isolation").and_then(Node::text) == Some("request");
    proxy.access_log = node.get("access-log").and_then(Node::boolean).unwrap_or(true);
    proxy
}

/// Where the site is for browsers.
pub(super) fn site(proxy: &ProxySettings) -> Site {
    let listen = proxy.listen.as_deref().and_then(|text| text.parse::<SocketAddr>().ok());
    Site {
        public_origin: proxy.public_origin.clone(),
        on_loopback: listen.is_some_and(|address| address.ip().is_loopback()),
    }
}

fn milliseconds(node: Option<&Node>) -> Option<u32> {
    u32::try_from(units::duration(node?.text()?).ok()?).ok()
}

fn bytes(node: Option<&Node>) -> Option<u64> {
    match node?.integer() {
        Some(number) => u64::try_from(number).ok(),
        None => units::size(node?.text()?).ok(),
    }
}

fn listener(lower: &mut Lower<'_>, node: Option<&Node>) -> Option<String> {
    let node = node?;
    let text = node.text().filter(|text| !text.is_empty())?;
    if text.parse::<SocketAddr>().is_ok() {
        return Some(text.to_owned());
    }
    let port = text.rsplit(':').next().unwrap_or_default();
    let help = if text.parse::<IpAddr>().is_ok() {
        "add a port: `127.0.0.1:8080`".to_owned()
    } else if port.parse::<u16>().is_ok() {
        format!("write the address, too: `127.0.0.1:{port}` for this machine only, `0.0.0.0:{port}` for everybody")
    } else {
        "write address and port: `127.0.0.1:8080`".to_owned()
    };
    lower.error(codes::LISTEN, node.span, format!("`{text}` is not an address to listen on"), help);
    None
}

/// The default first, then the others in file order. Addresses that cannot be read keep their name, so that routes
/// which use it are not blamed.
fn upstreams(lower: &mut Lower<'_>, node: &Node) -> Vec<Upstream> {
    let mut all = Vec::new();
    let main = node.get("upstream");
    if let Some(main) = main {
        let url = lower.origin(main).unwrap_or_default();
        all.push(Upstream { name: DEFAULT.to_owned(), url, external: false });
    }
    let Some(table) = node.get("upstreams") else { return all };
    for entry in table.entries() {
        let at = entry.node.get("url").unwrap_or(&entry.node);
        let url = lower.origin(at).unwrap_or_default();
        let external = entry.node.get("external").and_then(Node::boolean).unwrap_or(false);
        let upstream = Upstream { name: entry.key.clone(), url, external };
        match (entry.key == DEFAULT, main) {
            (true, Some(main)) => lower.push(
                Diagnostic::error(codes::DUPLICATE_KEY, entry.key_span, "the default upstream is written twice")
                    .also(main.span, "first here")
                    .help("keep `upstream`, or `default` in `upstreams`"),
            ),
            (true, None) => all.insert(0, upstream),
            (false, _) => all.push(upstream),
        }
    }
    if all.first().is_some_and(|first| first.name != DEFAULT) {
        let help = "write `upstream = \"http://…\"`, or name one of `upstreams` `default`";
        lower.error(codes::NO_UPSTREAM, table.span, "no upstream is the default", help);
    }
    all
}

fn network(lower: &mut Lower<'_>, node: &Node, text: &str) -> Option<String> {
    let net = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let Ok(net) = net else {
        let help = "write an address or a CIDR network: `10.0.0.0/8`, `::1`";
        lower.error(codes::NETWORK, node.span, format!("`{text}` is not a network"), help);
        return None;
    };
    if net.prefix_len() == 0 {
        let message = format!("`{text}` is everybody: any client can write any `x-forwarded-for`");
        lower.push(
            Diagnostic::warning(codes::TRUST_ALL, node.span, message).help("name the networks of your own proxies"),
        );
    }
    Some(net.trunc().to_string())
}
