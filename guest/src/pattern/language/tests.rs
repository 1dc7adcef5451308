//! Judged by the matching engine, and by trying all short words.

use super::*;
use crate::pattern::Pattern;
use proptest::prelude::*;

const FOLD: Options = Options { ignore_case: true, dot_all: true };
const PLAIN: Options = Options { ignore_case: false, dot_all: true };

fn language(text: &str) -> Language {
    Language::compile(Dialect::Pattern, text, FOLD).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn enough() -> Effort {
    Effort::new(2_000_000_000, 2_000_000_000)
}

fn ask(question: &Question<'_>) -> Option<String> {
    match question.ask(&mut enough()) {
        Answer::Word(word) => Some(word),
        Answer::None => None,
        Answer::Undecided => panic!("undecided"),
    }
}

#[test]
fn differences() {
    let page = language("/:path*");
    for (within, outside, word) in [
        ("/admin", "/admin/:path*", None),
        ("/admin/:path*", "/admin", Some("/admin/x")),
        ("/admin(.*)", "/admin/:path*", Some("/adminx")),
        ("/((?!api|login).*)", "/((?!api/|api$|login).*)", None),
        ("/((?!api/|api$|login).*)", "/((?!api|login).*)", Some("/apix")),
        (r"/((?!.*\..*|_next).*)", r"/((?!_next|.*\.).*)", None),
        (r"/((?!.*\.png$).*)", r"/((?!.*\.png).*)", Some("/.pngx")),
        ("/((?!js(?!on)).*)", "/((?!js).*)", Some("/json")),
        (r"/(\bx.*)", "/x/:path*", Some("/xx")),
        (r"/(x\b.*)", "/x/:path*", Some("/x-")),
    ] {
        let (within, outside) = (language(within), language(outside));
        let found = ask(&Question::new().within(&page).within(&within).outside([&outside]));
        assert_eq!(found.as_deref(), word);
    }
}

#[test]
fn edits() {
    let page = Language::regexp(r"^(?:\/[a-z_-]+)+$", "").expect("valid");
    fn on<'l>(page: &'l Language, question: Question<'l>) -> Option<String> {
        ask(&question.within(page))
    }
    let (exact, open) = (language("/admin"), language("/docs(.*)"));
    // Children of an exact entry are open.
    let children = Question::new().within(&exact).outside_as(Edit::Append("/x"), [&exact]);
    assert_eq!(on(&page, children).as_deref(), Some("/admin"));
    assert_eq!(on(&page, Question::new().within(&open).outside_as(Edit::Append("/x"), [&open])), None);
    // Goes on after a fixed last letter.
    fn boundary(language: &Language) -> Question<'_> {
        Question::new().within(language).within_as(Edit::Append("-x"), language).outside_as(Edit::Last("q"), [language])
    }
    assert_eq!(on(&page, boundary(&open)).as_deref(), Some("/docs"));
    assert_eq!(on(&page, boundary(&exact)), None);
    for quiet in ["/user-:id", "/((?!api).*)", "/docs/:path*"] {
        let quiet = language(quiet);
        assert_eq!(on(&page, boundary(&quiet)), None);
    }
    // The part before a dot, and a sibling.
    let dots = language(r"/((?!_next|.*\..*).*)");
    let file = Language::regexp(r"^(?:\/[a-z]+)*\/zzz\.[a-z]+$", "").expect("valid");
    let stem = Question::new().within(&file).outside([&dots]).within_as(Edit::Cut('.', ""), &dots);
    assert_eq!(ask(&stem).as_deref(), Some("/zzz.x"));
    let sibling = Question::new().outside([&dots]).within_as(Edit::Cut('/', "/zzz"), &dots);
    assert_eq!(on(&page, sibling).as_deref(), Some("/_next"));
    let anywhere = language("/(.*)inngest(.*)");
    let inside = Question::new().within(&anywhere).within_as(Edit::Prepend("/admin"), &anywhere);
    assert_eq!(on(&page, inside).as_deref(), Some("/inngest"));
    assert_eq!(on(&page, Question::new().within(&open).within_as(Edit::Prepend("/admin"), &open)), None);
}

