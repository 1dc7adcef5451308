//! Mistakes: each is found, has its code, and underlines the very text.

use super::*;

/// A site with one session, one bearer provider, one role.
const SITE: &str = r#"version = 1
default = "public"
[proxy]
upstream = "http://127.0.0.1:3000"
upstreams = { static = "http://127.0.0.1:3001" }
[sign-in]
path = "/signin"
[session.main]
kind = "jwt-cookie"
cookie = "session"
issuer = "https://login.example.com"
audience = "app"
[bearer.api]
issuer = "https://login.example.com"
audience = "api"
[roles]
admin = { claim = "groups", has = "admins" }
"#;

/// What is found in `text` as it stands.
#[track_caller]
pub(super) fn whole(text: &str, expected: &[(&str, &str)]) -> Vec<Diagnostic> {
    let findings = findings(text, Format::Toml);
    findings.iter().for_each(well_worded);
    assert_eq!(shown(text, &findings), expected, "{text}\n{findings:#?}");
    findings
}

/// What is found in the site with `more` added.
#[track_caller]
fn site(more: &str, expected: &[(&str, &str)]) -> Vec<Diagnostic> {
    whole(&format!("{SITE}{more}"), expected)
}

/// A route of the site with these keys.
#[track_caller]
fn route(keys: &str, expected: &[(&str, &str)]) -> Vec<Diagnostic> {
    site(&format!("[[route]]\n{keys}\n"), expected)
}

/// A session table with these keys, in a config of its own.
#[track_caller]
fn session(keys: &str, expected: &[(&str, &str)]) -> Vec<Diagnostic> {
    whole(&format!("version = 1\ndefault = \"deny\"\n[session.s]\nkind = \"jwt-cookie\"\n{keys}\n"), expected)
}

/// A proxy table with these keys.
#[track_caller]
fn proxy(keys: &str, expected: &[(&str, &str)]) -> Vec<Diagnostic> {
    whole(&format!("version = 1\ndefault = \"deny\"\n[proxy]\n{keys}\n"), expected)
}

pub(super) fn help(findings: &[Diagnostic]) -> &str {
    findings[0].help.as_deref().unwrap_or_default()
}

#[test]
fn the_site_itself_is_fine() {
    site("", &[]);
}

#[test]
fn documents() {
    let empty = whole("", &[("P003", "")]);
    assert!(help(&empty).contains("`version = 1`"), "{empty:?}");
    whole("# nothing\n", &[("P003", "")]);
    assert_eq!(shown("{}", &findings("{}", Format::Json)), [("P003", "")]);
    assert_eq!(shown("", &findings("", Format::Json)), [("P003", "")]);
    assert_eq!(shown("[1]", &findings("[1]", Format::Json)), [("P006", "[1]")]);
    let json = "{\"version\": 1, \"default\": deny}";
    assert_eq!(shown(json, &findings(json, Format::Json)), [("P002", "deny")]);
    let json = "{\"version\": 1, \"default\": \"deny\", \"version\": 1}";
    assert_eq!(shown(json, &findings(json, Format::Json)), [("P005", "\"version\"")]);
    let large = format!("{SITE}#{}", "x".repeat(1024 * 1024));
    whole(&large, &[("P001", "")]);
}

#[test]
fn half_written_files_say_where_they_end() {
    whole("version = 1\ndefault = ", &[("P002", "")]);
    whole("version = 1\ndefault = \"public\n", &[("P002", "")]);
    whole("version = 1\ndefault = \"deny\"\n[[route]]\nglob\n", &[("P002", "")]);
    whole("version = 1\ndefault = \"deny\"\ndefault = \"public\"\n", &[("P005", "default")]);
}

#[test]
fn what_can_be_read_is_checked_all_the_same() {
    whole(
        "version = 1\ndefault = \"open\"\n[proxy]\nlisten = 1\nupstream = \n",
        &[("P106", "\"open\""), ("P102", "1"), ("P002", "")],
    );
}

