//! Judged by hand: each rule with what it must find, where, and what it must leave alone.

use super::*;
use crate::pattern::NextOptions;
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// One entry of each kind.
fn pattern(text: &str) -> Entry<'_> {
    Entry::new(Source::Pattern(text), true)
}

fn next(text: &str) -> Entry<'_> {
    Entry::new(Source::Next(text), false)
}

fn glob(text: &str) -> Entry<'_> {
    Entry::new(Source::Glob(text), true)
}

fn regex(text: &str) -> Entry<'_> {
    Entry::new(Source::Regex(text), true)
}

fn regexp<'t>(source: &'t str, flags: &'t str) -> Entry<'t> {
    Entry::new(Source::RegExp { source, flags }, flags.contains('i'))
}

fn list<'t>(role: Role, entries: impl IntoIterator<Item = Entry<'t>>) -> List<'t> {
    List::new(role, entries.into_iter().collect())
}

fn findings(lists: &[List<'_>], setting: &Setting<'_>) -> Vec<Finding> {
    let report = lint(lists, setting);
    assert_eq!(report.undecided, 0, "{lists:?}");
    report.findings
}

/// Rule, severity, what is underlined, path.
fn told<'t>(list: &List<'t>, finding: &Finding) -> (&'static str, Severity, &'t str, String) {
    let text = list.entries[finding.entry].source.text();
    let marked = match finding.place {
        Place::Text(span) => &text[span.start..span.end],
        Place::Condition(_) => "condition",
        Place::ListCondition(_) => "list condition",
        Place::Flags => "flags",
    };
    (finding.rule, finding.severity, marked, finding.witness.clone().unwrap_or_default())
}

/// The findings of one list with that rule.
fn of_rule<'t>(
    rule: &str,
    role: Role,
    entries: impl IntoIterator<Item = Entry<'t>>,
) -> Vec<(Severity, &'t str, String)> {
    let list = list(role, entries);
    let setting = Setting { javascript: true, encoded_slash: true, ..Setting::default() };
    let all = findings(std::slice::from_ref(&list), &setting);
    all.iter()
        .map(|finding| told(&list, finding))
        .filter(|told| told.0 == rule)
        .map(|(_, severity, marked, path)| (severity, marked, path))
        .collect()
}

#[track_caller]
fn finds(rule: &str, role: Role, entry: Entry<'_>, severity: Severity, marked: &str, path: &str) {
    assert_eq!(of_rule(rule, role, [entry]), [(severity, marked, path.to_owned())]);
}

#[track_caller]
fn quiet<'t>(rule: &str, role: Role, entries: impl IntoIterator<Item = Entry<'t>>) {
    assert_eq!(of_rule(rule, role, entries), []);
}

use Role::{Matcher, Protect, Public};
use Severity::{Error, Note, Warning};

const POST: Condition<'static> =
    Condition { kind: ConditionKind::Method, key: "", value: Some("POST"), missing: false };

#[test]
fn r01_no_slash() {
    finds("R01", Protect, pattern("profile"), Error, "profile", "/profile");
    finds("R01", Matcher, next("api/:path*"), Error, "api/:path*", "");
    finds("R01", Protect, glob("admin/**"), Error, "admin/**", "/admin/**");
    finds("R01", Public, pattern(""), Error, "", "");
    quiet("R01", Protect, [pattern("(.*)"), glob("**"), pattern("{/a}?"), regexp("admin", ""), regex(".*x")]);
}

