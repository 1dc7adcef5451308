//! Complete configs of the kinds of sites that the gate is made for.

use super::*;
use crate::policy::{ClaimIs, Policy, Require, RespondBody, Test, Then};
use crate::request::CookieRule;
use crate::session::{Algorithm, Carrier, KeySource, KindSettings, PlainSettings};
use crate::supply::{Source, Text};

/// A Convex app: public but for what is listed.
pub(super) const GUIDE: &str = r#"#:schema ./portcullis.schema.json
version = 1
default = "public"                  # written out on purpose: there is no implied default

[proxy]
listen   = "127.0.0.1:8080"
upstream = "http://127.0.0.1:3000"

[sign-in]
path         = "/signin"
after        = "/product"
return-param = "next"

[session.convex]
kind     = "jwt-cookie"
cookie   = "__Host-__convexAuthJWT"
issuer   = "env:CONVEX_SITE_URL"
audience = "convex"

[[route]]
id      = "product"
pattern = "/product(.*)"
require = "session"

[tests]
cases = [
  "anonymous GET /                       => pass",
  "anonymous GET /product                => redirect /signin?next=%2Fproduct by product",
  "anonymous GET /product/7?tab=a        => redirect /signin?next=%2Fproduct%2F7%3Ftab%3Da by product",
  "anonymous GET /product/a%0Ab          => reject 400",
  "anonymous GET /product/7 [rsc]        => 401 by product",
  "anonymous POST /product/7 [fetch]     => 401 by product",
  "user      GET /product/7              => pass by product",
  "user      GET /signin                 => redirect /product by sign-in",
]
"#;

/// Old redirects, a maintenance switch, roles.
pub(super) const CMS: &str = r#"version = 1
default = "public"

[proxy]
listen   = "127.0.0.1:8080"
upstream = "http://127.0.0.1:3000"

[proxy.timeouts]
connect = "500ms"
response = "2m"

[proxy.limits]
body = "10MiB"
head = 65536

[sign-in]
path         = "/login"
return-param = "callbackUrl"
after        = "/dashboard"

[session.app]
kind     = "jwt-cookie"
cookie   = "session"
issuer   = "app"
audience = ["app", "env:OTHER_AUDIENCE"]
keys.secret = ["env:AUTH_SECRET", "file:old-secret"]

[roles]
editor = { claim = "role", in = ["editor", "admin"] }

[identity]
headers = { x-user-email = "{claim.email}" }
strip-session-cookie = true

[[guard]]
id      = "maintenance"
when    = "env:MAINTENANCE"
missing = [{ type = "cookie", key = "staff" }]
respond = { status = 503, file = "503.html", headers = { retry-after = "600" } }

[[route]]
id       = "old-urls"
pattern  = "/old/:slug*"
redirect = { to = "/new/:slug*", status = 308 }

[[route]]
id      = "dashboard"
pattern = "/dashboard/:path*"
require = "session"
request-headers = { set = { x-user-id = "{claim.sub}" } }
response-headers.set.cache-control = "no-store"
set-cookies = [{ name = "seen", value = "1", max-age = "30d", same-site = "strict" }]
clear-cookies = "__Host-old"

[[route]]
id      = "cms"
glob    = "/cms/**"
require = { role = "editor" }
on-forbidden = { rewrite = "/403", status = 403 }

[[route]]
id      = "api"
glob    = "/api/**"
except.glob = ["/api/auth/**", "/api/health"]
require = "session"
on-anonymous = { status = 401 }

[tests]
cases = [
  "anonymous GET /old/a/b               => redirect /new/a/b by old-urls",
  "user+editor GET /cms/posts           => pass by cms",
]
"#;

/// Machines with bearer tokens; nothing else exists.
pub(super) const API: &str = r#"version = 1
default = "deny"

[proxy]
upstream = "http://127.0.0.1:4000"
trusted-proxies = ["10.1.2.3/8", "::1"]
isolation = "request"
access-log = false

[bearer.api]
issuer     = "https://auth.example.com/"
audience   = "https://api.example.com"
algorithms = ["RS256", "ES256"]
leeway     = "30s"
max-age    = "1h"
typ        = "at+jwt"
required-claims = ["client_id"]

[roles]
batch = { claim = "kind", equals = "batch" }

[[route]]
id      = "health"
glob    = "/healthz"
methods = ["GET"]
require = "public"

