//! From a question to a request that may be sent.

use crate::contract::CallQuestion;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use portcullis_wire::is_hosts_own;

/// Headers of one call.
const MAX_HEADERS: usize = 32;
/// Bytes of all their names and values together.
const MAX_HEADER_BYTES: usize = 64 << 10;
/// Bytes of a body.
const MAX_BODY: usize = 1 << 20;

/// A call that passed the checks. All of it but method and address may be secret.
#[derive(Clone, PartialEq, Eq)]
pub struct CallRequest {
    /// Not `CONNECT`.
    pub method: Method,
    /// One of the addresses that the policy names.
    pub url: String,
    /// At most 32 lines, none of which is the host's.
    pub headers: HeaderMap,
    /// At most 1 MiB.
    pub body: bytes::Bytes,
}

impl CallRequest {
    /// What is asked for, if it can be sent.
    ///
    /// # Errors
    /// What is the matter, without any value.
    pub fn new(question: &CallQuestion) -> Result<Self, String> {
        let method = Method::from_bytes(question.method.as_bytes()).map_err(|_| "the method is no token".to_owned())?;
        // What follows its answer is no message, but a tunnel (RFC 9110 section 9.3.6).
        if method == Method::CONNECT {
            return Err("it would open a tunnel".to_owned());
        }
        if question.headers.len() > MAX_HEADERS {
            return Err(format!("more than {MAX_HEADERS} headers"));
        }
        if question.headers.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() > MAX_HEADER_BYTES {
            return Err(format!("headers of more than {} KiB", MAX_HEADER_BYTES >> 10));
        }
        if question.body.len() > MAX_BODY {
            return Err(format!("a body of more than {} KiB", MAX_BODY >> 10));
        }
        let mut headers = HeaderMap::with_capacity(question.headers.len());
        for (name, value) in &question.headers {
            let (name, value) = line(name, value)?;
            headers.append(name, value);
        }
        let body = bytes::Bytes::copy_from_slice(&question.body);
        Ok(Self { method, url: question.url.clone(), headers, body })
    }
}

fn line(name: &str, value: &[u8]) -> Result<(HeaderName, HeaderValue), String> {
    let name = HeaderName::try_from(name).map_err(|_| "a header name that is no token".to_owned())?;
    if is_hosts_own(&name) || name == header::ACCEPT_ENCODING {
        return Err(format!("a header `{name}`, which is the host's"));
    }
    let mut value = HeaderValue::from_bytes(value).map_err(|_| format!("a value of `{name}` with control bytes"))?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// Shows where it goes, and none of the secrets that it carries.
impl std::fmt::Debug for CallRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CallRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