#[test]
fn r02_does_not_compile() {
    finds("R02", Protect, pattern("/((?!a)"), Error, "(", "");
    finds("R02", Matcher, next(r"/a\"), Error, r"/a\", "");
    finds("R02", Protect, glob("/{a"), Error, "/{a", "");
    finds("R02", Protect, pattern("/admin/*"), Error, "*", "");
    quiet("R02", Matcher, [next("/foo:bar*")]);
}

#[test]
fn r03_no_boundary() {
    finds("R03", Public, pattern("/docs(.*)"), Error, "(.*)", "/docs-internal");
    finds("R03", Protect, pattern("/docs(.*)"), Note, "(.*)", "/docs-internal");
    finds("R03", Public, pattern("/:locale/docs(.*)"), Error, "(.*)", "/x/docs-internal");
    finds("R03", Public, pattern("/(a|b)(.*)"), Error, "(.*)", "/a-internal");
    finds("R03", Public, pattern("/v:version(\\d+)([^/]*)"), Error, "([^/]*)", "/v1-internal");
    finds("R03", Public, glob("/docs*"), Error, "/docs*", "/docs-internal");
    for text in
        ["/docs/(.*)", "/docs/:path*", "/docs", "/user-:id", "/:id", "/((?!api).*)", "/(.*)", "/a{.:ext}?", "/:path*"]
    {
        quiet("R03", Public, [pattern(text)]);
    }
    quiet("R03", Public, [glob("/docs/**"), glob("/*.png"), regex("/docs(?:/.*)?")]);
    quiet("R03", Matcher, [next("/(api|trpc)(.*)")]);
}

#[test]
fn r04_open_children() {
    finds("R04", Protect, pattern("/admin"), Warning, "/admin", "/admin/users");
    finds("R04", Protect, pattern("/users/:id"), Warning, "/users/:id", "/users/x/users");
    finds("R04", Protect, glob("/a/{b,c}"), Warning, "/a/{b,c}", "/a/b/users");
    quiet("R04", Protect, [pattern("/admin"), pattern("/admin/(.*)")]);
    // Another list of the same role covers it.
    let lists = [list(Protect, [pattern("/admin")]), list(Protect, [glob("/admin/**")])];
    assert!(findings(&lists, &Setting::default()).iter().all(|finding| finding.rule != "R04"));
    // But not if it leaves it out.
    let mut second = list(Protect, [glob("/admin/**")]);
    second.except.push(glob("/admin/zzz/**"));
    second.except.push(glob("/admin/users/**"));
    let lists = [list(Protect, [pattern("/admin")]), second];
    assert!(
        findings(&lists, &Setting::default()).iter().all(|finding| finding.rule != "R04"),
        "a name is left out, not all"
    );
    // Nor if it does not always count; unless that is true of the first, too.
    let open = |first: List<'static>| {
        let mut second = list(Protect, [glob("/admin/**")]);
        second.conditions.push(POST);
        between("R04", &[first, second]).len()
    };
    let mut posted = list(Protect, [pattern("/admin")]);
    assert_eq!(open(posted.clone()), 1);
    posted.conditions.push(POST);
    assert_eq!(open(posted), 0);
    // Who is sent elsewhere does not get through.
    assert_eq!(between("R04", &[list(Protect, [pattern("/admin")]), list(Role::Elsewhere, [glob("/admin/**")])]), []);
    for text in ["/", "/favicon.ico", "/admin(.*)", "/:path*", "/((?!api).*)", "/a/:rest+", "/a/:rest*"] {
        quiet("R04", Protect, [pattern(text)]);
    }
    quiet("R04", Public, [pattern("/admin")]);
    let closed = Setting { rest: Rest::Closed, ..Setting::default() };
    assert!(findings(&[list(Protect, [pattern("/admin")])], &closed).is_empty());
}

#[test]
fn r05_root_is_open() {
    finds("R05", Protect, pattern("/admin/(.*)"), Warning, "/admin/(.*)", "/admin");
    finds("R05", Matcher, next("/dashboard/:path+"), Warning, "/dashboard/:path+", "/dashboard");
    finds("R05", Protect, Entry::new(Source::Globset("/admin/**"), true), Warning, "/admin/**", "/admin");
    finds("R05", Protect, Entry::new(Source::Globset("/admin{,/**}"), true), Warning, "/admin{,/**}", "/admin");
    finds("R05", Protect, glob("/admin/*"), Warning, "/admin/*", "/admin");
    finds("R05", Protect, pattern("/:locale/admin/(.*)"), Warning, "/:locale/admin/(.*)", "/x/admin");
    finds("R05", Protect, regexp(r"^\/admin\/.*", "i"), Warning, r"^\/admin\/.*", "/admin");
    finds("R05", Protect, pattern("/:lang/((?!signin$).*)"), Warning, "/:lang/((?!signin$).*)", "/x");
    // With our corrections a glob takes its root.
    quiet("R05", Protect, [glob("/admin/**"), glob("/b{,/**}")]);
    quiet("R05", Protect, [pattern("/admin"), pattern("/admin/(.*)")]);
    quiet("R05", Matcher, [next("/((?!login/|login$|_next/).*)")]);
    for text in ["/posts/:id", "/:a/:b", "/((?!api$).*)", "/:path*", "/(.*)/edit", "/a(.*)", "/((?!signin$).+)"] {
        quiet("R05", Matcher, [next(text)]);
    }
    quiet("R05", Public, [pattern("/admin/(.*)")]);
}

#[test]
fn r06_extensions() {
    let clerk = r"/((?!_next|[^?]*\.(?:html?|css|js(?!on)|png)).*)";
    let cause = r"[^?]*\.(?:html?|css|js(?!on)|png)";
    finds("R06", Matcher, next(clerk), Error, cause, "/admin/x.js");
    finds("R06", Matcher, next(r"/((?!.*\..*|_next).*)"), Error, r".*\..*", "/reports/v1.2");
    finds("R06", Matcher, next(r"/((?!api/|[\w-]+\.\w+).*)"), Error, r"[\w-]+\.\w+", "/v1.2");
    finds("R06", Protect, pattern("/app/([^.]*)"), Error, "/app/([^.]*)", "/app/zzz.x");
    for text in ["/((?!favicon.ico|robots.txt).*)", "/((?!_next/).*)", "/:path*", "/docs/:slug", "/blog/:slug([a-z]+)"]
    {
        quiet("R06", Matcher, [next(text)]);
    }
    // Another entry takes them after all.
    quiet("R06", Matcher, [next(r"/((?!.*\.png$).*)"), next("/:path*.png")]);
    quiet("R06", Public, [pattern(r"/((?!.*\..*).*)")]);
}

#[test]
fn r07_extension_anywhere() {
    finds("R07", Matcher, next(r"/((?!.*\.png).*)"), Error, r".*\.png", "/a.png/secret");
    quiet("R07", Matcher, [next(r"/((?!.*\.png$).*)")]);
    quiet("R07", Matcher, [next("/((?!favicon.ico).*)")]);
}

#[test]
fn r08_word_without_end() {
    finds("R08", Matcher, next("/((?!_next|login).*)"), Warning, "login", "/login-admin");
    finds("R08", Matcher, next("/((?!_next).*)"), Warning, "_next", "/_next-admin");
    finds("R08", Protect, pattern("/api/((?!webhooks).*)"), Warning, "webhooks", "/api/webhooks-admin");
    finds("R08", Matcher, next("/:path((?!diag).*)"), Warning, "diag", "/diag-admin");
    for text in ["/((?!login/|login$|_next/).*)", "/((?!login(?:/|$)).*)", "/((?!favicon.ico).*)", "/:path*"] {
        quiet("R08", Matcher, [next(text)]);
    }
    quiet("R08", Matcher, [next("/((?!login).*)"), next("/login(.*)")]);
}

#[test]
fn r09_api() {
    finds("R09", Matcher, next("/((?!api|_next/).*)"), Warning, "api", "/api/x");
    finds("R09", Matcher, next("/((?!_next/|api/).*)"), Warning, "api/", "/api/x");
    quiet("R09", Matcher, [next("/((?!api|_next/).*)"), next("/api/:path*")]);
    quiet("R09", Matcher, [next("/((?!api/auth).*)")]);
    quiet("R09", Matcher, [next("/dashboard/:path*")]);
}

#[test]
fn r10_client_decides() {
    let condition = |kind, key, missing| Condition { kind, key, value: None, missing };
    let with = |mut entry: Entry<'static>, condition| {
        entry.conditions.push(condition);
        entry
    };
    let prefetch = condition(ConditionKind::Header, "next-router-prefetch", true);
    finds("R10", Matcher, with(next("/a/:path*"), prefetch), Error, "condition", "");
    finds("R10", Matcher, with(next("/a/:path*"), condition(ConditionKind::Host, "", false)), Error, "condition", "");
    finds(
        "R10",
        Protect,
        with(pattern("/a/:path*"), condition(ConditionKind::Cookie, "beta", false)),
        Error,
        "condition",
        "",
    );
    quiet("R10", Public, [with(pattern("/a/:path*"), condition(ConditionKind::Query, "preview", false))]);
    quiet("R10", Protect, [with(pattern("/a/:path*"), condition(ConditionKind::Method, "", false))]);
    let mut rule = list(Protect, [pattern("/a/:path*"), pattern("/b/:path*")]);
    rule.conditions.push(prefetch);
    let found = findings(std::slice::from_ref(&rule), &Setting::default());
    let told: Vec<_> =
        found.iter().filter(|finding| finding.rule == "R10").map(|finding| told(&rule, finding).2).collect();
    assert_eq!(told, ["list condition"]);
}

