//! Recipes hold together: what they say to the program is what it takes, and ports, files, variables, times and versions
//! in them are the same wherever they stand. Whether a cluster likes them is another question; each says in its first
//! lines what was tried.

use portcullis_tests::process;
use saphyr::{LoadableYamlNode as _, Scalar, Yaml};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

const PROGRAM: &str = "ghcr.io/ORG/portcullis";
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Folders for `kubectl apply -k`, each with a policy of its own.
const KUSTOMIZED: [&str; 3] = ["examples/kubernetes", "examples/envoy-gateway", "examples/nginx-ingress"];
/// All folders with recipes.
const RECIPES: [&str; 6] = [
    "examples/kubernetes",
    "examples/envoy-gateway",
    "examples/nginx-ingress",
    "examples/wasmcloud",
    "examples/spin",
    "packaging",
];
/// The proxy's `grace` where the policy says nothing (docs/proxy.md).
const GRACE: u64 = 30;

fn at(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)
}

fn text(path: &str) -> String {
    std::fs::read_to_string(at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Paths of the files in a folder that end so, as `text` takes them.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let names = std::fs::read_dir(at(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut files: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(ending))
        .map(|name| format!("{folder}/{name}"))
        .collect();
    files.sort();
    files
}

fn yaml(path: &str) -> Vec<Value> {
    let text = text(path);
    let documents = Yaml::load_from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    documents.iter().map(json_of).collect()
}

fn json_of(yaml: &Yaml<'_>) -> Value {
    match yaml {
        Yaml::Sequence(items) => Value::Array(items.iter().map(json_of).collect()),
        Yaml::Mapping(entries) => {
            let entries = entries.iter().map(|(key, value)| match key {
                Yaml::Value(Scalar::String(key)) => (key.clone().into_owned(), json_of(value)),
                other => panic!("a key that is no text: {other:?}"),
            });
            Value::Object(entries.collect())
        }
        Yaml::Value(Scalar::String(text)) => json!(text.to_string()),
        Yaml::Value(Scalar::Integer(number)) => json!(number),
        Yaml::Value(Scalar::Boolean(flag)) => json!(flag),
        Yaml::Value(Scalar::Null) => Value::Null,
        other => panic!("not what a manifest holds: {other:?}"),
    }
}

fn toml(path: &str) -> Value {
    let table = text(path).parse::<toml::Table>().unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::to_value(table).unwrap()
}

/// What stands at a JSON pointer.
fn get<'a>(value: &'a Value, pointer: &str) -> &'a Value {
    value.pointer(pointer).unwrap_or_else(|| panic!("nothing at {pointer} of {value:#}"))
}

fn string<'a>(value: &'a Value, pointer: &str) -> &'a str {
    get(value, pointer).as_str().unwrap_or_else(|| panic!("no text at {pointer} of {value:#}"))
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    get(value, pointer).as_array().unwrap_or_else(|| panic!("no list at {pointer} of {value:#}"))
}

fn words(value: &Value) -> Vec<String> {
    let words = value.as_array().into_iter().flatten();
    words.map(|word| word.as_str().unwrap_or_else(|| panic!("not a word: {word}")).to_owned()).collect()
}

/// The one that has this name.
fn named<'a>(items: &'a [Value], name: &str) -> &'a Value {
    items.iter().find(|item| item["name"] == name).unwrap_or_else(|| panic!("no `{name}` in {items:#?}"))
}

fn the<'a>(documents: &'a [Value], kind: &str) -> &'a Value {
    documents.iter().find(|d| d["kind"] == kind).unwrap_or_else(|| panic!("no {kind} in {documents:#?}"))
}

/// The value of a flag.
fn flag<'a>(arguments: &'a [String], flag: &str) -> Option<&'a str> {
    let place = arguments.iter().position(|argument| argument == flag)?;
    arguments.get(place + 1).map(String::as_str)
}

/// The port of an address that other machines reach.
fn open_port(address: &str) -> u64 {
    let port = address.strip_prefix("0.0.0.0:").unwrap_or_else(|| panic!("{address} is not reached from outside"));
    port.parse().unwrap()
}

