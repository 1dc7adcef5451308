//! `portcullis authz` as a process: each kind of proxy asks as it does, and is told what its proxy can do.

use portcullis::authz::ext_authz::{
    Address, AttributeContext, CHECK, CheckRequest, CheckResponse, HeaderMap, HeaderValue, HttpRequest, HttpResponse,
    Peer, Request, SocketAddress,
};
use portcullis_tests::engine::Policy;
use portcullis_tests::process::{self, Server};
use portcullis_tests::sign::Signer;
use portcullis_tests::site::{Folder, cookie, document};
use portcullis_tests::wire::{self, Response};
use std::net::SocketAddr;
use tonic::client::{Grpc, GrpcService};
use tonic_prost::ProstCodec;

const MODES: [&str; 5] = ["nginx", "caddy", "traefik", "haproxy", "envoy"];

struct Site {
    folder: Folder,
    signer: Signer,
}

impl Site {
    fn new() -> Self {
        Self { folder: Folder::new(), signer: Signer::new() }
    }

    fn config(&self) -> String {
        let policy = Policy::new(document(&self.signer)).before("http://127.0.0.1:1");
        let text = policy.toml().replace("access-log = false", "access-log = true");
        self.folder.write("portcullis.toml", text).to_str().unwrap().to_owned()
    }

    fn start(&self, arguments: &[&str]) -> Server {
        let config = self.config();
        let mut command = process::command(&["--config", &config, "authz"]);
        command.args(arguments).current_dir(self.folder.path());
        Server::start(command).unwrap_or_else(|ended| panic!("{ended:?}"))
    }
}

/// As the proxy of that mode asks about `GET target` of `app.example`.
fn ask(address: SocketAddr, mode: &str, target: &str, more: &[(&str, &str)]) -> Response {
    let kind = if mode == "nginx" { "original" } else { "forwarded" };
    let names = ["proto", "for", "method", "uri", "host"].map(|part| format!("x-{kind}-{part}"));
    let values = ["https", "192.0.2.7", "GET", target, "app.example"];
    let named = names.iter().map(String::as_str).zip(values).take(if mode == "envoy" { 2 } else { 5 });
    let headers = named.chain(more.iter().copied()).map(|(n, v)| (n.to_owned(), v.as_bytes().to_vec()));
    let headers = headers.collect::<Vec<_>>();
    let line = if mode == "envoy" { target } else { "/" };
    wire::exchange(address, &wire::request("GET", line.as_bytes(), "app.example", &headers, &[])).unwrap()
}

#[test]
fn every_mode_lets_pass_and_refuses() {
    let site = Site::new();
    for mode in MODES {
        let server = site.start(&["--mode", mode, "--listen", "127.0.0.1:0"]);
        let at = server.address();

        let refused = ask(at, mode, "/product?a=1", &[("accept", "text/html"), ("sec-fetch-mode", "navigate")]);
        let location = refused.header("location");
        assert_eq!(location.as_deref(), Some("/signin?next=%2Fproduct%3Fa%3D1"), "{mode} {refused:?}");
        let (status, real) = if mode == "nginx" { (401, Some("307")) } else { (307, None) };
        assert_eq!((refused.status, refused.header("x-portcullis-status").as_deref()), (status, real), "{mode}");

        let session = cookie(&site.signer, "alice");
        let passed = ask(at, mode, "/product", &[("cookie", &session)]);
        assert_eq!((passed.status, passed.header("x-user").as_deref()), (200, Some("alice")), "{mode} {passed:?}");
        assert_eq!(passed.header("cache-control").as_deref(), Some("private, no-store"), "{mode}");

        let public = ask(at, mode, "/", &[("x-user", "admin")]);
        match mode {
            "envoy" => {
                assert_eq!(public.header("x-envoy-auth-headers-to-remove").as_deref(), Some("x-user"), "{public:?}");
            }
            "nginx" => assert_eq!(public.header("x-portcullis-status").as_deref(), Some("400"), "{public:?}"),
            _ => assert_eq!(public.status, 400, "{mode} {public:?}"),
        }

        // Nothing is judged that is not named, or named twice.
        let unnamed = wire::get(at, "/product", &[("cookie", &session)]).unwrap();
        assert!(matches!(unnamed.status, 400 | 401), "{mode} {unnamed:?}");
        let name = if mode == "nginx" { "x-original-proto" } else { "x-forwarded-proto" };
        let twice = ask(at, mode, "/product", &[("cookie", &session), (name, "https")]);
        assert!(matches!(twice.status, 400 | 401), "{mode} {twice:?}");

        let ended = server.terminate();
        assert_eq!(ended.code, Some(0), "{mode} {}", ended.stderr);
        assert!(ended.stderr.contains("\"path\":\"/product\"") && ended.stderr.contains("\"client\":\"192.0.2.7\""));
        assert!(ended.stderr.contains("the request is named twice"), "{mode} {}", ended.stderr);
    }
}