#[test]
fn r11_escapes() {
    finds("R11", Matcher, next("/((?!.*..*|_next).*)"), Error, ".*..*", "/dashboard");
    finds("R11", Matcher, next("/((?!.+.[w]+$|_next).*)"), Error, "[w]", "");
    finds("R11", Matcher, next(r"/((?!.*\\..*|_next).*)"), Error, r"\\", "");
    quiet("R11", Matcher, [next(r"/((?!.*\..*|[\w-]+|_next).*)")]);
    quiet("R11", Protect, [regexp(r"^\/[^\\/]+$", ""), glob(r"/a\\b")]);
}

#[test]
fn r12_only_with_slash() {
    finds("R12", Matcher, next("/:user/:type/"), Error, "/", "/x/x");
    finds("R12", Matcher, next("/about/"), Error, "/", "/about");
    for text in ["/", "/about", "/about/:path*", "/about{/}?", "/manifest.json"] {
        quiet("R12", Matcher, [next(text)]);
    }
    quiet("R12", Protect, [pattern("/about/")]);
    let setting = Setting { trailing_slash: true, ..Setting::default() };
    let found = findings(&[list(Matcher, [next("/about/")])], &setting);
    assert!(found.iter().all(|finding| finding.rule != "R12"));
}

#[test]
fn r13_case() {
    finds("R13", Matcher, next("/api/secret/:path*"), Warning, "/api/secret/:path*", "/Api/secret");
    finds("R13", Protect, regexp(r"^\/admin", ""), Warning, r"^\/admin", "/Admin");
    quiet("R13", Matcher, [next("/((?!login/|_next/).*)")]);
    quiet("R13", Protect, [regexp(r"^\/admin", "i"), pattern("/admin")]);
    quiet("R13", Public, [Entry::new(Source::Glob("/docs"), false)]);
}

