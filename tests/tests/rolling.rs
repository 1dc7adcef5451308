//! Sessions that roll on, through the whole host: what the browser gets and what the app sees, sealed and opened by other code
//! than the gate's.

use portcullis_tests::engine::{Answer, Engine, Http, Outcome, Policy, Request, text, values};
use portcullis_tests::seal;
use portcullis_tests::world::World;
use serde_json::{Value, json};

const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;
const SECRET: &str = "a secret of an app that is long enough for it";

fn policy() -> Policy {
    let document = json!({
        "version": 1,
        "default": "public",
        "proxy": { "public-origin": "https://app.example.test" },
        "session": { "main": { "kind": "auth0", "secret": "env:AUTH0_SECRET", "domain": "t.auth0.com", "rolling": true } },
        "identity": { "strip-session-cookie": false, "user-headers": "x-user-" },
        "route": [
            { "id": "auth", "glob": "/auth/**", "require": "public" },
            { "id": "mine", "glob": "/mine", "require": "session" },
            { "id": "team", "glob": "/team", "require": { "claim": "org_id", "equals": "o1" } },
        ],
    });
    Policy::new(document).env("AUTH0_SECRET", SECRET)
}

fn session(created: i64, blob: usize) -> Value {
    json!({
        "user": { "sub": "auth0|1", "blob": "x".repeat(blob) },
        "tokenSet": { "accessToken": "at" },
        "internal": { "sid": "s", "createdAt": created },
        "exp": NOW + 600,
    })
}

/// The cookies of a Cookie line, in order.
fn sent_on(answer: &Answer) -> Vec<(String, String)> {
    let Outcome::Forwarded(_, lines) = &answer.outcome else { panic!("{}", answer.summary()) };
    let lines: Vec<String> =
        values(lines, "cookie").into_iter().map(|line| String::from_utf8(line.to_vec()).unwrap()).collect();
    let pairs = lines.iter().flat_map(|line| line.split("; ")).filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The cookies that a browser has afterwards.
fn kept(answer: &Answer) -> Vec<(String, String)> {
    let lines = answer.set_cookies();
    let pairs = lines.iter().filter_map(|line| line.split(';').next()?.split_once('='));
    pairs.filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn line(cookies: &[(String, String)]) -> String {
    cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

#[test]
fn browser_and_app_go_on_with_the_same_new_cookie() {
    let world = World::at(NOW);
    let mut door = Http.open(&policy(), &world).unwrap();
    let mut ask = |request: Request| door.ask(&request).unwrap();

    for (blob, count) in [(10, 1), (7000, 3)] {
        let first = format!("theme=dark; __session={}", seal::auth0(SECRET, &session(NOW - 3600, blob)));
        let answer = ask(Request::get("/").header("cookie", first));
        let kept = kept(&answer);
        assert_eq!(kept.len(), count);
        let mut app = sent_on(&answer);
        assert_eq!(app.remove(0), ("theme".to_owned(), "dark".to_owned()));
        assert_eq!(app, kept);
        assert_eq!(text(&answer.back, "cache-control").unwrap(), "private, no-store");
        let token: String = kept.iter().map(|(_, value)| value.as_str()).collect();
        let mut expected = session(NOW - 3600, blob);
        expected["exp"] = json!(NOW + DAY);
        assert_eq!(seal::open_auth0(SECRET, &token).unwrap(), expected);

        // With it, a page for the signed-in opens, and it rolls again.
        let answer = ask(Request::get("/mine").header("cookie", line(&kept)));
        assert_eq!(answer.upstream_header("x-user-token-identifier").unwrap(), "https://t.auth0.com/|auth0|1");
        assert_eq!(sent_on(&answer), kept);
    }
}

#[test]
fn a_refusal_rolls_and_the_apps_own_paths_do_not() {
    let world = World::at(NOW);
    let mut door = Http.open(&policy(), &world).unwrap();
    let cookie = format!("__session={}", seal::auth0(SECRET, &session(NOW - 3600, 0)));
    let mut ask = |target: &str, cookie: &str| door.ask(&Request::get(target).header("cookie", cookie)).unwrap();

    let refused = ask("/team", &cookie);
    assert_eq!(refused.status(), Some(403));
    assert_eq!(kept(&refused).len(), 1);
    assert_eq!(refused.reply_header("cache-control").unwrap(), "private, no-store");

    let signing_out = ask("/auth/logout", &cookie);
    assert!(signing_out.forwarded() && signing_out.set_cookies().is_empty());
    assert_eq!(line(&sent_on(&signing_out)), cookie);

    let stranger = ask("/", "__session=forged.x.y.z.w");
    assert!(stranger.forwarded() && stranger.set_cookies().is_empty());
}
