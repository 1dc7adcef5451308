//! The gate in the place of the middleware: a deployment that is written down answers its calls.

use super::*;
use crate::question::{Answer, Answered, Call, Question};
use crate::session::Served;
use serde_json::Value;

const NEW: &str = "new.jwt.x";

/// What the deployment says: status and body; `None`: nothing.
type Deployment = fn(&Value) -> Option<(u16, String)>;

struct Lab {
    site: Site,
    deployment: Deployment,
    /// Function, arguments and bearer token of the calls that were made.
    calls: Vec<(String, Value, Option<String>)>,
    kept: Vec<Call>,
    /// The new token, which [`NEW`] stands for.
    fresh: String,
}

/// What came of a request.
struct Came {
    /// A word, or status and body of what the endpoint answered.
    said: String,
    carry: Carry,
}

impl Came {
    /// Cookies that are set: `jwt=VALUE rt- v-`; those that end with `-` are taken away.
    fn cookies(&self) -> String {
        let short = |line: &String| {
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            let name = name.trim_start_matches("__Host-");
            if rest.contains("Max-Age=0") { format!("{name}-") } else { format!("{name}={value}") }
        };
        self.carry.set_cookies.iter().map(short).collect::<Vec<_>>().join(" ")
    }

    fn seen(&self, name: &str) -> Option<Option<&str>> {
        self.carry.cookies.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_deref())
    }
}

impl Lab {
    fn new(deployment: Deployment) -> Self {
        Self::with(deployment, |_| {})
    }

    fn with(deployment: Deployment, change: impl FnOnce(&mut ConvexAuthSettings)) -> Self {
        let mut site = Site::at(Place::Elsewhere);
        let ProviderSettings { kind, .. } = settings(Place::Elsewhere);
        let KindSettings::ConvexAuth(mut own) = kind else { panic!() };
        own.service = Some(ConvexService {
            url: None,
            sign_in: "auth:signIn".to_owned(),
            sign_out: "auth:signOut".to_owned(),
            renewal: Renewal { name: "auth:signIn".to_owned(), kind: FunctionKind::Action },
            margin: Margin::Tenth,
            endpoint: "/api/auth".to_owned(),
            code_paths: None,
            max_age: None,
            grace: 10_000,
            timeout: 5_000,
        });
        change(&mut own);
        let settings = ProviderSettings { kind: KindSettings::ConvexAuth(own), ..settings(Place::Elsewhere) };
        site.rooms = [Sessions::prepare(&[settings], &Supplies::default(), (1, 2)).unwrap()];
        let mut lab = Self { site, deployment, calls: Vec::new(), kept: Vec::new(), fresh: String::new() };
        lab.fresh = lab.token(3600);
        lab
    }

    /// A token that ends in so many seconds of an hour.
    fn token(&self, left: i64) -> String {
        let now = self.site.world.now;
        let claims = json!({"iss": SITE, "aud": "convex", "sub": "u|s", "iat": now + left - 3600, "exp": now + left});
        self.site.signer.sign(None, &claims)
    }

    fn answer(&mut self, question: &Question, body: &str) -> Answer {
        match question {
            Question::Call(call) => {
                assert!(self.site.rooms[0].calls().contains(&call.url), "{}", call.url);
                let said: Value = serde_json::from_slice(&call.body).unwrap();
                assert_eq!(said["format"], "convex_encoded_json");
                let bearer = call.headers.iter().find(|(name, _)| name == "authorization");
                let bearer = bearer.map(|(_, value)| String::from_utf8(value.clone()).unwrap());
                let function = said["path"].as_str().unwrap().to_owned();
                self.calls.push((function, said["args"][0].clone(), bearer));
                self.kept.push(call.clone());
                match (self.deployment)(&said) {
                    Some((status, body)) => {
                        let body = body.replace(NEW, &self.fresh).into_bytes();
                        Answer::Call { status, headers: Vec::new(), body }
                    }
                    None => Answer::Failed("connection refused".to_owned()),
                }
            }
            Question::Body { limit } if body.len() > *limit as usize => Answer::TooLarge,
            Question::Body { .. } => Answer::Body(body.as_bytes().to_vec()),
            other => self.site.world.answer(other),
        }
    }

