//! Tokens whose signature was found good. A signature check costs 13 to 40 us natively and up to 1 ms in wasm; finding
//! the token here costs a tenth of a microsecond.
//!
//! An entry says only "this very token was signed by a key of that copy of that provider's keys, and these are its
//! times". Whoever reads it checks the copy and the clock again.

use super::Identity;
use super::jwt::{Algorithm, Source, Times, Window};
use serde_json::{Map, Value};
use siphasher::sip::SipHasher13;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

/// Entries: more users than one instance sees within the minutes a token lives.
const MAX_ENTRIES: usize = 4096;
/// Bytes, as [`Entry::cost`] counts them; an instance has 16 MiB of memory in all. A token of 800 bytes costs
/// about 2 KiB, so some 2,000 of those fit.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of a token's end that are hashed. It is the signature, so it is as good as random, and who could choose
/// it for tokens that verify holds the issuer's key.
const HASHED: usize = 64;
/// Bytes of an entry besides token and claims: slot, index, identity with its texts, times.
const FIXED: usize = 400;
/// Bytes of a tree node of a JSON object: 11 pairs of name and value.
const NODE: usize = 640;

/// A token that was verified.
#[derive(Debug)]
pub(super) struct Entry {
    token: Box<str>,
    pub(super) proof: Proof,
    pub(super) identity: Arc<Identity>,
}

/// Why a token is good, and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proof {
    /// Where the keys came from, if from an address, and the copy that it was verified with.
    pub(super) keys: Option<(usize, u64)>,
    /// How it was signed; `None`: sealed or encrypted with a secret.
    pub(super) algorithm: Option<Algorithm>,
    pub(super) times: Times,
    pub(super) window: Window,
}

impl Proof {
    /// Opened with a secret of the policy.
    pub(super) fn sealed(times: Times, window: Window) -> Self {
        Self { keys: None, algorithm: None, times, window }
    }

    /// Is it still good at `now`, under the keys that are in force?
    pub(super) fn holds(&self, sources: &[Source], now: i64) -> bool {
        let in_force = self
            .keys
            .is_none_or(|(source, epoch)| sources.get(source).and_then(|source| source.in_force(now)) == Some(epoch));
        in_force && self.times.check(&self.window, now).is_ok()
    }
}

impl Entry {
    pub(super) fn new(token: &str, proof: Proof, identity: Arc<Identity>) -> Self {
        Self { token: token.into(), proof, identity }
    }

    /// Bytes, roughly, rather too many than too few.
    fn cost(&self) -> usize {
        let carried: usize = self.identity.app_headers.iter().map(|(_, value)| value.len()).sum();
        FIXED + self.token.len() + carried + object_cost(&self.identity.claims)
    }
}

/// Hashes with a seed from outside, so that nobody can aim at one bucket. (`HashMap::new` would ask WASI for one.)
#[derive(Debug, Clone, Copy, Default)]
struct Seeded(u64, u64);

impl BuildHasher for Seeded {
    type Hasher = SipHasher13;

    fn build_hasher(&self) -> SipHasher13 {
        SipHasher13::new_with_keys(self.0, self.1)
    }
}

/// A token as it is looked for: hashed once for all providers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looked<'a> {
    token: &'a str,
    hash: u64,
    layer: Layer,
}

/// What a remembered text is. A token inside a cookie is remembered by itself, too, and must not pass for the cookie: the
/// cookie is more than its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Layer {
    Token,
    Cookie,
}

impl<'a> Looked<'a> {
    /// The text.
    pub(super) fn text(&self) -> &'a str {
        self.token
    }
}

