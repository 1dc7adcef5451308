//! What protects too little: R01, R04, R05, R12 to R14, R16 of globs.

use super::Lint;
use super::checked::{Checked, language};
use super::finding::Finding;
use super::list::{Rest, Role, Source};
use crate::diagnostic::Severity;
use crate::pattern::{Answer, Edit, End, Language, Options, PatternError, Question, RouteOptions};

impl<'a> Lint<'a> {
    pub(super) fn protects_too_little(&mut self, checked: &'a Checked<'a>) {
        if !checked.text().starts_with('/') && self.never(checked) {
            return;
        }
        self.escaped_characters(checked);
        match checked.role {
            Role::Public | Role::Elsewhere => {}
            Role::Protect if self.setting.rest == Rest::Closed => {}
            Role::Protect => {
                self.open_children(checked);
                self.open_root(checked);
            }
            Role::Matcher => {
                self.open_root(checked);
                if !self.setting.trailing_slash {
                    self.only_with_slash(checked);
                }
            }
        }
    }

    /// R01: takes no path at all, for want of a slash.
    fn never(&mut self, checked: &Checked<'_>) -> bool {
        let source = checked.entry.source;
        if matches!(source, Source::RegExp { .. }) || checked.sample(self.words, self.effort) != Answer::None {
            return false;
        }
        let text = checked.text();
        let help = format!("write `/{text}`");
        let message = "never matches: a path starts with `/`";
        let path = format!("/{text}");
        let mut finding = Finding::of(checked, "R01", Severity::Error, message, help);
        finding.witness = Some(path).filter(|path| self.words.can_be_sent(path));
        self.find(finding);
        true
    }

    /// R04: the page is protected, what is below it is not.
    fn open_children(&mut self, checked: &'a Checked<'a>) {
        let name = self.words.name.as_str();
        let page = match checked.language.end() {
            End::Open | End::Below => return,
            End::Exact => {
                let page = checked.language.literal();
                let page = page.strip_suffix('/').unwrap_or(page);
                let below = Edit::Append(name).apply(page).unwrap_or_default();
                if !self.words.page.contains(page) || self.covers.takes(checked, &below) {
                    return;
                }
                page.to_owned()
            }
            End::Other => {
                let words = self.words;
                let except = self.covers.except_of(checked);
                let make = || Question::new().within(&words.page).within(&checked.language).outside(except);
                let answer = self.covers.escape(checked, &[Edit::Append(name)], make, self.effort);
                let Some(page) = self.word(answer) else { return };
                page
            }
        };
        let below = ["/users", "/x"].iter().map(|end| format!("{page}{end}"));
        let below =
            below.into_iter().find(|path| !self.covers.takes(checked, path)).unwrap_or_else(|| format!("{page}{name}"));
        let message = format!("`{page}` is protected, `{below}` is not");
        let help = match below_of(checked) {
            Some(below) => format!("write {below} to protect what is below, too"),
            None => "protect what is below, too".to_owned(),
        };
        self.find(Finding::of(checked, "R04", Severity::Warning, message, help).shown_by(below));
    }