#[test]
fn versions_and_defaults() {
    let findings = whole("version = 1\n[proxy]\n", &[("P104", "")]);
    assert!(findings[0].message.contains("no implied"));
    whole("default = \"deny\"\n", &[("P103", "")]);
    whole("version = 2\ndefault = \"deny\"\n", &[("P105", "2")]);
    whole("version = \"1\"\ndefault = \"deny\"\n", &[("P102", "\"1\"")]);
    let findings = whole("version = 1\ndefault = \"publik\"\n", &[("P106", "\"publik\"")]);
    assert_eq!(help(&findings), "did you mean `public`?");
    whole("version = 1\ndefault = \"session\"\n", &[("P305", "\"session\"")]);
    let presets = "[\"clerk\", \"convex\"]";
    whole(&format!("version = 1\npresets = {presets}\ndefault = \"deny\"\n"), &[("P331", presets)]);
}

#[test]
fn webhooks() {
    let hook = |keys: &str, expected: &[(&str, &str)]| {
        site(
            &format!("[webhook.clerk]\n{keys}\n[[route]]\nglob = \"/h\"\nrequire = {{ webhook = \"clerk\" }}\n"),
            expected,
        )
    };
    let good = "scheme = \"svix\"\nsecret = \"env:S\"\n";
    hook(good, &[]);
    hook("secret = \"env:S\"", &[("P103", "[webhook.clerk]")]);
    hook("scheme = \"github\"\nsecret = \"env:S\"", &[("P106", "\"github\"")]);
    let literal = hook("scheme = \"svix\"\nsecret = \"whsec_hunter2\"", &[("P443", "\"whsec_hunter2\"")]);
    assert!(!format!("{literal:?}").contains("hunter2"));
    hook(&format!("{good}max-body = \"2MiB\""), &[("P109", "\"2MiB\"")]);
    hook(&format!("{good}tolerance = \"2h\""), &[("P109", "\"2h\"")]);
    let findings = route("glob = \"/h\"\nrequire = { webhook = \"clrk\" }", &[("P463", "\"clrk\"")]);
    assert_eq!(help(&findings), "this config has no `[webhook.NAME]`");
    route("glob = \"/h\"\nrequire = { webhook = \"a\", scope = \"x\" }", &[("P463", "\"a\""), ("P314", "scope")]);
}

