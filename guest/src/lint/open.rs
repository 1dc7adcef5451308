//! What takes too much: R03, R18, R19, R22, R30.

use super::Lint;
use super::checked::Checked;
use super::finding::Finding;
use super::list::{Role, Source};
use super::spelling::{self, Piece};
use crate::diagnostic::Severity;
use crate::pattern::{Edit, End, Question};
use std::ops::Range;

/// Put in front of a path that is found anywhere.
const BEFORE: &str = "/admin";

impl<'a> Lint<'a> {
    pub(super) fn takes_too_much(&mut self, checked: &'a Checked<'a>) {
        let anywhere = self.anywhere(checked);
        let is_expression = matches!(checked.entry.source, Source::Regex(_) | Source::RegExp { .. });
        if checked.role != Role::Matcher && !(anywhere && is_expression) {
            self.boundary(checked);
        }
        self.root_parameter(checked);
        if checked.language.backtracks() {
            let message = "takes exponential time in an engine that backtracks, for a path that does not match";
            let help = "no harm here; do not repeat what repeats itself if this is to run in JavaScript";
            self.find(Finding::of(checked, "R19", Severity::Note, message, help));
        }
    }

    /// R03, and R18 for regular expressions: `/docs(.*)` takes `/docs-internal`.
    fn boundary(&mut self, checked: &'a Checked<'a>) {
        let Some(stem) = self.stem(checked) else { return };
        let longer = ["-internal", "-x"].iter().map(|end| format!("{stem}{end}"));
        let Some(path) = longer.into_iter().find(|path| checked.language.contains(path)) else { return };
        let severity = match (checked.role, checked.entry.source) {
            (Role::Public, _) => Severity::Error,
            (_, Source::Regex(_) | Source::RegExp { .. }) => Severity::Warning,
            _ => Severity::Note,
        };
        let (rule, help) = match checked.entry.source {
            Source::Regex(_) => {
                ("R18", "end it with `(?:/.*)?` if only the page and what is below it is meant".to_owned())
            }
            Source::RegExp { .. } => {
                ("R18", r"end it with `(?:\/|$)` if only the page and what is below it is meant".to_owned())
            }
            Source::Glob(_) => ("R03", format!("write `{stem}/**` if only `{stem}` and what is below it is meant")),
            Source::Globset(_) => ("R03", format!("write `{stem}` and `{stem}/**` if only that is meant")),
            Source::Pattern(_) | Source::Next(_) => {
                ("R03", format!("write `{stem}/:path*` if only `{stem}` and what is below it is meant"))
            }
        };
        let message = match checked.role {
            Role::Public => format!("opens `{path}`, too: nothing ends the name `{}`", last(&stem)),
            _ => format!("takes `{path}`, too: nothing ends the name `{}`", last(&stem)),
        };
        self.find(Finding::of(checked, rule, severity, message, help).at(open_end(checked)).shown_by(path));
    }

    /// A path with a fixed last letter that may go on.
    fn stem(&mut self, checked: &'a Checked<'a>) -> Option<String> {
        let language = &checked.language;
        let literal = language.literal();
        match language.end() {
            End::Exact | End::Below => return None,
            End::Open if literal.len() > 1 => {
                let ends = !literal.ends_with('/') && self.words.can_be_sent(literal);
                return ends.then(|| literal.to_owned());
            }
            _ => {}
        }
        let question = Question::new()
            .within(&self.words.clean)
            .within(language)
            .within_as(Edit::Append("-x"), language)
            .outside_as(Edit::Last(&self.words.letter), [language]);
        let answer = question.ask(self.effort);
        self.word(answer)
    }

