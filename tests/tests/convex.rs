//! Convex Auth through the whole program: one call for many requests, nobody signed out by a deployment that does not answer
//! well, and the token for servers behind. The recorded flows of the real library are in `tests/convex`.

use portcullis_tests::deployment::{Deployment, Mood, Nobody};
use portcullis_tests::process::Server;
use portcullis_tests::site::{Folder, start};
use portcullis_tests::upstream::{Received, Upstream};
use portcullis_tests::wire::{self, Response};
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::TcpStream;
use std::time::{Duration, Instant};

struct Site {
    deployment: Deployment,
    app: Upstream,
    gate: Server,
    _folder: Folder,
}

const PAGE: (&str, &str) = ("accept", "text/html");

impl Site {
    fn new(change: impl FnOnce(&mut Value)) -> Self {
        let (deployment, app, folder) = (Deployment::start(), Upstream::start(), Folder::new());
        let mut document = json!({
            "version": 1,
            "presets": ["nextjs", "convex"],
            "default": "public",
            "next": { "matcher": ["/((?!.*\\..*|_next).*)", "/", "/(api|trpc)(.*)"] },
            "sign-in": { "path": "/signin", "after": "/product", "return-param": "next" },
            "session": { "convex": {
                "kind": "convex-auth",
                "convex-url": deployment.url(),
                "site-url": deployment.url(),
                "trust-host": true,
            } },
            "route": [{ "id": "product", "pattern": "/product(.*)", "require": "session" }],
        });
        change(&mut document);
        let gate = start(&folder, document, &app.url()).unwrap();
        Self { deployment, app, gate, _folder: folder }
    }

    fn get(&self, target: &str, cookies: &str) -> Response {
        wire::get(self.gate.address(), target, &[PAGE, ("cookie", cookies)]).unwrap()
    }

    fn act(&self, cookies: &str, body: &Value) -> Response {
        let origin = format!("http://{}", self.gate.address());
        let headers = [("origin", origin.as_str()), ("cookie", cookies)];
        wire::send(self.gate.address(), "POST", "/api/auth", &headers, body.to_string().as_bytes()).unwrap()
    }
}

/// Names of cookies with their new values; those that are taken away have none.
fn set(response: &Response) -> Vec<(String, String)> {
    let pair = |line: String| {
        let (name, rest) = line.split_once('=').unwrap();
        (name.to_owned(), rest.split(';').next().unwrap().to_owned())
    };
    response.all("set-cookie").into_iter().map(pair).collect()
}

/// As a Cookie line.
fn line(cookies: &[(String, String)]) -> String {
    let held = cookies.iter().filter(|(_, value)| !value.is_empty());
    held.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
}

fn cookie(request: &Received) -> String {
    request.header("cookie").unwrap_or_default()
}

#[test]
fn one_renewal_for_many_requests() {
    let site = Site::new(|_| {});
    site.deployment.set(Mood::After(200));
    let stale = site.deployment.cookies(-5, "r1");
    let answers: Vec<Response> = std::thread::scope(|scope| {
        let ask = |number: usize| {
            let (site, stale) = (&site, &stale);
            let target = if number.is_multiple_of(2) { "/product" } else { "/about" };
            scope.spawn(move || site.get(target, stale))
        };
        let threads: Vec<_> = (0..20).map(ask).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(site.deployment.take().len(), 1);
    let cookies = set(&answers[0]);
    assert_eq!(cookies.len(), 3);
    assert!(answers.iter().all(|answer| answer.status == 200 && set(answer) == cookies));
    let seen = site.app.take();
    assert_eq!(seen.len(), 20);
    assert!(seen.iter().all(|request| cookie(request) == line(&cookies)), "{seen:?}");

    // A tab that comes a little later with the old cookies gets the same; the new ones need nothing.
    assert_eq!(set(&site.get("/about", &stale)), cookies);
    assert!(set(&site.get("/product", &line(&cookies))).is_empty());
    assert!(site.deployment.take().is_empty());
}

#[test]
fn a_browser_that_goes_away_loses_nothing() {
    let site = Site::new(|_| {});
    site.deployment.set(Mood::After(300));
    let stale = site.deployment.cookies(-5, "r1");
    let raw = wire::request("GET", b"/about", "localhost:1", &[("cookie".to_owned(), stale.clone().into_bytes())], &[]);
    let mut gone = TcpStream::connect(site.gate.address()).unwrap();
    gone.write_all(&raw).unwrap();
    let begun = Instant::now();
    let mut calls = Vec::new();
    while calls.is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(20), "the call never came");
        calls = site.deployment.take();
    }
    drop(gone);
    // The first call goes on, and its answer is what the next request gets.
    assert_eq!(set(&site.get("/about", &stale)).len(), 3);
    assert!(site.deployment.take().is_empty());
}