/// Byte for byte, eight at a time: a token has hundreds, and `memcmp` of the component target looks at one.
fn equal(one: &[u8], other: &[u8]) -> bool {
    let ((words, tail), (others, rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let differ = |(word, other): (&[u8; 8], &[u8; 8])| u64::from_le_bytes(*word) != u64::from_le_bytes(*other);
    one.len() == other.len() && tail == rest && !words.iter().zip(others).any(differ)
}

type Key = (u64, usize, Layer);

/// An entry in its place.
#[derive(Debug)]
struct Slot {
    key: Key,
    entry: Entry,
    cost: usize,
    /// Was it found since the hand last came by?
    used: bool,
}

/// Verified tokens. When it is full, a hand goes round and drops what was not found since it came by last (the
/// "clock" of page replacement): no list to keep in order at a hit, and never much to free at once.
#[derive(Debug, Default)]
pub(super) struct Cache {
    seed: Seeded,
    index: HashMap<Key, usize, Seeded>,
    slots: Vec<Option<Slot>>,
    free: Vec<usize>,
    hand: usize,
    bytes: usize,
}

impl Cache {
    pub(super) fn new(seed: (u64, u64)) -> Self {
        let seed = Seeded(seed.0, seed.1);
        Self { seed, index: HashMap::with_hasher(seed), ..Self::default() }
    }

    /// Look for a token by itself.
    pub(super) fn look<'a>(&self, token: &'a str) -> Looked<'a> {
        self.look_at(Layer::Token, token)
    }

    /// Look for a cookie, with all that is around a token in it.
    pub(super) fn look_whole<'a>(&self, cookie: &'a str) -> Looked<'a> {
        self.look_at(Layer::Cookie, cookie)
    }

    fn look_at<'a>(&self, layer: Layer, token: &'a str) -> Looked<'a> {
        let bytes = token.as_bytes();
        let tail = bytes.get(bytes.len().saturating_sub(HASHED)..).unwrap_or_default();
        let mut hasher = self.seed.build_hasher();
        hasher.write(tail);
        Looked { token, hash: hasher.finish(), layer }
    }

    /// The entry of this token and provider; the whole token is compared.
    pub(super) fn get(&mut self, provider: usize, looked: Looked<'_>) -> Option<&Entry> {
        let at = *self.index.get(&(looked.hash, provider, looked.layer))?;
        let slot = self
            .slots
            .get_mut(at)?
            .as_mut()
            .filter(|slot| equal(slot.entry.token.as_bytes(), looked.token.as_bytes()))?;
        slot.used = true;
        Some(&slot.entry)
    }

    /// Keep an entry; it takes the place of one with the same key.
    pub(super) fn insert(&mut self, provider: usize, looked: Looked<'_>, entry: Entry) {
        let key = (looked.hash, provider, looked.layer);
        if let Some(at) = self.index.get(&key) {
            self.remove(*at);
        }
        let cost = entry.cost();
        while !self.index.is_empty() && (self.index.len() >= MAX_ENTRIES || self.bytes + cost > MAX_BYTES) {
            self.turn();
        }
        let at = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        if let Some(place) = self.slots.get_mut(at) {
            *place = Some(Slot { key, entry, cost, used: false });
            self.index.insert(key, at);
            self.bytes += cost;
        }
    }

    /// Move the hand by one place.
    fn turn(&mut self) {
        self.hand = if self.hand + 1 < self.slots.len() { self.hand + 1 } else { 0 };
        match self.slots.get_mut(self.hand) {
            Some(Some(slot)) if slot.used => slot.used = false,
            Some(Some(_)) => self.remove(self.hand),
            _ => {}
        }
    }

    fn remove(&mut self, at: usize) {
        if let Some(slot) = self.slots.get_mut(at).and_then(Option::take) {
            self.index.remove(&slot.key);
            self.bytes = self.bytes.saturating_sub(slot.cost);
            self.free.push(at);
        }
    }
}

fn object_cost(object: &Map<String, Value>) -> usize {
    let pairs: usize = object.iter().map(|(name, value)| name.len() + value_cost(value)).sum();
    NODE * (1 + object.len() / 6) + pairs
}

fn value_cost(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| size_of::<Value>() + value_cost(item)).sum(),
        Value::Object(object) => object_cost(object),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::jwt::Rules;
    use super::*;
    use serde_json::json;

    fn entry(token: &str) -> Entry {
        let claims = json!({"iss": "i", "sub": "s", "exp": 100});
        let claims = claims.as_object().unwrap().clone();
        let times = Rules::default().check(&claims, 0).unwrap().times;
        let identity = Identity {
            provider: 0,
            provider_name: "p".to_owned(),
            subject: Some("s".to_owned()),
            issuer: "i".to_owned(),
            expires: 100,
            claims,
            app_headers: Vec::new(),
        };
        Entry::new(token, Proof::sealed(times, Window::default()), Arc::new(identity))
    }

    fn keep(cache: &mut Cache, token: &str) {
        let looked = cache.look(token);
        cache.insert(0, looked, entry(token));
    }

    fn has(cache: &mut Cache, provider: usize, token: &str) -> bool {
        let looked = cache.look(token);
        cache.get(provider, looked).is_some()
    }

    #[test]
    fn the_whole_token_and_the_provider_count() {
        let mut cache = Cache::new((1, 2));
        let tail = "s".repeat(64);
        keep(&mut cache, &format!("a{tail}"));
        assert!(has(&mut cache, 0, &format!("a{tail}")));
        assert!(!has(&mut cache, 1, &format!("a{tail}")));
        assert!(!has(&mut cache, 0, &format!("b{tail}")));
        assert!(!has(&mut cache, 0, &tail));
        assert!(!has(&mut cache, 0, ""));
        let cookie = format!("a{tail}");
        let cookie = cache.look_whole(&cookie);
        assert!(cache.get(0, cookie).is_none(), "a token is no cookie");
        keep(&mut cache, &format!("b{tail}"));
        assert!(has(&mut cache, 0, &format!("b{tail}")));
    }

    #[test]
    fn stays_within_its_bounds_and_keeps_what_is_used() {
        let mut cache = Cache::new((1, 2));
        keep(&mut cache, "used");
        for number in 0..10 * MAX_ENTRIES {
            keep(&mut cache, &format!("token {number}"));
            if number % 1000 == 0 {
                assert!(has(&mut cache, 0, "used"));
            }
            assert!(cache.index.len() <= MAX_ENTRIES && cache.slots.len() <= MAX_ENTRIES);
        }
        assert!(has(&mut cache, 0, "used"));
        assert!(!has(&mut cache, 0, "token 0"));

        let long = "x".repeat(16 * 1024);
        for number in 0..1000 {
            keep(&mut cache, &format!("{long}{number}"));
            let bytes: usize = cache.slots.iter().flatten().map(|slot| slot.entry.cost()).sum();
            assert!(bytes <= MAX_BYTES && bytes == cache.bytes, "{bytes}");
            assert_eq!(cache.index.len() + cache.free.len(), cache.slots.len());
        }
    }

    #[test]
    fn a_thousand_usual_tokens_fit() {
        let mut cache = Cache::new((1, 2));
        let token = |number: usize| format!("{}{number}", "x".repeat(900));
        for number in 0..1500 {
            keep(&mut cache, &token(number));
        }
        assert!((0..1500).all(|number| has(&mut cache, 0, &token(number))));
    }
}
