//! From a token to a verified identity, for one provider.

use super::Identity;
use super::cache::{Cache, Entry, Looked};
use super::claims::Checked;
use super::number::{Kind, number};
use super::provider::{Keys, Provider};
use super::refused::Refused;
use super::source::{self, NoKey, Source, Wanted};
use super::token::Token;
use crate::question::{Answer, Answers, Asked, Question, VerifyKey};
use crate::trace::{Outcome, Stage, Trace};
use std::sync::Arc;

/// What one provider says about one token.
#[derive(Debug)]
pub(super) enum Judged {
    Verified(Arc<Identity>),
    Refused(Refused),
    Unavailable(String),
    Ask(Vec<Asked>),
}

/// Keys and verified tokens: what an instance has learnt. Nothing here changes an answer, only its price.
#[derive(Debug, Default)]
pub(super) struct Learnt {
    pub(super) sources: Vec<Source>,
    pub(super) cache: Cache,
}

/// The request that is judged.
#[derive(Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) now: i64,
    pub(super) answers: Answers<'a>,
}

impl Learnt {
    /// The identity, if this very token is known to be good by keys that are still in force, and in time.
    pub(super) fn recall(
        &mut self,
        index: usize,
        provider: &Provider,
        looked: Looked<'_>,
        now: i64,
    ) -> Option<Arc<Identity>> {
        let entry = self.cache.get(index, looked)?;
        let in_force = match provider.source(&entry.identity.issuer) {
            Some(source) => self.sources.get(source).and_then(|source| source.in_force(now)) == Some(entry.epoch),
            None => true,
        };
        (in_force && entry.times.check(&provider.rules, now).is_ok()).then(|| Arc::clone(&entry.identity))
    }

    /// All checks of a token that has the right form. Whatever needs no key comes first: a token that would be refused
    /// anyway never costs a fetch or a signature check.
    pub(super) fn judge(
        &mut self,
        index: usize,
        provider: &Provider,
        looked: Looked<'_>,
        token: &Token,
        moment: Moment<'_>,
        trace: &mut Trace,
    ) -> Judged {
        let checked = match fits(provider, token, moment.now) {
            Ok(checked) => checked,
            Err(why) => {
                note(trace, Outcome::No, provider, || format!("before the signature: {why}"));
                return Judged::Refused(why);
            }
        };
        note(trace, Outcome::Yes, provider, || format!("header ({}) and claims will do", token.algorithm.name()));
        let (epoch, keys) = match self.candidates(index, provider, token, checked.issuer, moment) {
            Ok(found) => found,
            Err(judged) => {
                note_no_key(trace, provider, &judged);
                return judged;
            }
        };
        note(trace, Outcome::Info, provider, || describe(&keys));
        let cached = self.cache.get(index, looked).filter(|entry| entry.epoch == epoch);
        if let Some(entry) = cached {
            note(trace, Outcome::Yes, provider, || "signature verified before".to_owned());
            return Judged::Verified(Arc::clone(&entry.identity));
        }
        match verify(index, epoch, &keys, looked, token, moment.answers) {
            Ok(()) => {}
            Err(judged) => {
                match &judged {
                    Judged::Ask(asked) => {
                        note(trace, Outcome::Info, provider, || format!("asks for {} signature checks", asked.len()))
                    }
                    Judged::Unavailable(why) => note(trace, Outcome::No, provider, || why.clone()),
                    _ => note(trace, Outcome::No, provider, || Refused::Signature.to_string()),
                }
                return judged;
            }
        }
        note(trace, Outcome::Yes, provider, || "signature verifies".to_owned());
        let identity = Arc::new(identity(index, provider, &checked, token));
        let entry = Entry::new(looked.text(), epoch, token.algorithm, checked.times, Arc::clone(&identity));
        self.cache.insert(index, looked, entry);
        Judged::Verified(identity)
    }

