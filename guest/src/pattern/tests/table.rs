//! Cases of our own, and what is refused.

use super::*;

/// Pattern, then paths that match (with their parameters) and `!` before those that do not.
const ROUTES: &[(&str, &[&str])] = &[
    ("/admin", &["/admin", "/ADMIN", "/admin/", "/admin?", "!/admin//", "!/adminx", "!/admin/x", "!/ad"]),
    ("/admin(.*)", &["/admin 0=", "/admin/a/ 0=/a/", "/Adminx 0=x", "!/adm", "!/admin\n"]),
    ("/foo/:path*", &["/foo", "/foo/", "/foo/a/b path=a/b", "/foo/a/ path=a", "!/foobar", "!/foo//a", "!/foo//"]),
    ("/foo/:path+", &["/foo/a path=a", "/foo/a/b/ path=a/b", "!/foo", "!/foo/", "!/foo/a//"]),
    ("/u/:id", &["/u/é id=é", "/u/a%2Fb id=a%2Fb", "/u/a/ id=a", "!/u", "!/u/", "!/u/a/b", "!/u/a#b"]),
    ("/u/:id?", &["/u", "/u/", "/u/x id=x", "!/u/x/y"]),
    ("/:a{-:b}?", &["/x a=x", "/x-y a=x b=y", "/a-b-c a=a-b b=c", "!/x/y"]),
    ("/:a.:b", &["/x.y a=x b=y", "/x.y.z a=x.y b=z", "!/x", "!/.y"]),
    ("/x{ab:y}z", &["/xabqz y=q", "!/xabz", "!/xababz"]),
    ("/:a*/:b*/x", &["/x", "/p/x a=p", "/p/q/r/x a=p/q/r", "!/p"]),
    ("/{a-:p-b}+", &["/a-1-b p=1", "/a-1-ba-2-b p=1-ba-2", "!/a-1-"]),
    ("/((?!api|_next).*)", &["/ 0=", "/x 0=x", "/ap 0=ap", "!/api", "!/apiary", "!/_next/x", "/x/api 0=x/api"]),
    (r"/((?!.*\..*|_next).*)", &["/a 0=a", "!/a.b", "!/_next", "/x/_next 0=x/_next"]),
    (r"/((?!js(?!on)).*)", &["/json 0=json", "!/js", "!/jsx"]),
    ("/(en|fr)/:rest(.*)", &["/en/ 0=en rest=", "/FR/x/y 0=FR rest=x/y", "!/de/x"]),
    ("/((?:(?=ab)a|b)*)", &["/abab 0=abab", "!/aab", "/ 0="]),
    (r"/([\w-.]+)", &["/a-.b 0=a-.b", "!/a b", "!/é"]),
    ("/([^])", &["/\n 0=\n", "/é 0=é", "!/"]),
    ("/x([])", &["!/x", "!/xa"]),
    (r"/(\u0041\x42\103)", &["/ABC 0=ABC", "/abc 0=abc"]),
    ("/(a{,3})", &["/a{,3} 0=a{,3}", "!/aa"]),
    (r"/(a\b.b)", &["/a-b 0=a-b", "!/axb"]),
    (r"/(\cJ)", &["/\n 0=\n"]),
    ("/(k+)", &["/Kk 0=Kk", "!/\u{212A}"]),
    ("/(é)", &["/É 0=É"]),
    ("/(.)", &["/é 0=é", "!/😀", "!/\u{2028}"]),
    ("/(..)", &["/😀 0=😀"]),
    (r"/a\:b\*", &["/a:b*", "!/ab"]),
    ("/(a??)(a?)", &["/a 0= 1=a", "/aa 0=a 1=a"]),
    ("/((?:a|ab))((?:c|bcd))(d*)", &["/abcd 0=a 1=bcd 2="]),
    ("/(a{2,3}?)(a*)", &["/aaaa 0=aa 1=aa", "!/a"]),
];

