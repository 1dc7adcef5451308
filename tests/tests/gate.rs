//! The gate against components that misbehave (security rows G1 to G5): every fault is a failure value, costs one
//! instance, and leaves the next request unharmed.

use portcullis::clock::ManualClock;
use portcullis::contract::{Action, CallAnswer, ConfigFormat, RequestHead, Step};
use portcullis::gate::{
    BodySource, Cached, Call, CallFuture, CallRequest, ComponentSource, ConfigSource, Failure, Fetch, FetchFuture,
    Fetched, Gate, GateOptions, LoadError, NoBody, Outcome, bake,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

static FAULTY: &[u8] = include_bytes!(env!("PORTCULLIS_FAULTY"));

#[derive(Debug, Default)]
struct Documents(AtomicU64);

impl Fetch for Documents {
    fn fetch<'a>(&'a self, _url: &'a str) -> FetchFuture<'a> {
        self.0.fetch_add(1, Ordering::SeqCst);
        let body = br#"{"keys":[{"kty":"RSA"}]}"#.to_vec();
        Box::pin(async { Ok(Fetched { status: 200, content_type: None, encoding: None, body }) })
    }
}

/// A backend with one answer for all.
#[derive(Debug)]
struct Backend;

impl Call for Backend {
    fn call(&self, request: CallRequest) -> CallFuture<'_> {
        assert_eq!(request.url, "http://127.0.0.1:1/");
        Box::pin(async { Ok(CallAnswer { status: 201, headers: Vec::new(), body: Vec::new() }) })
    }
}

fn config(text: &str) -> ConfigSource {
    ConfigSource {
        name: "test".to_owned(),
        text: text.to_owned(),
        format: ConfigFormat::Toml,
        folder: PathBuf::from("."),
    }
}

fn options(text: &str) -> GateOptions {
    GateOptions {
        component: ComponentSource::Bytes(Arc::from(FAULTY)),
        clock: Arc::new(ManualClock::new(1_800_000_000)),
        fetcher: Some(Arc::new(Documents::default())),
        caller: Some(Arc::new(Backend)),
        env: Some(vec![("SET".to_owned(), "value".to_owned()), ("EMPTY".to_owned(), String::new())]),
        ..GateOptions::new(config(text))
    }
}

fn load(text: &str) -> Gate {
    Gate::load(options(text)).unwrap()
}

fn head(target: &str) -> RequestHead {
    RequestHead {
        method: "GET".to_owned(),
        scheme: "http".to_owned(),
        authority: "localhost".to_owned(),
        target: target.as_bytes().to_vec(),
        headers: Vec::new(),
        client: "127.0.0.1".to_owned(),
        now: 1_800_000_000,
    }
}

/// `200 text` of a reply, or `-> target` of a permit.
fn shown(outcome: Outcome) -> String {
    match outcome {
        Outcome::Forward(permit) => format!("-> {}", permit.target()),
        Outcome::Reply(reply) => format!("{} {}", reply.status.as_u16(), String::from_utf8_lossy(&reply.body)),
    }
}

async fn decide(gate: &Gate, target: &str) -> Result<String, Failure> {
    gate.decide(&head(target), &mut NoBody).await.map(|decision| shown(decision.outcome))
}

/// Bytes of this process in memory.
fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

#[tokio::test]
async fn traps_are_failures_and_the_next_request_is_fine() {
    let gate = load("");
    assert_eq!(decide(&gate, "/a?b").await.unwrap(), "-> /a?b");
    for fault in ["/trap", "/stack", "/import"] {
        assert!(matches!(decide(&gate, fault).await, Err(Failure::Trap(_))), "{fault}");
        assert_eq!(decide(&gate, "/ok").await.unwrap(), "-> /ok");
    }
    assert_eq!(gate.stats().failed, 3);
    assert_eq!(gate.stats().live, 1);
}

/// Memory is looked at in `faults`, where the program has a process to itself.
#[tokio::test]
async fn a_thousand_traps_leave_no_instance_behind() {
    let gate = load("");
    for _ in 0..1000 {
        decide(&gate, "/trap").await.unwrap_err();
    }
    assert_eq!((gate.stats().live, gate.stats().failed), (0, 1000));
}

#[tokio::test]
async fn a_loop_ends_at_the_deadline() {
    let gate = load("");
    let start = Instant::now();
    assert_eq!(decide(&gate, "/loop").await, Err(Failure::Deadline));
    let taken = start.elapsed();
    // 50 to 60 ms on an idle machine; a loaded one only adds.
    assert!(taken >= Duration::from_millis(45) && taken < Duration::from_secs(2), "{taken:?}");
    assert_eq!(decide(&gate, "/ok").await.unwrap(), "-> /ok");
}

#[tokio::test]
async fn memory_ends_at_its_limit() {
    let options = options("");
    // Filling 16 MiB page by page may take longer than the default on a busy machine.
    let limits = portcullis::gate::Limits { decide: Duration::from_secs(5), ..options.limits };
    let gate = Gate::load(GateOptions { limits, ..options }).unwrap();
    let before = resident();
    for _ in 0..20 {
        assert_eq!(decide(&gate, "/memory").await, Err(Failure::Memory));
    }
    assert!(resident().saturating_sub(before) < 64 << 20);
    assert_eq!(decide(&gate, "/ok").await.unwrap(), "-> /ok");
}