#[test]
fn r14_escapes_in_paths() {
    finds("R14", Protect, pattern("/café"), Warning, "é", "/caf%C3%A9");
    finds("R14", Protect, pattern("/caf%C3%A9"), Warning, "%C3", "/caf%C3%A9");
    quiet("R14", Public, [pattern("/café"), pattern("/caf%C3%A9")].into_iter().take(1).chain([pattern("/caf(.*)")]));
    quiet("R14", Protect, [pattern("/100%"), pattern("/a")]);
}

#[test]
fn r15_route_groups() {
    finds("R15", Protect, pattern("/(auth)(.*)"), Warning, "(auth)", "");
    finds("R15", Matcher, next("/x/(dashboard)/y"), Warning, "(dashboard)", "");
    for text in ["/(en|fr)/x", "/x(beta)?", "/(beta)?/x", "/a(b)", "/:x(auth)", "/(.*)"] {
        quiet("R15", Protect, [pattern(text)]);
    }
}

#[test]
fn r16_stars() {
    finds("R16", Protect, pattern("/admin/*"), Error, "*", "");
    finds("R16", Protect, glob("/admin/*"), Warning, "*", "/admin/x/x");
    finds("R16", Protect, glob("/a**"), Warning, "/a**", "");
    finds("R16", Protect, Entry::new(Source::Globset("/a/[!x]b"), true), Warning, "[!x]", "");
    quiet("R16", Protect, [glob("/admin/*"), glob("/admin/**")]);
    quiet("R16", Protect, [pattern("/admin/:path*"), pattern("/a/(.*)"), glob("/files/*.png"), glob("/a/[!x]b")]);
}

#[test]
fn r17_flags() {
    finds("R17", Protect, regexp(r"^\/admin", "g"), Error, "flags", "");
    finds("R17", Protect, regexp(r"^\/admin", "iy"), Error, "flags", "");
    quiet("R17", Protect, [regexp(r"^\/admin", "i")]);
    // All else is found nevertheless.
    finds("R18", Protect, regexp(r"^\/admin", "g"), Warning, r"^\/admin", "/admin-internal");
}

#[test]
fn r18_expressions() {
    finds("R18", Public, regexp(r"\/public", ""), Error, r"\/public", "/admin/public");
    finds("R18", Public, regexp(r"^\/docs", ""), Error, r"^\/docs", "/docs-internal");
    finds("R18", Public, regexp(r"\.(png|jpg)$", ""), Error, r"\.(png|jpg)$", "/admin/x.png");
    finds("R18", Protect, regex("/admin.*"), Warning, "/admin.*", "/admin-internal");
    for source in [r"^\/docs(\/.*)?$", r"^\/docs(?:\/|$)", r"^\/$", r"^\/(?!api)"] {
        quiet("R18", Public, [regexp(source, "")]);
    }
}

#[test]
fn r19_exponential() {
    finds("R19", Protect, pattern("/((?:a+)+)b"), Note, "/((?:a+)+)b", "");
    quiet("R19", Protect, [pattern("/:path*"), pattern("/(.*)")]);
}