#[test]
fn issuers_that_are_known_by_a_name() {
    let table = |title: &str, keys: &str, expected: &[(&str, &str)]| {
        whole(&format!("version = 1\ndefault = \"deny\"\n[{title}]\n{keys}\n"), expected)
    };
    let session = |keys: &str, expected: &[(&str, &str)]| table("session.s", keys, expected);
    session("kind = \"cloudflare-access\"\nteam = \"acme\"\naudience = \"tag\"", &[]);
    session("kind = \"cloudflare-access\"\nteam = \"acme\"", &[("P103", "[session.s]")]);
    let url = "\"acme.cloudflareaccess.com\"";
    session(&format!("kind = \"cloudflare-access\"\nteam = {url}\naudience = \"tag\""), &[("P466", url)]);
    session(
        "kind = \"cloudflare-access\"\nteam = \"env:T\"\naudience = \"env:A\"\nheader = \"a b\"",
        &[("P316", "\"a b\"")],
    );
    session("kind = \"firebase\"\nproject = \"env:P\"\ntoken = \"id\"", &[]);
    session("kind = \"firebase\"\nproject = \"a/b\"", &[("P466", "\"a/b\"")]);
    session("kind = \"firebase\"\nproject = \"p\"\ntoken = \"access\"", &[("P106", "\"access\"")]);

    let convex = |keys: &str, expected: &[(&str, &str)]| session(&format!("kind = \"convex-auth\"\n{keys}"), expected);
    convex("site-url = \"env:CONVEX_SITE_URL\"\ncookie-prefix = \"\"", &[]);
    let own = "issuer = \"https://a.test\"\nkeys.jwks-url = \"https://a.test/k\"";
    convex(&format!("{own}\nconvex-url = \"http://127.0.0.1:3210\""), &[]);
    convex(&format!("{own}\nrenew = false"), &[]);
    convex(own, &[("P467", "[session.s]")]);
    convex("site-url = \"https://a.test\"", &[("P467", "[session.s]")]);
    convex("site-url = \"https://otter-1.eu.convex.site/\"", &[]);
    convex("deployment = \"otter-1\"\nconvex-url = \"http://a.test\"", &[("P467", "\"http://a.test\"")]);
    convex("deployment = \"otter-1\"\nrenew = false\ntimeout = \"1s\"", &[("P326", "timeout")]);
    let otter = |keys: &str, expected: &[(&str, &str)]| convex(&format!("deployment = \"otter-1\"\n{keys}"), expected);
    otter("max-age = \"30d\"\ncode-paths = [\"/((?!slack).*)\"]\nrefresh-margin = \"0s\"", &[]);
    otter("max-age = \"0s\"", &[("P109", "\"0s\"")]);
    otter("timeout = \"999ms\"", &[("P109", "\"999ms\"")]);
    otter("code-paths = \"/a/**\"", &[("P202", "\"/a/**\"")]);
    otter("action-path = \"api/auth\"", &[("P210", "\"api/auth\"")]);
    otter("sign-in-action = \"signIn\"", &[("P470", "\"signIn\"")]);
    otter("refresh-action = \"a:b\"\nrefresh-mutation = \"a:c\"", &[("P469", "refresh-mutation")]);
    otter("preset = \"2.0-alpha\"", &[("P468", "\"2.0-alpha\"")]);
    let lan = |keys: &str, expected: &[(&str, &str)]| {
        otter(&format!("{keys}\n[proxy]\npublic-origin = \"http://10.0.0.1:3000\""), expected)
    };
    lan("", &[("P319", "[session.s]")]);
    lan("cookie-prefix = \"\"", &[]);
    otter("[proxy]\npublic-origin = \"http://localhost:3000\"", &[]);
    otter("preset = \"1.0\"", &[("P106", "\"1.0\"")]);
    convex("", &[("P464", "[session.s]")]);
    convex("site-url = \"https://a.test\"\ndeployment = \"otter-1\"", &[("P464", "deployment")]);
    convex("deployment = \"otter-1.convex.site\"", &[("P466", "\"otter-1.convex.site\"")]);
    convex("site-url = \"http://a.test\"", &[("P466", "\"http://a.test\"")]);
    convex("deployment = \"dev:otter-1\"\ncookie = \"a b\"", &[("P431", "\"a b\"")]);

    let bearer =
        |keys: &str, expected: &[(&str, &str)]| table("bearer.b", &format!("kind = \"convex\"\n{keys}"), expected);
    bearer("domain = \"tenant.auth0.com\"\napplication-id = \"x\"", &[]);
    bearer("domain = \"tenant.auth0.com\"", &[("P103", "[bearer.b]")]);
    bearer("domain = \"good@evil.test\"\napplication-id = \"x\"", &[("P466", "\"good@evil.test\"")]);
    bearer("domain = \"a.test\"\napplication-id = \"x\"\njwks = \"https://a.test/k\"", &[("P465", "jwks")]);
    let custom = "type = \"custom-jwt\"\nissuer = \"https://a.test\"\n";
    bearer(&format!("{custom}jwks = \"https://a.test/k\"\napplication-id = \"x\""), &[]);
    bearer(&format!("{custom}jwks = \"data:,%7B%22keys%22:[]%7D\"\napplication-id = \"x\""), &[]);
    bearer(&format!("{custom}jwks = \"https://a.test/k\""), &[("P442", "[bearer.b]")]);
    bearer(&format!("{custom}application-id = \"x\""), &[("P103", "[bearer.b]")]);
    bearer(&format!("{custom}jwks = \"http://a.test/k\"\napplication-id = \"x\""), &[("P439", "\"http://a.test/k\"")]);
    let findings = bearer(
        &format!("{custom}jwks = \"https://a.test/k\"\napplicationID = \"x\""),
        &[("P442", "[bearer.b]"), ("P101", "applicationID")],
    );
    assert!(help(&findings[1..]).contains("`application-id`"));
}

#[test]
fn unknown_keys() {
    assert_eq!(
        help(&route("glob = \"/a\"\nrequires = \"deny\"", &[("P307", "[[route]]"), ("P101", "requires")])[1..]),
        "did you mean `require`?"
    );
    let findings = route("path = \"/a/**\"\nrequire = \"deny\"", &[("P306", "[[route]]"), ("P101", "path")]);
    assert!(help(&findings[1..]).contains("`glob`"));
    site("[[route]]\nglob = \"/a/**\"\nrequire = \"deny\"\nexcept.globb = \"/a/b\"\n", &[("P101", "globb")]);
    for key in ["[hooks.a]", "[cors]", "[routes]"] {
        let name = key.trim_matches(['[', ']']).split([' ', '.']).next().unwrap();
        whole(&format!("version = 1\ndefault = \"deny\"\n{key}\n"), &[("P101", name)]);
    }
    whole(
        "version = 1\ndefault = \"deny\"\n[[guard]]\nlimit = { key = \"client.ip\" }\nrequire = \"deny\"",
        &[("P101", "limit")],
    );
    let findings = proxy("Public_Origin = \"https://a.test\"", &[("P101", "Public_Origin")]);
    assert_eq!(help(&findings), "did you mean `public-origin`?");
}

