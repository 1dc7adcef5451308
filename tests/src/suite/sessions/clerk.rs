//! `clerk-authenticate.json` and `clerk-middleware.json`: the configuration of Clerk's packages as a session of kind clerk, what a
//! handler calls as rules, and everything that the packages did with the request, held against our answer.

use super::{Put, config, identity, request};
use crate::engine::{Answer, Outcome, Policy, Request, values};
use crate::report::Verdict;
use crate::vectors::{text, texts};
use serde_json::{Map, Value, json};
use url::Url;

/// Where the site of all cases is.
const ORIGIN: &str = "https://app.example.com";

/// Members of the identity, and the headers by which the app behind of these tests learns them.
const MEMBERS: &[(&str, &str, &str)] = &[
    ("sub", "x-sub", "{claim.sub}"),
    ("sid", "x-sid", "{claim.sid}"),
    ("orgId", "x-org-id", "{claim.org_id}"),
    ("orgRole", "x-org-role", "{claim.org_role}"),
    ("orgSlug", "x-org-slug", "{claim.org_slug}"),
    ("orgPermissions", "x-org-permissions", "{claim.org_permissions}"),
    ("sessionStatus", "x-sts", "{claim.sts}"),
    ("issuer", "x-iss", "{claim.iss}"),
    ("azp", "x-azp", "{claim.azp}"),
    ("actor", "x-actor", "{claim.act}"),
];

/// What `env:NAME` stands for.
type Env = Vec<(String, String)>;

/// The options of the package as `[session.x]`; one that nobody knows is a reason to skip.
fn settings(config: &Value) -> Result<(Map<String, Value>, Env), String> {
    let mut env = Vec::new();
    let mut own = Map::new();
    let mut set = |key: &str, value: Value| own.insert(key.to_owned(), value);
    set("kind", json!("clerk"));
    // As the package asks; ours asks for a token, which can be read without a call.
    set("handshake-format", json!("nonce"));
    let mut named = |name: &str, value: &Value| {
        env.push((name.to_owned(), value.as_str().unwrap_or_default().to_owned()));
        json!(format!("env:{name}"))
    };
    for (key, value) in config.as_object().into_iter().flatten() {
        match key.as_str() {
            "publishableKey" => drop(set("publishable-key", value.clone())),
            "secretKey" => drop(set("secret-key", named("CLERK_SECRET_KEY", value))),
            "jwtKey" => drop(set("keys", json!({ "pem": named("CLERK_JWT_KEY", value) }))),
            "authorizedParties" => drop(set("authorized-parties", json!(texts(Some(value))))),
            "audience" => drop(set("audience", json!(texts(Some(value))))),
            "issuer" => drop(set("issuer", json!(texts(Some(value))))),
            "proxyUrl" => drop(set("proxy-url", value.clone())),
            "clockSkewInMs" => {
                let ms = value.as_u64().ok_or("`clockSkewInMs` is no number")?;
                if ms % 1000 != 0 {
                    return Err(format!("a clock difference of {ms} ms cannot be said: whole seconds only"));
                }
                set("leeway", json!(format!("{}s", ms / 1000)));
            }
            "apiVersion" | "apiUrl" | "domain" | "afterSignInUrl" | "afterSignUpUrl" | "debug" => {}
            "isSatellite" if value == &json!(false) => {}
            // What the publishable key says, and what is about other rules.
            "frontendApi" | "instanceType" | "cookieSuffix" | "signInUrl" | "signUpUrl" => {}
            _ => return Err(format!("unknown option `{key}`")),
        }
    }
    Ok((own, env))
}

fn policy(document: &Value, env: Env) -> Policy {
    env.iter().fold(Policy::new(document.clone()), |policy, (name, value)| policy.env(name, value))
}

/// `authenticateRequest`: everything needs a session, and there is no sign-in page.
pub(super) fn authenticate(document: &Value, case: &Value) -> Result<Put, String> {
    let config = config(document, case);
    let (session, env) = settings(config)?;
    let headers: Map<String, Value> =
        MEMBERS.iter().map(|(_, header, template)| ((*header).to_owned(), json!(template))).collect();
    let document = json!({
        "version": 1,
        "default": "session",
        "proxy": { "public-origin": ORIGIN },
        "session": { "x": session },
        "identity": { "headers": headers },
    });
    let (expect, request) = (case["expect"].clone(), request(case)?);
    let judge = Box::new(move |answer: &Answer| authenticated(&expect, answer));
    Ok(Put { policy: policy(&document, env), pages: Vec::new(), request, judge })
}