    /// The keys that may have made the signature, and the copy of the set they come from (0: fixed).
    fn candidates(
        &mut self,
        index: usize,
        provider: &Provider,
        token: &Token,
        issuer: &str,
        moment: Moment<'_>,
    ) -> Result<(u64, Vec<Candidate>), Judged> {
        let algorithm = token.algorithm;
        let kid = token.kid.as_deref();
        let found = match &provider.keys {
            Keys::Secrets(secrets) => {
                let fitting = secrets.iter().filter(|secret| secret.fits(algorithm));
                // RFC 7518 section 3.2: the whole digest.
                let whole = token.signature.len() == algorithm.digest_length();
                let keys = fitting.filter(|_| whole).map(|secret| Candidate::shared(secret.bytes())).collect();
                (0, keys)
            }
            Keys::Pem(keys) => {
                let fitting = keys.iter().filter(|key| key.fits(algorithm) && key.may_have_made(&token.signature));
                (0, fitting.map(|key| Candidate::public(None, key.text())).collect())
            }
            Keys::Set(set) => match set.choose(algorithm, kid) {
                super::jwk::Choice::Key(key) => (0, chosen(key, token)),
                super::jwk::Choice::Unknown => return Err(Judged::Refused(Refused::KeyUnknown(None))),
                super::jwk::Choice::Unfit(why) => return Err(Judged::Refused(Refused::KeyUnfit(why))),
            },
            Keys::Remote(_) => {
                let source = provider.source(issuer).and_then(|source| self.sources.get_mut(source));
                let source = source.ok_or(Judged::Refused(Refused::Issuer))?;
                let wanted = Wanted { provider: index, algorithm, kid, now: moment.now, answers: moment.answers };
                match source.key(&wanted) {
                    Ok(source::Found { key, epoch }) => (epoch, chosen(&key, token)),
                    Err(NoKey::Ask(asked)) => return Err(Judged::Ask(vec![*asked])),
                    Err(NoKey::Unavailable(why)) => return Err(Judged::Unavailable(why)),
                    Err(NoKey::Refused(why)) => return Err(Judged::Refused(why)),
                }
            }
        };
        if found.1.is_empty() { Err(Judged::Refused(Refused::Signature)) } else { Ok(found) }
    }
}

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
fn fits<'a>(provider: &Provider, token: &'a Token, now: i64) -> Result<Checked<'a>, Refused> {
    if !provider.algorithms.contains(&token.algorithm) {
        return Err(Refused::Algorithm);
    }
    provider.rules.issuer(&token.claims)?;
    if !token.is_type(provider.typ.as_deref()) {
        return Err(Refused::Type);
    }
    provider.rules.check(&token.claims, now)
}

/// Ask about all candidates at once (a round costs more than a check), or read the answers.
fn verify(
    index: usize,
    epoch: u64,
    keys: &[Candidate],
    looked: Looked<'_>,
    token: &Token,
    answers: Answers<'_>,
) -> Result<(), Judged> {
    let numbered = || keys.iter().enumerate().map(|(at, key)| (number(index, epoch, Kind::Verify(at)), key));
    let mut open = Vec::new();
    let mut failed = None;
    for (id, candidate) in numbered() {
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

fn identity(index: usize, provider: &Provider, checked: &Checked<'_>, token: &Token) -> Identity {
    Identity {
        provider: index,
        provider_name: provider.name.clone(),
        subject: checked.subject.to_owned(),
        issuer: checked.issuer.to_owned(),
        expires: checked.times.expires(),
        claims: token.claims.clone(),
    }
}

/// A line of reasoning about a provider.
pub(super) fn note(trace: &mut Trace, outcome: Outcome, provider: &Provider, detail: impl FnOnce() -> String) {
    trace.note(Stage::Session, outcome, || (provider.name.clone(), detail()));
}

fn note_no_key(trace: &mut Trace, provider: &Provider, judged: &Judged) {
    match judged {
        Judged::Ask(_) => note(trace, Outcome::Info, provider, || "asks for a document".to_owned()),
        Judged::Unavailable(why) => note(trace, Outcome::No, provider, || why.clone()),
        Judged::Refused(why) => note(trace, Outcome::No, provider, || why.to_string()),
        Judged::Verified(_) => {}
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