#[test]
fn kinds_of_values() {
    proxy("access-log = \"yes\"", &[("P102", "\"yes\"")]);
    proxy("workers = 0", &[("P109", "0")]);
    proxy("workers = 99999999999999999999", &[("P109", "99999999999999999999"), ("P102", "99999999999999999999")]);
    proxy(
        "timeouts = { connect = \"5\", head = \"5 s\", idle = 5 }",
        &[("P107", "\"5\""), ("P107", "\"5 s\""), ("P102", "5")],
    );
    proxy("timeouts.grace = \"48h\"", &[("P109", "\"48h\"")]);
    proxy("limits = { body = \"10MB\", head = -1 }", &[("P108", "\"10MB\""), ("P109", "-1")]);
    proxy("isolation = \"none\"", &[("P106", "\"none\"")]);
    route("glob = [\"/a\", 5]\nrequire = \"deny\"", &[("P102", "5")]);
    route("glob = []\nrequire = \"deny\"", &[("P111", "[]")]);
    route("glob = [\"\"]\nrequire = \"deny\"", &[("P111", "\"\"")]);
    site("[route]\nglob = \"/a/**\"\nrequire = \"deny\"", &[("P102", "[route]")]);
    site("[roles.\"a b\"]\nclaim = \"x\"", &[("P110", "\"a b\"")]);
    whole("version = 1\ndefault = \"deny\"\n[roles]\n\"a b\" = { claim = \"x\" }", &[("P110", "\"a b\"")]);
}

#[test]
fn patterns() {
    route("glob = \"/product(.*)\"\nrequire = \"session\"", &[("P202", "\"/product(.*)\"")]);
    route("glob = \"admin/**\"\nrequire = \"session\"", &[("P210", "\"admin/**\"")]);
    route("regex = \"admin/.*\"\nrequire = \"session\"", &[("P210", "\"admin/.*\"")]);
    route(
        "glob = \"/a/**\"\nmethods = [\"get\", \"G T\"]\nrequire = \"deny\"",
        &[("P211", "\"get\""), ("P211", "\"G T\"")],
    );
}

#[test]
fn broken_patterns_are_underlined_at_the_very_place() {
    route("pattern = \"/a/(b\"\nrequire = \"deny\"", &[("P203", "(")]);
    route("pattern = '/\\d/:x(a'\nrequire = \"deny\"", &[("P203", "(")]);
    route("pattern = \"/\\\\d/:x(a\"\nrequire = \"deny\"", &[("P203", "(")]);
    route("glob = \"/a/[b\"\nrequire = \"deny\"", &[("P204", "/a/[b")]);
    route("regex = '/a/(?=b)'\nrequire = \"deny\"", &[("P205", "(")]);
    route("regex = '/(a)/\\1'\nrequire = \"deny\"", &[("P205", "\\")]);
    route("has = [{ type = \"header\", key = \"a\", value = \"(\" }]\nrequire = \"deny\"", &[("P205", "")]);
    route("glob = \"/a/**\"\nexcept.pattern = \"/a/(\"\nrequire = \"deny\"", &[("P203", "(")]);
    route("pattern = \"/a/**\"\nrequire = \"deny\"", &[("P202", "\"/a/**\"")]);
    route("glob = \"/a/**\"\nhost = \"https://a.test/x\"\nrequire = \"deny\"", &[("P207", "\"https://a.test/x\"")]);
}

#[test]
fn conditions() {
    route("has = [{ type = \"headr\", key = \"a\" }]\nrequire = \"deny\"", &[("P106", "\"headr\"")]);
    route("has = [{ type = \"header\" }]\nrequire = \"deny\"", &[("P208", "{ type = \"header\" }")]);
    route("missing = [{ type = \"host\", key = \"a\" }]\nrequire = \"deny\"", &[("P208", "\"a\"")]);
    route("has = [{ type = \"header\", key = \"a b\" }]\nrequire = \"deny\"", &[("P316", "\"a b\"")]);
    route("has = { type = \"host\" }\nrequire = \"deny\"", &[("P102", "{ type = \"host\" }")]);
    route("glob = \"/a/**\"\nhost = \"tenants\"\nrequire = \"deny\"", &[("P324", "\"tenants\"")]);
    route("glob = \"/a/**\"\nwhen = \"MAINTENANCE\"\nrequire = \"deny\"", &[("P327", "\"MAINTENANCE\"")]);
    route("glob = \"/a/**\"\nwhen = \"env:A-B\"\nrequire = \"deny\"", &[("P437", "\"env:A-B\"")]);
}

