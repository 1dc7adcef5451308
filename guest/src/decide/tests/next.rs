//! A Next.js app behind: other names of a page, the matcher, private parameters, the base path; and `[paths]`.

use super::{PAGE, ask, brief};
use crate::verdict::Action;

/// Stands for `@SESSION@` in the configs below.
const SESSION: &str = r#"
[session.main]
kind = "jwt-cookie"
cookie = "__session"
issuer = "https://issuer.test"
audience = "app"
"#;

/// A gate of a config with the usual session.
fn gate(text: &str) -> crate::Gate {
    super::gate(&text.replace("@SESSION@", SESSION))
}

const APP: &str = r#"
version = 1
default = "session"
presets = ["nextjs"]

[sign-in]
path = "/signin"
after = "/account"
return-param = "next"

@SESSION@

[next]
locales = ["en", "fr"]
default-locale = "en"

[[route]]
id = "pages"
pattern = ["/", "/about"]
require = "public"

[[route]]
id = "assets"
glob = "/_next/**"
require = "public"

[[route]]
id = "old"
pattern = "/old/:slug"
redirect = "/new/:slug"
"#;

fn asked(text: &str, cases: &[(&str, &str)]) {
    let mut gate = gate(text);
    for (target, answer) in cases {
        assert_eq!(&brief(&mut gate, "anonymous", "GET", target, PAGE), answer, "{target}");
    }
}

/// The request as the upstream gets it.
fn forwarded(text: &str, target: &str) -> String {
    match ask(&mut gate(text), "anonymous", "GET", target, PAGE).action {
        Action::Pass(forward) | Action::Rewrite(forward) => forward.target,
        other => panic!("{target}: {other:?}"),
    }
}

#[test]
fn other_names_of_a_page_are_judged_as_the_page() {
    asked(
        APP,
        &[
            ("/about", "pass by pages"),
            ("/fr/about", "pass by pages"),
            ("/FR/about", "pass by pages"),
            ("/fr", "pass by pages"),
            ("/en/about/", "pass by pages"),
            ("/de/about", "redirect /signin?next=%2Fde%2Fabout by default"),
            ("/fr/account", "redirect /signin?next=%2Ffr%2Faccount by default"),
            // A tail is judged beside the path: a page may really be called so.
            ("/about.rsc", "redirect /signin?next=%2Fabout.rsc by default"),
            ("/signin", "pass by sign-in"),
            ("/fr/signin", "pass by sign-in"),
            ("/fr/old/x", "redirect /new/x by old"),
        ],
    );
}

/// The rule for assets takes `/_next/data`, too; it opens no page.
#[test]
fn data_of_a_page_is_as_open_as_the_page() {
    asked(
        APP,
        &[
            ("/_next/data/b/about.json", "pass by assets"),
            ("/_next/data/b/fr/about.json", "pass by assets"),
            ("/_next/static/x.js", "pass by assets"),
            ("/_next/data/b/account.json", "401 by default"),
            ("/_next/data/b/fr/account.json", "401 by default"),
            ("/fr/_next/data/b/fr/account.json", "401 by default"),
            ("/%5Fnext/data/b/%61ccount.json", "401 by default"),
        ],
    );
    let without_assets = APP.replace("id = \"assets\"", "id = \"assets\"\nmethods = [\"PUT\"]");
    asked(
        &without_assets,
        &[
            ("/_next/data/b/about.json", "pass by pages"),
            ("/_next/static/x.js", "redirect /signin?next=%2F_next%2Fstatic%2Fx.js by default"),
        ],
    );
}

#[test]
fn a_protected_page_is_protected_under_every_name() {
    let text = r#"
version = 1
default = "public"
presets = ["nextjs"]
@SESSION@
[[route]]
id = "account"
pattern = ["/account", "/:locale(en|fr)/account"]
require = "session"
"#;
    let mut gate = gate(text);
    for target in [
        "/account",
        "/Account/",
        "/account.rsc",
        "/account.prefetch.rsc",
        "/account.segments/__PAGE__.segment.rsc",
        "/en/account.segments/_tree.segment.rsc",
        "/_next/data/b/account.json",
        "/_next/data/b/fr/account.json",
        "/fr/_next/data/b/fr/account.json",
        "/_next/data/b/account;x.json",
        "/%5fnext/data/b/%2561ccount.json",
    ] {
        assert_eq!(brief(&mut gate, "anonymous", "GET", target, &[]), "401 by account", "{target}");
    }
    for target in ["/accounts", "/_next/data/b/about.json", "/about.rsc"] {
        assert_eq!(brief(&mut gate, "anonymous", "GET", target, &[]), "pass by default", "{target}");
    }
}