#[test]
fn too_much_is_not_decided() {
    let (a, b) = (language("/((?:a|b)*a(?:a|b){14})"), language("/((?:a|b)*b(?:a|b){13}a)"));
    let question = Question::new().within(&a).within(&b).outside([&language("/(.*)")]).ask(&mut Effort::new(100, 100));
    assert_eq!(question, Answer::Undecided);
}

#[test]
fn edited_words() {
    for (edit, word, edited) in [
        (Edit::Whole, "/a/b.c", Some("/a/b.c")),
        (Edit::Append("/x"), "/a", Some("/a/x")),
        (Edit::Prepend("/x"), "/a", Some("/x/a")),
        (Edit::Cut('/', "/x"), "/a/b.c", Some("/a/x")),
        (Edit::Cut('.', ""), "/a/b.c", Some("/a/b")),
        (Edit::Cut('.', ""), "/a", None),
        (Edit::Last("q"), "/ab", Some("/aq")),
        (Edit::Last("q"), "", None),
    ] {
        assert_eq!(edit.apply(word).as_deref(), edited);
    }
}

#[test]
fn meeting() {
    for (a, b, meet) in [
        ("/:locale/a/:id", "/:locale/b/:id", false),
        ("/:locale/a/:id", "/:locale/:b/x", true),
        ("/a(.*)", "/:x", true),
        ("/a(.*)", "/b(.*)", false),
        ("/a", "/a/:path*", true),
        ("/A", "/a", true),
        // Conditions are not looked at.
        ("/((?!a).*)", "/a", true),
    ] {
        assert_eq!(language(a).may_meet(&language(b)), meet, "{a} {b}");
        assert_eq!(language(b).may_meet(&language(a)), meet, "{b} {a}");
    }
}

#[test]
fn ends() {
    for (text, end) in [
        ("/a", End::Exact),
        ("/a(.*)", End::Open),
        ("/a/(.*)", End::Open),
        ("/a/:path*", End::Below),
        ("/a{/(.*)}?", End::Below),
        ("/a/:path+", End::Other),
        ("/a/:path(x|y)*", End::Other),
        ("/:path*", End::Below),
        ("/a/:id", End::Other),
        ("/(.*)b", End::Other),
    ] {
        assert_eq!(language(text).end(), end, "{text}");
    }
    let glob = Language::compile(Dialect::Glob, "/a/**", FOLD).expect("valid");
    assert_eq!(glob.end(), End::Below);
}

/// The exception of a language counts.
#[test]
fn exceptions() {
    let (admin, all, login) = (language("/admin/:path*"), language("/(.*)"), language("/admin/login(.*)"));
    let question = Question::new().within(&admin).unless(Edit::Whole, &all, [&login]);
    assert_eq!(ask(&question).as_deref(), Some("/admin/login"));
}

/// Pieces of route patterns.
fn route() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "/a",
        "/b",
        "/ab",
        "/A",
        "(.*)",
        "/:x",
        "/:p*",
        "/:p+",
        "{-:z}?",
        "((?!a|b).*)",
        "((?!a$|.*b$).*)",
        "(a|b)",
        ".",
        "/",
        "((?:(?!ab).)*)",
        "((?:(?=ab)a|b)*)",
        r"((?!.*\.).*)",
        "((?:a|a)*)",
        r"(\bab.*)",
        r"(.*\B-)",
        r"((?!a(?!b)).*)",
        "([^/]+)",
        r"(.*\b)",
        "(a$|b.*)",
    ]);
    prop::collection::vec(piece, 1..5).prop_map(|pieces| pieces.concat())
}

fn any_language() -> impl Strategy<Value = (String, Options)> {
    (route(), any::<bool>()).prop_map(|(text, fold)| (text, if fold { FOLD } else { PLAIN }))
}

