//! Sealed, encrypted and signed cookies of real systems, whole and damaged. The cookies are those of the data suite.

use super::{NOW, ask, head, started};
use portcullis_gate::question::{Answer, Question};
use serde_json::Value;
use std::sync::LazyLock;

const AUTHJS: &str = include_str!("../../../cases/sessions/authjs.json");
const AUTH0: &str = include_str!("../../../cases/sessions/auth0.json");
const BETTER_AUTH: &str = include_str!("../../../cases/sessions/better-auth.json");
const IRON: &str = include_str!("../../../cases/sessions/iron-session.json");
const SUPABASE: &str = include_str!("../../../cases/sessions/supabase.json");
const WORKOS: &str = include_str!("../../../cases/sessions/workos.json");
const CLERK: &str = include_str!("../../../cases/sessions/clerk-authenticate.json");
const CONVEX: &str = include_str!("../../../cases/sessions/convex.json");

/// A system with one of its cookies.
struct System {
    config: String,
    secret: String,
    /// A Cookie line with a session.
    cookie: String,
    now: i64,
    /// Does the gate by itself tell whether the cookie is good? Elsewhere a signature is asked for, and no one is good here.
    decides: bool,
}

static SYSTEMS: LazyLock<Vec<System>> = LazyLock::new(systems);

fn systems() -> Vec<System> {
    let mut all = Vec::new();
    let mut add = |file: &str, id: &str, kind: &str, keys: &str, secret: &[&str], decides: bool| {
        let file: Value = serde_json::from_str(file).expect("a file of cases");
        let cases = file["cases"].as_array().expect("cases");
        let case = cases.iter().find(|case| case["id"] == id).unwrap_or_else(|| panic!("no case {id}"));
        let mut value = if case["config"].is_object() { &case["config"] } else { &file };
        for part in secret {
            value = match part.parse::<usize>() {
                Ok(number) => &value[number],
                Err(_) => &value[*part],
            };
        }
        let secret = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let cookie = case["request"]["headers"]["cookie"].as_str().unwrap_or_default().to_owned();
        let config = format!(
            "version = 1\ndefault = \"session\"\nproxy.public-origin = \"https://app.example.com\"\n[session.x]\nkind = \"{kind}\"\n{keys}\n"
        );
        let now = case["now"].as_i64().unwrap_or(NOW);
        all.push(System { config, secret, cookie, now, decides });
    };
    let secrets = "secret = \"env:S\"";
    add(AUTHJS, "authjs/v4-ok", "authjs", &format!("version = 4\n{secrets}"), &["secrets", "0"], true);
    add(AUTHJS, "authjs/v5-unicode", "authjs", secrets, &["secrets", "0"], true);
    add(AUTHJS, "authjs/v5-chunked", "authjs", secrets, &["secrets", "0"], true);
    add(AUTH0, "auth0/rolling-off", "auth0", secrets, &["secret"], true);
    add(AUTH0, "auth0/rolling-off", "auth0", &format!("{secrets}\nrolling = true"), &["secret"], true);
    add(AUTH0, "auth0/legacy-v3-chunked", "auth0", secrets, &["secret"], true);
    for (strategy, case) in
        [("compact", "compact-ok"), ("jwe", "jwe-ok"), ("jwt", "jwt-data-only"), ("token", "token-dot")]
    {
        let id = format!("better-auth/{case}");
        add(BETTER_AUTH, &id, "better-auth", &format!("{secrets}\nstrategy = \"{strategy}\""), &["secret"], true);
    }
    let iron = "cookie = \"app_session\"\npassword = \"env:S\"";
    add(IRON, "iron/unicode", "iron-session", iron, &["password"], true);
    let workos = "password = \"env:S\"\nclient-id = \"client_vector\"";
    add(WORKOS, "workos/expired", "workos", workos, &["config", "password"], false);
    let supabase = "project-url = \"https://vectorref.supabase.co\"\nkeys.jwks = \"env:S\"";
    add(SUPABASE, "supabase/ok-es256", "supabase", supabase, &["configs", "asymmetric", "jwks"], false);
    let clerk = "publishable-key = \"pk_live_Y2xlcmsuZXhhbXBsZS5jb20k\"\nkeys.pem = \"env:S\"";
    add(CLERK, "clerk/ok-suffixed-and-plain", "clerk", clerk, &["configs", "prod", "jwtKey"], false);
    let convex = "site-url = \"https://happy-otter-123.convex.site\"\nkeys.jwks = \"env:S\"";
    add(CONVEX, "convex/no-iat", "convex-auth", convex, &["providers", "0", "jwks"], false);
    all
}

/// The first byte picks a system. An even second byte: the rest is Cookie lines as they are; nobody can have made a session,
/// so nothing may pass. An odd one: the system's own cookie with changes, each of three bytes (two for the place, one to
/// add); it passes if and only if nothing was changed in the end, where the gate itself can tell.
pub fn sealed(data: &[u8]) {
    let [pick, mode, rest @ ..] = data else { return };
    let system = &SYSTEMS[usize::from(*pick) % SYSTEMS.len()];
    let mut line = system.cookie.clone().into_bytes();
    let lines: Vec<&[u8]> = if mode % 2 == 0 {
        rest.split(|&b| b == b'\n').collect()
    } else {
        for change in rest.chunks_exact(3).take(8) {
            let at = (usize::from(change[0]) << 8 | usize::from(change[1])) % line.len();
            line[at] = line[at].wrapping_add(change[2]);
        }
        vec![&line]
    };
    let answer = |question: &Question| match question {
        Question::Verify { .. } => Answer::Verify(false),
        _ => Answer::Failed("not here".to_owned()),
    };
    let passed = started(&system.config, system.secret.as_bytes(), |gate| {
        ask(gate, &head("cookie", &lines, system.now), answer).is_some()
    });
    let whole = mode % 2 == 1 && line == system.cookie.as_bytes();
    if whole {
        assert_eq!(passed, system.decides, "a good cookie of {}", system.config);
    } else if passed {
        // A change may fall on a cookie beside the session, on a space, or make an escape of a character that is one.
        assert!(mode % 2 == 1 && harmless(&line, system), "a forged cookie of {}", system.config);
    }
}

/// Are all session values in the line still those of the system?
fn harmless(line: &[u8], system: &System) -> bool {
    let text = String::from_utf8_lossy(line).into_owned();
    let values = |text: &str| -> Vec<String> {
        let mut values: Vec<String> = text
            .split(';')
            .filter_map(|pair| pair.trim_matches([' ', '\t']).split_once('='))
            .map(|(_, value)| portcullis_gate::request::decode_uri_component(value).unwrap_or_else(|| value.to_owned()))
            .collect();
        values.sort();
        values
    };
    let (now, before) = (values(&text), values(&system.cookie));
    // At least one whole session value is left: none could be made.
    now.iter().any(|value| before.contains(value) && value.len() > 40)
}