#[tokio::test]
async fn an_instance_that_has_grown_is_replaced() {
    let gate = load("");
    for _ in 0..200 {
        assert_eq!(decide(&gate, "/leak").await.unwrap(), "200 leaked");
    }
    let stats = gate.stats();
    assert_eq!(stats.failed, 0, "replaced before it fails");
    assert!((3..50).contains(&stats.created), "{stats:?}");
}

#[tokio::test]
async fn nonsense_is_a_failure() {
    let gate = load("");
    for fault in [
        "/nonsense-status",
        "/nonsense-status?0",
        "/nonsense-status?101",
        "/nonsense-status?65535",
        "/nonsense-header?",
        "/nonsense-header?:path",
        "/nonsense-header?host",
        "/nonsense-header?content-length",
        "/nonsense-header?a b",
        "/crlf",
        "/crlf-response",
        "/many-headers",
        "/target?",
        "/target?//evil.example/",
        "/target?http://evil.example/",
        "/target?/../admin",
        "/target?/a%2e%2e/%2e%2e/b",
        "/rule",
        "/rule?4294967295",
        "/upstream",
        "/location?",
        "/location?//evil.example",
        "/location?/\\evil.example",
        "/location?javascript:alert(1)",
        "/no-questions",
        "/many-questions",
        "/again",
    ] {
        let result = decide(&gate, fault).await;
        assert!(matches!(result, Err(Failure::Nonsense(_))), "{fault}: {result:?}");
    }
    assert_eq!(decide(&gate, "/rounds").await, Err(Failure::Rounds));
    // Nonsense is an answer: the instance itself is sound.
    assert_eq!(gate.stats().created, 1);
}

