use super::*;

#[test]
fn regexes() {
    for (pattern, regex) in [
        ("/", r"^\/[\/#\?]?$"),
        ("", r"^[\/#\?]?$"),
        ("/foo(.*)", r"^\/foo(.*)[\/#\?]?$"),
        ("/foo/:path*", r"^\/foo(?:\/((?:[^\/#\?]+?)(?:\/(?:[^\/#\?]+?))*))?[\/#\?]?$"),
        ("/:a{-:b}", r"^(?:\/([^\/#\?]+?))(?:-((?:(?!-)[^\/#\?])+?))[\/#\?]?$"),
        ("/:a.:b", r"^(?:\/([^\/#\?]+?))(?:\.((?:(?!\.)[^\/#\?])+?))[\/#\?]?$"),
        (r"/a\:b\", r"^\/a\:b[\/#\?]?$"),
        ("/a{/b}?", r"^\/a(?:\/b)?[\/#\?]?$"),
        ("/é:x", r"^\/é([^\/#\?]+?)[\/#\?]?$"),
    ] {
        assert_eq!(translate(pattern, &RouteOptions::default()).expect(pattern).regex, regex, "{pattern}");
    }
    let keys = translate("/(a)/:b/(c)", &RouteOptions::default()).expect("valid").keys;
    assert_eq!(keys, [Parameter::Numbered(0), Parameter::Named("b".to_owned()), Parameter::Numbered(1)]);
}

#[test]
fn refusals() {
    for (pattern, code, at) in [
        ("*", "unexpected-token", 0),
        ("/admin/**", "unexpected-token", 7),
        ("/a}", "unexpected-token", 2),
        ("/{:a", "unexpected-token", 4),
        ("/(?:foo)", "group-starts-with-question", 2),
        ("/(a(b))", "capturing-group", 3),
        ("/(", "unbalanced-group", 1),
        (r"/(\)", "unbalanced-group", 1),
        ("/()", "empty-group", 1),
        ("/a:", "missing-name", 2),
        ("/:a:b", "adjacent-params", 3),
        ("/{:a}*", "repeat-without-prefix", 1),
    ] {
        let error = translate(pattern, &RouteOptions::default()).expect_err(pattern);
        assert_eq!((error.code, error.span.start), (code, at), "{pattern}");
    }
}

#[test]
fn options() {
    let all = RouteOptions::default();
    for (pattern, options, regex) in [
        ("/a", RouteOptions { strict: true, ..all }, r"^\/a$"),
        ("/a", RouteOptions { start: false, ..all }, r"\/a[\/#\?]?$"),
        ("/a", RouteOptions { end: false, ..all }, r"^\/a(?:[\/#\?](?=[]|$))?(?=[\/#\?]|[]|$)"),
        ("/a/", RouteOptions { end: false, strict: true, ..all }, r"^\/a\/"),
        ("", RouteOptions { end: false, ..all }, r"^(?:[\/#\?](?=[]|$))?"),
        ("/:a", RouteOptions { end: false, strict: true, ..all }, r"^(?:\/([^\/#\?]+?))(?=[\/#\?]|[]|$)"),
        ("/a", RouteOptions { ends_with: "?", ..all }, r"^\/a[\/#\?]?(?=[\?]|$)"),
        ("/:a.:b", RouteOptions { delimiter: ".", ..all }, r"^(?:\/((?:(?!\/)[^\.])+?))(?:\.([^\.]+?))[\.]?$"),
        ("/a-:b", RouteOptions { prefixes: "-", ..all }, r"^\/a(?:-((?:(?!-)[^\/#\?])+?))[\/#\?]?$"),
        (
            "/a:b*",
            RouteOptions { repeat_as_segments: true, ..all },
            r"^\/a(?:\/((?:[^\/#\?]+?)(?:\/(?:[^\/#\?]+?))*))?[\/#\?]?$",
        ),
    ] {
        assert_eq!(translate(pattern, &options).expect(pattern).regex, regex, "{pattern}");
    }
}
