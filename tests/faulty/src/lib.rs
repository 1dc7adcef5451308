//! A component that speaks the contract and misbehaves on request.
//!
//! The path of a request says how `decide` behaves, the words of the config how the rest does. Built for the component
//! target only; elsewhere this crate is empty.
#![cfg(target_arch = "wasm32")]

mod behaviour;
mod packed;

// Exported functions of a component are `unsafe extern "C"` by their nature; wit-bindgen writes them.
#[expect(unsafe_code, missing_docs, reason = "generated canonical ABI glue")]
mod bindings {
    wit_bindgen::generate!({ path: "../../wit", world: "gate", generate_unused_types: true });

    use super::Faulty;
    export!(Faulty);
}

use bindings::exports::portcullis::gate::decider::{
    Answered, ConfigFormat, Diagnostic, Explained, Guest, HeldDocument, Inputs, Linted, Loaded, RequestHead,
    SignQuestion, Started, Step, TestResult, VerifyQuestion,
};
use bindings::portcullis::gate::types::{Label, Need, ProxySettings, Severity, Source, Upstream};
use std::cell::RefCell;

thread_local! {
    static CONFIG: RefCell<Option<String>> = const { RefCell::new(None) };
    static STARTED: RefCell<bool> = const { RefCell::new(false) };
}

struct Faulty;

impl Guest for Faulty {
    /// Words: `isolate`, `document:<url>`, `need:<variable>`, `no-rules`, `trap`, `loop`, `refuse`, `refuse-silently`.
    fn load(config: String, _format: ConfigFormat) -> Result<Loaded, Vec<Diagnostic>> {
        for word in config.split_whitespace() {
            match word {
                "trap" => behaviour::trap(),
                "loop" => behaviour::spin(),
                "refuse" => return Err(vec![finding("the config is refused", 0)]),
                "refuse-silently" => return Err(Vec::new()),
                _ => {}
            }
        }
        let loaded = loaded(&config);
        CONFIG.set(Some(config));
        Ok(loaded)
    }

    fn describe() -> Option<Loaded> {
        CONFIG.with_borrow(|config| config.as_deref().map(loaded))
    }

    fn config() -> Option<(String, ConfigFormat)> {
        CONFIG.with_borrow(|config| config.clone().map(|text| (text, ConfigFormat::Toml)))
    }

    fn hold(_documents: Vec<HeldDocument>) -> Result<(), String> {
        Err("it holds nothing".to_owned())
    }

    fn held() -> Vec<HeldDocument> {
        Vec::new()
    }

    fn start(inputs: Inputs) -> Result<Started, Vec<Diagnostic>> {
        if inputs.supplies.iter().any(Option::is_none) {
            return Err(vec![finding("a variable is missing", 0)]);
        }
        STARTED.set(true);
        let documents = CONFIG.with_borrow(|config| words(config.as_deref().unwrap_or_default(), "document:"));
        Ok(Started { documents, calls: vec![behaviour::CALLED.to_owned()] })
    }

    fn decide(head: RequestHead, answers: Vec<Answered>) -> Step {
        if !STARTED.with_borrow(|started| *started) {
            return behaviour::respond(503, "not started");
        }
        behaviour::decide(&head, answers)
    }

    fn decide_packed(head: Vec<u8>, answers: Vec<Answered>) -> Result<Step, String> {
        let target = packed::target(&head).ok_or("a head of another form")?;
        if target.starts_with(b"/unreadable") {
            return Err(format!("unreadable\n{}", "x".repeat(1 << 20)));
        }
        let (method, scheme, authority, client) = Default::default();
        let head = RequestHead { method, scheme, authority, target, headers: Vec::new(), client, now: 0 };
        Ok(Self::decide(head, answers))
    }

    fn explain(head: RequestHead, answers: Vec<Answered>, persona: Option<String>) -> Result<Explained, String> {
        match persona.as_deref() {
            Some("nobody") => Err("no such persona".to_owned()),
            _ => Ok(Explained { step: behaviour::decide(&head, answers), trace: Vec::new() }),
        }
    }

    fn test() -> Vec<TestResult> {
        Vec::new()
    }

    fn lint() -> Linted {
        Linted { findings: Vec::new(), undecided: 0 }
    }

    fn schema() -> String {
        "{}".to_owned()
    }

    fn verify(_question: VerifyQuestion) -> bool {
        true
    }

    fn sign(_question: SignQuestion) -> Result<Vec<u8>, String> {
        Ok(Vec::new())
    }
}

fn words(config: &str, prefix: &str) -> Vec<String> {
    config.split_whitespace().filter_map(|word| word.strip_prefix(prefix)).map(str::to_owned).collect()
}

fn finding(message: &str, start: u32) -> Diagnostic {
    let labels = vec![Label { start, end: start, message: String::new() }];
    Diagnostic { code: "T001".to_owned(), severity: Severity::Error, message: message.to_owned(), labels, help: None }
}

fn loaded(config: &str) -> Loaded {
    let has = |wanted: &str| config.split_whitespace().any(|word| word == wanted);
    let need = |name| Need {
        source: Source::Env(name),
        secret: true,
        optional: false,
        at: Label { start: 0, end: 0, message: String::new() },
    };
    Loaded {
        revision: 1,
        findings: Vec::new(),
        needs: words(config, "need:").into_iter().map(need).collect(),
        rules: if has("no-rules") { Vec::new() } else { vec!["only".to_owned()] },
        headers: Vec::new(),
        stripped: Vec::new(),
        proxy: ProxySettings {
            listen: None,
            admin: None,
            public_origin: None,
            trusted_proxies: Vec::new(),
            upstreams: vec![Upstream {
                name: "default".to_owned(),
                url: "http://127.0.0.1:1".to_owned(),
                external: false,
            }],
            connect_timeout: None,
            response_timeout: None,
            head_timeout: None,
            idle_timeout: None,
            grace: None,
            max_body: None,
            max_head: None,
            workers: None,
            isolate_requests: has("isolate"),
            access_log: false,
        },
        tests: 0,
    }
}
