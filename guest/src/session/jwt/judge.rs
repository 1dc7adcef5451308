//! From a token to a verified identity, for one provider.

use super::Verifier;
use super::claims::Checked;
use super::source::{self, NoKey, Wanted};
use super::token::Token;
use super::verifier::Keys;
use crate::question::{Answer, Answers, Asked, Question, VerifyKey};
use crate::session::Identity;
use crate::session::cache::{Entry, Looked, Proof};
use crate::session::kind::{Judged, Learnt, note};
use crate::session::number::{Kind, number};
use crate::session::refused::Refused;
use crate::trace::{Outcome, Trace};
use std::sync::Arc;

/// Which of several tokens of one request it is. Questions about them have numbers of their own: the answer about one must
/// never pass for one about another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) enum Place {
    /// By itself.
    Alone,
    /// It holds others.
    Around,
    /// Inside another.
    Inside,
}

impl Place {
    fn question(self, candidate: usize) -> Kind {
        match self {
            Self::Alone => Kind::Verify(candidate),
            Self::Around => Kind::VerifyAround(candidate),
            Self::Inside => Kind::VerifyInside(candidate),
        }
    }
}

/// Who judges, what, and when: a provider by its number and name, what it demands of tokens, and the request.
#[derive(Clone, Copy)]
pub(in crate::session) struct By<'a> {
    pub(in crate::session) index: usize,
    pub(in crate::session) name: &'a str,
    pub(in crate::session) verifier: &'a Verifier,
    pub(in crate::session) place: Place,
    /// Unix time.
    pub(in crate::session) now: i64,
    pub(in crate::session) answers: Answers<'a>,
}

impl By<'_> {
    /// The same, about another of several tokens.
    pub(in crate::session) fn at(self, place: Place) -> Self {
        Self { place, ..self }
    }
}

impl Learnt {
    /// Judge a text that must be a token: from memory if it can be, else from its parts.
    pub(in crate::session) fn token(&mut self, by: By<'_>, text: &str, trace: &mut Trace) -> Judged {
        let looked = self.cache.look(text);
        if let Some(identity) = self.recall(by.index, looked, by.now) {
            note(trace, Outcome::Yes, by.name, || "verified before".to_owned());
            return Judged::Verified(identity);
        }
        match Token::parse(text) {
            Ok(token) => self.judge(by, looked, &token, trace),
            Err(why) => {
                note(trace, Outcome::No, by.name, || why.to_string());
                Judged::Refused(why)
            }
        }
    }

    /// All checks of a token that has the right form. Whatever needs no key comes first: a token that would be refused
    /// anyway never costs a fetch or a signature check.
    pub(in crate::session) fn judge(
        &mut self,
        by: By<'_>,
        looked: Looked<'_>,
        token: &Token,
        trace: &mut Trace,
    ) -> Judged {
        let checked = match fits(by.verifier, token, by.now) {
            Ok(checked) => checked,
            Err(why) => {
                note(trace, Outcome::No, by.name, || format!("before the signature: {why}"));
                return Judged::Refused(why);
            }
        };
        note(trace, Outcome::Yes, by.name, || format!("header ({}) and claims will do", token.algorithm.name()));
        let (copy, keys) = match self.candidates(by, token, checked.issuer) {
            Ok(found) => found,
            Err(judged) => {
                note_no_key(trace, by.name, &judged);
                return judged;
            }
        };
        note(trace, Outcome::Info, by.name, || describe(&keys));
        let cached = self.cache.get(by.index, looked).filter(|entry| entry.proof.keys == copy);
        if let Some(entry) = cached {
            note(trace, Outcome::Yes, by.name, || "signature verified before".to_owned());
            return Judged::Verified(Arc::clone(&entry.identity));
        }
        if let Err(judged) = verify(by, copy, &keys, looked, token, trace) {
            return judged;
        }
        let identity = Arc::new(identity(by, &checked, token));
        let window = by.verifier.rules.window;
        let proof = Proof { keys: copy, algorithm: Some(token.algorithm), times: checked.times, window };
        self.cache.insert(by.index, looked, Entry::new(looked.text(), proof, Arc::clone(&identity)));
        Judged::Verified(identity)
    }

