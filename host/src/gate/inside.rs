//! What a component answers to questions about signatures by itself. This host asks aws-lc, which is quicker; it is here to hold
//! one against the other.

use super::instance::Instance;
use super::{ComponentSource, Failure, Limits, LoadError, load};
use crate::contract::{SignQuestion, VerifyQuestion};

/// One instance of a component, without a policy, its imports sealed as for any other.
pub struct Inside(Instance);

impl std::fmt::Debug for Inside {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Inside").finish_non_exhaustive()
    }
}

impl Inside {
    /// A new instance; an answer may take `limits.decide`.
    ///
    /// # Errors
    /// [`LoadError::Component`].
    pub fn open(component: &ComponentSource, limits: Limits) -> Result<Self, LoadError> {
        load::empty(component, limits).map(Self)
    }

    /// Is the signature good?
    ///
    /// # Errors
    /// [`Failure`] of the guest; the instance is of no use after that.
    pub fn verify(&mut self, question: &VerifyQuestion) -> Result<bool, Failure> {
        self.0.verify(question)
    }

    /// The signature, or what failed.
    ///
    /// # Errors
    /// [`Failure`] of the guest; the instance is of no use after that.
    pub fn sign(&mut self, question: &SignQuestion) -> Result<Result<Vec<u8>, String>, Failure> {
        self.0.sign(question)
    }
}
