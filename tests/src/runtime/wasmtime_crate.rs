//! The 0.2 door in a server of a few lines around the crates of wasmtime, as anybody would write one who embeds it: one
//! instance for each request, stock bindings, outgoing requests to this machine only.
//!
//! It is a process of its own (the test program, started again), so that its time can be told apart.

use super::group::{self, Group};
use super::{Halt, Running, Runtime, baked};
use crate::scenario::{Front, Stage, WEBHOOK_SECRET};
use crate::site::Folder;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView};

pub(super) const RUNTIME: Runtime = Runtime {
    name: "wasmtime-crate",
    about: "the 0.2 door in a small server around the crates of wasmtime, an instance for each request",
    cannot: &[],
    start,
};

/// The argument by which the test program knows that it is to be the server.
const SERVE: &str = "--serve-component";

fn start(stage: &Stage, folder: &Folder) -> Result<Running, Halt> {
    let component = baked::component(stage, folder)?;
    let address = group::free();
    let this = std::env::current_exe().map_err(|e| e.to_string())?;
    let mut command = Command::new(this);
    command.arg(SERVE).arg(component).arg(address.to_string()).env(WEBHOOK_SECRET.0, WEBHOOK_SECRET.1);
    let group = Group::start(command, folder, "wasmtime-crate", address)?;
    Ok(Running {
        front: Front::at(address),
        version: "wasmtime, wasmtime-wasi and wasmtime-wasi-http 48.0.8".to_owned(),
        processes: vec![group.id()],
        _kept: vec![Box::new(group)],
    })
}

/// Was this program started to be the server? Then it is that, until it is ended.
///
/// # Errors
/// Why it cannot serve.
pub fn serve_if_asked() -> wasmtime::Result<bool> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [first, component, address] = arguments.as_slice() else { return Ok(false) };
    if first != SERVE {
        return Ok(false);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(serve(Path::new(component), address.parse()?))?;
    Ok(true)
}

async fn serve(component: &Path, address: SocketAddr) -> wasmtime::Result<()> {
    let engine = Engine::default();
    let component = Component::from_file(&engine, component)?;
    let mut linker = Linker::new(&engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    let pre = ProxyPre::new(linker.instantiate_pre(&component)?)?;
    let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
    let server = Arc::new(Server { pre, client });
    let listener = tokio::net::TcpListener::bind(address).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let server = Arc::clone(&server);
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let server = Arc::clone(&server);
                async move { server.handle(request).await }
            });
            let connection = hyper::server::conn::http1::Builder::new();
            let _ = connection.serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

struct Server {
    pre: ProxyPre<State>,
    client: Client<HttpConnector, WasiBody>,
}

impl Server {
    async fn handle(&self, request: hyper::Request<Incoming>) -> wasmtime::Result<hyper::Response<HyperOutgoingBody>> {
        let wasi = WasiCtx::builder().inherit_stderr().env(WEBHOOK_SECRET.0, WEBHOOK_SECRET.1).build();
        let hooks = Loopback { client: self.client.clone() };
        let state = State { wasi, http: WasiHttpCtx::new(), table: ResourceTable::new(), hooks };
        let mut store = Store::new(self.pre.engine(), state);
        let (sender, receiver) = tokio::sync::oneshot::channel();
        let request = store.data_mut().http().new_incoming_request(Scheme::Http, request)?;
        let out = store.data_mut().http().new_response_outparam(sender)?;
        let pre = self.pre.clone();
        // The guest goes on after it has given the head of its response.
        let task = tokio::spawn(async move {
            let proxy = pre.instantiate_async(&mut store).await?;
            proxy.wasi_http_incoming_handler().call_handle(&mut store, request, out).await
        });
        match receiver.await {
            Ok(response) => Ok(response?),
            Err(_) => {
                let ended = task.await?;
                eprintln!("no response: {ended:?}");
                Err(wasmtime::format_err!("the component gave no response"))
            }
        }
    }
}

struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    hooks: Loopback,
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.hooks }
    }
}

/// Outgoing requests: to this machine, and to nobody else.
struct Loopback {
    client: Client<HttpConnector, WasiBody>,
}

/// How a request or response ends after its head.
type End = Box<dyn Future<Output = Result<(), Error>> + Send>;

impl WasiHttpHooks for Loopback {
    fn send_request(
        &mut self,
        request: hyper::Request<WasiBody>,
        _options: Option<RequestOptions>,
        _end: End,
    ) -> Box<dyn Future<Output = Result<(hyper::Response<WasiBody>, End), Error>> + Send> {
        let client = self.client.clone();
        Box::new(async move {
            let host = request.uri().host().and_then(|host| host.parse::<IpAddr>().ok());
            if !host.is_some_and(|ip| ip.is_loopback()) {
                return Err(Error::DestinationIpProhibited);
            }
            let response = client.request(request).await.map_err(|_| Error::ConnectionRefused)?;
            let response = response.map(|body| body.map_err(Error::from).boxed_unsync());
            Ok((response, Box::new(async { Ok(()) }) as End))
        })
    }
}
