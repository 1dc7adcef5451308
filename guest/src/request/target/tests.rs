use super::*;
use proptest::prelude::*;

fn reason(raw: &str) -> &'static str {
    match Target::parse(raw.as_bytes()) {
        Err(refusal) => {
            assert_ne!(refusal.detail, refusal.reason, "not explained");
            refusal.reason
        }
        Ok(target) => panic!("{raw:?} became {target:?}"),
    }
}

fn views(raw: &str) -> Vec<(&'static str, String)> {
    let target = Target::parse(raw.as_bytes()).unwrap_or_else(|r| panic!("{raw:?}: {r:?}"));
    target.views.into_iter().map(|view| (view.name, view.path)).collect()
}

#[test]
fn ordinary_targets_have_one_reading() {
    for raw in
        ["/", "/product/42", "/a/b/", "/a.b/c-d_e~f", "/@user/a+b,c=d!$&'()*", "/x/[slug]", "/a?", "/a?x=/../;%zz|{"]
    {
        let target = Target::parse(raw.as_bytes()).unwrap();
        assert_eq!(target.path_and_query(), raw);
        assert_eq!(target.views(), [], "{raw}");
    }
}

#[test]
fn every_dangerous_target_is_refused_with_its_reason() {
    for (raw, expected) in [
        ("", "empty-target"),
        ("?/product", "empty-target"),
        ("product", "not-origin-form"),
        ("*", "not-origin-form"),
        ("http://app.example.test/", "not-origin-form"),
        ("/a b", "raw-space"),
        ("/a\tb", "raw-control"),
        ("/a\u{7f}", "raw-control"),
        ("/a\0", "raw-control"),
        ("/é", "not-ascii"),
        ("/a#b", "fragment"),
        ("/a?b#c", "fragment"),
        ("/a?b c", "raw-space"),
        ("/a?b\nc", "raw-control"),
        ("/\\a", "backslash"),
        ("/a%", "bad-escape"),
        ("/a%4", "bad-escape"),
        ("/a%zz", "bad-escape"),
        ("/%u0061dmin", "bad-escape"),
        ("/%2%66", "bad-escape"),
        ("/a%80", "bad-utf8"),
        ("/%c0%afadmin", "bad-utf8"),
        ("/%ed%a0%80", "bad-utf8"),
        ("/%25c0%25af", "bad-utf8"),
        ("/a%00", "encoded-control"),
        ("/a%0a", "encoded-control"),
        ("/a%7F", "encoded-control"),
        ("/a%c2%85", "encoded-control"),
        ("/a%e2%80%a8", "encoded-control"),
        ("/a%250a", "encoded-control"),
        ("/a%2fb", "encoded-slash"),
        ("/a%2F", "encoded-slash"),
        ("/a%252fb", "encoded-slash"),
        ("/a%25%32%66b", "encoded-slash"),
        ("/a%5cb", "encoded-backslash"),
        ("/a%255c", "encoded-backslash"),
        ("/.", "dot-segment"),
        ("/..", "dot-segment"),
        ("/a/../b", "dot-segment"),
        ("/a/%2e%2E/b", "dot-segment"),
        ("/a/.%2e", "dot-segment"),
        ("/a/%252e%252e/b", "dot-segment"),
        ("/a/..;x/b", "dot-segment"),
        ("/a/..%3bx/b", "dot-segment"),
        ("/a/..%20/b", "dot-segment"),
        ("/a/.../b", "dot-segment"),
        ("/a/..%ef%bc%8fb", "dot-segment"),
        ("/a/%ef%bc%8e%ef%bc%8e/b", "dot-segment"),
        ("/a/..%e2%88%95b", "dot-segment"),
        ("//a", "empty-segment"),
        ("/a//b", "empty-segment"),
        ("/a//", "empty-segment"),
        ("/;/a", "empty-segment"),
        ("/a/;x/b", "empty-segment"),
        ("/%2525252525252561", "nested-escapes"),
    ] {
        assert_eq!(reason(raw), expected, "{raw}");
    }
}

#[test]
fn every_reason_is_documented() {
    let page = include_str!("../../../../docs/paths.md");
    for (reason, _) in REASONS.iter().chain([&("target-too-long", "")]) {
        assert!(page.contains(&format!("| `{reason}` |")), "{reason}");
    }
}