    fn ask(&mut self, request: &Request<'_>) -> Came {
        let Came { said, mut carry } = self.came(request);
        let short = |text: &mut String| *text = text.replace(&self.fresh, NEW);
        carry.set_cookies.iter_mut().for_each(short);
        carry.cookies.iter_mut().filter_map(|(_, value)| value.as_mut()).for_each(short);
        Came { said: said.replace(&self.fresh, NEW), carry }
    }

    fn came(&mut self, request: &Request<'_>) -> Came {
        self.calls.clear();
        self.kept.clear();
        let mut head = request.head(self.site.world.now);
        head.headers.retain(|(_, value)| !value.is_empty());
        let mut answers: Vec<Answered> = Vec::new();
        for _ in 0..12 {
            let cookies = Cookies::parse(head.lines("cookie")).unwrap();
            let target = Target::parse(&head.target).unwrap();
            let asking = Asking::new(&head, &cookies, &target, Answers::new(&answers));
            let asking = Asking { runs: request.runs, back: request.back, ..asking };
            let room = &mut self.site.rooms[0];
            let asked = match room.serve(asking, &mut Trace::off()) {
                Some((Served::Ask(asked), _)) => asked,
                Some((Served::Answer { status, body, .. }, carry)) => {
                    return Came { said: format!("{status} {}", String::from_utf8(body).unwrap()), carry };
                }
                None => {
                    let read = room.session(asking, &mut Trace::off());
                    let Found::Ask(asked) = read.found else {
                        return Came { said: word(&read.found), carry: read.carry };
                    };
                    asked
                }
            };
            for one in asked {
                assert!(answers.iter().all(|known| known.id != one.id), "asked twice: {one:?}");
                let answer = self.answer(&one.question, request.body);
                answers.push(Answered { id: one.id, answer });
            }
        }
        panic!("no end");
    }

    /// A page with these cookies; `TOKEN` stands for a fresh token, `STALE` for one that has ended, `SOON` for one that ends
    /// within the margin.
    fn page(&mut self, cookies: &str) -> Came {
        self.ask(&Request { cookies: &self.cookies(cookies), ..PAGE })
    }

    fn cookies(&self, cookies: &str) -> String {
        let tokens = [("TOKEN", 3000), ("STALE", -5), ("SOON", 45)];
        tokens.iter().fold(cookies.to_owned(), |line, (word, left)| line.replace(word, &self.token(*left)))
    }

    fn post(&mut self, cookies: &str, body: &str) -> Came {
        self.ask(&Request { cookies: &self.cookies(cookies), body, ..POST })
    }

    fn functions(&self) -> Vec<&str> {
        self.calls.iter().map(|(function, ..)| function.as_str()).collect()
    }
}

#[derive(Clone, Copy)]
struct Request<'a> {
    method: &'a str,
    target: &'a str,
    accept: &'a str,
    origin: &'a str,
    site: &'a str,
    purpose: &'a str,
    dest: &'a str,
    cookies: &'a str,
    body: &'a str,
    runs: bool,
    back: Option<&'a str>,
}

const PAGE: Request<'static> = Request {
    method: "GET",
    target: "/product?a=1",
    accept: "text/html,*/*",
    origin: "",
    site: "",
    purpose: "",
    dest: "",
    cookies: "",
    body: "",
    runs: true,
    back: None,
};
const POST: Request<'static> =
    Request { method: "POST", target: "/api/auth", accept: "*/*", origin: "https://app.example", ..PAGE };

impl Request<'_> {
    fn head(&self, now: i64) -> Head {
        let lines = [
            ("accept", self.accept),
            ("origin", self.origin),
            ("sec-fetch-site", self.site),
            ("sec-purpose", self.purpose),
            ("sec-fetch-dest", self.dest),
            ("cookie", self.cookies),
        ];
        let headers = lines.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        Head {
            now,
            method: self.method.to_owned(),
            scheme: "https".to_owned(),
            authority: "app.example".to_owned(),
            target: self.target.as_bytes().to_vec(),
            headers,
            ..Head::default()
        }
    }
}

fn success(value: &Value) -> Option<(u16, String)> {
    Some((200, json!({"status": "success", "value": value, "logLines": []}).to_string()))
}