/// Does the program know this command and all of its flags? With `--help` last it reads them, and does nothing.
fn takes(arguments: &[String]) -> bool {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).chain(["--help"]).collect();
    process::run(process::command(&arguments)).code == Some(0)
}

fn seconds(text: &str) -> u64 {
    text.strip_suffix('s').and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{text} are no seconds"))
}

fn grace(policy: &Value) -> u64 {
    policy.pointer("/proxy/timeouts/grace").and_then(Value::as_str).map_or(GRACE, seconds)
}

/// All documents of a folder but its kustomization, and that.
fn kustomized(folder: &str) -> (Value, Vec<Value>) {
    let kustomization = yaml(&format!("{folder}/kustomization.yaml")).remove(0);
    let named: Vec<String> = words(get(&kustomization, "/resources"));
    let documents = named.iter().flat_map(|file| yaml(&format!("{folder}/{file}"))).collect();
    let mut there = files(folder, ".yaml");
    there.retain(|file| !file.ends_with("/kustomization.yaml"));
    assert_eq!(there.len(), named.len(), "{folder}: {there:?} are there, and {named:?} are named");
    (kustomization, documents)
}

#[test]
fn every_manifest_can_be_read_and_says_what_was_tried() {
    let mut read = 0;
    for folder in RECIPES {
        let mut comments = String::new();
        for path in files(folder, ".yaml") {
            assert!(yaml(&path).iter().all(Value::is_object), "{path}");
            comments.push_str(&text(&path));
            read += 1;
        }
        for path in files(folder, ".toml") {
            toml(&path);
            comments.push_str(&text(&path));
            read += 1;
        }
        assert!(comments.contains("# Tried: ") && comments.contains("Not tried: "), "{folder}");
    }
    for path in ["packaging/Containerfile", "packaging/portcullis.service", "packaging/publish"] {
        assert!(text(path).contains("# Tried: ") && text(path).contains("Not tried: "), "{path}");
    }
    assert!(read > 15, "{read} manifests");
}

#[test]
fn pods_run_the_program_as_it_can_be_run() {
    for folder in KUSTOMIZED {
        let (kustomization, documents) = kustomized(folder);
        let policy = toml(&format!("{folder}/portcullis.toml"));
        let spec = get(the(&documents, "Deployment"), "/spec/template/spec");
        let container = named(list(spec, "/containers"), "portcullis");

        assert_eq!(string(container, "/image"), PROGRAM, "{folder}: the version stands in the kustomization");
        assert_eq!(kustomization["images"], json!([{ "name": PROGRAM, "newTag": VERSION }]), "{folder}");

        let mut arguments = words(get(container, "/args"));
        assert!(takes(&arguments), "{folder}: the program does not take {arguments:?}");
        arguments.push("--no-such-flag".to_owned());
        assert!(!takes(&arguments), "{folder}: the program takes anything");

        // The file that `--config` names is the one in this folder.
        let generated = get(&kustomization, "/configMapGenerator/0");
        assert_eq!(generated["files"], json!(["portcullis.toml"]), "{folder}");
        let volumes = list(spec, "/volumes");
        let mounts = list(container, "/volumeMounts");
        let mount = |name: &str| string(named(mounts, name), "/mountPath");
        assert_eq!(get(named(volumes, "config"), "/configMap/name"), &generated["name"], "{folder}");
        assert_eq!(flag(&arguments, "--config"), Some(&*format!("{}/portcullis.toml", mount("config"))), "{folder}");

        // The root cannot be written; compiled code goes where it can.
        let env = list(container, "/env");
        assert_eq!(string(named(env, "XDG_CACHE_HOME"), "/value"), mount("cache"), "{folder}");
        assert!(named(volumes, "cache")["emptyDir"].is_object(), "{folder}");
        let secrets = secrets(&text(&format!("{folder}/portcullis.toml")));
        assert!(!secrets.is_empty(), "{folder}");
        for name in secrets {
            assert_eq!(string(named(env, &name), "/valueFrom/secretKeyRef/key"), name, "{folder}");
        }

        for (pointer, wanted) in [
            ("/securityContext/allowPrivilegeEscalation", json!(false)),
            ("/securityContext/readOnlyRootFilesystem", json!(true)),
            ("/securityContext/capabilities/drop", json!(["ALL"])),
        ] {
            assert_eq!(get(container, pointer), &wanted, "{folder}: {pointer}");
        }
        assert_eq!(get(spec, "/securityContext/runAsNonRoot"), &json!(true), "{folder}");
        assert_eq!(get(spec, "/securityContext/seccompProfile/type"), &json!("RuntimeDefault"), "{folder}");
        assert_eq!(get(spec, "/automountServiceAccountToken"), &json!(false), "{folder}");

        let ends = get(spec, "/terminationGracePeriodSeconds").as_u64().unwrap();
        let waits = get(container, "/lifecycle/preStop/sleep/seconds").as_u64().unwrap();
        assert!(ends > waits + grace(&policy), "{folder}: killed before the grace is over");
    }
}

