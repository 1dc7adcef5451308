//! Header edits of a verdict, and how they are made.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// One checked header edit. Never names a header that frames a message or steers a connection.
#[derive(Debug, Clone)]
pub enum Edit {
    /// Replace all lines.
    Set(HeaderName, HeaderValue),
    /// Add a line; `vary` merges.
    Append(HeaderName, HeaderValue),
    /// Remove all lines.
    Remove(HeaderName),
}

/// HTTP/2 clients may send a Cookie line for each pair; an HTTP/1 upstream gets one (RFC 9113 section 8.2.3).
pub fn join_cookies(headers: &mut HeaderMap) {
    let lines = headers.get_all(header::COOKIE);
    if lines.iter().nth(1).is_none() {
        return;
    }
    let joined = lines.iter().map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b"; "[..]);
    match HeaderValue::from_bytes(&joined) {
        Ok(line) => drop(headers.insert(header::COOKIE, line)),
        // Cannot be, joined from header values; without cookies the upstream sees a stranger.
        Err(_) => drop(headers.remove(header::COOKIE)),
    }
}

/// Apply checked edits, in order. Cookies that are added stand in front of those that are there: a browser keeps the last
/// one of a name, and what the app sets in this very answer is newer than a session that was rolled on before it was asked.
pub fn edit(headers: &mut HeaderMap, edits: &[Edit]) {
    let mut own: Vec<HeaderValue> = Vec::new();
    if edits.iter().any(|edit| matches!(edit, Edit::Append(name, _) if name == header::SET_COOKIE)) {
        own.extend(headers.get_all(header::SET_COOKIE).iter().cloned());
        headers.remove(header::SET_COOKIE);
    }
    for edit in edits {
        if matches!(edit, Edit::Set(name, _) | Edit::Remove(name) if name == header::SET_COOKIE) {
            own.clear();
        }
        match edit {
            Edit::Set(name, value) => drop(headers.insert(name, value.clone())),
            Edit::Append(name, value) if name == header::VARY => add_vary(headers, value),
            Edit::Append(name, value) => drop(headers.append(name, value.clone())),
            Edit::Remove(name) => drop(headers.remove(name)),
        }
    }
    for line in own {
        headers.append(header::SET_COOKIE, line);
    }
}

/// One Vary line, each name once; `*` stands for everything.
fn add_vary(headers: &mut HeaderMap, more: &HeaderValue) {
    let mut names: Vec<&[u8]> = Vec::new();
    for line in headers.get_all(header::VARY).iter().chain([more]) {
        for name in line.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if !name.is_empty() && !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                names.push(name);
            }
        }
    }
    if let Ok(line) = HeaderValue::from_bytes(&names.join(&b", "[..])) {
        headers.insert(header::VARY, line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vary_is_merged_and_cookies_are_added() {
        let mut headers = HeaderMap::new();
        headers.append("vary", HeaderValue::from_static("Accept, cookie"));
        headers.append("vary", HeaderValue::from_static("RSC"));
        headers.append("set-cookie", HeaderValue::from_static("a=1"));
        let edits = [
            Edit::Append(header::VARY, HeaderValue::from_static("Cookie, Authorization")),
            Edit::Append(header::SET_COOKIE, HeaderValue::from_static("b=2")),
            Edit::Set(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        ];
        edit(&mut headers, &edits);
        assert_eq!(headers.get_all("vary").iter().collect::<Vec<_>>(), ["Accept, cookie, RSC, Authorization"]);
        // The app's own word is the last one.
        assert_eq!(headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["b=2", "a=1"]);
        let remove = [edits[1].clone(), Edit::Remove(header::SET_COOKIE), edits[1].clone()];
        edit(&mut headers, &remove);
        assert_eq!(headers.get_all("set-cookie").iter().collect::<Vec<_>>(), ["b=2"]);
    }
}
