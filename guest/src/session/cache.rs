//! Tokens whose signature was found good. A signature check costs 13 to 40 us natively and up to 1 ms in wasm; finding
//! the token here costs a tenth of a microsecond.
//!
//! An entry says only "this very token was signed by a key of that copy of that provider's keys, and these are its
//! times". Whoever reads it checks the copy and the clock again.

use super::Identity;
use super::claims::Times;
use siphasher::sip::SipHasher13;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;

/// Entries of both generations: more users than one instance sees within the minutes a token lives, and with tokens
/// of 1 KiB as much as [`MAX_BYTES`] holds.
const MAX_ENTRIES: usize = 4096;
/// Bytes of both generations; an instance has 16 MiB of memory in all.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// Bytes of a token's end that are hashed. It is the signature, so it is as good as random, and who could choose
/// it for tokens that verify holds the issuer's key.
const HASHED: usize = 64;
/// Bytes of an entry besides the texts, roughly.
const FIXED: usize = 320;
/// Parsed claims take about so many times the bytes of the token (tree nodes, allocations).
const SPREAD: usize = 4;

/// A token that was verified.
#[derive(Debug)]
pub(super) struct Entry {
    token: Box<str>,
    /// The copy of the keys that it was verified with.
    pub(super) epoch: u64,
    pub(super) algorithm: super::Algorithm,
    pub(super) times: Times,
    pub(super) identity: Arc<Identity>,
}

impl Entry {
    pub(super) fn new(
        token: &str,
        epoch: u64,
        algorithm: super::Algorithm,
        times: Times,
        identity: Arc<Identity>,
    ) -> Self {
        Self { token: token.into(), epoch, algorithm, times, identity }
    }

    fn cost(&self) -> usize {
        FIXED + self.token.len() * (1 + SPREAD)
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
}

impl<'a> Looked<'a> {
    /// The text.
    pub(super) fn text(&self) -> &'a str {
        self.token
    }
}

type Generation = HashMap<(u64, usize), Entry, Seeded>;

/// Two generations: new and used entries are in the young one; when it is full, the old one is dropped and the
/// young one takes its place. Cheap, and what is in use stays.
#[derive(Debug, Default)]
pub(super) struct Cache {
    seed: Seeded,
    young: Generation,
    old: Generation,
    young_bytes: usize,
}

impl Cache {
    pub(super) fn new(seed: (u64, u64)) -> Self {
        let seed = Seeded(seed.0, seed.1);
        let (young, old) = (HashMap::with_hasher(seed), HashMap::with_hasher(seed));
        Self { seed, young, old, young_bytes: 0 }
    }

    pub(super) fn look<'a>(&self, token: &'a str) -> Looked<'a> {
        let bytes = token.as_bytes();
        let tail = bytes.get(bytes.len().saturating_sub(HASHED)..).unwrap_or_default();
        let mut hasher = self.seed.build_hasher();
        hasher.write(tail);
        Looked { token, hash: hasher.finish() }
    }

    /// The entry of this token and provider; the whole token is compared.
    pub(super) fn get(&mut self, provider: usize, looked: Looked<'_>) -> Option<&Entry> {
        let key = (looked.hash, provider);
        if !self.young.contains_key(&key) {
            let entry = self.old.remove(&key)?;
            self.put(key, entry);
        }
        self.young.get(&key).filter(|entry| *entry.token == *looked.token)
    }

    /// Keep an entry.
    pub(super) fn insert(&mut self, provider: usize, looked: Looked<'_>, entry: Entry) {
        let key = (looked.hash, provider);
        self.old.remove(&key);
        self.put(key, entry);
    }

    fn put(&mut self, key: (u64, usize), entry: Entry) {
        let cost = entry.cost();
        if self.young.len() >= MAX_ENTRIES / 2 || self.young_bytes + cost > MAX_BYTES / 2 {
            self.old = std::mem::replace(&mut self.young, HashMap::with_hasher(self.seed));
            self.young_bytes = 0;
        }
        self.young_bytes += cost;
        if let Some(before) = self.young.insert(key, entry) {
            self.young_bytes = self.young_bytes.saturating_sub(before.cost());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Algorithm;
    use super::super::claims::Rules;
    use super::*;
    use serde_json::json;

    fn entry(token: &str) -> Entry {
        let claims = json!({"iss": "i", "sub": "s", "exp": 100});
        let claims = claims.as_object().unwrap().clone();
        let times = Rules::default().check(&claims, 0).unwrap().times;
        let identity = Identity {
            provider: 0,
            provider_name: "p".to_owned(),
            subject: "s".to_owned(),
            issuer: "i".to_owned(),
            expires: 100,
            claims,
        };
        Entry::new(token, 1, Algorithm::Rs256, times, Arc::new(identity))
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
            assert!(cache.young.len() + cache.old.len() <= MAX_ENTRIES);
        }
        assert!(has(&mut cache, 0, "used"));
        assert!(!has(&mut cache, 0, "token 0"));

        let long = "x".repeat(16 * 1024);
        for number in 0..1000 {
            keep(&mut cache, &format!("{long}{number}"));
            let bytes: usize = cache.young.values().chain(cache.old.values()).map(Entry::cost).sum();
            assert!(bytes <= MAX_BYTES, "{bytes}");
            assert_eq!(cache.young_bytes, cache.young.values().map(Entry::cost).sum::<usize>());
        }
    }
}