#[test]
fn a_policy_needs_no_upstream() {
    let folder = Folder::new();
    let config = folder.write("portcullis.toml", "version = 1\ndefault = \"public\"\n");
    let mut command = process::command(&["--config", config.to_str().unwrap(), "authz", "--mode", "caddy"]);
    command.args(["--listen", "127.0.0.1:0"]).current_dir(folder.path());
    let server = Server::start(command).unwrap_or_else(|ended| panic!("{ended:?}"));
    assert_eq!(ask(server.address(), "caddy", "/", &[]).status, 200);
}

#[test]
fn the_command_line_is_checked() {
    let site = Site::new();
    let config = site.config();
    for (arguments, words) in [
        (&["--mode", "nginx", "--grpc", "127.0.0.1:0"][..], "`--grpc` is for `--mode envoy`"),
        (&["--mode", "nginx", "--trusted", "here"], "`here` is no network"),
        (&["--mode", "apache"], "invalid value"),
        (&[], "--mode"),
    ] {
        let mut command = process::command(&["--config", &config, "authz"]);
        command.args(arguments).current_dir(site.folder.path());
        let ended = process::run(command);
        assert_eq!(ended.code, Some(2), "{arguments:?} {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{arguments:?} {}", ended.stderr);
    }
}

/// A connection of its own for each call, as tonic's client wants it.
struct Connection(SocketAddr);

impl GrpcService<tonic::body::Body> for Connection {
    type ResponseBody = hyper::body::Incoming;
    type Error = Box<dyn std::error::Error + Send + Sync>;
    type Future =
        std::pin::Pin<Box<dyn Future<Output = Result<http::Response<Self::ResponseBody>, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Self::Error>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<tonic::body::Body>) -> Self::Future {
        let address = self.0;
        Box::pin(async move {
            let stream = tokio::net::TcpStream::connect(address).await?;
            let executor = hyper_util::rt::TokioExecutor::new();
            let io = hyper_util::rt::TokioIo::new(stream);
            let (mut sender, connection) = hyper::client::conn::http2::handshake(executor, io).await?;
            tokio::spawn(connection);
            Ok(sender.send_request(request).await?)
        })
    }
}

fn call(address: SocketAddr, request: CheckRequest) -> Result<CheckResponse, tonic::Status> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let origin: http::Uri = format!("http://{address}").parse().unwrap();
        let mut client = Grpc::with_origin(Connection(address), origin);
        let codec = ProstCodec::<CheckRequest, CheckResponse>::default();
        let path = http::uri::PathAndQuery::from_static(CHECK);
        client.unary(tonic::Request::new(request), path, codec).await.map(tonic::Response::into_inner)
    })
}

fn question(path: &str, headers: &[(&str, &str)]) -> CheckRequest {
    let named = [(":method", "GET"), ("x-forwarded-proto", "https")];
    let line = |(key, value): (&str, &str)| HeaderValue {
        key: key.to_owned(),
        value: String::new(),
        raw_value: value.as_bytes().to_vec(),
    };
    let http = HttpRequest {
        method: "GET".to_owned(),
        path: path.to_owned(),
        host: "app.example".to_owned(),
        header_map: Some(HeaderMap { headers: named.into_iter().chain(headers.iter().copied()).map(line).collect() }),
        ..HttpRequest::default()
    };
    let address = Address { socket_address: Some(SocketAddress { address: "192.0.2.7".to_owned() }) };
    let attributes =
        AttributeContext { source: Some(Peer { address: Some(address) }), request: Some(Request { http: Some(http) }) };
    CheckRequest { attributes: Some(attributes) }
}