#[test]
fn templates() {
    route("pattern = \"/old/:slug*\"\nredirect = \"/new/:slugs*\"", &[("P212", ":slugs")]);
    route("glob = \"/a/**\"\nredirect = \"/new/{path\"", &[("P206", "{")]);
    route(
        "glob = \"/a/**\"\nrequire = \"session\"\nrequest-headers.set.x-user = \"\\u0041{claim.sub\"",
        &[("P206", "{")],
    );
    route(
        "glob = \"/a/**\"\nrequire = \"public\"\nrequest-headers.set.x-user = \"{claim.sub}\"",
        &[("P214", "[[route]]")],
    );
}

#[test]
fn what_rules_do() {
    route("require = \"deny\"", &[("P306", "[[route]]")]);
    route("glob = \"/a/**\"", &[("P307", "[[route]]")]);
    route("glob = \"/a/**\"\nredirect = \"/b\"\nrequire = \"deny\"", &[("P308", "require")]);
    route("glob = \"/a/**\"\nrewrite = \"/b\"", &[("P309", "rewrite")]);
    route("glob = \"/a/**\"\nrequire = \"public\"\nrewrite = \"https://b.test\"", &[("P210", "\"https://b.test\"")]);
    route("glob = \"/a/**\"\nrequire = \"public\"\nupstream = \"statik\"", &[("P304", "\"statik\"")]);
    site("[[guard]]\nglob = \"/a/**\"\n", &[("P307", "[[guard]]")]);
    site("[[guard]]\nglob = \"/a/**\"\nrequire = \"deny\"\nupstream = \"static\"", &[("P101", "upstream")]);
    let two = "[[route]]\nid = \"a\"\nglob = \"/a/**\"\nrequire = \"deny\"\n[[route]]\nid = \"a\"\nglob = \"/b/**\"\nrequire = \"deny\"\n";
    let findings = site(two, &[("P301", "\"a\"")]);
    assert_eq!(findings[0].labels.len(), 2);
    route("id = \"default\"\nglob = \"/a/**\"\nrequire = \"deny\"", &[("P301", "\"default\"")]);
    route("id = \"a b\"\nglob = \"/a/**\"\nrequire = \"deny\"", &[("P110", "\"a b\"")]);
}

#[test]
fn who_may_pass() {
    let findings = route("glob = \"/a/**\"\nrequire = { role = \"admn\" }", &[("P302", "\"admn\"")]);
    assert_eq!(help(&findings), "did you mean `admin`?");
    route("glob = \"/a/**\"\nrequire = { bearer = \"ap\", scope = \"x\" }", &[("P303", "\"ap\"")]);
    route("glob = \"/a/**\"\nrequire = \"sesion\"", &[("P106", "\"sesion\"")]);
    route("glob = \"/a/**\"\nrequire = {}", &[("P314", "{}")]);
    route("glob = \"/a/**\"\nrequire = { role = \"admin\", bearer = \"api\" }", &[("P314", "bearer")]);
    route("glob = \"/a/**\"\nrequire = { role = \"admin\", scope = \"x\" }", &[("P314", "scope")]);
    route("glob = \"/a/**\"\nrequire = { claim = \"x\", equals = \"a\", has = \"b\" }", &[("P314", "has")]);
    route("glob = \"/a/**\"\nrequire = { any = [] }", &[("P111", "[]")]);
    route(
        "glob = \"/a/**\"\nrequire = { any = [{ role = \"x\" }, \"sess\", { bearer = \"y\" }] }",
        &[("P302", "\"x\""), ("P106", "\"sess\""), ("P303", "\"y\"")],
    );
    let text = "version = 1\ndefault = \"deny\"\n[roles]\na = { claim = \"x\" }\n[[route]]\nglob = \"/a/**\"\nrequire = { role = \"a\" }\n";
    whole(text, &[("P305", "\"a\"")]);
    let bearers = "[bearer.b]\nissuer = \"https://b.test\"\naudience = \"b\"\n";
    let both = "[[route]]\nglob = \"/a/**\"\nrequire = { all = [{ bearer = \"api\" }, { bearer = \"b\" }] }\n";
    site(&format!("{bearers}{both}"), &[("P315", "\"b\"")]);
    whole(
        "version = 1\ndefault = \"deny\"\n[roles]\na = { claim = \"x\", in = [\"a\"], equals = \"b\" }\n",
        &[("P314", "in")],
    );
}