    /// R05: what is below is covered, the page itself is not; R16 of globs: one level below is, two are not.
    fn open_root(&mut self, checked: &'a Checked<'a>) {
        let star = checked.entry.source.is_glob() && checked.text().ends_with("/*");
        if star {
            self.one_level(checked);
        }
        let literal = checked.language.literal();
        match checked.language.end() {
            End::Exact | End::Below => return,
            End::Open if literal.len() < 2 || !literal.ends_with('/') => return,
            _ => {}
        }
        let words = self.words;
        let (name, deep) = (words.name.as_str(), words.deep.as_str());
        let inside = &checked.language;
        let except = self.covers.except_of(checked);
        let make = || {
            let question = Question::new().within(&words.page).within_as(Edit::Append(name), inside);
            let question = question.outside_as(Edit::Append(name), except);
            if star { question } else { question.within_as(Edit::Append(deep), inside) }
        };
        // A name that is left out on purpose has siblings that are covered.
        let edits = [Edit::Whole, Edit::Cut('/', name)];
        let answer = self.covers.escape(checked, &edits, make, self.effort);
        let Some(root) = self.word(answer) else { return };
        let message = match checked.role {
            Role::Matcher => format!("reaches what is below `{root}`, but not `{root}` itself"),
            _ => format!("protects what is below `{root}`, but not `{root}` itself"),
        };
        let fixed = literal.trim_end_matches('/').eq_ignore_ascii_case(&root);
        let help = match checked.entry.source {
            Source::Pattern(_) | Source::Next(_) if fixed => format!("write `{root}/:path*`, or add `{root}`"),
            Source::Glob(_) if fixed => format!("write `{root}/**`, which takes `{root}`, too"),
            _ if fixed => format!("add `{root}`"),
            _ => "add an entry for the page itself".to_owned(),
        };
        self.find(Finding::of(checked, "R05", Severity::Warning, message, help).shown_by(root));
    }

    /// R16: `/admin/*` takes one level.
    fn one_level(&mut self, checked: &'a Checked<'a>) {
        let words = self.words;
        let deep = words.deep.as_str();
        let except = self.covers.except_of(checked);
        let make = || Question::new().within(&words.page).within(&checked.language).outside(except);
        let answer = self.covers.escape(checked, &[Edit::Append(deep)], make, self.effort);
        let Some(page) = self.word(answer) else { return };
        let below = format!("{page}/x");
        let below = if self.covers.takes(checked, &below) { format!("{page}{deep}") } else { below };
        let text = checked.text();
        let message = format!("`*` takes one segment, so `{below}` is not covered");
        let finding = Finding::of(checked, "R16", Severity::Warning, message, format!("write `{text}*`"));
        self.find(finding.at(Some(text.len().saturating_sub(1)..text.len())).shown_by(below));
    }

    /// R12: Next.js asks again without the slash at the end.
    fn only_with_slash(&mut self, checked: &'a Checked<'a>) {
        if !matches!(checked.entry.source, Source::Next(source) if source.len() > 1) {
            return;
        }
        let words = self.words;
        let without = Question::new().within(&words.clean).within(&checked.language).ask(self.effort);
        if without != Answer::None {
            self.word(without);
            return;
        }
        let with =
            Question::new().within_as(Edit::Append("/"), &checked.language).within(&words.clean).ask(self.effort);
        let Some(path) = self.word(with) else { return };
        let text = checked.text();
        let trimmed = text.strip_suffix('/').unwrap_or(text);
        let message = "never runs: it takes only paths with a slash at the end, and Next.js asks again without it";
        let help = format!("write `{trimmed}`, or turn on `trailingSlash` in `next.config`");
        let at = text.len().saturating_sub(1)..text.len();
        self.find(Finding::of(checked, "R12", Severity::Error, message, help).at(Some(at)).shown_by(path));
    }

