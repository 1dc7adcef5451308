//! Numbers of questions: the same for the same question about the same request, whichever instance asks.
//!
//! A number holds the provider, an epoch and the kind of question. The epoch is made of the revisions of the
//! documents a question rests on: if keys are replaced between two steps, the answer to "is this signature good
//! under the old key?" must not pass for one about the new key.

/// The first number that no session question has; other rooms number theirs from here.
pub const FIRST_FREE_QUESTION: u32 = 1 << 31;
/// Providers of one policy; 9 bits of a number.
pub(super) const MAX_PROVIDERS: usize = 512;
/// Signature questions of one provider about one token: as many as a PEM file may hold keys.
const MAX_CANDIDATES: usize = 16;

/// Kinds of question of one provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The discovery document.
    Discovery,
    /// The key set.
    Keys,
    /// The key set, since a token names a key that is not in it.
    UnknownKey,
    /// A call of the backend; it rests on no document.
    Call(Call),
    /// The signature, under the candidate of that number.
    Verify(usize),
    /// The same of a token that holds others: its answer must not pass for theirs.
    VerifyAround(usize),
    /// The same of a token inside another.
    VerifyInside(usize),
}

/// Calls of a backend about one request, and what they need of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    /// A new token for an old one.
    Renew,
    /// A session for a code in the address.
    Exchange,
    /// What the app asked for.
    Action,
    /// The body that says what.
    Body,
}

/// The number: 9 bits provider, 16 bits epoch, 6 bits kind.
pub(super) fn number(provider: usize, epoch: u64, kind: Kind) -> u32 {
    let kind = match kind {
        Kind::Discovery => 0,
        Kind::Keys => 1,
        Kind::UnknownKey => 2,
        Kind::Call(Call::Renew) => 3,
        Kind::Call(Call::Exchange) => 4,
        Kind::Call(Call::Action) => 5,
        Kind::Call(Call::Body) => 6,
        Kind::Verify(candidate) => 8 + (candidate % MAX_CANDIDATES) as u32,
        Kind::VerifyAround(candidate) => 24 + (candidate % MAX_CANDIDATES) as u32,
        Kind::VerifyInside(candidate) => 40 + (candidate % MAX_CANDIDATES) as u32,
    };
    let provider = (provider % MAX_PROVIDERS) as u32;
    provider << 22 | ((epoch & 0xffff) as u32) << 6 | kind
}

/// The epoch of two revisions. Revisions grow in small steps; the odd factor (2^64 divided by the golden ratio)
/// keeps pairs of them apart.
pub(super) fn epoch(discovery: u64, keys: u64) -> u64 {
    discovery.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(keys)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn numbers_differ() {
        let mut seen = BTreeSet::new();
        let kinds = [Kind::Discovery, Kind::Keys, Kind::UnknownKey]
            .into_iter()
            .chain([Call::Renew, Call::Exchange, Call::Action, Call::Body].map(Kind::Call))
            .chain((0..MAX_CANDIDATES).map(Kind::Verify))
            .chain((0..MAX_CANDIDATES).map(Kind::VerifyAround))
            .chain((0..MAX_CANDIDATES).map(Kind::VerifyInside))
            .collect::<Vec<_>>();
        for provider in [0, 1, 2, MAX_PROVIDERS - 1] {
            for (discovery, keys) in (0..4).flat_map(|d| (0..20).map(move |k| (d, k))) {
                for kind in &kinds {
                    let number = number(provider, epoch(discovery, keys), *kind);
                    assert!(number < FIRST_FREE_QUESTION);
                    assert!(seen.insert(number), "{provider} {discovery} {keys} {kind:?}");
                }
            }
        }
    }
}