#[test]
fn r20_not_supported() {
    finds("R20", Protect, pattern(r"/:a/:b(\1)"), Error, r"\", "");
    finds("R20", Protect, pattern("/:a((?<=x)y)"), Error, "(", "");
    finds("R20", Protect, regex("/(?!a).*"), Error, "(", "");
    assert!(of_rule("R02", Protect, [pattern(r"/:a/:b(\1)")]).is_empty());
}

#[test]
fn r22_anywhere() {
    finds("R22", Public, pattern("/(.*)inngest(.*)"), Error, "(.*)", "/admin/inngest");
    finds("R22", Public, pattern("/:path*/embed"), Error, ":path*", "/admin/embed");
    for text in ["/:locale/about", "/:locale/docs/(.*)", "/:path*", "/((?!api).*)", "/docs/(.*)/edit", "/(en|fr)/about"]
    {
        quiet("R22", Public, [pattern(text)]);
    }
    quiet("R22", Protect, [pattern("/(.*)inngest(.*)")]);
}

#[test]
fn r25_nothing_left() {
    finds_other("/x", &["/x", "/x/:path*"], 0);
    finds_other("/x/y", &["/x(.*)", "/x/y"], 1);
    // The later one of two that take the same.
    finds_other("/x/:id", &["/x/:name", "/x/:id"], 1);
    // Two together.
    finds_other("/(b|c)", &["/(a|b)", "/(c|d)", "/(b|c)"], 2);
    // What may go makes nothing else redundant.
    let going = of_rule("R25", Public, ["/x", "/x/:path+", "/x/:path*"].map(pattern));
    assert_eq!(going.iter().map(|(_, marked, _)| *marked).collect::<Vec<_>>(), ["/x", "/x/:path+"]);
    for texts in [["/x", "/x/(.*)"], ["/x/:id", "/x/new/:y"], ["/a", "/b"]] {
        quiet("R25", Public, texts.map(pattern));
    }
}

#[track_caller]
fn finds_other(marked: &str, texts: &[&str], number: usize) {
    let list = list(Public, texts.iter().map(|text| pattern(text)));
    let found = findings(std::slice::from_ref(&list), &Setting::default());
    let found: Vec<_> = found.iter().filter(|finding| finding.rule == "R25").collect();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].entry, told(&list, found[0]).2), (number, marked));
    assert!(found[0].also.is_some());
}

#[test]
fn r26_line_breaks() {
    finds("R26", Protect, pattern("/admin(.*)"), Warning, ".*", "/admin/%0Ax");
    quiet("R26", Protect, [pattern("/admin/:path*")]);
    quiet("R26", Public, [pattern("/docs(.*)")]);
    let found = findings(&[list(Protect, [pattern("/admin(.*)")])], &Setting::default());
    assert!(found.iter().all(|finding| finding.rule != "R26"));
}

#[test]
fn r28_encoded_slash() {
    finds("R28", Protect, pattern("/users/:id/x"), Note, ":id", "/users/x%2Fx/x");
    quiet("R28", Protect, [pattern("/users/:id(\\d+)"), pattern("/a/:path*")]);
    let found = findings(&[list(Protect, [pattern("/users/:id")])], &Setting::default());
    assert!(found.iter().all(|finding| finding.rule != "R28"));
}

#[test]
fn r30_root_parameters() {
    finds("R30", Public, pattern("/:user"), Warning, ":user", "/login");
    finds("R30", Matcher, next("/:user/:type/"), Warning, ":user", "/login/users/");
    finds("R30", Protect, glob("/*"), Warning, "/*", "/login");
    for text in ["/:path*", "/:locale/about", "/:locale(en|fr)", "/u/:user", "/((?!api).*)", "/:id(\\d+)"] {
        quiet("R30", Public, [pattern(text)]);
    }
}

