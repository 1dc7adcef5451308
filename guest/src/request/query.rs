//! Query strings: read one parameter, write one, percent-coding.

/// Percent-encode everything but unreserved characters (RFC 3986 section 2.3), as `encodeURIComponent` nearly does.
pub fn encode_component(text: &str) -> String {
    text.to_owned()
}

/// Decode `%XX` and `+` (WHATWG URL `application/x-www-form-urlencoded`); `None` on a bad escape or bad UTF-8.
pub fn decode_component(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// First value of parameter `name`, decoded; `None` when it is absent or cannot be decoded.
pub fn param(query: &str, name: &str) -> Option<String> {
    let _ = (query, name);
    None
}

/// `url` with `name=value` added to its query, before any fragment.
pub fn append_param(url: &str, name: &str, value: &str) -> String {
    let _ = (name, value);
    url.to_owned()
}
