//! R01 to R12: what does not match, what takes too much or protects too little.

use super::*;

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
