use super::*;
use proptest::prelude::*;

const NAME: &str = "__Host-session";

fn cookies<'a>(lines: &[&'a [u8]]) -> Cookies<'a> {
    Cookies::parse(lines.iter().copied()).unwrap()
}

fn token(line: &str) -> CookieRead {
    cookies(&[line.as_bytes()]).token(NAME, false)
}

fn forwarded(line: &[u8]) -> Option<String> {
    cookies(&[line]).forward(&[], &[CookieRule::token(NAME, true)]).map(|line| String::from_utf8(line).unwrap())
}

#[test]
fn one_clean_token_is_read() {
    for line in [
        "__Host-session=a.b.c",
        "x=1; __Host-session=a.b.c; y=2",
        "x=1;__Host-session=a.b.c",
        " __Host-session=a.b.c ; x",
        "x=\"1 2\"; __Host-session=a.b.c;",
        "__Host-session=a.b.c; __Host-session=a.b.c",
        "__HOST-SESSION=e.v.l; __Host-session=a.b.c",
        "\u{2000}__Host-session=e.v.l; __Host-session=a.b.c",
    ] {
        assert_eq!(token(line), CookieRead::Value("a.b.c".to_owned()), "{line}");
    }
    let latin1 = b"n\xe9=\xff; __Host-session=a.b.c";
    assert_eq!(cookies(&[latin1]).token(NAME, false), CookieRead::Value("a.b.c".to_owned()));
    assert_eq!(cookies(&[b"x=1", b"__Host-session=a.b.c"]).token(NAME, false), CookieRead::Value("a.b.c".to_owned()));
}

#[test]
fn every_other_spelling_is_refused_and_kept_from_the_upstream() {
    for (line, reason) in [
        ("__Host-session=a.b.c; __Host-session=d.e.f", "conflict"),
        ("__Host-session=a.b.c; __Host-session", "conflict"),
        ("__Host-session; __Host-session=a.b.c", "conflict"),
        ("__Host-session=; __Host-session=a.b.c", "conflict"),
        ("__Host-session=\"a.b.c\"; __Host-session=a.b.c", "conflict"),
        ("__Host-session", "no-value"),
        ("__Host-session=", "empty"),
        ("__Host-session=a%2Eb.c", "percent"),
        ("__Host-session=\"a.b.c\"", "quoted"),
        ("__Host-session=a.b", "not-a-token"),
        ("__Host-session=a.b.c.d", "not-a-token"),
        ("__Host-session=a..c", "not-a-token"),
        ("__Host-session=a.b.c=", "not-a-token"),
        ("__Host-session= a.b.c", "not-a-token"),
        ("__Host-session=a.b.c,__Host-session=d.e.f", "not-a-token"),
    ] {
        assert_eq!(token(line), CookieRead::Refused(reason), "{line}");
        assert_eq!(forwarded(format!("x=1; {line}; y").as_bytes()).as_deref(), Some("x=1; y"), "{line}");
    }
}

#[test]
fn what_others_might_read_as_ours_is_absent_and_kept_from_the_upstream() {
    for line in [
        "__Host-session =e.v.l",
        "__Host-session\t=e.v.l",
        "\t__Host-session=e.v.l",
        "\u{2000}__Host-session=e.v.l",
        "__Host-session\u{3000}=e.v.l",
        "\u{200b}__Host-session=e.v.l",
        "%5F_Host-session=e.v.l",
        "__Host-%73ession=e.v.l",
        "__Host-%2573ession=e.v.l",
        "__HOST-Session=e.v.l",
        "=__Host-session=e.v.l",
        "\"__Host-session\"=e.v.l",
        "$Version=1,__Host-session=e.v.l",
        "a=1, __Host-session=e.v.l",
        "a=1 __Host-session=e.v.l",
        "+__Host-session=e.v.l",
        "__Host-session[x]=e.v.l",
    ] {
        assert_eq!(token(&format!("x=1;{line}; y")), CookieRead::Absent, "{line}");
        assert_eq!(forwarded(format!("x=1;{line}; y").as_bytes()).as_deref(), Some("x=1; y"), "{line}");
        let beside = format!("__Host-session=a.b.c;{line}");
        assert_eq!(token(&beside), CookieRead::Value("a.b.c".to_owned()), "{line}");
        assert_eq!(forwarded(beside.as_bytes()).as_deref(), Some("__Host-session=a.b.c"), "{line}");
    }
}

#[test]
fn strangers_are_left_alone() {
    for line in ["x=1;;  y=\"a b\"; session=e.v.l; __Host-session-2=1; theme=__Host-session", "", "   ", ";"] {
        assert_eq!(forwarded(line.as_bytes()), None, "{line}");
    }
    assert_eq!(cookies(&[]).forward(&["x"], &[CookieRule::token("y", true)]), None);
    assert_eq!(cookies(&[b"a=1", b"b=2"]).forward(&[], &[]), Some(b"a=1; b=2".to_vec()));
}