fn authenticated(expect: &Value, answer: &Answer) -> Verdict {
    let may = texts(expect.get("may"));
    let wanted = text(expect, "verdict");
    let detour = answer.status() == Some(307);
    let refused = matches!(answer.status(), Some(401));
    match wanted {
        // A development instance takes what a handshake brought, if only that nobody is signed in, and sends the browser to the
        // clean address.
        "accept" | "reject" if expect["location"].is_string() && detour => all([
            location(text(expect, "location"), answer),
            set_cookies(&expect["setCookie"], answer),
            no_store(answer),
        ]),
        // A pending session verifies, and counts as signed out.
        "accept" if expect["authSeesUser"].is_null() => {
            if refused {
                Verdict::Passed
            } else {
                super::judge(false, "a session that counts as signed out", answer)
            }
        }
        "accept" if answer.forwarded() => {
            all([member_list(&expect["identity"], answer), set_cookies(&expect["setCookie"], answer)])
        }
        "handshake" if detour => all([
            location(text(expect, "location"), answer),
            set_cookies(&expect["setCookie"], answer),
            no_store(answer),
            response_headers(&expect["responseHeaders"], answer),
        ]),
        "reject" | "error" if refused => response_headers(&expect["responseHeaders"], answer),
        _ if refused && may.iter().any(|m| m == "reject") => Verdict::Passed,
        _ if detour && may.iter().any(|m| m == "handshake") => Verdict::Passed,
        _ => super::judge(false, wanted, answer),
    }
}

/// The identity. Permissions and the actor are compared as what they are; claims that are no text are not filled in.
fn member_list(wanted: &Value, answer: &Answer) -> Verdict {
    let plain: Vec<(&str, &str)> =
        MEMBERS.iter().map(|(member, header, _)| (*member, *header)).filter(|(member, _)| *member != "actor").collect();
    let mut told = wanted.clone();
    if let Some(list) = wanted["orgPermissions"].as_array() {
        // A template writes a list with commas.
        let words: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        told["orgPermissions"] = json!(words.join(","));
    }
    identity(&told, &plain, answer)
}

/// `clerkMiddleware` with a handler that makes one call.
pub(super) fn middleware(document: &Value, case: &Value) -> Result<Put, String> {
    let rule = &case["rule"];
    let mut config = config(document, case).clone();
    for (key, value) in rule["options"].as_object().into_iter().flatten() {
        config[key] = value.clone();
    }
    let (session, env) = settings(&config)?;
    let mut sign_in = json!({
        "path": config["signInUrl"].as_str().ok_or("no `signInUrl`")?,
        "return-param": "redirect_url",
        // A handler protects whatever it is called for.
        "after": "/signed-in",
    });
    let route = route(rule, &config, &mut sign_in)?;
    let document = json!({
        "version": 1,
        "default": "deny",
        "presets": ["clerk"],
        "proxy": { "public-origin": ORIGIN },
        "session": { "x": session },
        "sign-in": sign_in,
        "route": [route],
    });
    let (expect, request) = (case["expect"].clone(), request(case)?);
    let base = request.clone();
    let judge = Box::new(move |answer: &Answer| decided(&expect, &base, answer));
    Ok(Put { policy: policy(&document, env), pages: Vec::new(), request, judge })
}

/// The call as a rule.
fn route(rule: &Value, config: &Value, sign_in: &mut Value) -> Result<Value, String> {
    let mut route = json!({ "id": "rule", "glob": "/**" });
    let given = rule["args"].as_array().map(Vec::as_slice).unwrap_or_default();
    match rule["call"].as_str() {
        None => route["require"] = json!("public"),
        Some("protect") => {
            let mut has = Map::new();
            for (key, value) in given.iter().filter_map(Value::as_object).flatten() {
                match (key.as_str(), value) {
                    ("role" | "permission" | "feature" | "plan", value) => drop(has.insert(key.clone(), value.clone())),
                    ("reverification", Value::Object(members)) => {
                        let own = |(name, value): (&String, &Value)| match name.as_str() {
                            "afterMinutes" => ("after-minutes".to_owned(), value.clone()),
                            other => (other.to_owned(), value.clone()),
                        };
                        has.insert(key.clone(), members.iter().map(own).collect());
                    }
                    ("reverification", value) => drop(has.insert(key.clone(), value.clone())),
                    ("unauthenticatedUrl", value) => route["on-anonymous"] = json!({ "redirect": value }),
                    ("unauthorizedUrl", value) => route["on-forbidden"] = json!({ "redirect": value }),
                    _ => return Err(format!("unknown argument `{key}` of protect")),
                }
            }
            route["require"] = if has.is_empty() { json!("session") } else { json!({ "clerk": has }) };
            if has.is_empty() && route.get("on-forbidden").is_some() {
                // Nobody who is signed in is refused: the key would have no effect.
                route.as_object_mut().map(|route| route.remove("on-forbidden"));
            }
        }
        Some("redirectToSignIn") => {
            route["require"] = json!("session");
            match given.first().and_then(|given| given.get("returnBackUrl")) {
                None => {}
                Some(Value::Null) => drop(sign_in.as_object_mut().map(|sign_in| sign_in.remove("return-param"))),
                Some(Value::String(back)) => {
                    let base = Url::parse(ORIGIN).map_err(|error| error.to_string())?;
                    let back = base.join(back).map_err(|error| error.to_string())?;
                    let page = base.join(text(config, "signInUrl")).map_err(|error| error.to_string())?;
                    let mut page = page;
                    page.query_pairs_mut().append_pair("redirect_url", back.as_str());
                    route["on-anonymous"] = json!({ "redirect": page.as_str() });
                }
                Some(other) => return Err(format!("unknown `returnBackUrl` {other}")),
            }
        }
        Some(other) => return Err(format!("no rule does what `{other}` does")),
    }
    Ok(route)
}