[[route]]
id      = "read"
glob    = "/v1/**"
methods = ["GET", "HEAD"]
require = { bearer = "api", scope = "items:read" }

[[route]]
id      = "write"
glob    = "/v1/**"
methods = ["POST", "PUT", "PATCH", "DELETE"]
require = { all = [{ bearer = "api", scope = "items:write" }, { any = [{ role = "batch" }, { claim = "n", in = [1, true] }] }] }

[tests]
cases = [
  "anonymous GET /healthz               => pass by health",
  "bearer+items:read GET /v1/items      => pass by read",
  "anonymous GET /v2/items              => 404 by default",
]
"#;

/// Many tenants on many hosts.
pub(super) const TENANTS: &str = r#"version = 1
default = "session"

[proxy]
upstream = "http://127.0.0.1:3000"
upstreams = { static = "http://127.0.0.1:3001" }
public-origin = "https://apps.example.com"

[sign-in]
path         = "https://accounts.example.com/signin"
return-param = "return_to"
return-hosts = ["*.example.com", "tenants"]

[session.main]
kind   = "jwt-cookie"
cookie = "__Secure-session"
chunks = true
issuer = "https://accounts.example.com"
audience = "apps"

[tenants]
hosts = { "Shop.acme.test" = "acme" }

[[route]]
id      = "marketing"
host    = ["example.com", "www.example.com"]
glob    = "/**"
require = "public"
upstream = "static"

[[route]]
id      = "tenant-public"
host    = "{tenant}.example.com"
glob    = ["/", "/products/**"]
require = "public"
rewrite = "/t/{tenant}{path}"

[[route]]
id      = "tenant-app"
host    = ["{tenant}.example.com", "tenants"]
glob    = "/**"
require = { claim = "org.slug", equals = "{tenant}" }
rewrite = "/t/{tenant}{path}"
request-headers = { set = { x-tenant = "{tenant}" } }

[[route]]
glob    = "/t/**"
require = "deny"

[tests]
cases = [
  "anonymous GET //www.example.com/pricing    => pass by marketing",
  "user@acme GET //other.test/t/globex/orders => 404 by route-4",
]
"#;

pub(super) const ALL: [&str; 4] = [GUIDE, CMS, API, TENANTS];

