//! The policies of the raw vectors, as configs that a user would write: `tests/policies/P01.toml` and so on. They name
//! their keys in one environment variable and tell nobody who may come in; that is made here.

use crate::engine::Policy;
use crate::sign::Signer;
use serde_json::{Value, json};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, TcpListener};
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

/// The config of a policy as data, with the public half of the signer's key.
///
/// # Errors
/// Why it cannot be read.
pub fn config(policy: &str, signer: &Signer) -> Result<Policy, String> {
    let path = file(policy);
    let fail = |error: String| format!("{}: {error}", path.display());
    let text = std::fs::read_to_string(&path).map_err(|e| fail(e.to_string()))?;
    let table: toml::Table = text.parse().map_err(|e: toml::de::Error| fail(e.to_string()))?;
    let document = serde_json::to_value(table).map_err(|e| fail(e.to_string()))?;
    Ok(Policy::new(document).env(KEYS, &signer.jwks().to_string()))
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

/// Where the gate listens, and with that the client's true address. The vectors lie about it with `127.0.0.1`, which
/// would be no lie from there.
pub fn loopback() -> IpAddr {
    let six = IpAddr::V6(Ipv6Addr::LOCALHOST);
    if TcpListener::bind((six, 0)).is_ok() { six } else { IpAddr::V4(Ipv4Addr::LOCALHOST) }
}

/// Why a case cannot be judged from a client at that address: the value that must not be passed on is the true one.
pub fn unjudgeable(case: &Value, client: IpAddr) -> Option<&'static str> {
    let values = case.get("upstream_value_must_not_start_with").and_then(Value::as_object).into_iter().flatten();
    let truth = client.to_string();
    let told =
        values.filter_map(|(_, value)| value.as_str()).any(|value| !value.is_empty() && truth.starts_with(value));
    told.then_some("it lies about the client with the address that is the true one here, for want of `::1`")
}
