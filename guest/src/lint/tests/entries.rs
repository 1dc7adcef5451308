//! R13 to R30, as far as they are about one list.

use super::*;

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