/// Findings with that rule in several lists: list, severity, path, and which entry it has to do with.
fn between(rule: &str, lists: &[List<'_>]) -> Vec<(usize, Severity, String, Option<usize>)> {
    let all = findings(lists, &Setting::default()).into_iter().filter(|finding| finding.rule == rule);
    all.map(|finding| {
        let also = finding.also.map(|also| also.list);
        (finding.list, finding.severity, finding.witness.unwrap_or_default(), also)
    })
    .collect()
}

#[test]
fn r21_public_and_protected() {
    let admin = || list(Protect, [glob("/admin/**")]);
    // Parts of each are left: nobody means that.
    let wide = || list(Public, [pattern("/:path*/login")]);
    assert_eq!(between("R21", &[wide(), admin()]), [(0, Error, "/admin/login".to_owned(), Some(1))]);
    assert_eq!(between("R21", &[admin(), wide()]), [(1, Warning, "/admin/login".to_owned(), Some(0))]);
    // An exception is a part that comes first.
    let login = || list(Public, [glob("/admin/login")]);
    assert_eq!(between("R21", &[login(), admin()]), [(0, Note, "/admin/login".to_owned(), Some(1))]);
    assert_eq!(between("R21", &[admin(), login()]), [(1, Warning, "/admin/login".to_owned(), Some(0))]);
    // What a rule before both decides is not at stake.
    let before = || list(Protect, [glob("/admin/login")]);
    assert_eq!(between("R21", &[before(), wide(), admin()]), [(1, Error, "/admin/x/login".to_owned(), Some(2))]);
    let mut sometimes = before();
    sometimes.conditions.push(POST);
    assert_eq!(between("R21", &[sometimes, wide(), admin()]), [(1, Error, "/admin/login".to_owned(), Some(2))]);
    // What is left out of the protected list is not protected.
    let mut but = admin();
    but.except.push(glob("/admin/login"));
    assert_eq!(between("R21", &[login(), but]), []);
    assert_eq!(between("R21", &[list(Public, [glob("/docs/**"), glob("/adm")]), admin()]), []);
}

#[test]
fn r23_not_reached() {
    let matcher = |text| list(Matcher, [next(text)]);
    let reached = |matcher, protect| between("R23", &[matcher, list(Protect, [protect])]);
    let path = |path: &str| vec![(1, Error, path.to_owned(), None)];
    assert_eq!(reached(matcher("/dashboard/:path*"), pattern("/admin(.*)")), path("/admin"));
    assert_eq!(reached(matcher(r"/((?!.*\..*|_next).*)"), pattern("/admin(.*)")), path("/admin/a.b"));
    assert_eq!(reached(matcher("/admin"), pattern("/admin/:path*")), path("/admin/users"));
    assert_eq!(reached(matcher("/((?!api).*)"), pattern("/api/x(.*)")), path("/api/x"));
    assert_eq!(reached(matcher("/admin/:path*"), pattern("/admin(.*)")), path("/adminx"));
    for (text, protect) in [
        ("/admin/:path*", "/admin/:path*"),
        // The case of letters is another matter.
        ("/admin/:path*", "/Admin"),
        ("/((?!_next/).*)", "/admin(.*)"),
        ("/:path*", "/(.*)"),
    ] {
        assert_eq!(reached(matcher(text), pattern(protect)), []);
    }
    // A public rule before it decides what the matcher leaves out.
    let lists =
        [matcher("/((?!admin/login).*)"), list(Public, [glob("/admin/login**")]), list(Protect, [glob("/admin/**")])];
    assert_eq!(between("R23", &lists), [(2, Error, "/admin/login/x".to_owned(), None)]);
    let lists =
        [matcher("/((?!admin/login$).*)"), list(Public, [glob("/admin/login")]), list(Protect, [glob("/admin/**")])];
    assert_eq!(between("R23", &lists), []);
    // No matcher, nothing to reach.
    assert_eq!(between("R23", &[list(Protect, [pattern("/admin")])]), []);
}

#[test]
fn r25_between_rules() {
    let first = || list(Protect, [glob("/a/**"), glob("/b/**")]);
    assert_eq!(between("R25", &[first(), list(Public, [glob("/a/x")])]), [(1, Warning, "/a/x".to_owned(), Some(0))]);
    assert_eq!(
        between("R25", &[first(), list(Protect, [glob("/{a,b}/x")])]),
        [(1, Warning, "/a/x".to_owned(), Some(0))]
    );
    assert_eq!(between("R25", &[list(Public, [glob("/a/x")]), first()]), []);
    assert_eq!(between("R25", &[first(), list(Public, [glob("/{a,c}/x")])]), []);
    // Rules of different roles together.
    let lists = [list(Protect, [glob("/a")]), list(Public, [glob("/b")]), list(Protect, [glob("/{a,b}")])];
    assert_eq!(between("R25", &lists), [(2, Warning, "/a".to_owned(), Some(0))]);
    // A rule with conditions does not always decide, one with exceptions not everywhere.
    let mut narrow = first();
    narrow.conditions.push(POST);
    assert_eq!(between("R25", &[narrow.clone(), list(Public, [glob("/a/x")])]), []);
    let mut same = list(Public, [glob("/a/x")]);
    same.conditions.push(POST);
    assert_eq!(between("R25", &[narrow, same]).len(), 1);
    let mut but = first();
    but.except.push(glob("/a/x"));
    assert_eq!(between("R25", &[but, list(Public, [glob("/a/x")])]), []);
}

#[test]
fn r27_spellings() {
    let lists = [list(Protect, [pattern("/docs/admin")]), list(Public, [pattern("/docs/:page([^a]*)")])];
    assert_eq!(between("R27", &lists), [(1, Note, "/docs/%61dmin".to_owned(), Some(0))]);
    let lists = [list(Protect, [pattern("/docs/admin")]), list(Public, [pattern("/docs/:page")])];
    assert_eq!(between("R27", &lists), []);
}

#[test]
fn r24_twins() {
    let told = |list: List<'_>, setting: &Setting<'_>| {
        let found = findings(&[list], setting);
        found
            .into_iter()
            .filter(|finding| finding.rule == "R24")
            .filter_map(|finding| finding.witness)
            .collect::<Vec<_>>()
    };
    let twins = Setting { next_twins: true, ..Setting::default() };
    assert_eq!(told(list(Protect, [pattern("/admin")]), &twins), ["/_next/data/id/admin.json"]);
    assert!(told(list(Protect, [pattern("/(.*)")]), &twins).is_empty());
    assert!(told(list(Matcher, [next("/admin/:path*")]), &twins).is_empty());
    let i18n = Setting { next: NextOptions { base_path: "", locale: true, i18n: true }, ..Setting::default() };
    assert_eq!(told(list(Matcher, [next("/admin/:path*")]), &i18n), ["/en/_next/data/id/en/x/admin.json"]);
    assert!(told(list(Protect, [pattern("/admin")]), &Setting::default()).is_empty());
}

#[test]
fn r29_the_rest_is_open() {
    let of = |rest, text| {
        let found = findings(&[list(Protect, [pattern(text)])], &Setting { rest, ..Setting::default() });
        found.into_iter().filter(|finding| finding.rule == "R29").map(|finding| finding.severity).collect::<Vec<_>>()
    };
    assert_eq!(of(Rest::Open, "/admin(.*)"), [Warning]);
    assert_eq!(of(Rest::Unknown, "/admin(.*)"), [Note]);
    assert_eq!(of(Rest::Closed, "/admin(.*)"), []);
    assert_eq!(of(Rest::Open, "/(.*)"), []);
}

/// Messages are written as all others.
#[test]
fn wording() {
    let lists = [
        list(Public, ["/docs(.*)", "/(.*)x", "/:a", "/docs/y"].map(pattern)),
        list(
            Protect,
            ["profile", "/admin", "/a/(.*)", "/café", "/(auth)/x", "/a/*", r"/:a/:b(\1)", "/((?:a+)+)"].map(pattern),
        ),
        list(Protect, [regexp("/a", "g"), glob("/a/*")]),
        list(Matcher, [r"/((?!api|.*\..*|.*..*).*)", "/x/", "x", "/y"].map(next)),
    ];
    let found = lint(&lists, &Setting { javascript: true, encoded_slash: true, ..Setting::default() }).findings;
    assert!(
        found.iter().map(|finding| finding.rule).collect::<std::collections::BTreeSet<_>>().len() > 18,
        "{found:?}"
    );
    for finding in found {
        assert!(RULES.iter().any(|rule| rule.0 == finding.rule));
        for text in [&finding.message, &finding.help] {
            let first = text.chars().next().expect("not empty");
            assert!(!first.is_uppercase() || text.starts_with("Next.js"), "{text}");
            assert!(!text.ends_with('.') && !text.contains('\n'), "{text}");
            assert_eq!(text.matches('`').count() % 2, 0, "{text}");
        }
    }
}

/// A config as large as any: a thousand routes of the usual kinds.
fn thousand() -> Vec<(Role, String)> {
    let kinds = [
        (Protect, "/dashboard(.*)"),
        (Protect, "/settings/:path*"),
        (Protect, "/billing"),
        (Protect, "/projects/:id/files/(.*)"),
        (Public, "/docs/:path*"),
        (Public, "/blog/:slug"),
        (Public, "/(about|contact|imprint)"),
        (Protect, "/api/((?!webhooks/).*)"),
        (Public, ""),
        (Public, "/login(.*)"),
    ];
    (0..100).flat_map(|n| kinds.map(|(role, text)| (role, format!("/team-{n}{text}")))).collect()
}

/// Well under a second in a release build (see `docs/performance.md`); here the program is not optimised.
#[test]
fn a_thousand_routes() {
    let texts = thousand();
    let lists: Vec<_> = texts.iter().map(|(role, text)| list(*role, [pattern(text)])).collect();
    let start = Instant::now();
    let report = lint(&lists, &Setting { rest: Rest::Open, ..Setting::default() });
    println!("{} routes: {:?}, {} findings", lists.len(), start.elapsed(), report.findings.len());
    assert_eq!(report.undecided, 0);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

/// Whatever is asked, it ends in time, and says that it does not know.
#[test]
fn hard_questions_are_given_up() {
    // Which letter stands there must be remembered for every place that may be the start.
    let hard = |n: usize| format!("/((?:a|b){{{}}}{}(?:a|b)*)", 20 + n, if n.is_multiple_of(2) { "a" } else { "b" });
    let texts: Vec<String> = (0..40).map(hard).collect();
    let lists: Vec<_> = texts
        .iter()
        .enumerate()
        .map(|(n, text)| list(if n.is_multiple_of(3) { Protect } else { Public }, [pattern(text)]))
        .chain([list(Matcher, [next("/((?!(?:a|b){30}a|.{40}b).*)")])])
        .collect();
    let start = Instant::now();
    let mut effort = Effort::new(10_000_000, 1_000_000);
    let report = lint_within(&lists, &Setting::default(), &mut effort);
    println!("{:?}, {} undecided", start.elapsed(), report.undecided);
    assert!(report.undecided > 0 && effort.left() < 1_000_000);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

fn any_text() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "/",
        "/a",
        "/admin",
        "/api",
        "(.*)",
        "/:x",
        ":y",
        "/:p*",
        "/:p+",
        "?",
        "{-:z}?",
        "((?!a|b).*)",
        "((?!.*\\..*|_next).*)",
        "(a|b)",
        ".",
        "/é",
        "(\\d+)",
        "{/(.*)}?",
        "\\",
        "(",
        ")",
        "*",
        "**",
        "([^/]+)",
        "%41",
        "[",
        "[w]",
        "(?!",
        "|",
        "^",
        "$",
    ]);
    prop::collection::vec(piece, 0..6).prop_map(|parts| parts.concat())
}

