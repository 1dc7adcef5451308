//! The gate behind a stock door: what our own host does around a decision, for runtimes that only know HTTP handlers.
//!
//! Sans-I/O: the world is a trait, so that one loop serves every version of WASI and all of it is tested without one.
//! The order is the proxy's: [`Received`] checks what came, [`Door::judge`] asks the policy and answers its questions,
//! [`Outcome`] is what happens then. `docs/runtimes.md` says what a runtime cannot do.

mod calls;
mod documents;
mod outcome;
mod received;
mod setup;

pub use documents::{Held, MAX_HELD};
pub use outcome::{Line, Outcome, Passing, Reply};
pub use received::{Received, Refusal};
pub use setup::{Origin, Setup, Told};

use crate::Gate;
use crate::question::{Answer, Answered, Asked, Question, VerifyKey};
use crate::request::Head;
use crate::session::Algorithm;
use crate::signature::Signatures;
use crate::verdict::{Step, Verdict};
use calls::Calls;
use documents::Documents;
use std::cell::RefCell;

/// Rounds for one request (contract of `decide`).
const ROUNDS: usize = 12;
/// Questions of one round, as in the host.
const QUESTIONS: usize = 32;
/// Bytes of a request body that a policy can ask for, as in the host.
pub const BODY: usize = 1 << 20;
/// Milliseconds for one document, as in the host.
const DOCUMENT_TIME: u32 = 5_000;
/// Bytes of a call's answer, as in the host.
const CALL_ANSWER: usize = 256 << 10;

/// A request that the gate itself makes.
#[derive(Clone, PartialEq, Eq)]
pub struct Fetch {
    /// HTTP method.
    pub method: String,
    /// Absolute address.
    pub url: String,
    /// Headers.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body.
    pub body: Vec<u8>,
    /// Milliseconds until it has failed.
    pub timeout: u32,
    /// Bytes that the answer's body may have.
    pub limit: usize,
}

/// Where a request of the gate's own goes, in the parts that `wasi:http` wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// TLS?
    pub https: bool,
    /// host or host:port.
    pub authority: String,
    /// Path and query.
    pub target: String,
}

impl Fetch {
    /// Where it goes.
    ///
    /// # Errors
    /// Its address is none.
    pub fn place(&self) -> Result<Place, FetchError> {
        let down = |why: &str| FetchError::Unreachable(why.to_owned());
        let uri = http::Uri::try_from(&self.url).map_err(|_| down("it is no address"))?;
        let authority = uri.authority().ok_or_else(|| down("it has no host"))?.to_string();
        let target = uri.path_and_query().map_or("/", |target| target.as_str());
        let target = if target.starts_with('/') { target.to_owned() } else { format!("/{target}") };
        Ok(Place { https: uri.scheme_str() == Some("https"), authority, target })
    }
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Body.
    pub body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchError {
    /// No connection or no whole answer; the text is for logs.
    Unreachable(String),
    /// The body has more bytes than the limit.
    TooLarge,
}

/// What a door needs of its runtime.
pub trait World {
    /// Unix time in seconds.
    fn now(&self) -> i64;

    /// Make a request. Follows nothing.
    fn fetch(&self, request: Fetch) -> impl Future<Output = Result<Fetched, FetchError>>;
}

/// The body of the request being judged.
pub trait Body {
    /// The first bytes, which stay there for whoever reads the body next. `Ok(None)`: there are more than `limit`.
    fn prefix(&mut self, limit: usize) -> impl Future<Output = Result<Option<Vec<u8>>, String>>;
}

/// Why there is no verdict. The request is answered with 500.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure(pub String);

/// What one instance remembers from request to request; it must work as well if it never remembers anything.
#[derive(Debug, Default)]
pub struct Door {
    documents: RefCell<Documents>,
    calls: RefCell<Calls>,
    signatures: RefCell<Signatures>,
}

impl Door {
    /// Keep documents that came with the component.
    ///
    /// # Errors
    /// Too many, too large, or no documents.
    pub fn hold(&self, documents: Vec<Held>) -> Result<(), String> {
        self.documents.borrow_mut().hold(documents)
    }

    /// The documents that came with the component.
    pub fn held(&self) -> Vec<Held> {
        self.documents.borrow().held().to_vec()
    }

    /// Is this signature good?
    pub fn verify(&self, algorithm: Algorithm, key: &VerifyKey, message: &[u8], signature: &[u8]) -> bool {
        self.signatures.borrow_mut().verify(algorithm, key, message, signature)
    }

    /// Sign with ES256.
    ///
    /// # Errors
    /// The key cannot be used.
    pub fn sign(&self, key: &[u8], message: &[u8]) -> Result<Vec<u8>, String> {
        self.signatures.borrow_mut().sign(key, message)
    }

    /// Judge one request. No cell stays borrowed while anything is waited for.
    ///
    /// # Errors
    /// [`Failure`]: there is no verdict, and nothing goes upstream.
    pub async fn judge<W: World, B: Body>(
        &self,
        gate: &RefCell<Option<Gate>>,
        setup: &Setup,
        head: &Head,
        body: &mut B,
        world: &W,
    ) -> Result<Verdict, Failure> {
        let mut answers = Vec::new();
        for _ in 0..ROUNDS {
            let step = match gate.borrow_mut().as_mut() {
                Some(gate) => gate.decide(head, &answers),
                None => return Err(Failure("no policy is loaded".to_owned())),
            };
            match step {
                Step::Verdict(verdict) => return Ok(verdict),
                Step::Questions(asked) => self.answer(asked, setup, body, world, &mut answers).await?,
            }
        }
        Err(Failure(format!("no verdict after {ROUNDS} rounds")))
    }

    async fn answer<W: World, B: Body>(
        &self,
        asked: Vec<Asked>,
        setup: &Setup,
        body: &mut B,
        world: &W,
        answers: &mut Vec<Answered>,
    ) -> Result<(), Failure> {
        if asked.is_empty() || asked.len() > QUESTIONS {
            return Err(Failure(format!("{} questions in one step", asked.len())));
        }
        for Asked { id, question } in asked {
            let answer = match question {
                Question::Document { url, freshness } => {
                    documents::ask(&self.documents, &setup.addresses.documents, &url, freshness, world).await
                }
                Question::Verify { algorithm, key, message, signature } => {
                    Answer::Verify(self.verify(algorithm, &key, &message, &signature))
                }
                Question::Call(call) => calls::ask(&self.calls, &setup.addresses.calls, call, world).await,
                Question::Body { limit } => prefix(limit, body).await,
                Question::Sign { key, message } => match self.sign(&key, &message) {
                    Ok(signature) => Answer::Signed(signature),
                    Err(why) => Answer::Failed(why),
                },
            };
            answers.push(Answered { id, answer });
        }
        Ok(())
    }
}

async fn prefix<B: Body>(limit: u32, body: &mut B) -> Answer {
    let limit = usize::try_from(limit).unwrap_or(BODY).min(BODY);
    match body.prefix(limit).await {
        Ok(Some(bytes)) if bytes.len() <= limit => Answer::Body(bytes),
        Ok(_) => Answer::TooLarge,
        Err(why) => Answer::Failed(why),
    }
}

/// Shows where it goes, and none of the secrets that it may carry.
impl std::fmt::Debug for Fetch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fetch({} {})", self.method, self.url)
    }
}

#[cfg(test)]
mod tests;
