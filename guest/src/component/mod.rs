//! The doors. The only room that names WIT types: the decider's own (`incoming`, `outgoing`) converts and does nothing else;
//! those of stock runtimes (`http02`, `http03`) carry out what `door` says.

mod environment;
mod fields;
#[cfg(feature = "http02")]
mod http02;
#[cfg(feature = "http03")]
mod http03;
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
use crate::door::Door as StockDoor;
use crate::question::Addresses;
use crate::request::Head;
use bindings::exports::portcullis::gate::decider::{
    Answered, ConfigFormat, Diagnostic, Explained, Guest, HeldDocument, Inputs, Linted, Loaded, RequestHead,
    SignQuestion, Started, Step, TestResult, VerifyQuestion,
};
use std::cell::RefCell;
use std::rc::Rc;

thread_local! {
    /// One policy for each instance. An instance has one thread and takes one call at a time.
    static GATE: Rc<RefCell<Option<Gate>>> = Rc::default();
    /// What a world without a host of ours needs: key documents, answers of calls, prepared keys.
    static DOOR: Rc<StockDoor> = Rc::default();
    /// The last packed head, for its room; each call fills it anew.
    static HEAD: RefCell<Head> = RefCell::new(Head::default());
}

/// The policy that is loaded, or the place for it.
fn gate<T>(with: impl FnOnce(&mut Option<Gate>) -> T) -> T {
    GATE.with(|gate| with(&mut gate.borrow_mut()))
}

struct Door;

impl Guest for Door {
    fn load(config: String, format: ConfigFormat) -> Result<Loaded, Vec<Diagnostic>> {
        match Gate::load(&config, incoming::format(format)) {
            Ok(gate) => {
                let loaded = outgoing::loaded(&gate);
                self::gate(|held| *held = Some(gate));
                Ok(loaded)
            }
            Err(findings) => Err(findings.into_iter().map(outgoing::diagnostic).collect()),
        }
    }

    fn describe() -> Option<Loaded> {
        gate(|gate| gate.as_ref().map(outgoing::loaded))
    }

    fn config() -> Option<(String, ConfigFormat)> {
        gate(|gate| {
            let (text, format) = gate.as_ref()?.config();
            Some((text.to_owned(), outgoing::format(format)))
        })
    }

    fn hold(documents: Vec<HeldDocument>) -> Result<(), String> {
        DOOR.with(|door| door.hold(documents.into_iter().map(incoming::held).collect()))
    }

    fn held() -> Vec<HeldDocument> {
        DOOR.with(|door| door.held()).into_iter().map(outgoing::held).collect()
    }

    fn start(inputs: Inputs) -> Result<Started, Vec<Diagnostic>> {
        gate(|gate| match gate {
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
        gate(|gate| {
            let gate = gate.as_mut().ok_or("no policy is loaded")?;
            let (step, trace) = gate.explain(&head, &answers, persona.as_deref())?;
            Ok(Explained { step: outgoing::step(step), trace: outgoing::trace(trace) })
        })
    }

    fn test() -> Vec<TestResult> {
        gate(|gate| {
            let results = gate.as_ref().map(Gate::test).unwrap_or_default();
            results.into_iter().map(outgoing::test_result).collect()
        })
    }

    fn lint() -> Linted {
        gate(|gate| outgoing::linted(gate.as_ref().map(Gate::lint).unwrap_or_default()))
    }

    fn schema() -> String {
        crate::config::schema()
    }

    fn verify(question: VerifyQuestion) -> bool {
        let VerifyQuestion { algorithm, key, message, signature } = question;
        let (algorithm, key) = (incoming::algorithm(algorithm), incoming::key(key));
        DOOR.with(|door| door.verify(algorithm, &key, &message, &signature))
    }

    fn sign(question: SignQuestion) -> Result<Vec<u8>, String> {
        DOOR.with(|door| door.sign(&question.key, &question.message))
    }
}

fn decide(head: &Head, answers: Vec<Answered>) -> Step {
    let answers = incoming::answers(answers);
    gate(|gate| match gate {
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