/// Knows everybody.
fn good(said: &Value) -> Option<(u16, String)> {
    let args = &said["args"][0];
    match (said["path"].as_str().unwrap(), args["provider"].as_str()) {
        ("auth:signOut", _) => success(&Value::Null),
        (_, Some("otp")) => success(&json!({"started": true, "refreshToken": "secret", "token": "secret"})),
        (_, Some("hub")) => success(&json!({"redirect": "https://otter-1.convex.site/x", "verifier": "v1|x"})),
        _ => success(&json!({"tokens": {"token": NEW, "refreshToken": "r2|s"}})),
    }
}

/// Knows nobody.
fn dead(_: &Value) -> Option<(u16, String)> {
    success(&json!({"tokens": null}))
}

fn threw(_: &Value) -> Option<(u16, String)> {
    Some((560, json!({"status": "error", "errorMessage": "InvalidSecret"}).to_string()))
}

/// The ways in which nobody knows what came of a call.
const SILENCES: [Deployment; 12] = [
    |_| None,
    |_| Some((500, "{}".to_owned())),
    |_| Some((503, "{\"status\":\"success\",\"value\":{\"tokens\":null}}".to_owned())),
    |_| Some((429, String::new())),
    |_| Some((404, "no such deployment".to_owned())),
    |_| Some((302, String::new())),
    |_| Some((200, "<html>not json</html>".to_owned())),
    |_| Some((200, "{}".to_owned())),
    |_| Some((200, "{\"status\":\"success\"}".to_owned())),
    |_| success(&Value::Null),
    |_| Some((200, "{\"status\":\"success\",\"value\":{\"started\":true}}".to_owned())),
    |_| Some((200, "{\"status\":\"success\",\"value\":{\"tokens\":{\"token\":\"\"}}}".to_owned())),
];

const SET: &str = "jwt=new.jwt.x rt=r2%7Cs v-";
const CLEARED: &str = "jwt- rt- v-";

#[test]
fn a_token_is_renewed_by_the_documented_margin() {
    for (issued, left, renewed) in [
        (3600, 71, false),
        (3600, 60, true),
        (3600, 45, true),
        (300, 40, false),
        (300, 30, true),
        (300, 25, true),
        (60, 30, false),
        (60, 10, true),
        (60, 8, true),
    ] {
        let mut lab = Lab::new(good);
        let now = lab.site.world.now;
        let claims = json!({"iss": SITE, "aud": "convex", "sub": "u|s", "iat": now + left - issued, "exp": now + left});
        let token = lab.site.signer.sign(None, &claims);
        let came = lab.page(&format!("__Host-jwt={token}; __Host-rt=r1|s"));
        assert_eq!(!lab.calls.is_empty(), renewed, "{left} of {issued}");
        assert_eq!(came.cookies(), if renewed { SET } else { "" }, "{left} of {issued}");
    }
    // Without a beginning nobody knows what a tenth is.
    let mut lab = Lab::new(good);
    let claims = json!({"iss": SITE, "aud": "convex", "sub": "u|s", "exp": lab.site.world.now + 3000});
    let token = lab.site.signer.sign(None, &claims);
    assert_eq!(lab.page(&format!("__Host-jwt={token}; __Host-rt=r1|s")).cookies(), SET);
    let mut lab = Lab::with(good, |own| own.service.as_mut().unwrap().margin = Margin::Fixed(10));
    assert_eq!(lab.page("__Host-jwt=SOON; __Host-rt=r1|s").said, "ok u|s");
    assert!(lab.calls.is_empty());
}