#[test]
fn chunks_are_joined_by_number() {
    let read = |line: &str| cookies(&[line.as_bytes()]).token("s", true);
    let value = CookieRead::Value("tok.good.sig".to_owned());
    assert_eq!(read("s.0=tok.go; s.1=od.sig"), value);
    assert_eq!(read("s.1=od.sig; s.0=tok.go; s.0=tok.go; s.x=1"), value);
    assert_eq!(read("s=tok.good.sig"), value);
    let many: Vec<String> = (0..11).rev().map(|n| format!("s.{n}={}", if n == 10 { ".b.c" } else { "a" })).collect();
    assert_eq!(read(&many.join("; ")), CookieRead::Value("aaaaaaaaaa.b.c".to_owned()));
    for (line, reason) in [
        ("s.1=od.sig", "chunk-missing"),
        ("s.0=tok; s.2=x", "chunk-missing"),
        ("s.0=a.b.c; s.01=x", "chunk-number"),
        ("s.0=a.b.c; s.00=x", "chunk-number"),
        ("s.0=a.b.c; s.999999999999999999999=x", "chunk-number"),
        ("s.0=tok.go; s.1=od.sig; s.1=il.sig", "conflict"),
        ("s=tok.good.sig; s.0=tok.go; s.1=od.sig", "whole-and-chunks"),
        ("s.0=tok.go; s.1=%2Ed.sig", "percent"),
    ] {
        assert_eq!(read(line), CookieRead::Refused(reason), "{line}");
        let rest = cookies(&[line.as_bytes()]).forward(&[], &[CookieRule::token("s", true)]);
        assert_eq!(rest, Some(Vec::new()), "{line}");
    }
    assert_eq!(cookies(&[b"s.0=tok.go; s.1=od.sig"]).forward(&[], &[CookieRule::token("s", true)]), None);
    assert_eq!(cookies(&[b"s.0=a; x=1; s.12=b; s=c; S=d; sx=2"]).forward(&["s"], &[]), Some(b"x=1; sx=2".to_vec()));
}

#[test]
fn ordinary_cookies_are_read_as_next_reads_them() {
    let read = |line: &[u8]| cookies(&[line]).plain("a");
    for (line, value) in [
        (&b"a=1; a=2"[..], Some("2")),
        (b"a=1; a=%", Some("1")),
        (b"a", Some("true")),
        (b"a=caf%C3%A9%20+", Some("café +")),
        (b"a=\xff", Some("ÿ")),
        (b"a=%ff", None),
        (b"a=\"1\"", Some("\"1\"")),
        (b"a =1; A=1; %61=1", None),
        (b"a=1, b=2", Some("1, b=2")),
    ] {
        assert_eq!(read(line).as_deref(), value, "{}", line.escape_ascii());
    }
}

#[test]
fn limits() {
    let status = |line: &[u8]| Cookies::parse([line].into_iter()).unwrap_err().status;
    for control in [0, 1, b'\n', b'\r', 0x0b, 0x1f, 0x7f] {
        assert_eq!(status(&[b'a', b'=', control]), 400, "{control}");
    }
    assert_eq!(status(&[b';'; MAX_BYTES + 1]), 431);
    assert_eq!(status(b"a=1;".repeat(MAX_PAIRS + 1).as_slice()), 431);
    assert_eq!(cookies(&[b"a=1;".repeat(MAX_PAIRS).as_slice()]).plain("a").as_deref(), Some("1"));
    let halves = [vec![b'a'; MAX_BYTES], vec![b'b']];
    assert_eq!(Cookies::parse(halves.iter().map(Vec::as_slice)).unwrap_err().reason, "cookies-too-large");
}

fn nasty_line() -> impl Strategy<Value = Vec<u8>> {
    const PIECES: &[&[u8]] = &[
        b"s",
        b"s.0",
        b"s.1",
        b"S",
        b"%73",
        b"=",
        b"=",
        b"=",
        b";",
        b";",
        b"; ",
        b" ",
        b"\t",
        b",",
        b"\"",
        b"a.b.c",
        b"a.b.c",
        b"d.e.f",
        b"\xe2\x80\x80",
        b"\xff",
        b"[",
        b"%",
        b"x",
    ];
    let piece = prop::sample::select(PIECES);
    prop::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// A word at a time as byte by byte.
    #[test]
    fn controls_are_found_wherever_they_stand(line in prop::collection::vec(prop_oneof![Just(b'a'), Just(b'\t'), any::<u8>()], 0..40)) {
        let control = |b: &u8| (*b < b' ' && *b != b'\t') || *b == 0x7f;
        prop_assert_eq!(super::has_control(&line), line.iter().any(control));
    }

    #[test]
    fn what_is_forwarded_holds_no_dropped_name(lines in prop::collection::vec(nasty_line(), 0..3)) {
        let cookies = Cookies::parse(lines.iter().map(Vec::as_slice)).unwrap();
        if let Some(line) = cookies.forward(&["s"], &[]) {
            let after = Cookies::parse([line.as_slice()].into_iter()).unwrap();
            prop_assert_eq!(after.token("s", true), CookieRead::Absent);
            prop_assert_eq!(after.plain("s"), None);
            prop_assert_eq!(after.forward(&["s"], &[]), None);
        }
    }

    #[test]
    fn what_is_forwarded_gives_the_same_session(lines in prop::collection::vec(nasty_line(), 0..3)) {
        let cookies = Cookies::parse(lines.iter().map(Vec::as_slice)).unwrap();
        let before = cookies.token("s", true);
        if let Some(line) = cookies.forward(&[], &[CookieRule::token("s", true)]) {
            let after = Cookies::parse([line.as_slice()].into_iter()).unwrap();
            prop_assert_eq!(after.forward(&[], &[CookieRule::token("s", true)]), None);
            match before {
                CookieRead::Value(_) => prop_assert_eq!(after.token("s", true), before),
                _ => prop_assert_eq!(after.token("s", true), CookieRead::Absent),
            }
        }
    }

    #[test]
    fn any_bytes_are_survived(line in prop::collection::vec(any::<u8>(), 0..60), name in any::<String>()) {
        if let Ok(cookies) = Cookies::parse([line.as_slice()].into_iter()) {
            let _ = (cookies.token(&name, true), cookies.plain(&name), cookies.forward(&[&name], &[CookieRule::token(&name, true)]));
        }
    }
}