/// All words of up to that many letters.
fn words(letters: &[char], most: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut from = 0;
    for _ in 0..most {
        let upto = all.len();
        for at in from..upto {
            for letter in letters {
                all.push(format!("{}{letter}", all[at]));
            }
        }
        from = upto;
    }
    all
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// A word is in the language if the pattern matches it; the machine that questions are asked of says the same.
    #[test]
    fn contains_is_match((text, options) in any_language(), word in "[/abAB.x-]{0,9}") {
        if let Ok(pattern) = Pattern::compile(Dialect::Pattern, &text, options) {
            let language = Language::compile(Dialect::Pattern, &text, options).expect("compiled before");
            prop_assert_eq!(language.contains(&word), pattern.is_match(&word), "{} {}", text, word);
            let machine = |word: &str| {
                let (row, at_end, after) = language.machine.read(word, &language.machine.at_end(), true, false);
                language.machine.accepts(&row, at_end, after)
            };
            prop_assert_eq!(machine(&word), pattern.is_match(&word), "{} {}", text, word);
            for word in words(&['/', 'a', 'b', '.'], 4) {
                prop_assert_eq!(machine(&word), pattern.is_match(&word), "{} {}", text, word);
            }
        }
    }

    /// The answer to a question is a shortest word, and it is none only if there is none.
    #[test]
    fn answers_are_right(
        (a, a_options) in any_language(),
        (b, b_options) in any_language(),
        (c, c_options) in any_language(),
        edit in 0usize..6,
    ) {
        let both = |text: &str, options| {
            Some((Pattern::compile(Dialect::Pattern, text, options).ok()?, Language::compile(Dialect::Pattern, text, options).ok()?))
        };
        if let (Some((a, in_a)), Some((b, in_b)), Some((c, in_c))) = (both(&a, a_options), both(&b, b_options), both(&c, c_options)) {
            let short = Language::regexp("^[/ab.]{0,4}$", "").expect("valid");
            let edits = [Edit::Whole, Edit::Append("/b"), Edit::Prepend("/a"), Edit::Cut('/', "/b"), Edit::Last("a"), Edit::Cut('.', "")];
            let edited = |word: &str| edits[edit].apply(word);
            let common = ask(&Question::new().within(&in_a).within(&in_b));
            prop_assert!(common.is_none() || in_a.may_meet(&in_b), "{} {}: {:?}", a.source(), b.source(), common);
            let question = Question::new()
                .within(&short)
                .within_any_as(Edit::Whole, [&in_a, &in_b])
                .outside_as(edits[edit], [&in_c]);
            let found = ask(&question);
            let holds = |word: &str| {
                (a.is_match(word) || b.is_match(word)) && !edited(word).is_some_and(|word| c.is_match(&word))
            };
            let brute = words(&['/', 'a', 'b', '.'], 4).into_iter().find(|word| holds(word));
            if let Some(word) = &found {
                prop_assert!(holds(word), "{} | {} - {}: {}", a.source(), b.source(), c.source(), word);
            }
            prop_assert_eq!(found.as_ref().map(String::len), brute.as_ref().map(String::len), "{} | {} - {}: {:?} {:?}", a.source(), b.source(), c.source(), found, brute);
        }
    }

    /// What is said of an expression without asking is true.
    #[test]
    fn ends_are_right((text, options) in any_language(), word in "[/abAB.x-]{0,6}") {
        if let Ok(language) = Language::compile(Dialect::Pattern, &text, options) {
            if language.end() == End::Open {
                let word = format!("{}{word}", language.literal());
                prop_assert!(language.contains(&word), "{} {}", text, word);
            }
            if language.end() == End::Below {
                for below in ["", "/a", "/a.b/-x/c"] {
                    let word = format!("{}{below}", language.literal());
                    prop_assert!(language.contains(&word), "{} {}", text, word);
                }
            }
            if language.end() == End::Exact {
                prop_assert!(language.contains(language.literal()));
                let longer = format!("{}x", language.literal());
                prop_assert!(!language.contains(&longer), "{} {}", text, longer);
            }
        }
    }
}
