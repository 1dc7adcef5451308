//! Which client step a request is. Decided once, from the method and headers; decides how a refusal looks, never
//! whether there is one. The table is in `docs/request-kinds.md`.

use super::{Head, Target};

/// Request kinds, as `docs/request-kinds.md` tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A browser opens a page.
    Navigation,
    /// A browser submits a form.
    FormPost,
    /// React server components payload.
    Rsc,
    /// A guess at what comes next.
    Prefetch,
    /// Next.js page data.
    Data,
    /// Next.js server action.
    Action,
    /// Script or machine.
    Fetch,
    /// WebSocket handshake.
    WebSocket,
    /// Server-sent events.
    EventStream,
    /// Image, script, style, font…
    SubResource,
    /// CORS preflight.
    Preflight,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Navigation,
        Self::FormPost,
        Self::Rsc,
        Self::Prefetch,
        Self::Data,
        Self::Action,
        Self::Fetch,
        Self::WebSocket,
        Self::EventStream,
        Self::SubResource,
        Self::Preflight,
    ];

    /// All request headers that [`Kind::of`] reads, lower case.
    pub const HEADERS: &'static [&'static str] = &[
        "accept",
        "access-control-request-method",
        "authorization",
        "content-type",
        "next-action",
        "next-router-prefetch",
        "next-router-segment-prefetch",
        "origin",
        "purpose",
        "rsc",
        "sec-fetch-dest",
        "sec-fetch-mode",
        "sec-purpose",
        "upgrade",
        "x-nextjs-data",
        "x-requested-with",
    ];

    /// The kind of this request.
    pub fn of(head: &Head, target: &Target) -> Self {
        protocol(head)
            .or_else(|| framework(head, target))
            .or_else(|| fetch_metadata(head))
            .unwrap_or_else(|| guess(head))
    }

    /// Stable name, as in `[rsc]` of a test case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Navigation => "navigation",
            Self::FormPost => "form-post",
            Self::Rsc => "rsc",
            Self::Prefetch => "prefetch",
            Self::Data => "data",
            Self::Action => "action",
            Self::Fetch => "fetch",
            Self::WebSocket => "websocket",
            Self::EventStream => "event-stream",
            Self::SubResource => "sub-resource",
            Self::Preflight => "preflight",
        }
    }

    /// By its [`name`](Self::name), exactly.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// A method with which a request of this kind is usually made.
    pub fn sample_method(self) -> &'static str {
        match self {
            Self::FormPost | Self::Action => "POST",
            Self::Preflight => "OPTIONS",
            _ => "GET",
        }
    }
}

