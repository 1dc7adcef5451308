//! Why a token gives no session. Short texts for logs and `explain`; never token text, never claim values.

use std::fmt;

/// A reason. Times are whole seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refused {
    /// Nothing was sent: `no cookie`, `no bearer token`.
    Absent(&'static str),
    /// Something was sent in a form that is not read, e.g. one cookie twice with different values.
    Unreadable(&'static str),
    /// Not a strict JWS compact token.
    Malformed(&'static str),
    /// `alg` is not among the allowed ones.
    Algorithm,
    /// `iss` is not among the configured ones.
    Issuer,
    /// `typ` says it is a token of another kind.
    Type,
    /// No key of that `kid`; seconds since the keys were fetched, if they come from an address.
    KeyUnknown(Option<i64>),
    /// The named key must not be used for this.
    KeyUnfit(&'static str),
    /// No key made this signature.
    Signature,
    /// A claim is missing or of the wrong form. The names of claims come from the config or from RFC 7519.
    Claim(String, &'static str),
    /// `aud` holds none of the configured ones.
    Audience,
    /// `azp` is none of the configured parties.
    Party,
    /// An encrypted or sealed cookie that no configured secret opens, or whose content is not what it must be.
    Sealed(&'static str),
    /// A state that is no session, in the words of the system: `signed out elsewhere`.
    State(&'static str),
    /// `iat` is further back than `max-age`, by so much.
    TooOld(i64),
    /// `nbf` is so far ahead.
    NotYet(i64),
    /// `iat` is so far ahead.
    Ahead(i64),
    /// `exp` is so long ago.
    Expired(i64),
}

impl Refused {
    /// A claim of a fixed name.
    pub(super) fn claim(name: &str, what: &'static str) -> Self {
        Self::Claim(name.to_owned(), what)
    }

    /// How much a reason tells when several providers each have one: the further a token came, the more.
    pub(super) fn weight(&self) -> u8 {
        match self {
            Self::Absent(_) => 0,
            Self::Unreadable(_) => 1,
            Self::Malformed(_) => 2,
            Self::Algorithm => 3,
            Self::Issuer => 4,
            Self::Type => 5,
            Self::KeyUnknown(_) | Self::KeyUnfit(_) => 6,
            Self::Signature | Self::Sealed(_) => 7,
            Self::Claim(..) | Self::Audience | Self::Party => 8,
            Self::TooOld(_) | Self::NotYet(_) | Self::Ahead(_) | Self::State(_) => 9,
            Self::Expired(_) => 10,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent(what) => f.write_str(what),
            Self::Unreadable(why) => f.write_str(why),
            Self::Malformed(why) => write!(f, "malformed token: {why}"),
            Self::Algorithm => f.write_str("algorithm not allowed"),
            Self::Issuer => f.write_str("issuer not accepted"),
            Self::Type => f.write_str("token type not accepted"),
            Self::KeyUnknown(Some(age)) => write!(f, "kid unknown, keys fetched {age} s ago"),
            Self::KeyUnknown(None) => f.write_str("kid unknown"),
            Self::KeyUnfit(why) => write!(f, "key not usable: {why}"),
            Self::Signature => f.write_str("signature does not verify"),
            Self::Claim(name, what) => write!(f, "claim `{name}` {what}"),
            Self::Audience => f.write_str("audience not accepted"),
            Self::Party => f.write_str("azp not allowed"),
            Self::Sealed(why) | Self::State(why) => f.write_str(why),
            Self::TooOld(by) => write!(f, "older than allowed by {by} s"),
            Self::NotYet(by) => write!(f, "not valid for another {by} s"),
            Self::Ahead(by) => write!(f, "issued {by} s ahead of this clock"),
            Self::Expired(ago) => write!(f, "expired {ago} s ago"),
        }
    }
}
