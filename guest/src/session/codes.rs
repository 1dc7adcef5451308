//! Diagnostic codes of this room: P401 to P429. A code never changes its meaning.

/// A supplied value is not UTF-8 text.
pub const NOT_TEXT: &str = "P401";
/// An issuer or audience is empty or holds control characters.
pub const BAD_NAME: &str = "P402";
/// Keys come from an address, but no issuer says whose tokens they are for.
pub const NO_ISSUER: &str = "P403";
/// An address of keys, or an issuer to discover them at, is not `https` (or `http` on this machine).
pub const BAD_ADDRESS: &str = "P404";
/// A key set cannot be read, or holds no usable key.
pub const BAD_SET: &str = "P405";
/// A PEM file cannot be read, or holds a key that is not taken.
pub const BAD_PEM: &str = "P406";
/// A private key was given where a public one belongs.
pub const PRIVATE_KEY: &str = "P407";
/// A secret is missing, or not what its `base64:` or `hex:` says.
pub const BAD_SECRET: &str = "P408";
/// A secret is shorter than its algorithm allows.
pub const SHORT_SECRET: &str = "P409";
/// An allowed algorithm does not go with the keys, or HS* is mixed with public keys.
pub const MIXED: &str = "P410";
/// Too many providers or secrets.
pub const TOO_MANY: &str = "P411";
/// A client id or a project address from which names are made cannot be one.
pub const BAD_ID: &str = "P418";

/// A publishable key that is none.
pub const PUBLISHABLE_KEY: &str = "P412";
/// A secret key that is none.
pub const SECRET_KEY: &str = "P413";
/// A name that an issuer follows from (a team, a project, a domain) has not the form of one.
pub const BAD_KNOWN: &str = "P424";

/// All of them with one line each, for the reference page.
pub const ALL: [(&str, &str); 15] = [
    (NOT_TEXT, "a supplied value is not UTF-8 text"),
    (BAD_NAME, "an issuer or audience is empty or holds control characters"),
    (NO_ISSUER, "keys come from an address, but there is no issuer"),
    (BAD_ADDRESS, "an address of keys, or an issuer to discover them at, is not https"),
    (BAD_SET, "a key set cannot be read, or holds no usable key"),
    (BAD_PEM, "a PEM file cannot be read, or holds a key that is not taken"),
    (PRIVATE_KEY, "a private key was given where a public one belongs"),
    (BAD_SECRET, "a secret is missing, or not what its prefix says"),
    (SHORT_SECRET, "a secret is shorter than its algorithm allows"),
    (MIXED, "an allowed algorithm does not go with the keys"),
    (TOO_MANY, "too many providers or secrets"),
    (BAD_ID, "a client id or project address cannot be one"),
    (PUBLISHABLE_KEY, "a publishable key that is none"),
    (SECRET_KEY, "a secret key that is none"),
    (BAD_KNOWN, "the name of a team, project, deployment or domain has not the form of one"),
];