/// Names of variables that a policy asks for.
fn secrets(policy: &str) -> Vec<String> {
    let pieces = policy.split("\"env:").skip(1);
    pieces.map(|piece| piece.split('"').next().unwrap().to_owned()).collect()
}

#[test]
fn ports_are_where_the_program_listens() {
    for folder in KUSTOMIZED {
        let (_, documents) = kustomized(folder);
        let policy = toml(&format!("{folder}/portcullis.toml"));
        let container = get(the(&documents, "Deployment"), "/spec/template/spec/containers/0");
        let arguments = words(get(container, "/args"));
        let ports = list(container, "/ports");
        let port = |name: &str| get(named(ports, name), "/containerPort").as_u64().unwrap();
        let setting = |pointer: &str| policy.pointer(pointer).and_then(Value::as_str);

        let admin = flag(&arguments, "--admin").or(setting("/proxy/admin"));
        assert_eq!(port("admin"), open_port(admin.unwrap()), "{folder}");
        for (probe, path) in [("startup", "/readyz"), ("readiness", "/readyz"), ("liveness", "/healthz")] {
            let asks = get(container, &format!("/{probe}Probe/httpGet"));
            assert_eq!(asks, &json!({ "path": path, "port": "admin" }), "{folder}: {probe}");
        }

        // `listen` of the policy is for `serve`; `authz` is told by flags.
        let asked = arguments.iter().any(|argument| argument == "authz");
        let listens = if asked { None } else { setting("/proxy/listen") };
        let listens = listens.or(flag(&arguments, "--listen")).or(flag(&arguments, "--grpc"));
        let service = the(&documents, "Service");
        let target = string(service, "/spec/ports/0/targetPort");
        assert_eq!(port(target), open_port(listens.unwrap()), "{folder}");
        assert_eq!(list(service, "/spec/ports").len(), 1, "{folder}: the admin listener is for probes");
        let labels = get(the(&documents, "Deployment"), "/spec/template/metadata/labels");
        assert_eq!(get(service, "/spec/selector"), labels, "{folder}");
        if asked {
            assert!(flag(&arguments, "--trusted").is_some(), "{folder}: nobody on another machine may ask");
        }
    }
}

#[test]
fn envoy_gateway_asks_the_gate_and_nobody_passes_without_an_answer() {
    let (_, documents) = kustomized("examples/envoy-gateway");
    let (policy, service) = (the(&documents, "SecurityPolicy"), the(&documents, "Service"));
    assert_eq!(get(policy, "/spec/extAuth/failOpen"), &json!(false));
    let asks = get(policy, "/spec/extAuth/grpc/backendRefs/0");
    assert_eq!((&asks["name"], &asks["port"]), (&service["metadata"]["name"], get(service, "/spec/ports/0/port")));
    let route = the(&documents, "HTTPRoute");
    assert_eq!(get(policy, "/spec/targetRefs/0/name"), get(route, "/metadata/name"));
    assert_eq!(list(route, "/spec/rules").len(), 1, "what a route matches is not what is judged");
    assert_eq!(get(route, "/spec/rules/0/matches/0/path"), &json!({ "type": "PathPrefix", "value": "/" }));
}

