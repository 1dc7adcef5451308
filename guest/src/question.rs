//! What only the world can answer, and how a decision asks for it.
//!
//! A decision never waits: it runs from the start each time, with all answers so far. A question's number
//! depends only on the policy and the request, so any instance can take the next step.

use crate::session::Algorithm;
use std::fmt;

/// Why a document is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// Not held, or held past its time.
    Current,
    /// Held and in time, but a token names a key that is not in it.
    UnknownKey,
}

/// A key to verify with; from the policy or a document it named, never from a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VerifyKey {
    /// One public key as a JWK, reduced to the members that make up the key.
    Jwk(String),
    /// Bytes of a shared secret.
    Secret(Vec<u8>),
}

/// A call of a backend.
#[derive(Clone, PartialEq, Eq)]
pub struct Call {
    /// HTTP method.
    pub method: String,
    /// Absolute address; one of those that the started policy named.
    pub url: String,
    /// Request headers.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Request body.
    pub body: Vec<u8>,
    /// Calls with the same key share one flight; empty: nobody else's.
    pub key: String,
    /// For so many milliseconds the answer is given to later calls with the same key.
    pub grace: u32,
    /// Only if its status is 200 to 299 and its body holds these bytes.
    pub keep: Vec<u8>,
    /// Milliseconds until it has failed.
    pub timeout: u32,
}

/// Shows where it goes, and none of the secrets that it carries.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Call({} {})", self.method, self.url)
    }
}

/// Something only the world can answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Question {
    /// What does this address (a JWKS or a discovery document) say?
    Document {
        /// One of the started policy's documents, or the `jwks_uri` one of those names.
        url: String,
        /// Why it is wanted.
        freshness: Freshness,
    },
    /// Is this signature good?
    Verify {
        /// Already checked against the policy and the key.
        algorithm: Algorithm,
        /// The key.
        key: VerifyKey,
        /// The JWS signing input.
        message: Vec<u8>,
        /// The signature in JWS form.
        signature: Vec<u8>,
    },
    /// Call this backend. At most one call is made for each answer.
    Call(Call),
    /// The first bytes of the request body.
    Body {
        /// At most so many.
        limit: u32,
    },
    /// Sign this with ES256.
    Sign {
        /// The private key, P-256, PKCS #8 DER; from the policy.
        key: Vec<u8>,
        /// The JWS signing input.
        message: Vec<u8>,
    },
}

/// What a started policy may ask the world about; all else is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Addresses {
    /// That a [`Question::Document`] may name, besides the `jwks_uri` that one of these documents names.
    pub documents: Vec<String>,
    /// That a [`Question::Call`] may name, each in full.
    pub calls: Vec<String>,
}

/// A question with its number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The same whenever the same question is asked about the same request.
    pub id: u32,
    /// The question.
    pub question: Question,
}

/// A document as the world holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Grows with each changed copy.
    pub revision: u64,
    /// Unix time of the fetch.
    pub fetched: i64,
    /// Unix time until which it may be used without asking again.
    pub fresh_until: i64,
    /// The bytes.
    pub body: Vec<u8>,
}

/// The answer to one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// To [`Question::Document`].
    Document(Document),
    /// To [`Question::Verify`].
    Verify(bool),
    /// To [`Question::Call`].
    Call {
        /// HTTP status.
        status: u16,
        /// Response headers.
        headers: Vec<(String, Vec<u8>)>,
        /// Response body.
        body: Vec<u8>,
    },
    /// To [`Question::Body`].
    Body(Vec<u8>),
    /// To [`Question::Sign`]: R and S, 64 bytes.
    Signed(Vec<u8>),
    /// The world could not answer; says what failed, never a secret.
    Failed(String),
    /// The body was longer than the limit.
    TooLarge,
}

/// An answer with the number of its question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Number of the question.
    pub id: u32,
    /// The answer.
    pub answer: Answer,
}

/// The answers of one request, found by number.
#[derive(Debug, Clone, Copy)]
pub struct Answers<'a>(&'a [Answered]);

impl<'a> Answers<'a> {
    /// All answers so far.
    pub fn new(all: &'a [Answered]) -> Self {
        Self(all)
    }

    /// The answer to question `id`, if it was given.
    pub fn get(&self, id: u32) -> Option<&'a Answer> {
        self.0.iter().find(|a| a.id == id).map(|a| &a.answer)
    }
}