fn check(dialect: Dialect, table: &[(&str, &[&str])], options: Options) {
    for (text, cases) in table {
        let pattern = compile(dialect, text, options);
        for case in *cases {
            if let Some(path) = case.strip_prefix('!') {
                assert!(!pattern.is_match(path), "{text} must not match {path:?}");
                assert_eq!(pattern.captures(path), None, "{text} {path:?}");
                continue;
            }
            let mut words = case.split(' ');
            let path = words.next().unwrap_or_default();
            assert!(pattern.is_match(path), "{text} must match {path:?}");
            let params: Params = words
                .filter_map(|word| word.split_once('='))
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            assert_eq!(pattern.captures(path), Some(params), "{text} {path:?}");
        }
    }
}

#[test]
fn routes() {
    check(Dialect::Pattern, ROUTES, JS);
}

#[test]
fn dot_all_has_no_hole_at_line_breaks() {
    for path in ["/admin\n", "/admin/x\r\ny", "/admin/\u{2028}"] {
        assert!(compile(Dialect::Pattern, "/admin(.*)", FOLD).is_match(path));
        assert!(!compile(Dialect::Pattern, "/admin(.*)", JS).is_match(path));
    }
    assert!(compile(Dialect::Pattern, "/a(.*)b", FOLD).is_match("/a\nb"));
}

#[test]
fn globs() {
    check(
        Dialect::Glob,
        &[
            ("/admin/**", &["/admin", "/admin/", "/admin/x", "/admin/x/y", "/admin/\n", "!/adminx", "!/ADMIN"]),
            ("/admin/*", &["/admin/x", "/admin/x/", "/admin/.x", "!/admin", "!/admin/x/y"]),
            ("/admin{,/**}", &["/admin", "/admin/x/y", "!/adminx"]),
            ("/a/**/b", &["/a/b", "/a/x/y/b", "/a/b/", "!/ab", "!/a/x/bc"]),
            ("/[!a]x", &["/bx", "!/ax", "!//x"]),
            ("/[+-9]x", &["/0x", "!//x"]),
            ("/", &["/", "!/x", "!//"]),
            ("/**", &["/", "/x", "/x/y"]),
            ("//", &["/", "//", "!/x"]),
            ("/**/x", &["/x", "/a/b/x", "!/xx"]),
            ("/docs/", &["/docs", "/docs/", "!/docs/x"]),
            ("/*.{js,css}", &["/a.js", "/.css", "/a.b.css", "!/a/b.js", "!/ajs"]),
            ("/a?c", &["/abc", "/aéc", "!/a/c", "!/ac"]),
            (r"/\*[(]x[)]", &["/*(x)", "!/a(x)"]),
            ("/é/[à-ü]", &["/é/é", "!/é/a"]),
        ],
        PLAIN,
    );
    check(Dialect::Glob, &[("/Admin/**", &["/ADMIN", "/admin/X"]), ("/[a-c]", &["/B"])], FOLD);
}

#[test]
fn expressions() {
    check(
        Dialect::Regex,
        &[
            ("/admin", &["/admin", "!/admin/", "!/x/admin", "!/adminx"]),
            ("^/admin$", &["/admin", "!/admin/"]),
            ("/a|/b", &["/a", "/b", "!/ab", "!/a/b"]),
            ("^/a|/b$", &["/a", "/b", "!/ax", "!x/b"]),
            (r"(?<sub>[a-z]+)\.example\.com", &["x.example.com sub=x", "!x.y.example.com", "!xexample.com"]),
            ("/(a|b)/(?<rest>.*)", &["/a/x/y rest=x/y", "/b/ rest=", "!/c/x"]),
            (r"/v\d{1,3}(?:/.*)?", &["/v1", "/v123/x", "!/v1234", "!/v"]),
            (".*", &["", "x", "line1\nx"]),
            ("", &["", "!x"]),
        ],
        PLAIN,
    );
}

