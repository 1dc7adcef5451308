//! The part of Envoy's `ext_authz` messages that is read and written here, in protobuf.
//!
//! Written by hand because the crate that has all of Envoy's API (`envoy-types`) costs more to build than the rest of
//! gRPC together (docs/decisions.md), for two dozen fields of it. Fields that are not named are skipped when read, as
//! protobuf wants. Names and numbers are those of `envoy/service/auth/v3/{external_auth,attribute_context}.proto`
//! and `envoy/config/core/v3/{base,address}.proto`; each message says which fields it leaves out.

use std::collections::HashMap;

/// Where it is served.
pub const CHECK: &str = "/envoy.service.auth.v3.Authorization/Check";

/// `envoy.service.auth.v3.CheckRequest`, whole.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CheckRequest {
    /// What is asked about.
    #[prost(message, optional, tag = "1")]
    pub attributes: Option<AttributeContext>,
}

/// `AttributeContext` without destination, metadata, extensions and TLS.
#[derive(Clone, PartialEq, prost::Message)]
pub struct AttributeContext {
    /// The client, after the proxies that Envoy trusts.
    #[prost(message, optional, tag = "1")]
    pub source: Option<Peer>,
    /// The request.
    #[prost(message, optional, tag = "4")]
    pub request: Option<Request>,
}

/// `AttributeContext.Peer` without names and certificates.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Peer {
    /// Where it is.
    #[prost(message, optional, tag = "1")]
    pub address: Option<Address>,
}

/// `core.v3.Address` without pipes and internal listeners.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Address {
    /// An address of the network.
    #[prost(message, optional, tag = "1")]
    pub socket_address: Option<SocketAddress>,
}

/// `core.v3.SocketAddress` without the port.
#[derive(Clone, PartialEq, prost::Message)]
pub struct SocketAddress {
    /// `192.0.2.1` or `2001:db8::1`.
    #[prost(string, tag = "2")]
    pub address: String,
}

/// `AttributeContext.Request` without its time.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Request {
    /// What it is in HTTP.
    #[prost(message, optional, tag = "2")]
    pub http: Option<HttpRequest>,
}

/// `AttributeContext.HttpRequest` without id, scheme, query, fragment and protocol. The scheme is read from
/// `x-forwarded-proto`, which Envoy writes; `:scheme` may be the client's own word.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HttpRequest {
    /// Method.
    #[prost(string, tag = "2")]
    pub method: String,
    /// Headers, lines of one name joined by commas; empty if `header_map` is used.
    #[prost(map = "string, string", tag = "3")]
    pub headers: HashMap<String, String>,
    /// Path and query.
    #[prost(string, tag = "4")]
    pub path: String,
    /// Host or `:authority`.
    #[prost(string, tag = "5")]
    pub host: String,
    /// Bytes of the body as declared; -1: not declared.
    #[prost(int64, tag = "9")]
    pub size: i64,
    /// The body as text.
    #[prost(string, tag = "11")]
    pub body: String,
    /// The body as bytes (`pack_as_bytes`).
    #[prost(bytes = "bytes", tag = "12")]
    pub raw_body: bytes::Bytes,
    /// Headers, line by line (`encode_raw_headers`).
    #[prost(message, optional, tag = "13")]
    pub header_map: Option<HeaderMap>,
}

/// `core.v3.HeaderMap`, whole.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HeaderMap {
    /// The lines.
    #[prost(message, repeated, tag = "1")]
    pub headers: Vec<HeaderValue>,
}

/// `core.v3.HeaderValue`, whole.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HeaderValue {
    /// Name.
    #[prost(string, tag = "1")]
    pub key: String,
    /// Value as text.
    #[prost(string, tag = "2")]
    pub value: String,
    /// Value as bytes; one of the two is empty.
    #[prost(bytes = "vec", tag = "3")]
    pub raw_value: Vec<u8>,
}

/// `core.v3.HeaderValueOption` without what is deprecated, and without `keep_empty_value`.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HeaderValueOption {
    /// The line.
    #[prost(message, optional, tag = "1")]
    pub header: Option<HeaderValue>,
    /// What happens to lines of that name that are there.
    #[prost(enumeration = "AppendAction", tag = "3")]
    pub append_action: i32,
}

/// `core.v3.HeaderValueOption.HeaderAppendAction` without conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
pub enum AppendAction {
    /// They stay.
    Append = 0,
    /// They go.
    Overwrite = 2,
}

/// `envoy.service.auth.v3.CheckResponse` without metadata.
#[derive(Clone, PartialEq, prost::Message)]
pub struct CheckResponse {
    /// Pass or not.
    #[prost(message, optional, tag = "1")]
    pub status: Option<Status>,
    /// How.
    #[prost(oneof = "HttpResponse", tags = "2, 3")]
    pub http_response: Option<HttpResponse>,
}

/// `CheckResponse.http_response` without errors.
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum HttpResponse {
    /// An answer for the visitor.
    #[prost(message, tag = "2")]
    Denied(DeniedHttpResponse),
    /// The request passes.
    #[prost(message, tag = "3")]
    Ok(OkHttpResponse),
}

/// `google.rpc.Status` without details.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Status {
    /// 0: pass. 7: permission denied.
    #[prost(int32, tag = "1")]
    pub code: i32,
    /// For logs.
    #[prost(string, tag = "2")]
    pub message: String,
}

/// `envoy.service.auth.v3.DeniedHttpResponse`, whole.
#[derive(Clone, PartialEq, prost::Message)]
pub struct DeniedHttpResponse {
    /// Status.
    #[prost(message, optional, tag = "1")]
    pub status: Option<HttpStatus>,
    /// Headers.
    #[prost(message, repeated, tag = "2")]
    pub headers: Vec<HeaderValueOption>,
    /// Body.
    #[prost(string, tag = "3")]
    pub body: String,
}

/// `envoy.type.v3.HttpStatus`, whole; its enumeration has the numbers of HTTP.
#[derive(Clone, PartialEq, prost::Message)]
pub struct HttpStatus {
    /// 200 to 599.
    #[prost(int32, tag = "1")]
    pub code: i32,
}

/// `envoy.service.auth.v3.OkHttpResponse` without metadata and query parameters.
#[derive(Clone, PartialEq, prost::Message)]
pub struct OkHttpResponse {
    /// Headers of the request.
    #[prost(message, repeated, tag = "2")]
    pub headers: Vec<HeaderValueOption>,
    /// Headers that the request loses.
    #[prost(string, repeated, tag = "5")]
    pub headers_to_remove: Vec<String>,
    /// Headers of the response.
    #[prost(message, repeated, tag = "6")]
    pub response_headers_to_add: Vec<HeaderValueOption>,
}