fn loaded(text: &str) -> (Policy, Vec<Diagnostic>) {
    load(text, Format::Toml).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

#[test]
fn the_guide() {
    let (policy, findings) = loaded(GUIDE);
    assert_eq!(shown(GUIDE, &findings), []);
    assert_eq!(policy.rules, ["request", "default", "sign-in", "session", "product"]);
    assert_eq!(policy.default, Require::Public);
    assert_eq!(policy.routes[0].number, 4);
    assert!(matches!(policy.routes[0].then, Then::Require(Require::Session)));
    let sign_in = policy.sign_in.unwrap();
    assert_eq!((sign_in.to.as_str(), sign_in.after.as_str()), ("/signin", "/product"));
    assert_eq!(sign_in.rules.never, ["/signin", "/signout", "/sign-out", "/logout", "/api/auth"]);
    let KindSettings::Plain(PlainSettings { carriers, token: provider }) = &policy.providers[0].kind else { panic!() };
    assert_eq!(carriers, &[Carrier::Cookie(CookieRule::token("__Host-__convexAuthJWT", false))]);
    assert_eq!(provider.issuers, [Text::Need(0)]);
    assert_eq!(provider.keys, KeySource::Discovery);
    assert_eq!((provider.leeway, provider.max_age), (5, None));
    assert_eq!(policy.needs[0].source, Source::Env("CONVEX_SITE_URL".to_owned()));
    assert!(!policy.needs[0].secret);
    assert_eq!(policy.cases.len(), 8);
    let [only] = policy.proxy.upstreams.as_slice() else { panic!() };
    assert_eq!((only.name.as_str(), only.url.as_str(), only.external), ("default", "http://127.0.0.1:3000", false));
    assert!(policy.proxy.access_log);
}

#[test]
fn a_cms_with_guard_and_redirects() {
    let (policy, findings) = loaded(CMS);
    assert_eq!(shown(CMS, &findings), []);
    assert_eq!(policy.rules[4..], ["maintenance", "old-urls", "dashboard", "cms", "api"]);
    assert_eq!(policy.proxy.connect_timeout, Some(500));
    assert_eq!(policy.proxy.response_timeout, Some(120_000));
    assert_eq!((policy.proxy.max_body, policy.proxy.max_head), (Some(10 << 20), Some(65_536)));
    let needs: Vec<_> = policy.needs.iter().map(|n| (n.source.to_string(), n.secret, n.optional)).collect();
    let need = |name: &str, secret, optional| (name.to_owned(), secret, optional);
    assert_eq!(
        needs,
        [
            need("env:AUTH_SECRET", true, false),
            need("file:old-secret", true, false),
            need("env:OTHER_AUDIENCE", false, false),
            need("env:MAINTENANCE", false, true),
            need("file:503.html", false, false),
        ]
    );
    let guard = &policy.guards[0];
    assert_eq!(guard.matcher.when, Some(3));
    let Then::Respond(respond) = &guard.then else { panic!("{guard:?}") };
    assert_eq!((respond.status, respond.headers[0].name()), (503, "retry-after"));
    assert!(matches!(respond.body, RespondBody::File(4, "text/html; charset=utf-8")));
    let Then::Redirect { to, status: 308 } = &policy.routes[0].then else { panic!("{:?}", policy.routes[0]) };
    assert_eq!(to.params().collect::<Vec<_>>(), ["slug"]);
    assert_eq!(policy.routes[1].response_headers.len(), 3);
    assert_eq!(policy.routes[3].matcher.except.len(), 2);
    assert_eq!(policy.routes[3].on_anonymous.as_ref().unwrap().status, Some(401));
    assert_eq!(policy.routes[2].on_forbidden.as_ref().unwrap().rewrite.as_deref(), Some("/403"));
    assert!(policy.identity.strip_session_cookie);
}

#[test]
fn an_api() {
    let (policy, findings) = loaded(API);
    assert_eq!(shown(API, &findings), []);
    assert_eq!(policy.proxy.trusted_proxies, ["10.0.0.0/8", "::1/128"]);
    assert!(policy.proxy.isolate_requests && !policy.proxy.access_log);
    let KindSettings::Plain(PlainSettings { token: provider, .. }) = &policy.providers[0].kind else { panic!() };
    assert_eq!(provider.algorithms, [Algorithm::Rs256, Algorithm::Es256]);
    assert_eq!((provider.leeway, provider.max_age, provider.typ.as_deref()), (30, Some(3600), Some("at+jwt")));
    let Then::Require(Require::All(all)) = &policy.routes[2].then else { panic!() };
    assert_eq!(all[0], Require::Bearer { provider: 0, scopes: vec!["items:write".to_owned()] });
    // Beside a bearer leaf, roles and claims are those of that token.
    let Require::Any(any) = &all[1] else { panic!() };
    let [Require::Claim { bearer: Some(0), label, .. }, Require::Claim { bearer: Some(0), test, .. }] = any.as_slice()
    else {
        panic!("{any:?}")
    };
    assert_eq!(label, "role batch");
    let Test::Claim(test) = test else { panic!("{test:?}") };
    assert_eq!(test.is, ClaimIs::In(vec!["1".to_owned(), "true".to_owned()]));
}

#[test]
fn tenants() {
    let (policy, findings) = loaded(TENANTS);
    assert_eq!(shown(TENANTS, &findings), []);
    assert_eq!(policy.tenants, [("shop.acme.test".to_owned(), "acme".to_owned())]);
    assert_eq!(policy.routes[0].upstream, 1);
    assert_eq!(policy.rules[7], "route-4");
    let sign_in = policy.sign_in.unwrap();
    assert_eq!(sign_in.to, "https://accounts.example.com/signin");
    assert_eq!(sign_in.rules.origin.as_deref(), Some("https://apps.example.com"));
    assert_eq!((sign_in.rules.hosts.len(), sign_in.rules.tenants.len()), (2, 1));
    // A sign-in page elsewhere is no path of this site.
    assert_eq!(sign_in.rules.never, ["/signout", "/sign-out", "/logout", "/api/auth"]);
    let KindSettings::Plain(plain) = &policy.providers[0].kind else { panic!() };
    assert!(matches!(plain.carriers.as_slice(), [Carrier::Cookie(rule)] if rule.chunks.is_some()));
}

/// The same document in both forms gives the same policy, places and revision aside.
#[test]
fn json_is_the_same_document() {
    let json = r#"{
      // comments and trailing commas are fine
      "$schema": "./portcullis.schema.json",
      "version": 1,
      "default": "public",
      "proxy": { "listen": "127.0.0.1:8080", "upstream": "http://127.0.0.1:3000" },
      "sign-in": { "path": "/signin", "after": "/product", "return-param": "next" },
      "session": {
        "convex": {
          "kind": "jwt-cookie", "cookie": "__Host-__convexAuthJWT",
          "issuer": "env:CONVEX_SITE_URL", "audience": "convex",
        },
      },
      "route": [{ "id": "product", "pattern": "/product(.*)", "require": "session" }],
    }"#;
    let toml = &GUIDE[..GUIDE.find("[tests]").unwrap()];
    let form = |text: &str, format| {
        let (mut policy, findings) = load(text, format).unwrap_or_else(|findings| panic!("{findings:#?}"));
        policy.revision = 0;
        policy.needs.iter_mut().for_each(|need| need.span = Default::default());
        policy.providers.iter_mut().for_each(|provider| provider.span = Default::default());
        assert_eq!(shown(text, &findings), []);
        format!("{policy:?}")
    };
    assert_eq!(form(toml, Format::Toml), form(json, Format::Json));
}