    /// R13 for one list: the first entry that another case of its own paths escapes.
    pub(super) fn letter_case(&mut self, list: usize) {
        let words = self.words;
        let mut others = 0;
        let mut first: Option<Finding> = None;
        for checked in self.checked.iter().filter(|checked| checked.list == list) {
            if checked.entry.ignore_case || checked.role == Role::Public {
                continue;
            }
            // Without what Next.js adds to a source.
            let folded = match checked.entry.source {
                Source::Next(text) => next_page(text),
                source => language(source, true, &self.setting.next),
            };
            let Ok(folded) = folded else { continue };
            let mut path = None;
            // Most often the text it is fixed to shows it.
            let literal = folded.literal();
            if folded.contains(literal) && words.can_be_sent(literal) {
                path = Some(capital(literal)).filter(|path| path != literal && !self.covers.takes(checked, path));
            }
            if path.is_none() {
                let except = self.covers.except_of(checked);
                let make = || Question::new().within(&words.page).within(&folded).outside(except);
                let answer = self.covers.escape(checked, &[Edit::Whole], make, self.effort);
                path = self.word(answer);
            }
            let Some(path) = path else { continue };
            if first.is_some() {
                others += 1;
                continue;
            }
            let what = if checked.role == Role::Matcher { "does not reach" } else { "does not protect" };
            let message = format!("letters are compared with their case: {what} `{path}`");
            let help = match checked.entry.source {
                Source::RegExp { .. } => "add the flag `i`, unless everything behind tells upper from lower case",
                _ => "make sure that everything behind tells upper from lower case",
            };
            first = Some(Finding::of(checked, "R13", Severity::Warning, message, help).shown_by(path));
        }
        if let Some(mut finding) = first {
            if others > 0 {
                finding.message.push_str(&format!(" (and so for {others} more)"));
            }
            self.find(finding);
        }
    }

    /// R14: characters that a path holds in escapes only, and escapes that some servers decode.
    fn escaped_characters(&mut self, checked: &Checked<'_>) {
        let text = checked.text();
        let wide = text.char_indices().find(|(_, c)| !c.is_ascii()).map(|(at, c)| at..at + c.len_utf8());
        let escape = text.match_indices('%').map(|(at, _)| at..at + 3).find(|at| {
            let hex = text.get(at.start + 1..at.end).unwrap_or_default();
            hex.bytes().all(|byte| byte.is_ascii_hexdigit()) && hex.len() == 2
        });
        let literal: String = text.chars().take_while(|c| !"([{:*+?\\|^$".contains(*c)).collect();
        let literal = literal.strip_suffix('/').filter(|rest| !rest.is_empty()).unwrap_or(&literal);
        if let Some(at) = wide {
            let sent = encode(literal);
            if sent != literal && self.covers.takes(checked, &sent) {
                return;
            }
            let message = "a browser sends these characters in escapes";
            let help = format!("list both spellings: a server behind may see `{sent}`, or the text as it is here");
            let mut finding = Finding::of(checked, "R14", Severity::Warning, message, help).at(Some(at));
            finding.witness = Some(sent).filter(|path| self.words.can_be_sent(path));
            self.find(finding);
        } else if let Some(at) = escape {
            let message = "an escape in the pattern: a server behind may see the decoded character";
            let help = "list both spellings, the escape and the character";
            let mut finding = Finding::of(checked, "R14", Severity::Warning, message, help).at(Some(at));
            finding.witness = Some(literal.to_owned()).filter(|path| self.words.can_be_sent(path));
            self.find(finding);
        }
    }
}

/// How the page of an entry and all below it are written.
fn below_of(checked: &Checked<'_>) -> Option<String> {
    let text = checked.text().trim_end_matches(['/', '$']);
    match checked.entry.source {
        Source::Pattern(_) | Source::Next(_) => (!text.contains("(?")).then(|| format!("`{text}/:path*`")),
        Source::Glob(_) => Some(format!("`{text}/**`")),
        Source::Globset(_) => Some(format!("`{text}` and `{text}/**`")),
        Source::Regex(_) => Some(format!("`{text}(?:/.*)?`")),
        Source::RegExp { .. } => Some(format!(r"`{text}(?:\/.*)?$`")),
    }
}

/// The pages that a source names, in any case.
fn next_page(source: &str) -> Result<Language, PatternError> {
    let route = RouteOptions { repeat_as_segments: true, ..RouteOptions::default() };
    Language::route(source, &route, Options { ignore_case: true, dot_all: true })
}

/// With the first letter in upper case.
fn capital(path: &str) -> String {
    let mut done = false;
    path.chars()
        .map(|c| {
            let first = !done && c.is_ascii_lowercase();
            done |= first;
            if first { c.to_ascii_uppercase() } else { c }
        })
        .collect()
}

/// As a browser sends it.
fn encode(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    out
}
