//! Headers as lists of lines, as `wasi:http` has them in every version.

use http::{HeaderMap, HeaderName, HeaderValue, header};

/// A header line.
type Line = (String, Vec<u8>);

/// All lines; `None`: one of them is no header.
pub(super) fn read(entries: &[(String, Vec<u8>)]) -> Option<HeaderMap> {
    let mut headers = HeaderMap::with_capacity(entries.len());
    for (name, value) in entries {
        headers.append(HeaderName::try_from(name).ok()?, HeaderValue::from_bytes(value).ok()?);
    }
    Some(headers)
}

/// All lines but `Host`, and the host: some runtimes write that themselves.
pub(super) fn lines(headers: &HeaderMap) -> (Vec<Line>, Option<&[u8]>) {
    let lines = headers.iter().filter(|(name, _)| *name != header::HOST);
    let lines = lines.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
    (lines, headers.get(header::HOST).map(HeaderValue::as_bytes))
}