/// The fewest request headers with which a request with [`Kind::sample_method`] is of this kind; a navigation with a
/// writing method is a fetch, since only a form of a browser navigates with one. For `[tests]` cases and docs.
pub fn sample_headers(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::Navigation => &[("accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")],
        Kind::FormPost => &[("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
        Kind::Rsc => &[("rsc", "1")],
        Kind::Prefetch => &[("rsc", "1"), ("next-router-prefetch", "1")],
        Kind::Data => &[("x-nextjs-data", "1")],
        Kind::Action => &[("next-action", "0000000000000000000000000000000000000000")],
        Kind::Fetch => &[("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
        Kind::WebSocket => &[("upgrade", "websocket")],
        Kind::EventStream => &[("accept", "text/event-stream")],
        Kind::SubResource => &[("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "image")],
        Kind::Preflight => &[("access-control-request-method", "GET"), ("origin", "https://other.example")],
    }
}

/// Handshakes that browsers make by themselves: nobody would read an answer body.
fn protocol(head: &Head) -> Option<Kind> {
    if lists(head, "upgrade", "websocket") {
        return Some(Kind::WebSocket);
    }
    // Fetch standard, CORS-preflight fetch: always with both headers. Narrow, since a preflight needs no session.
    if head.method == "OPTIONS" && head.has("access-control-request-method") && head.has("origin") {
        return Some(Kind::Preflight);
    }
    // EventSource sends exactly this (HTML standard, server-sent events). Others merely list it among several.
    (is_read(head) && first_type(head).is_some_and(|t| t.eq_ignore_ascii_case(b"text/event-stream")))
        .then_some(Kind::EventStream)
}

/// Headers that only client code of a framework (or a browser's speculation) sends. A prefetch is an RSC or data
/// request too, so it is asked for before those.
fn framework(head: &Head, target: &Target) -> Option<Kind> {
    if head.has("next-action") {
        return Some(Kind::Action);
    }
    let prefetch = head.has("next-router-prefetch")
        || head.has("next-router-segment-prefetch")
        || lists(head, "sec-purpose", "prefetch")
        || lists(head, "purpose", "prefetch");
    if prefetch {
        return Some(Kind::Prefetch);
    }
    if lists(head, "rsc", "1") {
        return Some(Kind::Rsc);
    }
    // A base path or a locale may stand before it.
    (head.has("x-nextjs-data") || target.path().contains("/_next/data/")).then_some(Kind::Data)
}

/// What a browser says itself (Fetch Metadata Request Headers); scripts cannot set these.
fn fetch_metadata(head: &Head) -> Option<Kind> {
    let navigates = says(head, "sec-fetch-mode", "navigate");
    // No page can put `Authorization` on a navigation: there it is the browser's own (Basic, Negotiate). Elsewhere it
    // is the mark of a machine.
    if head.has("authorization") && !navigates {
        return Some(Kind::Fetch);
    }
    if navigates {
        return Some(if is_read(head) { Kind::Navigation } else { Kind::FormPost });
    }
    if says(head, "sec-fetch-mode", "websocket") {
        return Some(Kind::WebSocket);
    }
    let dest = head.single("sec-fetch-dest")?;
    Some(match dest {
        _ if !is_read(head) => Kind::Fetch,
        b"document" | b"iframe" | b"frame" => Kind::Navigation,
        b"audio" | b"audioworklet" | b"embed" | b"font" | b"image" | b"manifest" | b"object" | b"paintworklet"
        | b"script" | b"serviceworker" | b"sharedworker" | b"style" | b"track" | b"video" | b"worker" | b"xslt" => {
            Kind::SubResource
        }
        _ => Kind::Fetch,
    })
}

/// Clients without fetch metadata: old browsers, and whatever is no browser.
fn guess(head: &Head) -> Kind {
    let html = first_type(head)
        .is_some_and(|t| t.eq_ignore_ascii_case(b"text/html") || t.eq_ignore_ascii_case(b"application/xhtml+xml"));
    if head.has("x-requested-with") {
        Kind::Fetch
    } else if is_read(head) && html {
        Kind::Navigation
    } else if head.method == "POST" && html && has_form_body(head) {
        Kind::FormPost
    } else if is_read(head) && first_type(head).is_some_and(|t| t.starts_with(b"image/") || t == b"text/css") {
        Kind::SubResource
    } else {
        Kind::Fetch
    }
}

fn is_read(head: &Head) -> bool {
    matches!(head.method.as_str(), "GET" | "HEAD")
}

/// The two types that an HTML form posts by default or with files (HTML standard, form submission).
fn has_form_body(head: &Head) -> bool {
    head.single("content-type").and_then(|value| value.split(|&b| b == b';').next()).is_some_and(|media| {
        let media = media.trim_ascii();
        media.eq_ignore_ascii_case(b"application/x-www-form-urlencoded")
            || media.eq_ignore_ascii_case(b"multipart/form-data")
    })
}

fn says(head: &Head, name: &str, value: &str) -> bool {
    head.single(name).is_some_and(|v| v == value.as_bytes())
}

/// Is `word` among the members of the list (RFC 9110 section 5.6.1), parameters left aside?
fn lists(head: &Head, name: &str, word: &str) -> bool {
    let mut members = head.lines(name).flat_map(|line| line.split(|&b| b == b',' || b == b';'));
    members.any(|member| member.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
}

/// The media type that `Accept` names first, without parameters.
fn first_type(head: &Head) -> Option<&[u8]> {
    let line = head.lines("accept").next()?;
    line.split(|&b| b == b',' || b == b';').next().map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(method: &str, path: &str, headers: &[(&str, &str)]) -> Kind {
        let headers = headers.iter().map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec())).collect();
        let head = Head { method: method.to_owned(), headers, ..Head::default() };
        Kind::of(&head, &Target::parse(path.as_bytes()).unwrap())
    }

    #[test]
    fn samples_are_of_their_kind() {
        for sample in Kind::ALL {
            assert_eq!(kind(sample.sample_method(), "/", sample_headers(sample)), sample);
            assert_eq!(Kind::from_name(sample.name()), Some(sample));
            for (name, _) in sample_headers(sample) {
                assert!(Kind::HEADERS.contains(name), "{name} is not among the headers read");
            }
        }
        assert_eq!(Kind::from_name("Rsc"), None);
    }

    #[test]
    fn only_listed_headers_are_read() {
        let source = include_str!("kind.rs").split("mod tests").next().unwrap();
        for call in ["head.has(\"", "head.single(\"", "head.lines(\"", "lists(head, \"", "says(head, \""] {
            for rest in source.split(call).skip(1) {
                let name = rest.split('"').next().unwrap();
                assert!(Kind::HEADERS.contains(&name), "{name} is read but not listed");
            }
        }
        assert!(Kind::HEADERS.is_sorted());
    }

    #[test]
    fn kinds_and_headers_are_documented() {
        let page = include_str!("../../../docs/request-kinds.md").to_lowercase();
        for kind in Kind::ALL {
            assert!(page.contains(&format!("| `{}` |", kind.name())), "{}", kind.name());
        }
        for header in Kind::HEADERS {
            assert!(page.contains(&format!("`{header}")), "{header}");
        }
    }

    const HTML: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    const NAVIGATE: (&str, &str) = ("sec-fetch-mode", "navigate");

    #[test]
    fn browsers() {
        assert_eq!(kind("GET", "/", &[HTML, NAVIGATE, ("sec-fetch-dest", "document")]), Kind::Navigation);
        assert_eq!(kind("GET", "/", &[NAVIGATE, ("authorization", "Basic YTpi")]), Kind::Navigation);
        assert_eq!(kind("HEAD", "/", &[HTML]), Kind::Navigation);
        assert_eq!(kind("POST", "/", &[HTML, NAVIGATE]), Kind::FormPost);
        assert_eq!(kind("POST", "/", &[HTML, ("content-type", "multipart/form-data; boundary=x")]), Kind::FormPost);
        assert_eq!(kind("GET", "/a.png", &[("accept", "image/avif,image/webp,*/*;q=0.8")]), Kind::SubResource);
        assert_eq!(kind("GET", "/a.js", &[("accept", "*/*"), ("sec-fetch-dest", "script")]), Kind::SubResource);
        assert_eq!(kind("GET", "/x", &[HTML, ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")]), Kind::Fetch);
        assert_eq!(kind("GET", "/x", &[HTML, NAVIGATE, ("sec-purpose", "prefetch;prerender")]), Kind::Prefetch);
        assert_eq!(kind("GET", "/x", &[("purpose", "Prefetch"), HTML]), Kind::Prefetch);
    }

    #[test]
    fn next_clients() {
        let fetch = [("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")];
        let with = |more: &[(&'static str, &'static str)]| [&fetch[..], more].concat();
        assert_eq!(kind("GET", "/a", &with(&[("rsc", "1"), ("accept", "*/*")])), Kind::Rsc);
        assert_eq!(kind("GET", "/a", &with(&[("rsc", "0")])), Kind::Fetch);
        assert_eq!(
            kind("GET", "/a", &with(&[("rsc", "1"), ("next-router-segment-prefetch", "/_tree")])),
            Kind::Prefetch
        );
        assert_eq!(kind("POST", "/a", &with(&[("next-action", "ab"), ("accept", "text/x-component")])), Kind::Action);
        assert_eq!(kind("GET", "/_next/data/b/a.json", &with(&[])), Kind::Data);
        assert_eq!(kind("GET", "/%5fnext/data/b/a.json", &with(&[])), Kind::Data);
        assert_eq!(kind("GET", "/base/fr/_next/data/b/a.json", &with(&[])), Kind::Data);
        assert_eq!(kind("GET", "/a", &with(&[("x-nextjs-data", "1")])), Kind::Data);
    }

    #[test]
    fn machines() {
        assert_eq!(kind("GET", "/", &[]), Kind::Fetch);
        assert_eq!(kind("GET", "/", &[("accept", "*/*")]), Kind::Fetch);
        assert_eq!(kind("GET", "/", &[("accept", "application/json, text/html")]), Kind::Fetch);
        assert_eq!(kind("GET", "/", &[HTML, ("x-requested-with", "XMLHttpRequest")]), Kind::Fetch);
        assert_eq!(kind("GET", "/", &[HTML, ("authorization", "Bearer x")]), Kind::Fetch);
        assert_eq!(kind("POST", "/", &[HTML]), Kind::Fetch);
        assert_eq!(kind("DELETE", "/", &[HTML]), Kind::Fetch);
        assert_eq!(kind("POST", "/mcp", &[("accept", "application/json, text/event-stream")]), Kind::Fetch);
        assert_eq!(kind("GET", "/ws", &[("upgrade", "h2c, WebSocket"), HTML]), Kind::WebSocket);
        assert_eq!(kind("GET", "/ws", &[("upgrade", "h2c"), HTML]), Kind::Navigation);
        assert_eq!(kind("OPTIONS", "/", &[("access-control-request-method", "PUT")]), Kind::Fetch);
        assert_eq!(
            kind("GET", "/", &[("access-control-request-method", "PUT"), ("origin", "null"), HTML]),
            Kind::Navigation
        );
    }
}
