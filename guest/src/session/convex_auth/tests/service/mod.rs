//! The gate in the place of the middleware: a deployment that is written down answers its calls.

use super::*;
use crate::question::{Answer, Answered, Call, Question};
use crate::session::Served;
use serde_json::Value;

mod endpoint;
mod exchange;
mod renewal;

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