#[test]
fn what_was_renewed_is_seen_by_browser_and_app() {
    let mut lab = Lab::new(good);
    let came = lab.page("__Host-jwt=STALE; __Host-rt=r1%7Cs; theme=dark");
    assert_eq!((came.said.as_str(), came.cookies().as_str()), ("ok u|s", SET));
    assert_eq!(lab.calls, [("auth:signIn".to_owned(), json!({"refreshToken": "r1|s"}), None)]);
    assert_eq!(came.seen("__Host-jwt"), Some(Some("new.jwt.x")));
    assert_eq!(came.seen("__Host-rt"), Some(Some("r2%7Cs")));
    assert_eq!(came.seen("__Host-v"), Some(None));
    let line = "__Host-rt=r2%7Cs; HttpOnly; SameSite=Lax; Secure; Path=/";
    assert_eq!(came.carry.set_cookies[1], line);
    let call = &lab.kept[0];
    assert_eq!((call.grace, call.timeout, call.key.as_str()), (10_000, 5_000, "renew r1|s"));
    assert_eq!(
        (call.url.as_str(), call.keep.as_slice()),
        ("https://otter-1.convex.cloud/api/action", b"\"refreshToken\"".as_slice())
    );
    assert!(!format!("{call:?}").contains("r1"));

    // A sign-in in another tab goes on.
    let came = lab.page("__Host-jwt=STALE; __Host-rt=r1|s; __Host-v=v9");
    assert_eq!(came.cookies(), "jwt=new.jwt.x rt=r2%7Cs");
    assert_eq!(came.seen("__Host-v"), None);
    // One half is enough.
    assert_eq!(lab.page("__Host-rt=r1|s").cookies(), SET);
    assert_eq!(lab.page("__Host-jwt=junk; __Host-rt=r1|s").cookies(), SET);
    assert_eq!(lab.page("__Host-jwt=; __Host-rt=r1|s").cookies(), SET);

    let mut lab = Lab::with(good, |own| own.service.as_mut().unwrap().max_age = Some(60));
    let line = lab.page("__Host-rt=r1|s").carry.set_cookies[0].clone();
    assert!(line.contains("Max-Age=60; Expires=Fri, 15 Jan 2027 08:01:00 GMT"), "{line}");
}

#[test]
fn a_definite_end_is_the_only_end() {
    for (deployment, cookies, said, set) in [
        (dead as Deployment, "__Host-jwt=STALE; __Host-rt=r1|s", "the session is over", CLEARED),
        (dead, "__Host-jwt=SOON; __Host-rt=r1|s", "the session is over", CLEARED),
        (threw, "__Host-jwt=STALE; __Host-rt=r1|s", "the session is over", CLEARED),
        // It threw, and the token is good: nothing is over yet.
        (threw, "__Host-jwt=SOON; __Host-rt=r1|s", "ok u|s", ""),
        (good, "__Host-jwt=junk; __Host-rt=foobar", "the session is over", CLEARED),
        (good, "__Host-jwt=STALE; __Host-rt=|s", "the session is over", CLEARED),
        (good, "__Host-jwt=STALE; __Host-rt=", "the session is over", CLEARED),
        (good, "__Host-jwt=STALE", "the token has ended", CLEARED),
        (good, "__Host-jwt=junk; __Host-v=v9", "the token has ended", "jwt- rt-"),
        (good, "__Host-jwt=SOON", "ok u|s", ""),
        (good, "__Host-jwt=TOKEN", "ok u|s", ""),
        (good, "theme=dark", "no cookie", ""),
    ] {
        let mut lab = Lab::new(deployment);
        let came = lab.page(cookies);
        assert_eq!((came.said.as_str(), came.cookies().as_str()), (said, set), "{cookies}");
        if set == CLEARED {
            assert_eq!(came.seen("__Host-jwt"), Some(None), "{cookies}");
        }
    }
    // A forged token is not renewed, and the app does not see it.
    let mut lab = Lab::new(good);
    let forged =
        Signer::new().sign(None, &json!({"iss": SITE, "aud": "convex", "sub": "u|s", "iat": NOW, "exp": NOW + 3000}));
    let came = lab.page(&format!("__Host-jwt={forged}; __Host-rt=r1|s"));
    assert_eq!((came.cookies().as_str(), lab.calls.len()), ("", 0));
    assert_eq!((came.seen("__Host-jwt"), came.seen("__Host-rt")), (Some(None), None));
}