#[test]
fn grpc_lets_pass_and_refuses() {
    let site = Site::new();
    let server = site.start(&["--mode", "envoy", "--grpc", "127.0.0.1:0"]);
    let at = server.address();

    let refused = call(at, question("/product", &[("accept", "text/html"), ("sec-fetch-mode", "navigate")])).unwrap();
    assert_eq!(refused.status.unwrap().code, 7);
    let Some(HttpResponse::Denied(denied)) = refused.http_response else { panic!("{:?}", refused.http_response) };
    assert_eq!(denied.status.unwrap().code, 307);
    let lines = denied.headers.iter().filter_map(|option| option.header.as_ref());
    let location = lines.clone().find(|line| line.key == "location").unwrap();
    assert_eq!(location.value, "/signin?next=%2Fproduct");

    let session = cookie(&site.signer, "alice");
    let spoofed = [("cookie", session.as_str()), ("x-user", "admin"), ("x-middleware-subrequest", "1")];
    let passed = call(at, question("/%70roduct", &spoofed)).unwrap();
    assert_eq!(passed.status.unwrap().code, 0);
    let Some(HttpResponse::Ok(ok)) = passed.http_response else { panic!("{:?}", passed.http_response) };
    let set = ok.headers.iter().filter_map(|option| option.header.as_ref());
    let set = set.map(|line| (line.key.as_str(), line.value.as_str())).collect::<Vec<_>>();
    assert_eq!(set, [(":path", "/product"), ("x-user", "alice")]);
    assert_eq!(ok.headers_to_remove, ["x-middleware-subrequest"]);
    assert!(!ok.response_headers_to_add.is_empty(), "what depends on a session is private");

    let public = call(at, question("/", &[("X_User", "admin")])).unwrap();
    let Some(HttpResponse::Ok(ok)) = public.http_response else { panic!("{:?}", public.http_response) };
    assert_eq!(ok.headers_to_remove, ["x_user"]);

    let nothing = call(at, CheckRequest::default()).unwrap();
    let Some(HttpResponse::Denied(denied)) = nothing.http_response else { panic!("{:?}", nothing.http_response) };
    assert_eq!(denied.status.unwrap().code, 400);
    // A proxy that asks over HTTP must not take the 200 of a failed call for leave to pass.
    for (path, kind) in [("/", "application/grpc"), (CHECK, "application/grpc"), (CHECK, "text/plain")] {
        let asked = wire::send(at, "POST", path, &[("content-type", kind)], b"x").unwrap();
        assert_eq!(asked.status, 415, "{path} {kind}");
    }
    assert_eq!(server.terminate().code, Some(0));
}

#[test]
fn both_doors_of_envoy_are_open_at_once() {
    let site = Site::new();
    let arguments = ["--mode", "envoy", "--listen", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--admin", "127.0.0.1:0"];
    let server = site.start(&arguments);
    // The line is kept a moment after its address was read.
    let log = std::iter::repeat_with(|| server.log()).find(|log| log.contains("health")).unwrap();
    let addresses = log.split("http://").skip(1).filter_map(|rest| rest.split([' ', '\n', ',']).next()?.parse().ok());
    let addresses: Vec<SocketAddr> = addresses.collect();
    let [http, grpc, admin] = addresses.as_slice() else { panic!("{log}") };
    assert_eq!(ask(*http, "envoy", "/", &[]).status, 200);
    assert_eq!(call(*grpc, question("/", &[])).unwrap().status.unwrap().code, 0);
    assert_eq!(wire::get(*admin, "/healthz", &[]).unwrap().status, 200);
    let metrics = String::from_utf8(wire::get(*admin, "/metrics", &[]).unwrap().body).unwrap();
    assert!(metrics.contains("portcullis_forwarded_total 2"), "{metrics}");
}
