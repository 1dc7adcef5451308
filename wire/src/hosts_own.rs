//! Header names that frame a message or steer a connection (RFC 9110 section 7.6.1, RFC 9112): no guest may write them.

use http::HeaderName;

const HOSTS_OWN: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "host",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Is it the host's?
pub fn is_hosts_own(name: &HeaderName) -> bool {
    HOSTS_OWN.contains(&name.as_str()) || name.as_str().starts_with("proxy-")
}