#[test]
fn the_canonical_path_has_one_spelling() {
    for (raw, canonical) in [
        ("/%70roduct", "/product"),
        ("/%7euser/%2D%2e%5F", "/~user/-._"),
        ("/caf%c3%a9", "/caf%C3%A9"),
        ("/a%3ab", "/a%3Ab"),
        ("/{a}\"<b>^`", "/%7Ba%7D%22%3Cb%3E%5E%60"),
        ("/a|b[c]", "/a|b[c]"),
        ("/a%25b", "/a%25b"),
    ] {
        assert_eq!(Target::parse(raw.as_bytes()).unwrap().path(), canonical);
    }
    assert_eq!(Target::parse(b"/a?q=\"<x>\"&y=%zz&z=%2f%0a").unwrap().query(), Some("q=%22%3Cx%3E%22&y=%zz&z=%2f%0a"));
}

#[test]
fn other_readings_are_kept_beside_it() {
    let has = |raw: &str, path: &str| assert!(views(raw).iter().any(|v| v.1 == path), "{raw}: {:?}", views(raw));
    assert_eq!(views("/caf%C3%A9"), [("decoded", "/café".to_owned())]);
    assert_eq!(views("/100%25"), [("decoded", "/100%".to_owned())]);
    has("/%2561dmin", "/admin");
    has("/%252561dmin", "/admin");
    has("/%2570roduct;a=b/42", "/product/42");
    has("/admin;x=1/users", "/admin/users");
    has("/admin;/x", "/admin");
    has("/admin%3b.css", "/admin");
    has("/internal/jobs%3f/signin", "/internal/jobs");
    has("/internal/jobs%23/signin", "/internal/jobs");
    has("/dashboard.", "/dashboard");
    has("/dashboard%20/x", "/dashboard/x");
    has("/internal/jobs::$DATA", "/internal/jobs");
    has("/%EF%BC%A1ccount", "/Account");
    has("/u%c5%bfer", "/user");
    has("/wiki/AC%EF%BC%8FDC", "/wiki/AC/DC");
    has("/%ef%bc%852561dmin", "/admin");
}

#[test]
fn an_encoded_slash_is_kept_only_on_demand() {
    let rules = PathRules { keep_encoded_slash: true, ..PathRules::default() };
    let target = Target::parse_with(b"/files/a%2fb", rules).unwrap();
    assert_eq!(target.path(), "/files/a%2Fb");
    assert_eq!(target.views(), [View { name: "decoded", path: "/files/a/b".to_owned() }]);
    for bad in ["/a/..%2fb", "/%2Fadmin", "/a%2f%2fb", "/a%5cb", "/a/%2e%2e%2f"] {
        assert!(Target::parse_with(bad.as_bytes(), rules).is_err(), "{bad}");
    }
}

/// Each knob lets one thing through and nothing else, and what it lets through is judged in all its readings.
#[test]
fn what_is_kept_is_judged_in_every_reading() {
    let none = PathRules::default();
    for (rules, kept, path, view, still_refused) in [
        (
            PathRules { keep_encoded_backslash: true, ..none },
            "/files/a%5cb",
            "/files/a%5Cb",
            "/files/a/b",
            ["/a%5c..%5cb", "/%5cadmin", "/a%5c%5cb", "/a\\b", "/a%2fb"],
        ),
        (
            PathRules { keep_encoded_control: true, ..none },
            "/admin%00.css",
            "/admin%00.css",
            "/admin",
            ["/a/..%00/b", "/a\0", "/a\tb", "/a%2fb", "/a/..%0a/b"],
        ),
        (
            PathRules { keep_bad_escape: true, ..none },
            "/100%/%61%C3%A9",
            "/100%/a%C3%A9",
            "/100%/a\u{e9}",
            ["/%%341dmin", "/%%32%66", "/a%c0%af", "/a%2fb", "/a%00"],
        ),
    ] {
        let target = Target::parse_with(kept.as_bytes(), rules).unwrap_or_else(|r| panic!("{kept}: {r:?}"));
        assert_eq!(target.path(), path);
        assert!(target.views().iter().any(|v| v.path == view), "{kept}: {:?}", target.views());
        assert!(Target::parse(kept.as_bytes()).is_err(), "{kept}");
        for bad in still_refused {
            assert!(Target::parse_with(bad.as_bytes(), rules).is_err(), "{bad} with {rules:?}");
        }
    }
}

#[test]
fn double_slashes_can_be_merged() {
    let merge = |raw: &str| without_empty_segments(raw.as_bytes(), PathRules::default());
    assert_eq!(merge("//admin//x?a=//b").as_deref(), Some("/admin/x?a=//b"));
    assert_eq!(merge("//evil.example/%2e%2e").as_deref(), None, "still a dot segment");
    assert_eq!(merge("///").as_deref(), Some("/"));
    for same in ["/admin", "/a//..//b", "/;//a", "a//b", "//a%2fb"] {
        assert_eq!(merge(same), None, "{same}");
    }
}

