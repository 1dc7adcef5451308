//! `wash-host COMPONENT ADDRESS NAME=VALUE…`: serves a wasi:http 0.2 component in wasmCloud's runtime crate, whatever the
//! Host.

use std::collections::HashMap;
use std::sync::Arc;
use wash_runtime::engine::Engine;
use wash_runtime::host::{HostApi as _, HostBuilder};
use wash_runtime::plugin::wasi_config::RuntimeConfig;
use wash_runtime::plugin::wasi_http::HttpServer;
use wash_runtime::types::{Component, LocalResources, Workload, WorkloadStartRequest};
use wash_runtime::wit::WitInterface;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [component, address, variables @ ..] = arguments.as_slice() else {
        anyhow::bail!("COMPONENT ADDRESS NAME=VALUE…");
    };
    let environment = variables.iter().filter_map(|text| text.split_once('='));
    let component = Component {
        bytes: std::fs::read(component)?.into(),
        local_resources: LocalResources {
            memory_limit_mb: 64,
            cpu_limit: 1,
            environment: environment.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            ..LocalResources::default()
        },
        pool_size: 4,
        max_invocations: 100,
    };
    let interface = WitInterface {
        namespace: "wasi".to_owned(),
        package: "http".to_owned(),
        interfaces: ["incoming-handler".to_owned()].into(),
        // Without a version it takes the one that the component exports.
        version: None,
        config: [("host".to_owned(), "*".to_owned())].into(),
    };
    let runtime = HostBuilder::new()
        .with_engine(Engine::builder().build()?)
        .with_plugin(Arc::new(HttpServer::new(address.parse()?)))?
        .with_plugin(Arc::new(RuntimeConfig::default()))?
        .build()?
        .start()
        .await?;
    let workload = Workload {
        namespace: "portcullis".to_owned(),
        name: "gate".to_owned(),
        annotations: HashMap::new(),
        service: None,
        components: vec![component],
        host_interfaces: vec![interface],
        volumes: vec![],
    };
    let started = runtime.workload_start(WorkloadStartRequest { workload }).await?;
    eprintln!("{:?}", started.workload_status);
    std::future::pending::<()>().await;
    Ok(())
}