    /// Is the signature good? Nothing is said about claims, and nothing is remembered.
    pub(in crate::session) fn signed(
        &mut self,
        by: By<'_>,
        text: &str,
        token: &Token,
        trace: &mut Trace,
    ) -> Result<(), Judged> {
        if !by.verifier.algorithms.contains(&token.algorithm) {
            note(trace, Outcome::No, by.name, || Refused::Algorithm.to_string());
            return Err(Judged::Refused(Refused::Algorithm));
        }
        let issuer = by.verifier.rules.issuers.first().map_or("", String::as_str);
        let (copy, keys) =
            self.candidates(by, token, issuer).inspect_err(|judged| note_no_key(trace, by.name, judged))?;
        let looked = self.cache.look(text);
        verify(by, copy, &keys, looked, token, trace)
    }

    /// The keys that may have made the signature, with source and copy of the set they come from (`None`: fixed).
    fn candidates(&mut self, by: By<'_>, token: &Token, issuer: &str) -> Result<Candidates, Judged> {
        let algorithm = token.algorithm;
        let kid = token.kid.as_deref();
        let found = match &by.verifier.keys {
            Keys::Secrets(secrets) => {
                let fitting = secrets.iter().filter(|secret| secret.fits(algorithm));
                // RFC 7518 section 3.2: the whole digest.
                let whole = token.signature.len() == algorithm.digest_length();
                let keys = fitting.filter(|_| whole).map(|secret| Candidate::shared(secret.bytes())).collect();
                (None, keys)
            }
            Keys::Pem(keys) => {
                let fitting = keys.iter().filter(|key| key.fits(algorithm) && key.may_have_made(&token.signature));
                (None, fitting.map(|key| Candidate::public(None, key.text())).collect())
            }
            Keys::Set(set) => match set.choose(algorithm, kid) {
                super::jwk::Choice::Key(key) => (None, chosen(key, token)),
                super::jwk::Choice::Unknown => return Err(Judged::Refused(Refused::KeyUnknown(None))),
                super::jwk::Choice::Unfit(why) => return Err(Judged::Refused(Refused::KeyUnfit(why))),
            },
            Keys::Remote(_) => {
                let place = by.verifier.source(issuer).ok_or(Judged::Refused(Refused::Issuer))?;
                let source = self.sources.get_mut(place).ok_or(Judged::Refused(Refused::Issuer))?;
                let wanted = Wanted { provider: by.index, algorithm, kid, now: by.now, answers: by.answers };
                match source.key(&wanted) {
                    Ok(source::Found { key, epoch }) => (Some((place, epoch)), chosen(&key, token)),
                    Err(NoKey::Ask(asked)) => return Err(Judged::Ask(vec![*asked])),
                    Err(NoKey::Unavailable(why)) => return Err(Judged::Unavailable(why)),
                    Err(NoKey::Refused(why)) => return Err(Judged::Refused(why)),
                }
            }
        };
        if found.1.is_empty() { Err(Judged::Refused(Refused::Signature)) } else { Ok(found) }
    }
}

/// Source and copy of the set that keys come from (`None`: fixed), and the keys.
type Candidates = (Option<(usize, u64)>, Vec<Candidate>);

/// A key to ask about.
struct Candidate {
    kid: Option<String>,
    key: VerifyKey,
}

impl Candidate {
    fn shared(secret: &[u8]) -> Self {
        Self { kid: None, key: VerifyKey::Secret(secret.to_vec()) }
    }

    fn public(kid: Option<String>, text: &str) -> Self {
        Self { kid, key: VerifyKey::Jwk(text.to_owned()) }
    }
}

/// The key of a set, unless the signature cannot be one of its making.
fn chosen(key: &super::jwk::NamedKey, token: &Token) -> Vec<Candidate> {
    let fits = key.key.may_have_made(&token.signature);
    fits.then(|| Candidate::public(key.kid.clone(), key.key.text())).into_iter().collect()
}

