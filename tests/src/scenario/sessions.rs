//! Sessions and tokens: the good ones pass, whoever signed them; the others do not, whatever is wrong with them.

use super::Play;
use super::stage::cookie;
use super::visitor::{FETCH, NAVIGATION, Visit, expect, private, told};
use crate::site::now;
use serde_json::{Value, json};

pub(super) const LIST: &[(&str, Play)] = &[
    ("session, RS256", session_rs256),
    ("session, ES256", session_es256),
    ("session, forged", session_forged),
    ("session of another issuer", session_of_another_issuer),
    ("session, expired", session_expired),
    ("role missing", role_missing),
    ("bearer token", bearer_token),
    ("bearer token, forged", bearer_token_forged),
    ("identity made up", identity_made_up),
    ("identity made up on a public page", identity_made_up_in_public),
    ("identity made up in odd letters", identity_made_up_oddly),
    ("no cache for a session", no_cache_for_a_session),
];

fn passes(visit: &Visit<'_>, token: &str) -> Result<(), String> {
    let response = visit.get("/product/7", &[NAVIGATION, ("cookie", &cookie(token))])?;
    expect("status", response.status, 200)?;
    let request = visit.reached()?;
    expect("target", request.target.as_str(), "/product/7")?;
    expect("identity", told(&request, "x-user"), vec!["u1".to_owned()])
}

fn is_refused(visit: &Visit<'_>, token: &str) -> Result<(), String> {
    let response = visit.get("/product/7", &[FETCH, ("cookie", &cookie(token))])?;
    visit.untouched()?;
    expect("status", response.status, 401)?;
    let page = visit.get("/product/7", &[NAVIGATION, ("cookie", &cookie(token))])?;
    visit.untouched()?;
    visit.leads(&page, 307, "/signin?next=%2Fproduct%2F7")
}

/// Good claims for the app with one of them changed.
fn with(visit: &Visit<'_>, name: &str, value: Value) -> Value {
    let mut claims = visit.stage.claims("app", "u1");
    claims[name] = value;
    claims
}

fn session_rs256(visit: &Visit<'_>) -> Result<(), String> {
    passes(visit, &visit.stage.rs256(&visit.stage.claims("app", "u1")))
}

fn session_es256(visit: &Visit<'_>) -> Result<(), String> {
    passes(visit, &visit.stage.es256(&visit.stage.claims("app", "u1")))
}

fn session_forged(visit: &Visit<'_>) -> Result<(), String> {
    is_refused(visit, &visit.stage.forged(&visit.stage.claims("app", "root")))
}

fn session_of_another_issuer(visit: &Visit<'_>) -> Result<(), String> {
    is_refused(visit, &visit.stage.es256(&with(visit, "iss", json!("http://127.0.0.1:1"))))
}

fn session_expired(visit: &Visit<'_>) -> Result<(), String> {
    is_refused(visit, &visit.stage.es256(&with(visit, "exp", json!(now() - 60))))
}

fn role_missing(visit: &Visit<'_>) -> Result<(), String> {
    let member = cookie(&visit.stage.es256(&with(visit, "role", json!("member"))));
    expect("status of a member", visit.get("/admin/x", &[NAVIGATION, ("cookie", &member)])?.status, 403)?;
    visit.untouched()?;
    let admin = cookie(&visit.stage.es256(&with(visit, "role", json!("admin"))));
    expect("status of an admin", visit.get("/admin/x", &[NAVIGATION, ("cookie", &admin)])?.status, 200)?;
    expect("target", visit.reached()?.target.as_str(), "/admin/x")
}

fn bearer_token(visit: &Visit<'_>) -> Result<(), String> {
    let token = format!("Bearer {}", visit.stage.rs256(&visit.stage.claims("api", "machine")));
    let response = visit.send("PUT", "/api/things/1", &[FETCH, ("authorization", &token)], b"{}")?;
    expect("status", response.status, 200)?;
    let request = visit.reached()?;
    expect("method", request.method.as_str(), "PUT")?;
    expect("target", request.target.as_str(), "/api/things/1")
}

fn bearer_token_forged(visit: &Visit<'_>) -> Result<(), String> {
    // A session of a person is no token of a machine: its audience is another.
    for token in
        [visit.stage.forged(&visit.stage.claims("api", "m")), visit.stage.rs256(&visit.stage.claims("app", "m"))]
    {
        let response = visit.get("/api/things", &[FETCH, ("authorization", &format!("Bearer {token}"))])?;
        visit.untouched()?;
        expect("status", response.status, 401)?;
        let challenge = response.header("www-authenticate").unwrap_or_default();
        expect("challenge", challenge.starts_with("Bearer"), true)?;
    }
    Ok(())
}

fn identity_made_up(visit: &Visit<'_>) -> Result<(), String> {
    let session = visit.stage.session("u1");
    expect("status", visit.get("/product/7", &[("x-user", "root"), ("cookie", &session)])?.status, 200)?;
    expect("identity", told(&visit.reached()?, "x-user"), vec!["u1".to_owned()])
}

fn identity_made_up_in_public(visit: &Visit<'_>) -> Result<(), String> {
    expect("status", visit.get("/about", &[("x-user", "root")])?.status, 200)?;
    expect("identity", told(&visit.reached()?, "x-user"), Vec::new())
}

/// Names that a server behind might read as that of the identity. What counts is that the app never gets them; such a
/// request may also be refused as a whole.
fn identity_made_up_oddly(visit: &Visit<'_>) -> Result<(), String> {
    let session = visit.stage.session("u1");
    for name in ["X_User", "X.User", "x_USER"] {
        for (path, truth) in [("/product/7", vec!["u1".to_owned()]), ("/about", Vec::new())] {
            let cookie = if path == "/about" { "theme=dark" } else { &session };
            match visit.get(path, &[(name, "root"), ("cookie", cookie)])?.status {
                200 => expect(name, told(&visit.reached()?, "x-user"), truth)?,
                400 | 403 => visit.untouched()?,
                other => return Err(format!("{name}: status {other}")),
            }
        }
    }
    Ok(())
}

/// The app calls its answer `public`; the gate knows better.
fn no_cache_for_a_session(visit: &Visit<'_>) -> Result<(), String> {
    let response = visit.get("/product/7", &[NAVIGATION, ("cookie", &visit.stage.session("u1"))])?;
    expect("status", response.status, 200)?;
    private(&response)
}