/// Every way of not answering well, at every call.
#[test]
fn nobody_loses_a_session_and_everything_recovers() {
    let site = Site::new(|document| document["session"]["convex"]["timeout"] = json!("2s"));
    let password =
        json!({ "action": "auth:signIn", "args": { "provider": "password", "params": { "flow": "signIn" } } });
    let refresh = json!({ "action": "auth:signIn", "args": { "refreshToken": "dummy" } });
    let sign_out = json!({ "action": "auth:signOut", "args": {} });
    let moods = [
        Mood::Hangs,
        Mood::Status(500),
        Mood::Status(503),
        Mood::Status(429),
        Mood::Status(404),
        Mood::Nonsense,
        // Longer than the gate waits for a renewal or a code, and shorter than for a sign-out.
        Mood::After(2_500),
    ];
    for (number, mood) in moods.into_iter().enumerate() {
        let stale = site.deployment.cookies(-5, &format!("stale{number}"));
        let soon = site.deployment.cookies(30, &format!("soon{number}"));
        let good = site.deployment.cookies(3000, &format!("good{number}"));
        let code = format!("/product?code=c{number}&x=1");
        site.deployment.set(mood);
        let quiet = |answer: &Response, status: u16| {
            assert_eq!((answer.status, set(answer)), (status, vec![]), "{mood:?}");
        };

        let refused = site.get("/product", &stale);
        quiet(&refused, 503);
        assert_eq!(refused.header("retry-after").as_deref(), Some("5"));
        quiet(&site.get("/about", &stale), 200);
        assert_eq!(cookie(&site.app.take()[0]), stale, "{mood:?}");
        // A token that is in time stays good.
        quiet(&site.get("/product", &soon), 200);
        quiet(&site.get("/product", &good), 200);
        quiet(&site.get("/signin", &stale), 200);
        quiet(&site.get(&code, ""), 503);
        quiet(&site.get(&code, &good), 200);
        quiet(&site.act(&stale, &refresh), 503);
        if !matches!(mood, Mood::Status(404) | Mood::After(_)) {
            for cookies in ["", &stale, &good] {
                let answer = site.act(cookies, &password);
                quiet(&answer, 503);
                assert!(serde_json::from_slice::<Value>(&answer.body).unwrap()["error"].is_string());
            }
        }
        let out = site.act(&good, &sign_out);
        assert_eq!((out.status, out.body.as_slice(), line(&set(&out)).as_str()), (200, b"null".as_slice(), ""));

        site.deployment.set(Mood::Well);
        for target in ["/product", "/about"] {
            let answer = site.get(target, &stale);
            assert_eq!((answer.status, set(&answer).len()), (200, 3), "{mood:?}");
        }
        let answer = site.get(&code, "");
        assert_eq!((answer.status, answer.header("location").as_deref()), (307, Some("/product?x=1")), "{mood:?}");
        assert_eq!(site.act(&good, &password).status, 200);
        site.app.take();
    }
}

#[test]
fn a_definite_end_is_an_end() {
    let site = Site::new(|_| {});
    for mood in [Mood::Knows(Nobody), Mood::Throws] {
        site.deployment.set(mood);
        let stale = site.deployment.cookies(-5, &format!("{mood:?}").replace(['(', ')'], ""));
        let answer = site.get("/product?a=1", &stale);
        let to = answer.header("location");
        assert_eq!((answer.status, to.as_deref()), (307, Some("/signin?next=%2Fproduct%3Fa%3D1")));
        assert_eq!((set(&answer).len(), line(&set(&answer)).as_str()), (3, ""));
        assert_eq!(answer.header("cache-control").as_deref(), Some("private, no-store"));
        let answer = site.get("/about", &format!("theme=dark; {stale}"));
        assert_eq!((answer.status, set(&answer).len()), (200, 3));
        assert_eq!(cookie(&site.app.take()[0]), "theme=dark");
    }
}

#[test]
fn from_the_form_to_the_page_and_out_again() {
    let site = Site::new(|_| {});
    let password = json!({ "action": "auth:signIn", "args": { "provider": "password", "params": {} } });
    let answer = site.act("", &password);
    let told: Value = serde_json::from_slice(&answer.body).unwrap();
    let mine = line(&set(&answer));
    assert_eq!(told["tokens"]["refreshToken"], "dummy");
    assert!(mine.contains(told["tokens"]["token"].as_str().unwrap()));
    // How the app goes on: a server action is posted to the page that it is on.
    let headers = [("cookie", mine.as_str()), ("next-action", "a")];
    let led = wire::send(site.gate.address(), "POST", "/signin?next=%2Fproduct%2F7", &headers, b"[]").unwrap();
    assert_eq!((led.status, led.header("x-action-redirect").as_deref()), (303, Some("/product/7")));
    assert_eq!(site.get("/product/7", &mine).status, 200);
    site.deployment.take();

    let out = site.act(&mine, &json!({ "action": "auth:signOut", "args": {} }));
    assert_eq!((out.status, line(&set(&out)).as_str()), (200, ""));
    let calls = site.deployment.take();
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].function.as_str(), calls[0].token.is_some()), ("auth:signOut", true));
}

#[test]
fn the_token_for_servers_behind() {
    let actions = Upstream::start();
    let site = Site::new(|document| {
        document["session"]["convex"]["forward-token"] = json!(true);
        document["proxy"] = json!({ "upstreams": { "actions": { "url": actions.url(), "external": true } } });
        let route = json!({ "id": "actions", "glob": "/actions/**", "upstream": "actions", "require": "session" });
        document["route"].as_array_mut().unwrap().push(route);
    });
    let token = site.deployment.token(3000);
    let cookies = format!("theme=dark; __convexAuthJWT={token}; __convexAuthRefreshToken=r%7Cs");
    assert_eq!(site.get("/actions/x", &cookies).status, 200);
    let seen = &actions.take()[0];
    assert_eq!(seen.header("authorization"), Some(format!("Bearer {token}")));
    assert_eq!(seen.header("host"), Some(actions.address().to_string()));
    assert_eq!(seen.header("x-forwarded-host"), Some(site.gate.address().to_string()));
    assert_eq!(seen.header("cookie"), None);

    assert_eq!(site.get("/product", &cookies).status, 200);
    let seen = &site.app.take()[0];
    assert_eq!(seen.header("authorization"), Some(format!("Bearer {token}")));
    assert_eq!((seen.header("host"), cookie(seen)), (Some(site.gate.address().to_string()), cookies));
}