    /// R22, and R18 for regular expressions: found anywhere in a path. Tells whether it is.
    fn anywhere(&mut self, checked: &'a Checked<'a>) -> bool {
        let language = &checked.language;
        let is_expression = matches!(checked.entry.source, Source::Regex(_) | Source::RegExp { .. });
        let is_broad = language.contains(&self.words.deep);
        let wanted = if is_expression { checked.role != Role::Matcher } else { checked.role == Role::Public };
        if !wanted || language.literal().len() > 1 || is_broad {
            return false;
        }
        let question = Question::new()
            .within(&self.words.clean)
            .within(language)
            .within_as(Edit::Prepend(&self.words.deep), language);
        let answer = question.ask(self.effort);
        let Some(word) = self.word(answer) else { return false };
        let path = Some(format!("{BEFORE}{word}")).filter(|path| language.contains(path));
        let path = path.unwrap_or_else(|| format!("{}{word}", self.words.deep));
        let severity = if checked.role == Role::Public { Severity::Error } else { Severity::Warning };
        let (rule, help, at) = match checked.entry.source {
            Source::Regex(_) | Source::RegExp { .. } => {
                ("R18", format!("start it with `^`; `{path}` matches as it is"), None)
            }
            _ => ("R22", "write the whole path that is meant, from its start".to_owned(), wildcard(checked)),
        };
        let verb = if checked.role == Role::Public { "opens" } else { "takes" };
        let message = format!("{verb} every path that ends like `{word}`, such as `{path}`");
        self.find(Finding::of(checked, rule, severity, message, help).at(at).shown_by(path));
        true
    }

    /// R30: `/:user`.
    fn root_parameter(&mut self, checked: &Checked<'_>) {
        let language = &checked.language;
        let name = &self.words.name;
        if language.literal().len() > 1 || language.contains(&name.repeat(9)) {
            return;
        }
        let ends = ["", "/"];
        let shape = (1..=3).flat_map(|count| ends.map(|end| (count, end)));
        let Some((count, end)) =
            shape.into_iter().find(|(count, end)| language.contains(&format!("{}{end}", name.repeat(*count))))
        else {
            return;
        };
        let rest = ["", "/users", "/users/new"].get(count - 1).copied().unwrap_or_default();
        let also = ["/login", "/admin", "/api"].map(|first| format!("{first}{rest}{end}"));
        let Some(path) = also.into_iter().find(|path| language.contains(path)) else { return };
        let message = format!("a parameter at the root takes `{path}`, too");
        let help = "put it below a fixed segment, or say which names are meant: `/:name(a|b)`";
        self.find(Finding::of(checked, "R30", Severity::Warning, message, help).at(parameter(checked)).shown_by(path));
    }
}

fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// The group that goes on after text: the first one that takes more than is spelled out.
fn open_end(checked: &Checked<'_>) -> Option<Range<usize>> {
    let text = checked.text();
    if !checked.entry.source.is_route() {
        return None;
    }
    let mut after_text = false;
    spelling::pieces(text).into_iter().find_map(|piece| match piece {
        Piece::Group { at, parentheses, .. } => {
            let inner = text.get(parentheses).unwrap_or_default();
            let is_wide = [".*", ".+", "[^"].iter().any(|wide| inner.contains(wide));
            (std::mem::replace(&mut after_text, true) && is_wide).then_some(at)
        }
        Piece::Text(at) => {
            after_text = !text.get(at).is_some_and(|text| text.ends_with('/'));
            None
        }
        Piece::Param(..) => {
            after_text = false;
            None
        }
    })
}

/// The first group, or parameter that repeats.
fn wildcard(checked: &Checked<'_>) -> Option<Range<usize>> {
    if !checked.entry.source.is_route() {
        return None;
    }
    spelling::pieces(checked.text()).into_iter().find_map(|piece| match piece {
        Piece::Group { at, .. } => Some(at),
        Piece::Param(at, Some(mark)) => Some(at.start..at.end + mark.len_utf8()),
        _ => None,
    })
}

/// The first parameter.
fn parameter(checked: &Checked<'_>) -> Option<Range<usize>> {
    if !checked.entry.source.is_route() {
        return None;
    }
    spelling::pieces(checked.text()).into_iter().find_map(|piece| match piece {
        Piece::Group { at, .. } | Piece::Param(at, _) => Some(at),
        Piece::Text(_) => None,
    })
}