#[test]
fn not_knowing_ends_nothing() {
    for (number, silence) in SILENCES.into_iter().enumerate() {
        let mut lab = Lab::new(silence);
        let came = lab.page("__Host-jwt=STALE; __Host-rt=r1|s");
        assert!(came.said.starts_with("unavailable"), "{number}: {}", came.said);
        assert_eq!(came.carry, Carry::default(), "{number}");
        let came = lab.page("__Host-jwt=SOON; __Host-rt=r1|s");
        assert_eq!((came.said.as_str(), &came.carry), ("ok u|s", &Carry::default()), "{number}");
        lab.deployment = good;
        assert_eq!(lab.page("__Host-jwt=STALE; __Host-rt=r1|s").cookies(), SET, "{number}");
    }
}

#[test]
fn guesses_and_pictures_do_not_renew() {
    let mut lab = Lab::new(good);
    let stale = lab.cookies("__Host-jwt=STALE; __Host-rt=r1|s");
    let soon = lab.cookies("__Host-jwt=SOON; __Host-rt=r1|s");
    for (cookies, said) in [(&stale, "the token has ended"), (&soon, "ok u|s")] {
        let came = lab.ask(&Request { purpose: "prefetch", cookies, ..PAGE });
        assert_eq!((came.said.as_str(), &came.carry), (said, &Carry::default()));
    }
    assert!(lab.calls.is_empty());
}

#[test]
fn codes_are_exchanged_on_pages_only() {
    let magic = Request { target: "/product?a=1&code=c%31&b=%20x+y&code=2", ..PAGE };
    for (request, exchanged) in [
        (magic, true),
        (Request { method: "HEAD", ..magic }, false),
        (Request { method: "POST", ..magic }, false),
        (Request { accept: "*/*", ..magic }, false),
        (Request { runs: false, ..magic }, false),
        (Request { purpose: "prefetch", ..magic }, false),
        (Request { dest: "document", ..magic }, true),
        (Request { dest: "iframe", ..magic }, false),
        (Request { origin: "https://evil.example", cookies: "__Host-v=v1", ..magic }, false),
        (Request { target: "/product?code=&x=1", ..magic }, false),
        (Request { target: "/product?codes=1", ..magic }, false),
    ] {
        let mut lab = Lab::new(good);
        let came = lab.ask(&request);
        assert_eq!(lab.calls.len(), usize::from(exchanged), "{} {}", request.method, request.target);
        if exchanged {
            assert_eq!(came.said, "detour /product?a=1&b=%20x+y");
            assert_eq!(came.cookies(), SET);
            assert_eq!(lab.calls[0].1, json!({"params": {"code": "c1"}}));
            assert_eq!((lab.kept[0].grace, lab.calls[0].2.as_ref()), (0, None));
        }
    }
    let mut lab = Lab::new(good);
    lab.ask(&Request { cookies: "__Host-v=v1%7Cx", target: "/?code=1", ..PAGE });
    assert_eq!(lab.calls[0].1, json!({"params": {"code": "1"}, "verifier": "v1|x"}));

    let here = crate::pattern::Pattern::compile(
        crate::pattern::Dialect::Pattern,
        "/((?!slack).*)",
        crate::pattern::Options { ignore_case: true, dot_all: true },
    );
    let paths = CodePaths([here.unwrap()].into());
    let mut lab = Lab::with(good, |own| own.service.as_mut().unwrap().code_paths = Some(paths));
    assert_eq!(lab.ask(&Request { target: "/slack/back?code=1", ..PAGE }).said, "no cookie");
    assert_eq!(lab.ask(&Request { target: "/other?code=1", ..PAGE }).said, "detour /other");
}