#[test]
fn answers() {
    route("glob = \"/a/**\"\nredirect = { to = \"/b\", status = 304 }", &[("P321", "304")]);
    route("glob = \"/a/**\"\nredirect = { to = \"/b\", status = 200 }", &[("P109", "200")]);
    route("glob = \"/a/**\"\nredirect = \"//evil.test\"", &[("P322", "\"//evil.test\"")]);
    route("glob = \"/a/**\"\nredirect = \"javascript:alert(1)\"", &[("P322", "\"javascript:alert(1)\"")]);
    route("glob = \"/a\"\nredirect = \"/a?x=1\"", &[("P313", "\"/a?x=1\"")]);
    site("[[guard]]\nwhen = \"env:M\"\nredirect = \"/maintenance\"", &[("P313", "\"/maintenance\"")]);
    route("glob = \"/a/**\"\nrespond = { status = 700 }", &[("P109", "700")]);
    route("glob = \"/a/**\"\nrespond = { body = \"x\" }", &[("P103", "{ body = \"x\" }")]);
    route("glob = \"/a/**\"\nrespond = { status = 200, body = \"x\", file = \"y\" }", &[("P328", "file")]);
    route("glob = \"/a/**\"\nrespond = { status = 204, body = \"x\" }", &[("P321", "{ status = 204, body = \"x\" }")]);
    route("glob = \"/a/**\"\nrequire = \"session\"\non-anonymous = {}", &[("P325", "{}")]);
    route(
        "glob = \"/a/**\"\nrequire = \"session\"\non-anonymous = { redirect = \"/b\", rewrite = \"/c\" }",
        &[("P325", "{ redirect = \"/b\", rewrite = \"/c\" }")],
    );
    route("glob = \"/a/**\"\nrequire = \"session\"\non-forbidden = { status = 302 }", &[("P321", "302")]);
    route("glob = \"/a/**\"\nrequire = \"public\"\non-anonymous = { status = 401 }", &[("P326", "on-anonymous")]);
}

#[test]
fn headers_and_cookies() {
    route("glob = \"/a/**\"\nrequire = \"public\"\nrequest-headers.set.Host = \"x\"", &[("P316", "Host")]);
    route(
        "glob = \"/a/**\"\nrequire = \"public\"\nrequest-headers.remove = [\"transfer-encoding\", \"x y\"]",
        &[("P316", "\"transfer-encoding\""), ("P316", "\"x y\"")],
    );
    route(
        "glob = \"/a/**\"\nrequire = \"public\"\nresponse-headers.set.x-a = \"a\\r\\nset-cookie: b\"",
        &[("P317", "\"a\\r\\nset-cookie: b\"")],
    );
    route("glob = \"/a/**\"\nrespond = { status = 200, headers = { x-a = \" a\" } }", &[("P317", "\" a\"")]);
    route(
        "glob = \"/a/**\"\nrequire = \"session\"\nrequest-headers.set.authorization = \"{claim.key}\"",
        &[("P318", "authorization")],
    );
    let cookie = |cookie: &str| format!("glob = \"/a/**\"\nrequire = \"public\"\nset-cookies = [{cookie}]");
    route(&cookie("{ name = \"a\", value = \"b;c\" }"), &[("P319", "\"b;c\"")]);
    route(&cookie("{ name = \"a b\", value = \"c\" }"), &[("P319", "\"a b\"")]);
    let broken = "{ name = \"__Host-a\", value = \"\", path = \"/x\" }";
    route(&cookie(broken), &[("P319", broken)]);
    let broken = "{ name = \"a\", value = \"b\", same-site = \"none\", secure = false }";
    route(&cookie(broken), &[("P319", broken)]);
    route("glob = \"/a/**\"\nrequire = \"public\"\nclear-cookies = [\"a=b\"]", &[("P319", "\"a=b\"")]);
    whole(
        "version = 1\ndefault = \"deny\"\n[identity]\nheaders = { x-user = \"{claim.sub}\" }\n",
        &[("P326", "[identity]")],
    );
    site("[identity]\nheaders = { connection = \"{claim.sub}\" }\n", &[("P316", "connection")]);
}