fn any_entry() -> impl Strategy<Value = (u8, String, bool)> {
    (0u8..6, any_text(), any::<bool>())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Nothing panics; every place is one; every path can be sent; what it shows is so.
    #[test]
    fn whatever_is_written(entries in prop::collection::vec(any_entry(), 1..5), roles in prop::collection::vec(0usize..3, 3)) {
        let entry = |(kind, text, fold): &'static (u8, String, bool)| match kind {
            0 | 1 => pattern(text),
            2 => next(text),
            3 => Entry::new(Source::Glob(text), *fold),
            4 => Entry::new(Source::Globset(text), *fold),
            _ => regexp(text, if *fold { "i" } else { "" }),
        };
        let entries: &'static [(u8, String, bool)] = Vec::leak(entries);
        let roles = roles.iter().map(|role| [Protect, Public, Matcher][*role]);
        let lists: Vec<_> = roles.map(|role| list(role, entries.iter().map(entry))).collect();
        let setting = Setting { javascript: true, encoded_slash: true, ..Setting::default() };
        let words = Words::new(&[]).expect("valid");
        for finding in lint(&lists, &setting).findings {
            let list = &lists[finding.list];
            if let Place::Text(span) = finding.place {
                prop_assert!(list.entries[finding.entry].source.text().get(span.start..span.end).is_some(), "{:?}", finding);
            }
            let Some(path) = &finding.witness else { continue };
            // The last two are about paths that the gate itself refuses.
            prop_assert!(words.can_be_sent(path) || matches!(finding.rule, "R26" | "R27" | "R28"), "{:?}", finding);
            let takes = |list: &List<'_>| list.entries.iter().any(|entry| {
                checked::language(entry.source, entry.ignore_case, &setting.next).is_ok_and(|language| language.contains(path))
            });
            match finding.rule {
                "R03" | "R18" | "R21" | "R22" | "R25" | "R30" => prop_assert!(takes(list), "{:?}", finding),
                "R04" | "R05" | "R06" | "R07" | "R08" | "R09" | "R13" | "R29" => prop_assert!(!takes(list), "{:?}", finding),
                // About the entry alone.
                "R12" => {
                    let alone = List::new(list.role, vec![list.entries[finding.entry].clone()]);
                    prop_assert!(!takes(&alone), "{:?}", finding);
                }
                "R23" => prop_assert!(takes(list) && !lists.iter().any(|list| list.role == Matcher && takes(list))),
                _ => {}
            }
        }
    }
}
