//! The app behind `portcullis demo`: a few pages, a sign-in form, and an issuer of its own. It knows nothing of the
//! gate; it trusts the identity headers, because the gate removes what clients send under those names.

mod issuer;
mod pages;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use issuer::Issuer;
use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;

/// The policy of the demo; its issuer comes as `env:DEMO_ISSUER`.
pub const POLICY: &str = include_str!("../../../examples/demo/portcullis.toml");

/// Name of the session cookie. No `__Host-` prefix: the demo speaks plain http on loopback.
const COOKIE: &str = "__session";

/// Bytes of a form: a name, an address and a path.
const MAX_FORM: usize = 8 * 1024;

/// A running demo app. Its tasks end with the runtime.
#[derive(Debug)]
pub struct Demo {
    address: SocketAddr,
}

impl Demo {
    /// Make a key pair, listen on a free loopback port, serve.
    ///
    /// # Errors
    /// No port is to be had, or no key.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let issuer = Arc::new(Issuer::new(format!("http://{address}"))?);
        tokio::spawn(serve(listener, issuer));
        Ok(Self { address })
    }

    /// Where the app listens.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Who issues its tokens.
    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn serve(listener: TcpListener, issuer: Arc<Issuer>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // No file handles: wait for some rather than turn in circles.
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            continue;
        };
        let issuer = Arc::clone(&issuer);
        tokio::spawn(async move {
            let service = hyper::service::service_fn(move |request| {
                let issuer = Arc::clone(&issuer);
                async move { Ok::<_, Infallible>(answer(request, &issuer).await) }
            });
            let mut server = hyper::server::conn::http1::Builder::new();
            // A broken connection is the client's business.
            let _ = server.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

type Answer = Response<Full<Bytes>>;

async fn answer(request: Request<Incoming>, issuer: &Issuer) -> Answer {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    match (&parts.method, path) {
        (&Method::GET | &Method::HEAD, _) => page(path, parts.uri.query().unwrap_or_default(), &parts.headers, issuer),
        (&Method::POST, "/signin" | "/signout") if !same_origin(&parts.headers) => {
            text(StatusCode::FORBIDDEN, "text/plain; charset=utf-8", "this form belongs to another site\n".to_owned())
        }
        (&Method::POST, "/signin") => match Limited::new(body, MAX_FORM).collect().await {
            Ok(form) => sign_in(&form.to_bytes(), issuer),
            Err(_) => text(StatusCode::PAYLOAD_TOO_LARGE, "text/plain", "the form is too long\n".to_owned()),
        },
        (&Method::POST, "/signout") => see_other("/", Some(&cookie("", 0))),
        _ => text(StatusCode::METHOD_NOT_ALLOWED, "text/plain", "not here\n".to_owned()),
    }
}

fn page(path: &str, query: &str, headers: &HeaderMap, issuer: &Issuer) -> Answer {
    let html = |body| text(StatusCode::OK, "text/html; charset=utf-8", body);
    let json = |body: serde_json::Value| text(StatusCode::OK, "application/json", body.to_string());
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match path {
        "/" => html(pages::home()),
        "/signin" => html(pages::sign_in(&form_value(query, "next").unwrap_or_default())),
        "/.well-known/jwks.json" => json(issuer.jwks()),
        "/.well-known/openid-configuration" => json(issuer.discovery()),
        "/api/items" => json(serde_json::json!({
            "user": { "id": value("x-user-id"), "name": value("x-user-name"), "email": value("x-user-email") },
            "items": [{ "id": 1, "name": "Drawbridge" }, { "id": 2, "name": "Portcullis" }],
        })),
        _ if path == "/product" || path.starts_with("/product/") => {
            let names = ["x-user-id", "x-user-name", "x-user-email"];
            html(pages::product(path, &names.map(|name| (name, value(name)))))
        }
        _ => text(StatusCode::NOT_FOUND, "text/html; charset=utf-8", pages::missing(path)),
    }
}

fn sign_in(form: &[u8], issuer: &Issuer) -> Answer {
    let form = String::from_utf8_lossy(form);
    let name = form_value(&form, "name").filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "Visitor".into());
    let email = form_value(&form, "email").unwrap_or_default();
    let next = form_value(&form, "next").filter(|next| is_local(next)).unwrap_or_else(|| "/product".into());
    match issuer.token(name.trim(), email.trim()) {
        Ok(token) => see_other(&next, Some(&cookie(&token, issuer::LIFETIME))),
        Err(_) => text(StatusCode::INTERNAL_SERVER_ERROR, "text/plain", "no token could be made\n".to_owned()),
    }
}

/// The session cookie; `seconds` 0 clears it.
fn cookie(token: &str, seconds: i64) -> String {
    cookie::Cookie::build((COOKIE, token.to_owned()))
        .path("/")
        .http_only(true)
        .same_site(cookie::SameSite::Lax)
        .max_age(cookie::time::Duration::seconds(seconds))
        .build()
        .to_string()
}

/// Forms of other sites are refused: their pages send their own `origin` (Fetch standard, "origin header").
fn same_origin(headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let (Ok(origin), Some(Ok(host))) = (origin.to_str(), headers.get(header::HOST).map(|host| host.to_str())) else {
        return false;
    };
    origin.split_once("://").is_some_and(|(_, authority)| authority == host)
}

/// A path of this site: one slash, then neither slash nor backslash, and nothing that a header cannot hold.
fn is_local(next: &str) -> bool {
    let second = next.as_bytes().get(1);
    next.starts_with('/')
        && !matches!(second, Some(b'/' | b'\\'))
        && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}

/// One value of an `application/x-www-form-urlencoded` text.
fn form_value(form: &str, name: &str) -> Option<String> {
    let (_, value) = form.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name)?;
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

fn see_other(to: &str, cookie: Option<&str>) -> Answer {
    let mut response = text(StatusCode::SEE_OTHER, "text/plain", String::new());
    let named = [(header::LOCATION, Some(to)), (header::SET_COOKIE, cookie)];
    for (name, value) in named.into_iter().filter_map(|(name, value)| Some((name, value?.parse().ok()?))) {
        response.headers_mut().insert(name, value);
    }
    response
}

fn text(status: StatusCode, content_type: &'static str, body: String) -> Answer {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(content_type));
    response
}

#[cfg(test)]
mod tests;