#[test]
fn a_code_of_no_use_signs_nobody_out() {
    let with_code = |lab: &mut Lab, cookies: &str| {
        let cookies = lab.cookies(cookies);
        lab.ask(&Request { target: "/back?code=1&state=x", cookies: &cookies, ..PAGE })
    };
    for deployment in [dead as Deployment, threw] {
        let mut lab = Lab::new(deployment);
        // Nobody is signed in.
        let came = with_code(&mut lab, "");
        assert_eq!((came.said.as_str(), came.cookies().as_str()), ("detour /back?state=x", CLEARED));
        // Somebody is: the code may be another system's.
        let came = with_code(&mut lab, "__Host-jwt=TOKEN; __Host-rt=r1|s");
        assert_eq!((came.said.as_str(), &came.carry), ("ok u|s", &Carry::default()));
    }
    // Renewed, and then of no use: what was renewed stays.
    let mut lab = Lab::new(|said| match said["args"][0].get("refreshToken") {
        Some(_) => good(said),
        None => dead(said),
    });
    let came = with_code(&mut lab, "__Host-jwt=STALE; __Host-rt=r1|s");
    assert_eq!((came.said.as_str(), came.cookies().as_str()), ("ok u|s", SET));
    for (number, silence) in SILENCES.into_iter().enumerate() {
        let mut lab = Lab::new(silence);
        let came = with_code(&mut lab, "");
        assert!(came.said.starts_with("later"), "{number}: {}", came.said);
        assert_eq!(came.carry, Carry::default(), "{number}");
        let came = with_code(&mut lab, "__Host-jwt=TOKEN; __Host-rt=r1|s");
        assert_eq!((came.said.as_str(), &came.carry), ("ok u|s", &Carry::default()), "{number}");
        let came = with_code(&mut lab, "__Host-jwt=STALE; __Host-rt=r1|s");
        assert_eq!(came.carry, Carry::default(), "{number}");
    }
}

#[test]
fn the_endpoint_takes_what_its_app_sends() {
    let mut lab = Lab::new(good);
    for (request, said) in [
        (Request { method: "GET", ..POST }, "405 Invalid method"),
        (Request { method: "PUT", ..POST }, "405 Invalid method"),
        (Request { origin: "https://evil.example", ..POST }, "403 Invalid origin"),
        (Request { origin: "http://app.example", ..POST }, "403 Invalid origin"),
        (Request { origin: "https://app.example:444", ..POST }, "403 Invalid origin"),
        (Request { origin: "null", ..POST }, "403 Invalid origin"),
        (Request { origin: "nonsense", ..POST }, "403 Invalid origin"),
        (Request { origin: "", site: "cross-site", ..POST }, "403 Invalid origin"),
        (
            Request { body: "action=auth:signIn", ..POST },
            "400 {\"error\":\"The body must be a JSON object with `action` and `args`\"}",
        ),
        (Request { body: "", ..POST }, "400 {\"error\":\"The body must be a JSON object with `action` and `args`\"}"),
        (
            Request { body: "null", ..POST },
            "400 {\"error\":\"The body must be a JSON object with `action` and `args`\"}",
        ),
        (Request { body: "{\"action\":\"auth:signIn\"}", ..POST }, "400 {\"error\":\"`args` must be an object\"}"),
        (Request { body: "{\"action\":\"messages:list\",\"args\":{}}", ..POST }, "400 Invalid action"),
        (Request { body: "{\"args\":{}}", ..POST }, "400 Invalid action"),
        (Request { body: "[]", ..POST }, "400 Invalid action"),
    ] {
        let came = lab.ask(&request);
        assert_eq!((came.said.as_str(), &came.carry), (said, &Carry::default()), "{} {}", request.origin, request.body);
        assert!(lab.calls.is_empty());
    }
    let long = format!("{{\"action\":\"auth:signIn\",\"args\":{{\"x\":\"{}\"}}}}", "x".repeat(256 << 10));
    assert_eq!(lab.post("", &long).said, "413 {\"error\":\"The body is too large\"}");
    let sign_in = r#"{"action":"auth:signIn","args":{"provider":"password","params":{"password":"x"}}}"#;
    for request in [
        Request { body: sign_in, ..POST },
        Request { body: sign_in, origin: "https://APP.example:443", ..POST },
        Request { body: sign_in, origin: "https://app.example/", ..POST },
        Request { body: sign_in, origin: "", ..POST },
        Request { body: sign_in, origin: "", site: "same-origin", ..POST },
        Request { body: sign_in, target: "/api/auth/?x", ..POST },
    ] {
        let came = lab.ask(&request);
        assert_eq!(came.said, "200 {\"tokens\":{\"refreshToken\":\"dummy\",\"token\":\"new.jwt.x\"}}");
        assert_eq!(came.cookies(), SET);
    }
    // Below it and beside it are paths like others.
    for target in ["/api/auth/extra", "/api/authx", "/API/auth"] {
        assert_eq!(lab.ask(&Request { body: sign_in, target, ..POST }).said, "no cookie", "{target}");
    }
    // The way back goes along, unless the app says one.
    lab.ask(&Request { body: sign_in, back: Some("/product/7"), ..POST });
    assert_eq!(lab.calls[0].1["params"], json!({"password": "x", "redirectTo": "/product/7"}));
    let own = r#"{"action":"auth:signIn","args":{"provider":"hub","params":{"redirectTo":"/own"}}}"#;
    lab.ask(&Request { body: own, back: Some("/product/7"), ..POST });
    assert_eq!(lab.calls[0].1["params"], json!({"redirectTo": "/own"}));
}

