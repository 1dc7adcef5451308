//! Where the site is for browsers, and whether a request came from there.

use super::Place;
use crate::request::{Authority, Head};
use crate::session::kind::Asking;

impl Place {
    /// Would browsers keep no `__Host-` cookie from there? They want TLS for those (RFC 6265bis section 4.1.3).
    pub fn is_plain(&self) -> bool {
        matches!(self, Self::Origin(origin) if origin.starts_with("http://") && !is_local(origin))
    }

    /// Is the site on this very machine (`http://localhost:3000`)? Browsers take no `__Host-` cookies there.
    pub(super) fn is_local(&self, asking: &Asking<'_>) -> bool {
        match self {
            Self::Origin(origin) => is_local(origin),
            Self::AsAsked => is_local_authority(&asking.head.authority),
            Self::Elsewhere => false,
        }
    }

    /// Must its cookies be `Secure`? Everywhere but on this machine, and where the config says that there is no TLS.
    pub(super) fn is_secure(&self, asking: &Asking<'_>) -> bool {
        !self.is_plain() && !self.is_local(asking)
    }

    /// Did another origin send this? Without `origin` nobody says so: browsers send it with everything but plain
    /// navigations and same-origin reads.
    pub(super) fn is_foreign(&self, asking: &Asking<'_>) -> bool {
        if !asking.head.has("origin") {
            return false;
        }
        let sent = asking.head.single("origin").and_then(|line| std::str::from_utf8(line).ok()).and_then(parts);
        match self {
            Self::Origin(own) => sent.is_none() || sent != parts(own),
            Self::AsAsked => {
                !sent.is_some_and(|sent| sent.0 == asking.head.scheme && is_where_it_went(asking.head, &sent))
            }
            Self::Elsewhere => !sent.is_some_and(|sent| is_where_it_went(asking.head, &sent)),
        }
    }
}

/// Is it on this machine?
pub(super) fn is_local(origin: &str) -> bool {
    origin.split_once("://").is_some_and(|(_, authority)| is_local_authority(authority))
}

/// `localhost`, a name below it, or `127.0.0.1`, and with a port, as Convex Auth has it.
fn is_local_authority(authority: &str) -> bool {
    let local = |own: Authority| {
        let host = own.host.as_str();
        own.port.is_some() && (matches!(host, "localhost" | "127.0.0.1") || host.ends_with(".localhost"))
    };
    Authority::parse(authority).is_ok_and(local)
}

/// Scheme, host and port of an origin; the port of the scheme if none is written, and maybe a slash at the end. `null` is none.
fn parts(origin: &str) -> Option<(String, String, u16)> {
    let (scheme, authority) = origin.strip_suffix('/').unwrap_or(origin).split_once("://")?;
    let usual = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let authority = Authority::parse(authority).ok()?;
    Some((scheme.to_owned(), authority.host, authority.port.unwrap_or(usual)))
}

/// Is it the host that was asked? A page of `https` may ask what looks like `http` here: before a proxy that ends TLS and
/// does not say so, only the browser knows. The other way round it is another origin.
fn is_where_it_went(head: &Head, (scheme, host, port): &(String, String, u16)) -> bool {
    let usual = if scheme == "https" { 443 } else { 80 };
    let downgraded = scheme == "http" && head.scheme == "https";
    let own = |own: Authority| own.host == *host && own.port.unwrap_or(usual) == *port;
    !downgraded && Authority::parse(&head.authority).is_ok_and(own)
}