#[test]
fn ingress_nginx_names_the_whole_request_and_overwrites_who_somebody_is() {
    let folder = "examples/nginx-ingress";
    let (_, documents) = kustomized(folder);
    let ingress = the(&documents, "Ingress");
    let snippet = |name: &str| {
        let name = format!("nginx.ingress.kubernetes.io/{name}");
        get(ingress, "/metadata/annotations")[name].as_str().unwrap()
    };
    let (here, server) = (snippet("configuration-snippet"), snippet("server-snippet"));

    let question = server.split("location").nth(1).unwrap();
    for name in ["Method", "Proto", "Host", "URI", "For"] {
        let set = format!("proxy_set_header X-Original-{name} ");
        assert_eq!(question.matches(&set).count(), 1, "{set}");
    }
    let service = the(&documents, "Service");
    let (name, port) = (string(service, "/metadata/name"), get(service, "/spec/ports/0/port"));
    assert!(question.contains(&format!("http://{name}.default.svc.cluster.local:{port};")), "{question}");
    assert!(here.contains("auth_request /.portcullis;") && server.contains("location = /.portcullis {"));

    let policy = toml(&format!("{folder}/portcullis.toml"));
    assert_eq!(string(&policy, "/identity/user-headers"), "x-user-");
    for name in ["Token-Identifier", "Subject", "Issuer", "Name", "Email"] {
        let set = format!("proxy_set_header X-User-{name} ");
        assert_eq!((here.matches(&set).count(), question.matches(&set).count()), (1, 1), "{set}");
    }
    assert_eq!(list(ingress, "/spec/rules/0/http/paths").len(), 1, "what an Ingress matches is not what is judged");
}

#[test]
fn components_may_ask_the_app_and_the_issuer() {
    let policy = toml("examples/wasmcloud/portcullis.toml");
    let issuer = string(&policy, "/session/main/issuer");

    let workload = yaml("examples/wasmcloud/workload.yaml").remove(0);
    let spec = get(&workload, "/spec/template/spec");
    let resources = get(spec, "/components/0/localResources");
    let app = string(resources, "/environment/config/UPSTREAM");
    assert_eq!(words(get(resources, "/allowedHosts")), [app, issuer]);
    assert_eq!(app, string(&policy, "/proxy/upstream"));
    let interface = get(spec, "/hostInterfaces/0");
    assert_eq!((&interface["namespace"], &interface["package"]), (&json!("wasi"), &json!("http")));
    assert_eq!(interface["interfaces"], json!(["incoming-handler"]));
    assert!(interface.get("version").is_none(), "another version than the component's answers nothing");
    assert_eq!(format!("https://{}", string(interface, "/config/host")), string(&policy, "/proxy/public-origin"));

    let spin = toml("examples/spin/spin.toml");
    let gate = get(&spin, "/component/gate");
    assert_eq!(words(get(gate, "/allowed_outbound_hosts")), [string(gate, "/environment/UPSTREAM"), issuer]);
    let middleware = toml("examples/spin/spin-middleware.toml");
    assert_eq!(words(get(&middleware, "/component/app/allowed_outbound_hosts")), [issuer]);
    for (manifest, component) in [(&spin, "gate"), (&middleware, "app")] {
        let trigger = get(manifest, "/trigger/http/0");
        assert_eq!((&trigger["route"], &trigger["component"]), (&json!("/..."), &json!(component)));
    }
    assert_eq!(get(&middleware, "/trigger/http/0/dependencies/middleware/0/component"), &json!("gate"));
}

