//! `presets`, `[paths]`, `[next]` and JavaScript expressions in `pattern`: what is taken, and what is underlined.

use super::mistakes::{help, whole};
use super::*;

fn config(rest: &str) -> String {
    format!("version = 1\ndefault = \"deny\"\n{rest}\n")
}

#[test]
fn what_is_written_arrives() {
    let text = config(
        r#"
presets = ["nextjs"]
[paths]
encoded-slash = "keep"
bad-escape = "reject"
[next]
base-path = "/shop"
locales = ["en", "fr-CA"]
default-locale = "en"
trailing-slash = true
outside-matcher = "unprotected"
matcher = ["/((?!.*\\..*|_next).*)", { source = "/api/:path*", locale = false, has = [{ type = "header", key = "X-Flag", value = "a|b" }] }]
"#,
    );
    let (policy, findings) = load(&text, Format::Toml).expect("loads");
    assert_eq!(findings, []);
    assert!(policy.paths.keep_encoded_slash && policy.paths.redirect_double_slash);
    assert!(!policy.paths.keep_bad_escape && !policy.paths.keep_encoded_control);
    let next = policy.next.expect("is there");
    assert_eq!(next.config.base_path, "/shop");
    assert_eq!(next.config.locales, ["en", "fr-CA"]);
    assert!(next.config.trailing_slash && next.unprotected_outside);
    let matcher = next.matcher.expect("is there");
    assert_eq!(matcher.entries.len(), 2);
    assert!(matcher.entries[0].pattern.is_match("/shop/en/product"));
    assert!(!matcher.entries[0].pattern.is_match("/shop/en/product.css"));
    assert!(matcher.entries[1].pattern.is_match("/shop/api/x"));
    assert!(matcher.entries[1].has[0].value.as_ref().expect("a value").is_match("xb"));
}

#[test]
fn the_preset_alone_and_the_table_alone_do_the_same() {
    let (by_preset, _) = load(&config("presets = [\"nextjs\"]"), Format::Toml).expect("loads");
    let (by_table, _) = load(&config("[next]\nmatcher = \"/:path*\""), Format::Toml).expect("loads");
    for policy in [by_preset, by_table] {
        assert!(policy.next.is_some() && policy.paths.redirect_double_slash);
    }
    let (strict, _) =
        load(&config("presets = [\"nextjs\"]\npaths.double-slash = \"reject\""), Format::Toml).expect("loads");
    assert!(!strict.paths.redirect_double_slash);
    let (none, _) = load(&config(""), Format::Toml).expect("loads");
    assert!(none.next.is_none() && !none.paths.redirect_double_slash);
}

#[test]
fn mistakes_are_underlined() {
    for (rest, expected) in [
        ("presets = [\"nextjs\", \"vercel\"]", ("P106", "\"vercel\"")),
        ("[paths]\nencoded-slash = \"allow\"", ("P106", "\"allow\"")),
        ("[next]\nbase-path = \"shop\"", ("P210", "\"shop\"")),
        ("[next]\nbase-path = \"/shop/\"", ("P210", "\"/shop/\"")),
        ("[next]\nlocales = [\"en\"]", ("P217", "[\"en\"]")),
        ("[next]\nlocales = [\"en\"]\ndefault-locale = \"fr\"", ("P217", "\"fr\"")),
        ("[next]\nlocales = [\"en/x\"]\ndefault-locale = \"en/x\"", ("P217", "\"en/x\"")),
        ("[next]\nmatcher = [\"dashboard/:path*\"]", ("P216", "dashboard/:path*")),
        ("[next]\nmatcher = [\"/a/**\"]", ("P216", "*")),
        ("[next]\nmatcher = [\"/((?<=a)b)\"]", ("P216", "(")),
        ("[next]\nmatcher = [{ locale = false }]", ("P103", "{ locale = false }")),
        ("[next]\nmatcher = [{ source = \"/a\", has = [{ type = \"query\" }] }]", ("P208", "{ type = \"query\" }")),
        ("[next]\nmatcher = [{ source = \"/a\", has = [{ type = \"host\", value = \"a(\" }] }]", ("P208", "")),
        ("[next]\noutside-matcher = \"unprotected\"", ("P326", "\"unprotected\"")),
        ("[[route]]\npattern = [{ regexp = \"^/a(\" }]\nrequire = \"deny\"", ("P215", "")),
        ("[[route]]\npattern = [{ regexp = \"^/a\", flags = \"ig\" }]\nrequire = \"deny\"", ("P215", "g")),
        ("[[route]]\nglob = [{ regexp = \"^/a\" }]\nrequire = \"deny\"", ("P102", "{ regexp = \"^/a\" }")),
    ] {
        let findings = load(&config(rest), Format::Toml).expect_err(rest);
        let first = findings.iter().find(|finding| finding.is_error()).expect("an error");
        assert_eq!(first.code, expected.0, "{rest}: {findings:#?}");
        if !expected.1.is_empty() {
            let label = first.labels[0].span;
            assert_eq!(&config(rest)[label.start..label.end], expected.1, "{rest}");
        }
    }
    let findings = whole(&config("[nextjs]\nx = 1"), &[("P101", "nextjs")]);
    assert_eq!(help(&findings), "write `[next]`");
}