#[tokio::test]
async fn questions_are_answered() {
    struct Body(&'static str);
    impl BodySource for Body {
        async fn prefix(&mut self, limit: usize) -> Result<Option<bytes::Bytes>, String> {
            Ok((self.0.len() <= limit).then(|| bytes::Bytes::from_static(self.0.as_bytes())))
        }
    }
    let gate = load("document:https://id.example/keys");
    assert_eq!(decide(&gate, "/document?https://id.example/keys").await.unwrap(), r#"200 {"keys":[{"kty":"RSA"}]}"#);
    assert_eq!(
        decide(&gate, "/document?https://evil.example/").await.unwrap(),
        "502 the policy does not name this address"
    );
    assert_eq!(decide(&gate, "/call").await.unwrap(), "201 called");
    assert_eq!(
        decide(&gate, "/call?http://127.0.0.1:1/else").await.unwrap(),
        "502 the policy does not name this address"
    );
    assert_eq!((gate.stats().calls, gate.stats().calls_failed), (1, 0));
    let body = |text, target| {
        let gate = &gate;
        async move { shown(gate.decide(&head(target), &mut Body(text)).await.unwrap().outcome) }
    };
    assert_eq!(body("hello", "/body?5").await, "200 hello");
    assert_eq!(body("hello", "/body?4").await, "413 too large");
}

#[tokio::test]
async fn a_backend_that_is_not_there_is_a_failed_answer() {
    let gate = Gate::load(GateOptions { caller: None, ..options("") }).unwrap();
    let told = decide(&gate, "/call").await.unwrap();
    assert!(told.starts_with("502 ") && told.contains("refused"), "{told}");
    assert_eq!((gate.stats().calls, gate.stats().calls_failed), (1, 1));
}

#[tokio::test]
async fn to_explain_changes_nothing_elsewhere() {
    let gate = load("");
    let explained = gate.explain(&head("/call"), None).await.unwrap();
    let Step::Verdict(verdict) = explained.step else { panic!("{explained:?}") };
    let Action::Respond(reply) = verdict.action else { panic!("{verdict:?}") };
    assert_eq!((reply.status, reply.body.as_slice()), (502, b"no calls are made to explain".as_slice()));
    assert_eq!(gate.stats().calls, 0);
}

#[tokio::test]
async fn isolation_gives_each_request_an_instance_of_its_own() {
    let gate = load("");
    assert_eq!(decide(&gate, "/calls").await.unwrap(), "200 1");
    assert_eq!(decide(&gate, "/calls").await.unwrap(), "200 2");
    let gate = load("isolate need:SET");
    for _ in 0..10 {
        assert_eq!(decide(&gate, "/calls").await.unwrap(), "200 1");
    }
    assert_eq!((gate.stats().created, gate.stats().live), (10, 0));
}

#[tokio::test]
async fn a_baked_component_needs_no_config() {
    let baked = bake(FAULTY, &config("document:https://id.example/keys need:SET"), &[]).unwrap();
    assert_eq!(bake(FAULTY, &config("document:https://id.example/keys need:SET"), &[]).unwrap().sha256, baked.sha256);
    let with = |component| GateOptions { component, config: None, ..options("") };
    let gate = Gate::load(with(ComponentSource::Bytes(baked.bytes.clone()))).unwrap();
    assert_eq!(gate.config().text, "document:https://id.example/keys need:SET");
    assert_eq!(decide(&gate, "/document?https://id.example/keys").await.unwrap(), r#"200 {"keys":[{"kty":"RSA"}]}"#);
    // It can be baked again: `load` is still there.
    let again = bake(&baked.bytes, &config("other"), &[]).unwrap();
    let gate = Gate::load(with(ComponentSource::Bytes(again.bytes))).unwrap();
    assert_eq!(gate.config().text, "other");
    // And a component without config says so.
    let plain = Gate::load(with(ComponentSource::Bytes(Arc::from(FAULTY))));
    assert!(matches!(plain, Err(LoadError::Component(line)) if line.contains("no config baked in")));
}

#[tokio::test]
async fn missing_names_stop_a_gate_unless_it_is_lenient() {
    for missing in ["need:UNSET", "need:EMPTY"] {
        match Gate::load(options(missing)) {
            Err(LoadError::Findings { findings, .. }) => {
                let help = findings[0].help.as_deref().unwrap();
                assert!(help == "it is not set" || help == "it is empty", "{help}");
            }
            other => panic!("{other:?}"),
        }
    }
    let gate = Gate::load(GateOptions { lenient: true, ..options("need:UNSET") }).unwrap();
    assert_eq!(gate.unstarted().len(), 1);
    assert_eq!(decide(&gate, "/a").await.unwrap(), "503 not started");
}

#[test]
fn configs_that_break_the_component_are_one_line() {
    let slow = |text| {
        let options = options(text);
        let limits = portcullis::gate::Limits { load: Duration::from_millis(200), ..options.limits };
        Gate::load(GateOptions { limits, ..options })
    };
    for text in ["trap", "loop", "refuse-silently", "no-rules"] {
        match slow(text) {
            Err(LoadError::Component(line)) => assert!(!line.contains('\n') && line.len() < 400, "{line}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    assert!(matches!(slow("refuse"), Err(LoadError::Findings { findings, .. }) if findings.len() == 1));
}

#[test]
fn what_is_no_component_of_ours_is_one_clear_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        ComponentSource::File(path)
    };
    let mut flipped = FAULTY.to_vec();
    let middle = flipped.len() / 2;
    flipped[middle..middle + 64].fill(0xff);
    for (component, expected) in [
        (ComponentSource::File(folder.path().join("none.wasm")), "cannot read the component file"),
        (file("empty.wasm", b""), "is empty"),
        (file("text.wasm", b"hello, not wasm"), "is not WebAssembly"),
        (file("module.wasm", b"\0asm\x01\0\0\0"), "core WebAssembly module"),
        (file("other.wasm", b"\0asm\x0d\0\x01\0"), "must export `portcullis:gate/decider@0.1.0`"),
        (file("half.wasm", &FAULTY[..FAULTY.len() / 2]), "is damaged"),
        (file("flipped.wasm", &flipped), "is damaged"),
    ] {
        match Gate::load(GateOptions { component, ..options("") }) {
            Err(LoadError::Component(line)) => {
                assert!(line.contains(expected) && !line.contains('\n'), "expected {expected}, got {line}");
            }
            other => panic!("{expected}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_compilation_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache");
    let cached = |cache: &PathBuf| {
        let gate = Gate::load(GateOptions { cache: Some(cache.clone()), ..options("") }).unwrap();
        gate.stats().cached
    };
    assert_eq!(cached(&cache), Cached::Stored);
    assert_eq!(cached(&cache), Cached::Hit);
    for entry in std::fs::read_dir(&cache).unwrap() {
        std::fs::write(entry.unwrap().path(), "damaged").unwrap();
    }
    assert_eq!(cached(&cache), Cached::Stored);
    // No folder is no error.
    std::fs::write(folder.path().join("file"), "").unwrap();
    assert!(matches!(cached(&folder.path().join("file/cache")), Cached::Off(_)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn neighbours_of_a_fault_are_served() {
    let gate = Arc::new(load(""));
    let faults = tokio::spawn({
        let gate = gate.clone();
        async move {
            for number in 0..60 {
                decide(&gate, ["/trap", "/loop", "/crlf"][number % 3]).await.unwrap_err();
            }
        }
    });
    let good = tokio::spawn({
        let gate = gate.clone();
        async move {
            for number in 0..2000 {
                assert_eq!(decide(&gate, &format!("/{number}")).await.unwrap(), format!("-> /{number}"));
            }
        }
    });
    good.await.unwrap();
    faults.await.unwrap();
}

#[tokio::test]
async fn personas_that_cannot_be_read_are_told() {
    let gate = load("");
    let told = gate.explain(&head("/a"), Some("nobody")).await;
    assert_eq!(told, Err(Failure::Nonsense("no such persona".to_owned())));
    assert!(gate.explain(&head("/a"), None).await.is_ok());
    assert!(gate.explain(&head("/crlf"), None).await.is_err());
}
