//! The policies of the raw vectors, as configs that a user would write: `tests/policies/P01.toml` and so on. They name
//! their keys in one environment variable and tell nobody who may come in; that is made here.

use crate::sign::Signer;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The variable that holds the key set.
pub const KEYS: &str = "SESSION_JWKS";
const ISSUER: &str = "https://login.example.test";
const AUDIENCE: &str = "app";
/// Roles for which the vectors may carry a session, as `{{SESSION_MEMBER}}`.
const ROLES: [&str; 2] = ["member", "admin"];

/// The config of a policy.
pub fn file(policy: &str) -> PathBuf {
    folder().join(format!("{policy}.toml"))
}

/// Where the configs are.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("policies")
}

/// A really signed token for each role, good for an hour from `now`.
pub fn sessions(signer: &Signer, now: i64) -> Vec<(&'static str, String)> {
    let token = |role: &str| {
        signer.token(&json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": format!("{role}-1"), "email": format!("{role}@example.test"),
            "role": role, "iat": now, "exp": now + 3600,
        }))
    };
    ROLES.iter().map(|role| (*role, token(role))).collect()
}