#[test]
fn sessions_and_keys() {
    let good = "cookie = \"s\"\nissuer = \"https://a.test\"\naudience = \"a\"\n";
    session(good, &[]);
    whole(
        "version = 1\ndefault = \"deny\"\n[session.s]\nkind = \"klerk\"\ncookie = \"s\"\nissuer = \"https://a.test\"\naudience = \"a\"",
        &[("P106", "\"klerk\"")],
    );
    session("issuer = \"https://a.test\"\naudience = \"a\"", &[("P103", "[session.s]")]);
    session("cookie = \"a b\"\nissuer = \"https://a.test\"\naudience = \"a\"", &[("P431", "\"a b\"")]);
    session("cookie = \"s\"\naudience = \"a\"", &[("P434", "[session.s]")]);
    session("cookie = \"s\"\nissuer = \"app\"\naudience = \"a\"", &[("P435", "\"app\"")]);
    session("cookie = \"s\"\nissuer = \"http://a.test\"\naudience = \"a\"", &[("P435", "\"http://a.test\"")]);
    session("cookie = \"s\"\nissuer = \"http://127.0.0.1:3210\"\naudience = \"a\"", &[]);
    session("cookie = \"s\"\nissuer = \"https://a.test\"", &[("P442", "[session.s]")]);
    session(&format!("{good}leeway = \"10m\""), &[("P109", "\"10m\"")]);
    session(
        &format!("{good}algorithms = [\"RS256\", \"none\", \"rs512\"]"),
        &[("P436", "\"none\""), ("P436", "\"rs512\"")],
    );
    session(&format!("{good}algorithms = [\"HS256\"]"), &[("P433", "\"HS256\"")]);
    session(&format!("{good}algorithms = [\"RS256\"]\nkeys.secret = \"env:S\""), &[("P433", "\"RS256\"")]);
    let literal = session(&format!("{good}keys.secret = [\"env:S\", \"hunter2\"]"), &[("P443", "\"hunter2\"")]);
    assert!(!format!("{:?}", literal[0].message).contains("hunter2"));
    session(&format!("{good}keys.secret = \"env:\""), &[("P437", "\"env:\"")]);
    session(
        &format!("{good}keys = {{ secret = \"env:S\", jwks-url = \"https://a.test/keys\" }}"),
        &[("P432", "jwks-url")],
    );
    session(&format!("{good}keys = {{}}"), &[("P111", "{}")]);
    session(&format!("{good}keys.jwks-url = \"http://a.test/keys\""), &[("P439", "\"http://a.test/keys\"")]);
    session(&format!("{good}keys.pem = \"-----BEGIN PUBLIC KEY-----\""), &[("P438", "\"-----BEGIN PUBLIC KEY-----\"")]);
    session(&format!("{good}keys.jwks = \"[]\""), &[("P440", "\"[]\"")]);
    session(
        &format!("{good}keys.jwks = {{ keys = [{{ kty = \"oct\", k = \"AAAA\" }}] }}"),
        &[("P441", "{ keys = [{ kty = \"oct\", k = \"AAAA\" }] }")],
    );
    session(&format!("{good}keys.jwks = {{ keys = [{{ kty = \"OKP\", crv = \"Ed25519\", x = \"AA\" }}] }}"), &[]);
    session(&format!("{good}jwks-url = \"https://a.test\""), &[("P101", "jwks-url")]);
}