/// Everything that needs no key.
fn fits<'a>(verifier: &Verifier, token: &'a Token, now: i64) -> Result<Checked<'a>, Refused> {
    if !verifier.algorithms.contains(&token.algorithm) {
        return Err(Refused::Algorithm);
    }
    verifier.rules.issuer(&token.claims)?;
    if !token.is_type(verifier.typ.as_deref()) {
        return Err(Refused::Type);
    }
    verifier.rules.check(&token.claims, now)
}

/// Ask about all candidates at once (a round costs more than a check), or read the answers; and say so.
fn verify(
    by: By<'_>,
    copy: Option<(usize, u64)>,
    keys: &[Candidate],
    looked: Looked<'_>,
    token: &Token,
    trace: &mut Trace,
) -> Result<(), Judged> {
    let epoch = copy.map_or(0, |(_, epoch)| epoch);
    let asked = |at: usize| number(by.index, epoch, by.place.question(at));
    let found = ask(keys.iter().enumerate().map(|(at, key)| (asked(at), key)), looked, token, by.answers);
    match &found {
        Ok(()) => note(trace, Outcome::Yes, by.name, || "signature verifies".to_owned()),
        Err(Judged::Ask(asked)) => {
            note(trace, Outcome::Info, by.name, || format!("asks for {} signature checks", asked.len()))
        }
        Err(Judged::Unavailable(why)) => note(trace, Outcome::No, by.name, || why.clone()),
        Err(_) => note(trace, Outcome::No, by.name, || Refused::Signature.to_string()),
    }
    found
}

fn ask<'k>(
    numbered: impl Iterator<Item = (u32, &'k Candidate)>,
    looked: Looked<'_>,
    token: &Token,
    answers: Answers<'_>,
) -> Result<(), Judged> {
    let mut open = Vec::new();
    let mut failed = None;
    for (id, candidate) in numbered {
        match answers.get(id) {
            Some(Answer::Verify(true)) => return Ok(()),
            Some(Answer::Verify(false)) => {}
            Some(Answer::Failed(why)) => failed = Some(format!("signature check failed: {why}")),
            Some(_) => failed = Some("signature check failed: an answer of another kind".to_owned()),
            None => open.push(Asked {
                id,
                question: Question::Verify {
                    algorithm: token.algorithm,
                    key: candidate.key.clone(),
                    message: token.signing_input(looked.text()),
                    signature: token.signature.clone(),
                },
            }),
        }
    }
    if !open.is_empty() {
        return Err(Judged::Ask(open));
    }
    Err(failed.map_or(Judged::Refused(Refused::Signature), Judged::Unavailable))
}

fn identity(by: By<'_>, checked: &Checked<'_>, token: &Token) -> Identity {
    Identity {
        provider: by.index,
        provider_name: by.name.to_owned(),
        subject: Some(checked.subject.to_owned()),
        issuer: checked.issuer.to_owned(),
        expires: checked.times.expires(),
        claims: token.claims.clone(),
        app_headers: Vec::new(),
    }
}

fn note_no_key(trace: &mut Trace, provider: &str, judged: &Judged) {
    match judged {
        Judged::Ask(_) => note(trace, Outcome::Info, provider, || "asks for a document".to_owned()),
        Judged::Unavailable(why) => note(trace, Outcome::No, provider, || why.clone()),
        Judged::Refused(why) => note(trace, Outcome::No, provider, || why.to_string()),
        Judged::Verified(_) | Judged::Detour(_) | Judged::Later(_) => {}
    }
}

/// Names of keys are the issuer's words, never the token's.
fn describe(keys: &[Candidate]) -> String {
    match keys {
        [Candidate { kid: Some(kid), .. }] => format!("key `{kid}`"),
        [_] => "the one key that fits".to_owned(),
        _ => format!("{} keys that fit", keys.len()),
    }
}
