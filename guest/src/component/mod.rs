//! The decider door. The only room that names WIT types; it converts and does nothing else.

mod incoming;
mod outgoing;

// The exported functions of a component are `unsafe extern "C"` by their nature; wit-bindgen writes them from
// wit/gate.wit, and we write none by hand.
#[expect(unsafe_code, reason = "generated canonical ABI glue")]
mod bindings {
    wit_bindgen::generate!({ path: "../wit", world: "gate", generate_unused_types: true });

    use super::Door;
    export!(Door);
}

use crate::Gate;
use crate::question::Addresses;
use crate::request::Head;
use crate::signature::Signatures;
use bindings::exports::portcullis::gate::decider::{
    Answered, ConfigFormat, Diagnostic, Explained, Guest, Inputs, Linted, Loaded, RequestHead, SignQuestion, Started,
    Step, TestResult, VerifyQuestion,
};
use std::cell::RefCell;

thread_local! {
    /// One policy for each instance. An instance has one thread and takes one call at a time.
    static GATE: RefCell<Option<Gate>> = const { RefCell::new(None) };
    /// The last packed head, for its room; each call fills it anew.
    static HEAD: RefCell<Head> = RefCell::new(Head::default());
    /// Keys that verified or signed something before.
    static SIGNATURES: RefCell<Signatures> = RefCell::new(Signatures::new());
}

struct Door;

impl Guest for Door {
    fn load(config: String, format: ConfigFormat) -> Result<Loaded, Vec<Diagnostic>> {
        match Gate::load(&config, incoming::format(format)) {
            Ok(gate) => {
                let loaded = outgoing::loaded(&gate);
                GATE.set(Some(gate));
                Ok(loaded)
            }
            Err(findings) => Err(findings.into_iter().map(outgoing::diagnostic).collect()),
        }
    }

    fn describe() -> Option<Loaded> {
        GATE.with_borrow(|gate| gate.as_ref().map(outgoing::loaded))
    }

    fn config() -> Option<(String, ConfigFormat)> {
        GATE.with_borrow(|gate| {
            let (text, format) = gate.as_ref()?.config();
            Some((text.to_owned(), outgoing::format(format)))
        })
    }

    fn start(inputs: Inputs) -> Result<Started, Vec<Diagnostic>> {
        GATE.with_borrow_mut(|gate| match gate {
            None => Err(vec![outgoing::diagnostic(nothing_loaded())]),
            Some(gate) => match gate.start(inputs.supplies, inputs.seed) {
                Ok(Addresses { documents, calls }) => Ok(Started { documents, calls }),
                Err(findings) => Err(findings.into_iter().map(outgoing::diagnostic).collect()),
            },
        })
    }

    fn decide(head: RequestHead, answers: Vec<Answered>) -> Step {
        decide(&incoming::head(head), answers)
    }

    fn decide_packed(head: Vec<u8>, answers: Vec<Answered>) -> Result<Step, String> {
        HEAD.with_borrow_mut(|kept| {
            kept.refill(&head).map_err(|fault| fault.to_string())?;
            Ok(decide(kept, answers))
        })
    }

    fn explain(head: RequestHead, answers: Vec<Answered>, persona: Option<String>) -> Result<Explained, String> {
        let (head, answers) = (incoming::head(head), incoming::answers(answers));
        GATE.with_borrow_mut(|gate| {
            let gate = gate.as_mut().ok_or("no policy is loaded")?;
            let (step, trace) = gate.explain(&head, &answers, persona.as_deref())?;
            Ok(Explained { step: outgoing::step(step), trace: outgoing::trace(trace) })
        })
    }

    fn test() -> Vec<TestResult> {
        GATE.with_borrow(|gate| {
            let results = gate.as_ref().map(Gate::test).unwrap_or_default();
            results.into_iter().map(outgoing::test_result).collect()
        })
    }

    fn lint() -> Linted {
        GATE.with_borrow(|gate| outgoing::linted(gate.as_ref().map(Gate::lint).unwrap_or_default()))
    }

    fn schema() -> String {
        crate::config::schema()
    }

    fn verify(question: VerifyQuestion) -> bool {
        let VerifyQuestion { algorithm, key, message, signature } = question;
        let (algorithm, key) = (incoming::algorithm(algorithm), incoming::key(key));
        SIGNATURES.with_borrow_mut(|signatures| signatures.verify(algorithm, &key, &message, &signature))
    }

    fn sign(question: SignQuestion) -> Result<Vec<u8>, String> {
        SIGNATURES.with_borrow_mut(|signatures| signatures.sign(&question.key, &question.message))
    }
}

fn decide(head: &Head, answers: Vec<Answered>) -> Step {
    let answers = incoming::answers(answers);
    GATE.with_borrow_mut(|gate| match gate {
        Some(gate) => outgoing::step(gate.decide(head, &answers)),
        None => outgoing::step(Gate::refuse_unloaded()),
    })
}

fn nothing_loaded() -> crate::diagnostic::Diagnostic {
    crate::diagnostic::Diagnostic {
        code: "P008",
        severity: crate::diagnostic::Severity::Error,
        message: "no config is loaded".to_owned(),
        labels: Vec::new(),
        help: Some("give a config file, or use a baked component".to_owned()),
    }
}