#[test]
fn sign_in_and_tenants() {
    let head = "version = 1\ndefault = \"deny\"\n";
    whole(&format!("{head}[sign-in]\npath = \"signin\"\n"), &[("P322", "\"signin\"")]);
    whole(&format!("{head}[sign-in]\npath = \"http://a.test/\"\n"), &[("P322", "\"http://a.test/\"")]);
    whole(&format!("{head}[sign-in]\npath = \"/a\"\nafter = \"/a\"\n"), &[("P313", "\"/a\"")]);
    whole(
        &format!(
            "{head}[sign-in]\npath = \"/a\"\nafter = \"https://b.test\"\nreturn-param = \"a b\"\nnever-return = \"b\"\n"
        ),
        &[("P210", "\"https://b.test\""), ("P330", "\"a b\""), ("P210", "\"b\"")],
    );
    whole(&format!("{head}[sign-in]\npath = \"/a\"\nreturn-hosts = \"tenants\"\n"), &[("P324", "\"tenants\"")]);
    whole(
        &format!("{head}[tenants]\nhosts = {{ \"a.test\" = \"a\", \"A.test\" = \"b\" }}\n"),
        &[("P323", "\"A.test\"")],
    );
    whole(
        &format!("{head}[tenants]\nhosts = {{ \"a.test/x\" = \"a\", \"b.test\" = \"../b\" }}\n"),
        &[("P207", "\"a.test/x\""), ("P329", "\"../b\"")],
    );
}

#[test]
fn the_proxy() {
    let findings = proxy("listen = \"8080\"", &[("P501", "\"8080\"")]);
    assert!(help(&findings).contains("127.0.0.1:8080"));
    proxy("listen = \":8080\"\nadmin = \"127.0.0.1\"", &[("P501", "\":8080\""), ("P501", "\"127.0.0.1\"")]);
    proxy("listen = \"127.0.0.1:1\"\nadmin = \"127.0.0.1:1\"", &[("P506", "\"127.0.0.1:1\"")]);
    proxy("upstream = \"http://a.test/path\"", &[("P502", "\"http://a.test/path\"")]);
    proxy(
        "upstream = \"ftp://a.test\"\npublic-origin = \"a.test\"",
        &[("P502", "\"ftp://a.test\""), ("P502", "\"a.test\"")],
    );
    proxy("upstream = \"http://user:pass@a.test\"", &[("P502", "\"http://user:pass@a.test\"")]);
    proxy("upstream = \"http://a.test\"\nupstreams.b = { url = \"https://b.test\", external = true }", &[]);
    proxy("upstream = \"http://a.test\"\nupstreams.b = { external = true }", &[("P103", "{ external = true }")]);
    proxy("upstreams = { a = \"http://a.test\" }", &[("P503", "{ a = \"http://a.test\" }")]);
    proxy("upstream = \"http://a.test\"\nupstreams.default = \"http://b.test\"", &[("P005", "default")]);
    proxy(
        "trusted-proxies = [\"10.0.0.0/33\", \"everybody\", \"0.0.0.0/0\"]",
        &[("P504", "\"10.0.0.0/33\""), ("P504", "\"everybody\""), ("P505", "\"0.0.0.0/0\"")],
    );
}

#[test]
fn cases() {
    site("[tests]\ncases = [\"nobody GET / => pass\"]", &[("P601", "nobody")]);
    site("[tests]\ncases = [\"anonymous GET / => pass by nothing\"]", &[("P602", "nothing")]);
    site("[tests]\ncases = [\"user+boss GET / => pass\"]", &[("P603", "boss")]);
    site("[tests]\ncases = [\"anonymous GET /\"]", &[("P601", "")]);
}

#[test]
fn everything_wrong_is_said_at_once() {
    let text = r#"version = 3
defalt = "public"
[proxy]
listen = "8080"
upstream = "localhost:3000"
[proxy.timeouts]
connect = "5"
[sign-in]
paht = "/signin"
[session.main]
kind = "jwt-cooky"
cookie = "a b"
issuer = "app"
algorithms = ["HS256"]
[roles]
admin = { in = ["x"] }
[[route]]
glob = "/a(.*)"
require = { role = "admim" }
[[route]]
glob = "/b/**"
redirect = { status = 308 }
[tests]
cases = ["somebody GET / => pass"]
"#;
    whole(
        text,
        &[
            ("P104", ""),
            ("P105", "3"),
            ("P101", "defalt"),
            ("P501", "\"8080\""),
            ("P502", "\"localhost:3000\""),
            ("P107", "\"5\""),
            ("P103", "[sign-in]"),
            ("P101", "paht"),
            ("P442", "[session.main]"),
            ("P106", "\"jwt-cooky\""),
            ("P431", "\"a b\""),
            ("P435", "\"app\""),
            ("P433", "\"HS256\""),
            ("P103", "{ in = [\"x\"] }"),
            ("P202", "\"/a(.*)\""),
            ("P302", "\"admim\""),
            ("P103", "{ status = 308 }"),
            ("P601", "somebody"),
        ],
    );
}