#[test]
fn private_parameters_never_arrive() {
    for (target, arrives) in [
        ("/?nxtPslug=account", "/"),
        ("/about?a=1&nxtIslug=x&b=%zz&__nextLocale=fr", "/about?a=1&b=%zz"),
        ("/about?_rsc=1", "/about?_rsc=1"),
    ] {
        assert_eq!(forwarded(APP, target), arrives);
    }
    // They are the business of Next.js alone.
    let other = APP.replace("presets = [\"nextjs\"]", "").split("[next]").next().unwrap_or_default().to_owned();
    let other = format!("{other}\n[[route]]\nglob = \"/\"\nrequire = \"public\"\n");
    assert_eq!(forwarded(&other, "/?nxtPslug=account"), "/?nxtPslug=account");
}

#[test]
fn double_slashes_are_answered_as_next_does() {
    asked(
        APP,
        &[
            ("//about", "redirect /about by request"),
            ("//evil.example//x?a=//b", "redirect /evil.example/x?a=//b by request"),
            ("//account/..", "reject 400 by request"),
            ("/account/%2F", "reject 400 by request"),
            ("/\\about", "reject 400 by request"),
        ],
    );
    let verdict = ask(&mut gate(APP), "anonymous", "POST", "//about", &[]);
    assert!(matches!(&verdict.action, Action::Redirect(reply) if reply.status == 308));
    asked(
        &APP.replace("[next]", "[paths]\ndouble-slash = \"reject\"\n[next]"),
        &[("//about", "reject 400 by request")],
    );
}

const MATCHER: &str = r#"
version = 1
default = "public"

[sign-in]
path = "/signin"

@SESSION@

[next]
matcher = ["/((?!.*\\..*|_next).*)", "/", { source = "/api/:path*", missing = [{ type = "header", key = "x-skip" }] }]

[[guard]]
id = "mark"
response-headers = { set = { x-guard = "1" } }

[[route]]
id = "product"
pattern = "/product(.*)"
require = "session"

[[route]]
id = "old"
pattern = "/old(.*)"
redirect = "/new"

[[route]]
id = "moved"
pattern = "/moved(.*)"
require = "public"
rewrite = "/there"
request-headers = { set = { x-moved = "1" } }

[[route]]
id = "gone"
pattern = "/gone(.*)"
respond = { status = 410 }
"#;

/// A matcher narrows where transforms apply, and never opens anything.
#[test]
fn a_matcher_narrows_transforms_and_nothing_else() {
    asked(
        MATCHER,
        &[
            ("/product/1", "redirect /signin by product"),
            ("/product/1.json", "redirect /signin by product"),
            ("/old/x", "redirect /new by old"),
            ("/old/x.css", "pass by default"),
            ("/moved/x", "rewrite /there by moved"),
            ("/moved/x.css", "pass by moved"),
            ("/gone", "410 by gone"),
            ("/gone.css", "410 by gone"),
        ],
    );
    let edits =
        |target: &str, headers: &[(&str, &str)]| match ask(&mut gate(MATCHER), "anonymous", "GET", target, headers)
            .action
        {
            Action::Pass(forward) | Action::Rewrite(forward) => (forward.request.len(), forward.response.len()),
            other => panic!("{target}: {other:?}"),
        };
    assert_eq!(edits("/moved/x", &[]), (1, 1));
    assert_eq!(edits("/moved/x.css", &[]), (0, 0));
    assert_eq!(edits("/api/x", &[]), (0, 1));
    // `/api/x` is in the first entry, too, so only a dotted path is left to the condition.
    assert_eq!(edits("/api/x.json", &[]), (0, 1));
    assert_eq!(edits("/api/x.json", &[("x-skip", "1")]), (0, 0));
}

