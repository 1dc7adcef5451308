//! Nothing that can be written makes the reader panic, and every place it names is a place of the text.

use super::samples::ALL;
use super::*;
use proptest::prelude::*;

fn is_sound(text: &str, format: Format) {
    let findings = match load(text, format) {
        Ok((_, findings)) => {
            assert!(!findings.iter().any(Diagnostic::is_error));
            findings
        }
        Err(findings) => {
            assert!(findings.iter().any(Diagnostic::is_error), "refused without a reason: {text}");
            findings
        }
    };
    for finding in &findings {
        for label in &finding.labels {
            assert!(text.get(label.span.start..label.span.end).is_some(), "{finding:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text(text in ".{0,200}") {
        is_sound(&text, Format::Toml);
        is_sound(&text, Format::Json);
    }

    #[test]
    fn text_of_the_right_letters(text in "[a-d.=\\[\\]{}\"', \n0-9#\\\\:/*()-]{0,120}") {
        is_sound(&text, Format::Toml);
        is_sound(&text, Format::Json);
    }

    #[test]
    fn samples_with_a_piece_cut_out(sample in 0..ALL.len(), at in any::<prop::sample::Index>(), length in 0usize..60) {
        let text = ALL[sample];
        let start = text.floor_char_boundary(at.index(text.len()));
        let end = text.ceil_char_boundary((start + length).min(text.len()));
        is_sound(&format!("{}{}", &text[..start], &text[end..]), Format::Toml);
        is_sound(&text[..start], Format::Toml);
    }

    #[test]
    fn samples_with_something_put_in(
        sample in 0..ALL.len(),
        at in any::<prop::sample::Index>(),
        piece in "[\"'\\[\\]{}=.,\n\\\\(:*é\u{0}a-c0-9]{1,6}",
    ) {
        let text = ALL[sample];
        let start = text.floor_char_boundary(at.index(text.len()));
        is_sound(&format!("{}{piece}{}", &text[..start], &text[start..]), Format::Toml);
    }
}

#[test]
fn deep_nesting_is_refused_before_it_is_parsed() {
    for (text, format) in [
        (format!("a = {}", "[".repeat(100_000)), Format::Toml),
        (format!("a = {}", "{a=".repeat(100_000)), Format::Toml),
        (format!("a{} = 1", ".a".repeat(100_000)), Format::Toml),
        (format!("[a{}]", ".a".repeat(100_000)), Format::Toml),
        ("[".repeat(100_000), Format::Json),
        ("{\"a\":".repeat(100_000), Format::Json),
    ] {
        let findings = load(&text, format).unwrap_err();
        assert_eq!(findings[0].code, "P004");
    }
}

/// Five thousand rules are checked in a breath, whatever they look like.
#[test]
fn many_rules() {
    let rules = |count: usize, path: &dyn Fn(usize) -> String| {
        let mut text = "version = 1\ndefault = \"deny\"\n".to_owned();
        for index in 0..count {
            text.push_str(&format!("[[route]]\n{}\nrequire = \"deny\"\n", path(index)));
        }
        text
    };
    let plain: &dyn Fn(usize) -> String = &|_| "glob = \"/x\"".to_owned();
    let automata: &dyn Fn(usize) -> String = &|i| format!("pattern = \"/{}/:id/edit\"", i % 3);
    for (count, path) in [(5_000, plain), (2_500, automata)] {
        let start = std::time::Instant::now();
        assert!(load(&rules(count, path), Format::Toml).is_ok());
        // Without optimisation; what must not happen is a minute.
        assert!(start.elapsed().as_secs() < 20, "{:?}", start.elapsed());
    }
    // What would not fit into an instance is refused with words, at the place where it is too much.
    let findings = load(&rules(5_000, automata), Format::Toml).unwrap_err();
    assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["P218"]);
    let mut text = rules(5_000, &|index| format!("glob = \"/{index}\""));
    assert!(load(&text, Format::Toml).is_ok());
    text.push_str("[[route]]\nglob = \"/x\"\nrequire = \"deny\"\n");
    assert_eq!(load(&text, Format::Toml).unwrap_err()[0].code, "P209");
}