#[test]
fn the_image_runs_the_program() {
    let file = text("packaging/Containerfile");
    let line = |word: &str| {
        let line = file.lines().find_map(|line| line.strip_prefix(word)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {word}"))
    };
    let toolchain = toml("rust-toolchain.toml");
    let from = format!("docker.io/library/rust:{}-", string(&toolchain, "/toolchain/channel"));
    assert!(line("FROM").starts_with(&from), "the compiler of the image is not {from}");

    let program = line("COPY --from=build").split(' ').nth(1).unwrap();
    assert_eq!(serde_json::from_str::<Vec<String>>(line("ENTRYPOINT")).unwrap(), [program]);
    assert!(takes(&serde_json::from_str::<Vec<String>>(line("CMD")).unwrap()));
    assert!(!line("USER").starts_with('0') && !line("USER").starts_with("root"));
    assert!(!file.lines().any(|line| line.starts_with("HEALTHCHECK")), "the program has no command for it");
    assert!(!takes(&["health".to_owned()]), "now it has");

    let compose = yaml("packaging/compose.yaml").remove(0);
    let gate = get(&compose, "/services/portcullis");
    assert_eq!(string(gate, "/image"), format!("{PROGRAM}:{VERSION}"));
    let command = words(get(gate, "/command"));
    assert!(takes(&command), "the program does not take {command:?}");
    let listens = open_port(flag(&command, "--listen").unwrap());
    assert_eq!(words(get(gate, "/ports")), [format!("127.0.0.1:8080:{listens}")]);
    let volume = words(get(gate, "/volumes")).remove(0);
    let (config, rest) = volume.split_once(':').unwrap();
    assert!(at("packaging").join(config).is_file(), "{config}");
    let place = rest.strip_suffix(":ro").unwrap();
    assert!(file.contains(&format!("PORTCULLIS_CONFIG={place}\n")), "{place}");
    assert!(seconds(string(gate, "/stop_grace_period")) > GRACE);
    assert_eq!(gate["read_only"], json!(true));
    assert!(get(&compose, "/services/app").get("ports").is_none(), "the app can be reached past the gate");
}

#[test]
fn the_unit_runs_the_program() {
    let unit = text("packaging/portcullis.service");
    let settings: Vec<(&str, &str)> = unit
        .lines()
        .filter(|line| !line.starts_with(['#', '[']) && !line.is_empty())
        .map(|line| line.split_once('=').unwrap_or_else(|| panic!("{line}")))
        .collect();
    let setting = |name: &str| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let mut words = setting("ExecStart").unwrap().split(' ');
    assert_eq!(words.next(), Some("/usr/local/bin/portcullis"));
    assert!(takes(&words.map(str::to_owned).collect::<Vec<_>>()));
    assert!(seconds(setting("TimeoutStopSec").unwrap()) > GRACE);
    assert_eq!(setting("MemoryDenyWriteExecute"), None, "compiled code could not be made executable");
    assert_eq!(setting("CacheDirectory"), Some("portcullis"));
    assert_eq!(setting("Environment"), Some("XDG_CACHE_HOME=%C"));
    for (name, value) in [("DynamicUser", "yes"), ("NoNewPrivileges", "yes"), ("ProtectSystem", "strict")] {
        assert_eq!(setting(name), Some(value));
    }
}

#[test]
fn publishing_says_what_it_would_do() {
    let mut command = std::process::Command::new("bash");
    command.arg(at("packaging/publish")).stdin(std::process::Stdio::null());
    let said = process::run(command);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let minor = VERSION.rsplit_once('.').unwrap().0;
    for component in ["portcullis-gate", "portcullis-middleware"] {
        for tag in [VERSION, minor, "latest"] {
            let pushed = format!(" ghcr.io/ORG/{component}:{tag} dist/{component}.wasm ");
            assert_eq!(said.stdout.matches(&pushed).count(), 1, "{pushed}\n{}", said.stdout);
        }
    }
    assert!(said.stdout.contains(&format!("org.opencontainers.image.version={VERSION} ")), "{}", said.stdout);
    assert!(said.stdout.contains("org.opencontainers.image.licenses=Apache-2.0 "), "{}", said.stdout);
    let mut command = std::process::Command::new("bash");
    command.arg(at("packaging/publish")).args(["--push", PROGRAM]).stdin(std::process::Stdio::null());
    assert_eq!(process::run(command).code, Some(2), "who pushes says where the source is");
}