#[test]
fn signing_in() {
    let otp = r#"{"action":"auth:signIn","args":{"provider":"otp","params":{}}}"#;
    let hub = r#"{"action":"auth:signIn","args":{"provider":"hub","params":{}}}"#;
    let code = r#"{"action":"auth:signIn","args":{"params":{"code":"1"}}}"#;
    let password = r#"{"action":"auth:signIn","args":{"provider":"password","params":{}}}"#;
    let mut lab = Lab::new(good);
    let came = lab.post("", otp);
    assert_eq!((came.said.as_str(), &came.carry), ("200 {\"started\":true}", &Carry::default()));
    let came = lab.post("__Host-jwt=TOKEN; __Host-rt=r1|s", hub);
    assert_eq!(came.said, "200 {\"redirect\":\"https://otter-1.convex.site/x\"}");
    assert_eq!(came.cookies(), "v=v1%7Cx");
    assert!(lab.calls[0].2.as_ref().is_some_and(|bearer| bearer.starts_with("Bearer ")));
    lab.post("__Host-jwt=TOKEN; __Host-rt=r1|s", code);
    assert_eq!(lab.calls[0].2, None);
    // A token that has ended is renewed before it vouches for anybody.
    let came = lab.post("__Host-jwt=STALE; __Host-rt=r1|s", otp);
    assert_eq!(came.cookies(), SET);
    assert_eq!(lab.functions(), ["auth:signIn", "auth:signIn"]);

    for (deployment, said) in
        [(dead as Deployment, "200 {\"tokens\":null}"), (threw, "400 {\"error\":\"InvalidSecret\"}")]
    {
        let mut lab = Lab::new(deployment);
        let came = lab.post("", password);
        assert_eq!((came.said.as_str(), came.cookies().as_str()), (said, CLEARED));
        let came = lab.post("__Host-jwt=TOKEN; __Host-rt=r1|s", password);
        assert_eq!((came.said.as_str(), came.cookies().as_str()), (said, ""));
    }
    for (number, silence) in SILENCES.into_iter().enumerate().filter(|(number, _)| ![4, 5, 9, 10].contains(number)) {
        let mut lab = Lab::new(silence);
        for cookies in ["", "__Host-jwt=TOKEN; __Host-rt=r1|s", "__Host-jwt=STALE; __Host-rt=r1|s"] {
            let came = lab.post(cookies, password);
            assert!(came.said.starts_with("503 {\"error\":"), "{number}: {}", came.said);
            assert_eq!(came.carry, Carry::default(), "{number} {cookies}");
        }
    }
}

#[test]
fn the_browser_renews() {
    let refresh = r#"{"action":"auth:signIn","args":{"refreshToken":"dummy"}}"#;
    let null = r#"{"action":"auth:signIn","args":{"refreshToken":null}}"#;
    let mut lab = Lab::new(good);
    for body in [refresh, null] {
        let came = lab.post("__Host-jwt=TOKEN; __Host-rt=r1|s", body);
        assert_eq!(came.said, "200 {\"tokens\":{\"refreshToken\":\"dummy\",\"token\":\"new.jwt.x\"}}");
        assert_eq!(came.cookies(), SET);
        assert_eq!(lab.calls, [("auth:signIn".to_owned(), json!({"refreshToken": "r1|s"}), None)]);
    }
    for cookies in ["", "__Host-jwt=TOKEN"] {
        let came = lab.post(cookies, refresh);
        assert_eq!((came.said.as_str(), &came.carry), ("200 {\"tokens\":null}", &Carry::default()));
    }
    let came = Lab::new(dead).post("__Host-jwt=TOKEN; __Host-rt=r1|s", refresh);
    assert_eq!((came.said.as_str(), came.cookies().as_str()), ("200 {\"tokens\":null}", CLEARED));
    for (number, silence) in SILENCES.into_iter().enumerate() {
        let came = Lab::new(silence).post("__Host-jwt=TOKEN; __Host-rt=r1|s", refresh);
        assert!(came.said.starts_with("503"), "{number}: {}", came.said);
        assert_eq!(came.carry, Carry::default(), "{number}");
    }
}

