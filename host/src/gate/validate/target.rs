//! Is this the canonical request target that the contract promises? (Origin form, RFC 9112 section 3.2.1.)

use http::uri::PathAndQuery;

/// Check `target` and make it what hyper sends.
pub(super) fn check(target: &str) -> Result<PathAndQuery, String> {
    let fault = fault(target);
    if fault.is_some() {
        // The text itself is not repeated: it may hold control bytes and end up in a log.
        return Err(format!("a target {}", fault.unwrap_or_default()));
    }
    let parsed = PathAndQuery::try_from(target).map_err(|_| "a target that is no path and query".to_owned())?;
    if parsed.as_str() != target {
        return Err("a target that changes when it is parsed".to_owned());
    }
    Ok(parsed)
}

fn fault(target: &str) -> Option<&'static str> {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    if !path.starts_with('/') {
        return Some("that does not start with `/`");
    }
    if path.starts_with("//") {
        return Some("that starts with `//`: some read a host there");
    }
    if !target.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Some("with control bytes, spaces or other than ASCII");
    }
    // In a query browsers send `\\` as it is, and no server reads it as a separator there.
    if path.contains('\\') || target.contains('#') {
        return Some("with `\\` in its path or `#`");
    }
    if path.split('/').any(is_dot_segment) {
        return Some("with dot segments");
    }
    has_broken_escape(path).then_some("with a broken `%` escape in its path")
}

/// `.`, `..` and their escaped spellings (WHATWG URL: single-dot and double-dot path segment), also before a `;`
/// parameter, which some servers cut off.
fn is_dot_segment(segment: &str) -> bool {
    let mut rest = segment.as_bytes();
    let mut dots = 0;
    while let [b'.', after @ ..] | [b'%', b'2', b'e' | b'E', after @ ..] = rest {
        (dots, rest) = (dots + 1, after);
    }
    matches!(dots, 1 | 2) && matches!(rest, [] | [b';', ..])
}

fn has_broken_escape(path: &str) -> bool {
    path.split('%')
        .skip(1)
        .any(|rest| !matches!(rest.as_bytes(), [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit()))
}