/// Configurations that cannot be loaded: what the package denies at each request, we say before the first one.
pub(super) fn refused_at_load(case: &Value) -> Option<&'static [&'static str]> {
    let arguments = case["rule"]["args"].as_array()?;
    let bad = |arguments: &Value| {
        let empty = |key: &str| arguments[key].as_str() == Some("");
        let texts = ["role", "permission", "feature", "plan"];
        let wrong = |key: &str| arguments.get(key).is_some_and(|value| !value.is_string());
        let scope = |key: &str| {
            let known = ["o", "org", "organization", "u", "user"];
            let scoped = arguments[key].as_str().and_then(|text| text.split_once(':'));
            scoped.is_some_and(|(scope, name)| !known.contains(&scope) || name.is_empty() || name.contains(':'))
        };
        texts.iter().any(|key| empty(key) || wrong(key))
            || scope("feature")
            || scope("plan")
            || arguments.get("reverification").is_some_and(|wanted| !is_reverification(wanted))
    };
    arguments.iter().any(bad).then_some(&["P102", "P103", "P106", "P109", "P111", "P444"])
}

fn is_reverification(wanted: &Value) -> bool {
    let level = wanted["level"].as_str().unwrap_or_default();
    match wanted {
        Value::String(name) => ["strict_mfa", "strict", "moderate", "lax"].contains(&name.as_str()),
        _ => {
            ["first_factor", "second_factor", "multi_factor"].contains(&level)
                && wanted["afterMinutes"].as_i64().is_some_and(|minutes| minutes > 0)
        }
    }
}

fn decided(expect: &Value, request: &Request, answer: &Answer) -> Verdict {
    let wanted = text(expect, "verdict");
    let status = expect["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    let as_wanted = match wanted {
        "pass" => answer.forwarded(),
        "redirect" | "handshake" => matches!(answer.status(), Some(307)),
        "not-found" => answer.status() == Some(404),
        "respond" => answer.status().is_some() && answer.status() == status,
        _ => false,
    };
    if !as_wanted {
        let may = texts(expect.get("may"));
        let other = (answer.status() == Some(404) && may.iter().any(|m| m == "not-found"))
            || (answer.status() == Some(307) && may.iter().any(|m| m == "redirect"))
            || (answer.status().is_some_and(|status| (400..500).contains(&status))
                && may.iter().any(|m| m == "reject"));
        return if other { Verdict::Passed } else { super::judge(false, wanted, answer) };
    }
    let place = match expect["location"].as_str() {
        Some(to) => location(&ours(to, request), answer),
        None => Verdict::Passed,
    };
    all([
        place,
        set_cookies(&expect["setCookie"], answer),
        forwarded_headers(&expect["forwardRequestHeaders"], answer),
        response_headers(&expect["responseHeaders"], answer),
    ])
}

/// The package believes `X-Forwarded-Host` whoever sends it: a spoofed one sends visitors to another site. We never do: where
/// a case has one, the address is judged with the configured origin in its place.
fn ours(to: &str, request: &Request) -> String {
    let line =
        |name: &str| values(&request.headers, name).first().map(|value| String::from_utf8_lossy(value).into_owned());
    let Some(host) = line("x-forwarded-host") else { return to.to_owned() };
    let host = host.split(',').next().unwrap_or_default().trim();
    let mut to = to.to_owned();
    for scheme in ["https", "http"] {
        let spoofed = format!("{scheme}://{host}");
        to = to.replace(&spoofed, ORIGIN);
        to = to.replace(&encoded(&spoofed), &encoded(ORIGIN));
    }
    to
}

fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn all<const N: usize>(verdicts: [Verdict; N]) -> Verdict {
    verdicts.into_iter().find(|verdict| !matches!(verdict, Verdict::Passed)).unwrap_or(Verdict::Passed)
}

/// The same origin and path, the same parameters; a parameter that is an address is compared as one.
fn location(wanted: &str, answer: &Answer) -> Verdict {
    let got = answer.reply_header("location").unwrap_or_default();
    let base = Url::parse(ORIGIN).and_then(|base| base.join(&got));
    match (taken_apart(wanted), base.ok().and_then(|url| taken_apart(url.as_str()))) {
        (Some(wanted), Some(got)) if wanted == got => Verdict::Passed,
        (wanted, _) => Verdict::Failed(format!("wanted to be sent to {wanted:?}, got {got}")),
    }
}

type Parts = (String, Vec<(String, String)>);

fn taken_apart(address: &str) -> Option<Parts> {
    let url = Url::parse(address).ok()?;
    let place = url[..url::Position::AfterPath].to_owned();
    let value = |text: &str| match Url::parse(text) {
        Ok(url) if url.has_host() => format!("{:?}", (&url[..url::Position::AfterPath], sorted(&url))),
        _ => text.to_owned(),
    };
    let pairs = sorted(&url).into_iter().map(|(name, text)| (name, value(&text))).collect();
    Some((place, pairs))
}

fn sorted(url: &Url) -> Vec<(String, String)> {
    let mut pairs: Vec<(String, String)> = url.query_pairs().map(|(n, v)| (n.into_owned(), v.into_owned())).collect();
    pairs.sort();
    pairs
}

/// `set-cookie` lines as they are; those of a request that went on are not seen by every engine.
fn set_cookies(wanted: &Value, answer: &Answer) -> Verdict {
    let Some(wanted) = wanted.as_array() else { return Verdict::Passed };
    let Outcome::Replied(_, lines) = &answer.outcome else { return Verdict::Passed };
    let got: Vec<String> =
        values(lines, "set-cookie").iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect();
    let same = wanted.iter().filter_map(Value::as_str).eq(got.iter().map(String::as_str));
    if same { Verdict::Passed } else { Verdict::Failed(format!("wanted the cookies {wanted:?}, got {got:?}")) }
}

fn no_store(answer: &Answer) -> Verdict {
    let control = answer.reply_header("cache-control").unwrap_or_default();
    let kept_out = control.split(',').any(|word| word.trim() == "no-store");
    if kept_out { Verdict::Passed } else { Verdict::Failed(format!("may be cached: `{control}`")) }
}

/// Headers of the answer: words as they are. A message is for people: its text is ours, but the same refusals have one, and it
/// ends with the same words for machines.
fn response_headers(wanted: &Value, answer: &Answer) -> Verdict {
    let Outcome::Replied(_, lines) = &answer.outcome else { return Verdict::Passed };
    for (name, wanted) in wanted.as_object().into_iter().flatten() {
        let got: Vec<String> =
            values(lines, name).iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect();
        let mut got: Vec<String> = got.join(", ").split(", ").map(str::to_owned).collect();
        let mut words: Vec<String> = wanted.as_str().unwrap_or_default().split(", ").map(str::to_owned).collect();
        if name == "x-clerk-auth-message" {
            (got, words) = (vec![for_machines(&got.join(", "))], vec![for_machines(&words.join(", "))]);
        }
        got.sort();
        words.sort();
        if got != words {
            return Verdict::Failed(format!("wanted the answer's header {name}: {words:?}, got {got:?}"));
        }
    }
    Verdict::Passed
}

/// What stands in parentheses at the end of a message, or whether there is one.
fn for_machines(message: &str) -> String {
    match message.rfind('(') {
        Some(at) => message[at..].to_owned(),
        None if message.is_empty() => "no message".to_owned(),
        None => "a message".to_owned(),
    }
}

/// Headers of the request that the app behind gets, member by member; an empty one is none.
fn forwarded_headers(wanted: &Value, answer: &Answer) -> Verdict {
    for (name, wanted) in wanted.as_object().into_iter().flatten() {
        let got = answer.upstream_header(name).unwrap_or_default();
        let wanted = wanted.as_str().unwrap_or_default();
        let same = match name.as_str() {
            "x-clerk-auth-message" => for_machines(&got) == for_machines(wanted),
            _ => got == wanted,
        };
        if !same {
            return Verdict::Failed(format!("wanted the request header {name} = `{wanted}`, got `{got}`"));
        }
    }
    Verdict::Passed
}