#[test]
fn signing_out_always_ends_and_revokes_if_it_can() {
    let sign_out = r#"{"action":"auth:signOut"}"#;
    let mut lab = Lab::new(good);
    for (cookies, functions) in [
        ("__Host-jwt=TOKEN; __Host-rt=r1|s", vec!["auth:signOut"]),
        ("__Host-jwt=SOON; __Host-rt=r1|s", vec!["auth:signOut"]),
        ("__Host-jwt=TOKEN", vec!["auth:signOut"]),
        ("", vec![]),
    ] {
        let came = lab.post(cookies, sign_out);
        assert_eq!((came.said.as_str(), came.cookies().as_str()), ("200 null", CLEARED), "{cookies}");
        assert_eq!(lab.functions(), functions, "{cookies}");
    }
    // The new token says who is to be signed out.
    let came = lab.post("__Host-jwt=STALE; __Host-rt=r1|s", sign_out);
    assert_eq!((came.said.as_str(), came.cookies().as_str()), ("200 null", CLEARED));
    assert_eq!(lab.functions(), ["auth:signIn", "auth:signOut"]);
    assert_eq!(lab.calls[1].2, Some(format!("Bearer {}", lab.fresh)));
    for silence in SILENCES {
        let mut lab = Lab::new(silence);
        let came = lab.post("__Host-jwt=TOKEN; __Host-rt=r1|s", sign_out);
        assert_eq!((came.said.as_str(), came.cookies().as_str()), ("200 null", CLEARED));
    }
}

/// What is known of the generation to come: a mutation that hands the tokens out without a box.
#[test]
fn a_mutation_may_renew() {
    let unboxed: Deployment = |said| match said["path"].as_str() {
        Some("auth:refreshSession") => success(&json!({"token": NEW, "refreshToken": "r2|s"})),
        _ => success(&json!({"started": true})),
    };
    let mutation = |own: &mut ConvexAuthSettings| {
        let service = own.service.as_mut().unwrap();
        service.renewal = Renewal { name: "auth:refreshSession".to_owned(), kind: FunctionKind::Mutation };
    };
    let mut lab = Lab::with(unboxed, mutation);
    assert_eq!(lab.page("__Host-jwt=STALE; __Host-rt=r1|s").cookies(), SET);
    assert_eq!(lab.kept[0].url, "https://otter-1.convex.cloud/api/mutation");
    let mut lab = Lab::with(|_| success(&Value::Null), mutation);
    assert_eq!(lab.page("__Host-jwt=STALE; __Host-rt=r1|s").cookies(), CLEARED);
}

#[test]
fn the_token_is_told_on_request() {
    let mut lab = Lab::with(good, |own| own.forward_token = true);
    let token = lab.token(3000);
    let came = lab.page(&format!("__Host-jwt={token}; __Host-rt=r1|s"));
    assert_eq!(came.carry.request_headers, [("authorization".to_owned(), format!("Bearer {token}"))]);
    assert!(lab.page("__Host-jwt=a.b.c").carry.request_headers.is_empty());
}

proptest! {
    /// Whatever a deployment answers: nothing panics, and only a definite answer ends a session.
    #[test]
    fn any_answer_is_survived(status in 0_u16..700, body in "\\PC{0,60}|\\{\"status\":\"(success|error)\",\"(value|errorMessage)\":[^}]{0,40}\\}") {
        if let backend::Said::Value(value) = backend::read(status, body.as_bytes()) {
            prop_assert!((200..=299).contains(&status), "{status}");
            let over = matches!(backend::tokens(&value), Ok(None));
            prop_assert!(!over || body.contains("null"), "{body}");
        }
    }
}