/// Only in so many words.
#[test]
fn what_is_outside_the_matcher_can_be_opened() {
    let open = MATCHER.replace("[next]\n", "[next]\noutside-matcher = \"unprotected\"\n");
    asked(
        &open,
        &[
            ("/product/1", "redirect /signin by product"),
            ("/product/1.json", "pass by default"),
            ("/product/1%2Ejson", "pass by default"),
            ("/gone.css", "pass by default"),
            ("/product/..%2f1.json", "reject 400 by request"),
            ("/_next/data/b/product/1.json", "401 by product"),
        ],
    );
}

#[test]
fn rules_are_written_without_the_base_path() {
    let text = r#"
version = 1
default = "public"

[sign-in]
path = "/signin"
after = "/home"
return-param = "next"

@SESSION@

[next]
base-path = "/shop"

[[route]]
id = "product"
pattern = "/product/:id"
require = "session"

[[route]]
id = "old"
pattern = "/old/:id"
redirect = "/product/:id"

[[route]]
id = "moved"
pattern = "/moved/:id"
require = "public"
rewrite = "/there/:id"

[[route]]
id = "root"
pattern = "/outside"
redirect = "/"
"#;
    asked(
        text,
        &[
            ("/shop/product/1", "redirect /shop/signin?next=%2Fshop%2Fproduct%2F1 by product"),
            ("/shop/_next/data/b/product/1.json", "401 by product"),
            ("/shop/old/7", "redirect /shop/product/7 by old"),
            ("/shop/moved/7", "rewrite /shop/there/7 by moved"),
            ("/shop/outside", "redirect /shop by root"),
            ("/shop/signin", "pass by sign-in"),
            ("/shopping", "pass by default"),
            // Not below the base path: judged as it stands.
            ("/product/1", "redirect /shop/signin?next=%2Fproduct%2F1 by product"),
        ],
    );
    let mut gate = gate(text);
    assert_eq!(brief(&mut gate, "user", "GET", "/shop/signin", PAGE), "redirect /shop/home by sign-in");
    let back = "/shop/signin?next=%2Fshop%2Fproduct%2F9";
    assert_eq!(brief(&mut gate, "user", "GET", back, PAGE), "redirect /shop/product/9 by sign-in");
}

#[test]
fn expressions_of_create_route_matcher() {
    let text = r#"
version = 1
default = "public"
@SESSION@
[[route]]
id = "private"
pattern = ["/account(.*)", { regexp = "^/api/v[0-9]+/private" }, { regexp = "/edit$", flags = "i" }]
require = "session"
[[route]]
id = "source"
compat = "next"
pattern = "/docs/:path*"
redirect = "/handbook/:path*"
"#;
    let mut gate = gate(text);
    for (target, answer) in [
        ("/account/x", "401 by private"),
        ("/api/v1/private/x", "401 by private"),
        ("/API/v1/private", "pass by default"),
        ("/a/b/EDIT", "401 by private"),
        ("/a/b/editor", "pass by default"),
        ("/docs/a/b/", "redirect /handbook/a/b by source"),
        ("/docs", "redirect /handbook by source"),
    ] {
        assert_eq!(brief(&mut gate, "anonymous", "GET", target, &[]), answer, "{target}");
    }
}

/// Each knob of `[paths]` lets the spelling pass, and rules hold for every reading of it.
#[test]
fn relaxed_checks_open_nothing() {
    let text = |knob: &str| {
        format!(
            "version = 1\ndefault = \"public\"\n[paths]\n{knob} = \"keep\"\n[[route]]\nid = \"admin\"\nglob = \"/admin/**\"\nrequire = \"deny\"\n"
        )
    };
    for (knob, passes, denied) in [
        ("encoded-slash", "/files/a%2Fb", "/admin%2Fb"),
        ("encoded-backslash", "/files/a%5Cb", "/admin%5Cb"),
        ("encoded-control", "/files/a%0Ab", "/admin%00/x"),
        ("bad-escape", "/files/100%", "/admin/100%"),
    ] {
        let mut relaxed = gate(&text(knob));
        assert_eq!(brief(&mut relaxed, "anonymous", "GET", passes, &[]), "pass by default", "{knob}");
        assert_eq!(brief(&mut relaxed, "anonymous", "GET", denied, &[]), "404 by admin", "{knob}");
        let mut strict = gate(&text(knob).replace("keep", "reject"));
        assert_eq!(brief(&mut strict, "anonymous", "GET", passes, &[]), "reject 400 by request", "{knob}");
    }
}