/// Found by comparing with the reference: `.*` was taken for all that may follow.
#[test]
fn a_line_end_may_trail_what_stops_at_line_ends() {
    let options = Options { ignore_case: false, dot_all: false };
    check(
        Dialect::Regex,
        &[
            (".*\r?", &["", "\r", "x\r", "!\r\r", "!x\ry"]),
            ("/x(?:/.*)?\\n?", &["/x\n", "/x/y\n", "!/x\n\n"]),
            ("(?<rest>.*)\n?", &["x\n rest=x"]),
            (".*[/#]?", &["x/", "!\n"]),
        ],
        options,
    );
}

#[test]
fn refusals() {
    let deep = format!("/({}{})", "(?:a".repeat(51), ")".repeat(51));
    let long = format!("/{}", "a".repeat(4_096));
    for (dialect, text, code, at) in [
        (Dialect::Pattern, r"/(a)(\1)", "back-reference", 5),
        (Dialect::Pattern, r"/x((?<n>a)\k<n>)", "back-reference", 10),
        (Dialect::Pattern, "/x((?<!y)a)", "look-behind", 3),
        (Dialect::Pattern, "/((?<=a)b)", "look-behind", 2),
        (Dialect::Pattern, "/x((?=(?<n>a))a)", "look-capture", 13),
        (Dialect::Pattern, "/(a++)", "invalid-regexp", 4),
        (Dialect::Pattern, "/([)", "invalid-regexp", 0),
        (Dialect::Pattern, "/(a{3,2})", "invalid-regexp", 3),
        (Dialect::Pattern, "/((?>a))", "invalid-regexp", 2),
        (Dialect::Pattern, "/((?<n>a))x((?<n>b))", "invalid-regexp", 0),
        // Two classes that swap what the parentheses mean.
        (Dialect::Pattern, "/((?:[)]|x)([(?][(?]))|(?:[)]y)", "invalid-regexp", 0),
        (Dialect::Pattern, "/((?:a{1000}){1000})", "too-many-states", 0),
        (Dialect::Pattern, "/((?:){1000000})", "too-many-states", 0),
        // Two of the 50 are of path-to-regexp.
        (Dialect::Pattern, &deep, "too-deep", 194),
        (Dialect::Pattern, &long, "too-long", 0),
        (Dialect::Glob, "/{a", "invalid-glob", 0),
        (Dialect::Glob, "/[a", "invalid-glob", 0),
        (Dialect::Regex, "(?!a)b", "look-around", 0),
        (Dialect::Regex, "(?=a)b", "look-around", 0),
        (Dialect::Regex, r"(?<n>a)\1", "back-reference", 7),
        (Dialect::Regex, "é(", "invalid-regexp", 3),
    ] {
        let error = Pattern::compile(dialect, text, FOLD).expect_err(text);
        assert_eq!((error.code, error.span.start), (code, at), "{text}: {error}");
        assert!(text.is_char_boundary(error.span.start) && text.is_char_boundary(error.span.end), "{text}: {error}");
    }
}

#[test]
fn names() {
    assert_eq!(compile(Dialect::Pattern, "/(a)/:b/(c)", JS).names(), ["0", "b", "1"]);
    assert_eq!(compile(Dialect::Regex, "/(a)/(?<b>c)", JS).names(), ["b"]);
    assert_eq!(compile(Dialect::Glob, "/{a,b}", JS).names(), [""; 0]);
    assert_eq!(compile(Dialect::Pattern, "/a/:b", JS).source(), "/a/:b");
}

/// A look-ahead within a repetition is asked at every position, in programs small and large.
#[test]
fn look_ahead_everywhere() {
    let large = format!("/((?:(?!ab|{})[a-z])*)", "x".repeat(200));
    for text in ["/((?:(?!ab)[a-z])*)", large.as_str()] {
        let pattern = compile(Dialect::Pattern, text, PLAIN);
        for good in ["/", "/ba", "/bbbbbbbbbbbbbbbbaaaaaaaaaaa", "/acacacacacacacacac"] {
            assert!(pattern.is_match(good), "{text} {good}");
        }
        for bad in ["/ab", "/bbbbbbbbbbbbbbbbbbbbbbbbbbab", "/acacacacacacacacacabacac", "/acacacacab"] {
            assert!(!pattern.is_match(bad), "{text} {bad}");
        }
    }
}