#[test]
fn sizes_have_an_end() {
    let long = format!("/{}", "a".repeat(MAX_PATH - 1));
    assert_eq!(Target::parse(long.as_bytes()).unwrap().path(), long);
    assert_eq!(reason(&format!("{long}a")), "target-too-long");
    assert_eq!(reason(&format!("/?{}", "a".repeat(MAX_TARGET))), "target-too-long");
    assert_eq!(Target::parse(&vec![b'/'; MAX_PATH + 1]).unwrap_err().status, 414);
}

#[test]
fn rewrites_are_checked_like_requests() {
    let check = |text: &str| check_path(text, PathRules::default());
    assert_eq!(check("/t/acme/a%2ab?x=1").as_deref(), Ok("/t/acme/a%2Ab?x=1"));
    assert_eq!(check("/t/../x"), Err("dot-segment"));
    assert_eq!(check("/t//evil.example"), Err("empty-segment"));
    assert_eq!(check("/t/a b"), Err("raw-space"));
    assert_eq!(check("http://evil.example/"), Err("not-origin-form"));
}

/// Texts that are rich in what this room is about.
fn nasty() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "/",
        "/",
        ".",
        "..",
        "%2e",
        "%2F",
        "%25",
        "25",
        "%5c",
        ";",
        "%3b",
        "?",
        "#",
        "%23",
        "%3f",
        "a",
        "b",
        "%61",
        "%",
        " ",
        "%20",
        "::$",
        "%ef%bc%8f",
        "%ef%bc%85",
        "%c3%a9",
        "%ff",
        "{",
    ];
    let piece = prop::sample::select(PIECES);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| format!("/{}", pieces.concat()))
}

fn holds(raw: &[u8]) -> Result<(), TestCaseError> {
    let Ok(target) = Target::parse(raw) else { return Ok(()) };
    let again = Target::parse(target.path_and_query().as_bytes());
    prop_assert_eq!(again.as_ref(), Ok(&target));
    for view in target.views() {
        prop_assert_ne!(&view.path, target.path());
        prop_assert_eq!(target.views().iter().filter(|v| v.path == view.path).count(), 1);
    }
    for path in target.views().iter().map(|v| v.path.as_str()).chain([target.path()]) {
        prop_assert!(path.starts_with('/') && !path.contains("//") && !path.contains('\\'));
        prop_assert!(!path.split('/').any(|s| matches!(s, "." | "..")));
        prop_assert!(!path.chars().any(char::is_control));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn canonical_is_canonical(raw in nasty()) {
        holds(raw.as_bytes())?;
    }

    /// Whatever is kept: one spelling, and no reading that climbs or skips a segment.
    #[test]
    fn knobs_keep_the_promise(raw in nasty(), knobs in prop::array::uniform5(any::<bool>())) {
        let [slash, backslash, escape, control, double] = knobs;
        let rules = PathRules {
            keep_encoded_slash: slash,
            keep_encoded_backslash: backslash,
            keep_bad_escape: escape,
            keep_encoded_control: control,
            redirect_double_slash: double,
        };
        if let Ok(target) = Target::parse_with(raw.as_bytes(), rules) {
            let again = Target::parse_with(target.path_and_query().as_bytes(), rules);
            prop_assert_eq!(again.as_ref(), Ok(&target));
            for path in target.views().iter().map(|v| v.path.as_str()).chain([target.path()]) {
                prop_assert!(path.starts_with('/') && !path.contains("//"));
                prop_assert!(!path.split(['/', '\\']).any(|s| matches!(s, "." | "..")));
            }
        }
    }

    #[test]
    fn any_bytes_are_survived(raw in prop::collection::vec(any::<u8>(), 0..64)) {
        holds(&raw)?;
        holds(&[b"/", raw.as_slice()].concat())?;
    }

    #[test]
    fn the_short_way_and_the_long_way_agree(raw in "/[a-c./%;:]{0,12}") {
        if let Some(plain) = plain_path(raw.as_bytes()) {
            prop_assert_eq!(canonical_path(raw.as_bytes(), PathRules::default()), Ok(plain.clone()));
            prop_assert_eq!(readings::of(&plain, PathRules::default()), Ok(Vec::new()));
        }
    }
}
