//! Signed tokens (JWT): form, claims, keys, and the question about the signature. What a token is carried in, and what
//! else a kind of session makes of it, is not known here.
//!
//! In the order of a token: [`token`] (form), [`claims`], [`source`] and [`jwk`] (which key), the question ([`judge`]).

mod algorithm;
mod claims;
mod der;
mod judge;
mod jwk;
mod pem;
mod roca;
mod settings;
mod signing;
mod source;
mod token;
mod verifier;

pub use algorithm::Algorithm;
#[cfg(test)]
pub(super) use claims::Rules;
pub(super) use claims::{Times, Window};
pub(super) use judge::{By, Place};
pub use settings::{KeySource, TokenSettings};
pub use signing::SigningKey;
pub(super) use source::Source;
pub(super) use token::Token;
pub(super) use verifier::Verifier;

#[cfg(test)]
pub(super) use jwk::{Curve, KeySet};
