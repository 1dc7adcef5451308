//! Did you mean …?

/// The known word nearest to `written`, if it is near enough to be a slip: one edit for each three letters.
pub(super) fn nearest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    // Longer words are no slips of ours, and comparing them costs their length squared.
    if written.len() > 64 {
        return None;
    }
    let letters = written.chars().count();
    let slips = if letters < 2 { 0 } else { (letters / 3).max(1) };
    known
        .iter()
        .map(|word| (strsim::osa_distance(written, word), *word))
        .filter(|(distance, _)| *distance <= slips)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// `did you mean …?`, or else the list of what is known, or `nothing`, when nothing is.
pub(super) fn advice(written: &str, known: &[&str], nothing: &str) -> String {
    if let Some(right) = nearest(written, known) {
        return format!("did you mean `{right}`?");
    }
    if known.is_empty() {
        return nothing.to_owned();
    }
    // A long list helps nobody.
    let shown: Vec<String> = known.iter().take(12).map(|name| format!("`{name}`")).collect();
    let more = if known.len() > shown.len() { ", …" } else { "" };
    format!("there is {}{more}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_found_and_strangers_are_not() {
        let known = ["redirect", "respond", "require", "glob"];
        assert_eq!(nearest("redirct", &known), Some("redirect"));
        assert_eq!(nearest("requires", &known), Some("require"));
        assert_eq!(nearest("lgob", &known), Some("glob"));
        assert_eq!(nearest("webhook", &known), None);
        assert_eq!(nearest("x", &["a"]), None);
    }
}