#[test]
fn the_revision_is_that_of_the_text() {
    let smallest = "version = 1\ndefault = \"deny\"\n";
    let revision = |text: &str| loaded(text).0.revision;
    assert_eq!(revision(smallest), 10_332_670_806_709_075_135);
    assert_ne!(revision(smallest), revision(&format!("{smallest}\n")));
}

/// Every example of the reference page is valid once the head is there.
#[test]
fn documented_examples_load() {
    let head = "version = 1\ndefault = \"public\"\n";
    let page = super::super::reference();
    let mut count = 0;
    for example in page.split("```toml\n").skip(1) {
        let example = example.split("\n```").next().unwrap();
        let mut text = if example.starts_with("version") { String::new() } else { head.to_owned() };
        text.push_str(&example.replace("default = \"session\"", "default = \"deny\""));
        // Examples of rules use names that other tables define.
        if !text.contains("[session.") {
            text.push_str("\n[session.other]\nkind = \"jwt-cookie\"\ncookie = \"s\"\nissuer = \"https://a.test\"\naudience = \"a\"");
        }
        if !text.contains("[roles]") {
            text.push_str("\n[roles]\nadmin = { claim = \"groups\", has = \"admins\" }\n");
        }
        if text.contains("by admin") {
            text.push_str("\n[[route]]\nid = \"admin\"\nglob = \"/admin/**\"\nrequire = \"session\"\n");
        }
        if let Err(findings) = load(&text, Format::Toml) {
            panic!("{text}\n{:?}\n{findings:#?}", shown(&text, &findings));
        }
        count += 1;
    }
    assert!(count > 20);
}

/// What keeps somebody out is read generously, what lets in exactly; exceptions the other way round.
#[test]
fn spelling_never_opens_a_door() {
    let route = |keys: &str| {
        let text = format!("version = 1\ndefault = \"deny\"\n[[route]]\n{keys}\n");
        let (mut policy, _) = loaded(&text);
        (policy.routes.remove(0), policy.patterns)
    };
    let takes = |patterns: &crate::pattern::PatternSet, path: &str| patterns.get(0).unwrap().is_match(path);
    let (rule, closed) = route("glob = \"/admin/**\"\nexcept.glob = \"/admin/open\"\nrequire = \"deny\"");
    assert!(takes(&closed, "/admin") && takes(&closed, "/ADMIN/x"));
    assert!(rule.matcher.except[0].is_match("/admin/open") && !rule.matcher.except[0].is_match("/admin/OPEN"));
    let (rule, open) = route("glob = \"/admin/**\"\nexcept.glob = \"/admin/shut\"\nrequire = \"public\"");
    assert!(takes(&open, "/admin/x") && !takes(&open, "/ADMIN/x"));
    assert!(rule.matcher.except[0].is_match("/admin/SHUT"));
    let (_, gone) = route("glob = \"/x/**\"\nrespond = { status = 410 }");
    assert!(takes(&gone, "/X/y"));
    let (_, js) = route("pattern = \"/x(.*)\"\ncompat = \"js\"\nrequire = \"public\"");
    assert!(takes(&js, "/X/y") && !takes(&js, "/x/a\nb"));
}
