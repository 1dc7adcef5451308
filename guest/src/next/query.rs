//! Query parameters that Next.js keeps for itself: from outside they would choose the parameters of a route, the
//! locale or the kind of the answer (CVE-2026-44574). They are taken out of every request.

use crate::request::decode_component;

/// Names that begin so belong to the framework: route parameters (`nxtP…`, `nxtI…`) and its internal state
/// (`__nextLocale`, `__nextDataReq`, `_nextBubbleNoFallback`…).
const PRIVATE: [&str; 4] = ["nxtP", "nxtI", "__next", "_next"];

/// The query without private parameters, all others byte for byte; `None` if there is nothing to take out. The inner
/// `None`: nothing is left, and the `?` goes, too.
pub fn without_private(query: &str) -> Option<Option<String>> {
    if !query.split('&').any(is_private) {
        return None;
    }
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_private(pair)).collect();
    Some((!kept.is_empty()).then(|| kept.join("&")))
}

fn is_private(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    let starts = |name: &str| PRIVATE.iter().any(|private| name.starts_with(private));
    if !name.contains(['%', '+']) {
        return starts(name);
    }
    // A name that cannot be decoded is read in one way by one parser and in another by the next: it goes if any
    // reading of what is whole begins so.
    match decode_component(name) {
        Some(name) => starts(&name),
        None => starts(&lenient(name)),
    }
}

/// Escapes that can be decoded are, all else stays.
fn lenient(name: &str) -> String {
    let mut out = String::new();
    let mut rest = name;
    while let Some(c) = rest.chars().next() {
        let escape = rest.get(..3).filter(|_| c == '%').and_then(decode_component).filter(|text| text.len() == 1);
        out.push_str(escape.as_deref().unwrap_or(rest.get(..c.len_utf8()).unwrap_or_default()));
        rest = rest.get(if escape.is_some() { 3 } else { c.len_utf8() }..).unwrap_or_default();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn private_parameters_are_taken_out() {
        for (query, left) in [
            ("nxtPslug=account", Some("")),
            ("a=1&nxtIslug=x&b=%zz", Some("a=1&b=%zz")),
            ("__nextLocale=fr&__nextDefaultLocale=en&x", Some("x")),
            ("%6exxtP=1", None),
            ("n%78tPslug=account&q=a+b", Some("q=a+b")),
            ("nxt%50slug%zz=1", Some("")),
            ("_nextBubbleNoFallback=1", Some("")),
            ("nxt=1&nextP=2&_rsc=abc&a=nxtP", None),
            ("", None),
        ] {
            assert_eq!(without_private(query).map(Option::unwrap_or_default).as_deref(), left, "{query}");
        }
    }

    proptest! {
        #[test]
        fn nothing_private_is_left_and_nothing_else_is_lost(
            pairs in prop::collection::vec("(nxtP|nxtI|__next|_next|n%78tP|nxt|a|%61|%zz)[a-z%+]{0,4}(=[a-z]{0,2})?", 0..6),
        ) {
            let query = pairs.join("&");
            let left = without_private(&query).unwrap_or(Some(query.clone())).unwrap_or_default();
            prop_assert_eq!(without_private(&left), None);
            let kept: Vec<&str> = query.split('&').filter(|pair| !is_private(pair)).collect();
            prop_assert_eq!(left, kept.join("&"));
        }
    }
}
