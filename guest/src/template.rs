//! Texts with places to fill in: `/t/{tenant}{path}`, `{claim.sub}`, `/new/:slug*`.

/// A parsed text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Template {
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Taken as it is.
    Text(String),
    /// `{claim.NAME}`: a claim of the identity.
    Claim(String),
    /// `{NAME}` or `:NAME`, `:NAME*`: a capture of the path, the host or a condition.
    Param(String),
    /// `{path}`: the canonical path.
    Path,
    /// `{identity.token}`: `issuer|subject`.
    TokenIdentifier,
}
