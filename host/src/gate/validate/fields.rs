//! Header names and values of a verdict.

use super::super::Edit;
use crate::contract::HeaderEdit;
use http::{HeaderName, HeaderValue, Uri, header};
use portcullis_wire::is_hosts_own;

/// Edits of one message, or lines of one reply.
const MAX_COUNT: usize = 100;
/// Bytes of one value.
const MAX_VALUE: usize = 8 << 10;
/// Bytes of all names and values together.
const MAX_TOTAL: usize = 64 << 10;

/// The checks of one list of headers, with its totals.
pub(super) struct Fields {
    response: bool,
    count: usize,
    bytes: usize,
}

impl Fields {
    /// Edits of a request.
    pub(super) fn request() -> Self {
        Self { response: false, count: 0, bytes: 0 }
    }

    /// Edits of a response, or the lines of a reply.
    pub(super) fn response() -> Self {
        Self { response: true, count: 0, bytes: 0 }
    }

    pub(super) fn edits(mut self, edits: Vec<HeaderEdit>) -> Result<Vec<Edit>, String> {
        let check = |edit| {
            Ok(match edit {
                HeaderEdit::Set((name, value)) => {
                    let (name, value) = self.line(&name, value)?;
                    Edit::Set(name, value)
                }
                HeaderEdit::Append((name, value)) => {
                    let (name, value) = self.line(&name, value)?;
                    Edit::Append(name, value)
                }
                HeaderEdit::Remove(name) => {
                    self.add(name.len())?;
                    Edit::Remove(self.name(&name)?)
                }
            })
        };
        edits.into_iter().map(check).collect()
    }

    pub(super) fn lines(mut self, lines: Vec<(String, Vec<u8>)>) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
        lines.into_iter().map(|(name, value)| self.line(&name, value)).collect()
    }

    fn line(&mut self, name: &str, value: Vec<u8>) -> Result<(HeaderName, HeaderValue), String> {
        self.add(name.len() + value.len())?;
        let name = self.name(name)?;
        if value.len() > MAX_VALUE {
            return Err(format!("a value of `{name}` with {} bytes, the limit is {MAX_VALUE}", value.len()));
        }
        let value = HeaderValue::try_from(value).map_err(|_| format!("a value of `{name}` with control bytes"))?;
        if name == header::SET_COOKIE {
            set_cookie(value.as_bytes()).map_err(|fault| format!("a `set-cookie` line {fault}"))?;
        }
        if name == header::LOCATION {
            location(value.as_bytes())?;
        }
        Ok((name, value))
    }

    fn add(&mut self, bytes: usize) -> Result<(), String> {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        if self.count > MAX_COUNT {
            return Err(format!("more than {MAX_COUNT} headers"));
        }
        if self.bytes > MAX_TOTAL {
            return Err(format!("headers of more than {MAX_TOTAL} bytes"));
        }
        Ok(())
    }

    /// A token (RFC 9110 section 5.6.2): that also refuses pseudo headers, which start with `:`.
    fn name(&self, name: &str) -> Result<HeaderName, String> {
        let name = HeaderName::try_from(name).map_err(|_| "a header name that is no token".to_owned())?;
        if is_hosts_own(&name) {
            return Err(format!("an edit of `{name}`, which is the host's"));
        }
        if !self.response && name == header::SET_COOKIE {
            return Err("`set-cookie` in a request".to_owned());
        }
        Ok(name)
    }
}

/// Where a browser may be sent: a path of this origin, or an absolute address without user information.
fn location(value: &[u8]) -> Result<(), String> {
    // A space, a control or a backslash is dropped or turned into a slash by browsers (WHATWG URL, basic parser).
    if !value.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'\\') {
        return Err("a `location` with spaces, backslashes, control bytes or other than ASCII".to_owned());
    }
    match value {
        [b'/', b'/', ..] => Err("a `location` that starts with `//`".to_owned()),
        [b'/', ..] => Ok(()),
        other => {
            let uri = Uri::try_from(other).map_err(|_| "a `location` that is no address".to_owned())?;
            let authority = uri.authority().map_or("", |authority| authority.as_str());
            match uri.scheme_str() {
                Some("http" | "https") if !authority.is_empty() && !authority.contains('@') => Ok(()),
                _ => Err("a `location` that is neither a path nor an http(s) address".to_owned()),
            }
        }
    }
}

/// RFC 6265 section 4.1.1, strictly: what we write must be read alike by every browser.
fn set_cookie(line: &[u8]) -> Result<(), &'static str> {
    let line = std::str::from_utf8(line).ok().filter(|line| line.is_ascii()).ok_or("with other than ASCII")?;
    let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
    let (name, value) = pair.split_once('=').ok_or("without `=`")?;
    if name.is_empty() || !name.bytes().all(is_token) {
        return Err("whose name is no token");
    }
    let bare = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    if !bare.bytes().all(is_cookie_octet) {
        return Err("with a value that needs quoting");
    }
    if !attributes.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
        return Err("with control bytes");
    }
    // The crate must read the same pair out of it.
    let parsed = cookie::Cookie::parse(line).map_err(|_| "that cannot be read back")?;
    if (parsed.name(), parsed.value()) != (name, value) {
        return Err("that reads back as another cookie");
    }
    Ok(())
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_cookie_octet(byte: u8) -> bool {
    matches!(byte, 0x21 | 0x23..=0x2b | 0x2d..=0x3a | 0x3c..=0x5b | 0x5d..=0x7e)
}
