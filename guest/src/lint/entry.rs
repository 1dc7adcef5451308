//! An entry by itself, whatever its role: does it compile, can it match anything at all, who decides, how is it written?

use super::checked::{self, Checked};
use super::finding::{Finding, Place, Report};
use super::list::{Condition, ConditionKind, Entry, List, Rest, Role, Setting, Source};
use super::spelling::{self, Piece};
use crate::diagnostic::Severity;
use crate::pattern::{Dialect, PatternError, misplaced};

/// Check all entries; those that compile come back.
pub(super) fn check<'a>(lists: &'a [List<'a>], setting: &Setting<'_>, report: &mut Report) -> Vec<Checked<'a>> {
    let mut all = Vec::new();
    for (number, list) in lists.iter().enumerate() {
        for (entry_number, entry) in list.entries.iter().enumerate() {
            let mut entry_check = EntryCheck { place: (number, entry_number), entry, role: list.role, setting, report };
            entry_check.conditions(if entry_number == 0 { &list.conditions } else { &[] });
            if let Some(language) = entry_check.run() {
                all.push(Checked { list: number, number: entry_number, role: list.role, entry, language });
            }
        }
    }
    all
}

struct EntryCheck<'c, 'a> {
    place: (usize, usize),
    entry: &'a Entry<'a>,
    role: Role,
    setting: &'c Setting<'c>,
    report: &'c mut Report,
}

impl<'a> EntryCheck<'_, 'a> {
    fn find(&mut self, rule: &'static str, severity: Severity, message: impl Into<String>, help: impl Into<String>) {
        self.find_at(rule, severity, None, message, help);
    }

    fn find_at(
        &mut self,
        rule: &'static str,
        severity: Severity,
        at: Option<std::ops::Range<usize>>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let text = self.entry.source.text();
        self.report.findings.push(Finding::new(rule, severity, self.place, text, message, help).at(at));
    }

    fn run(&mut self) -> Option<crate::pattern::Language> {
        let text = self.entry.source.text();
        if text.is_empty() && !matches!(self.entry.source, Source::RegExp { .. }) {
            self.find("R01", Severity::Error, "an empty entry is dropped", "write `/` for the root, or remove it");
            return None;
        }
        self.spelling();
        let language = match checked::language(self.entry.source, self.entry.ignore_case, &self.setting.next) {
            Ok(language) => language,
            Err(error) => {
                self.refused(&error);
                return None;
            }
        };
        // What a text without a slash takes is told with the sample of all others.
        Some(language)
    }

    /// It does not compile.
    fn refused(&mut self, error: &PatternError) {
        let at = Some(error.span.start..error.span.end);
        let help = error.help.clone();
        match error.code {
            "no-leading-slash" => {
                let help = help.unwrap_or_else(|| "start it with `/`".to_owned());
                self.find("R01", Severity::Error, "Next.js refuses a source that does not start with `/`", help);
            }
            "back-reference" | "look-behind" | "look-capture" | "look-around" | "unsupported-flag" => {
                let place = if error.code == "unsupported-flag" { None } else { at };
                let help =
                    help.unwrap_or_else(|| "write what may stand there, or split it into several entries".to_owned());
                self.find_at("R20", Severity::Error, place, format!("not supported: {}", error.message), help);
            }
            // Compiles, but nothing can be said about it.
            "too-tangled" => self.report.undecided += 1,
            code => {
                let help = help.unwrap_or_else(|| "correct it at the place shown".to_owned());
                self.find_at("R02", Severity::Error, at, format!("does not compile: {} ({code})", error.message), help);
            }
        }
    }

    /// R14 to R17, R11: how it is written.
    fn spelling(&mut self) {
        let source = self.entry.source;
        let text = source.text();
        if let Source::RegExp { flags, .. } = source
            && flags.contains(['g', 'y'])
        {
            let message = format!("with the flags `{flags}` every second test of a path that matches fails");
            self.find("R17", Severity::Error, message, "leave out `g` and `y`");
            if let Some(finding) = self.report.findings.last_mut() {
                finding.place = Place::Flags;
            }
        }
        if source.is_route()
            && let Some((message, help)) = misplaced(Dialect::Pattern, text)
        {
            let at = text.find('*').map(|at| at..at + 1);
            self.find_at("R16", Severity::Error, at, message, help);
        }
        if source.is_glob()
            && let Some((message, help)) = misplaced(Dialect::Glob, text)
        {
            self.find("R16", Severity::Warning, message, help);
        }
        if matches!(source, Source::Globset(_))
            && let Some(at) = text.find("[!").or_else(|| text.find("[^"))
        {
            let end = text.get(at..).and_then(|rest| rest.find(']')).map_or(text.len(), |end| at + end + 1);
            let message = "a class that leaves characters out takes `/`, too";
            self.find_at("R16", Severity::Warning, Some(at..end), message, "name the characters that may stand there");
        }
        if source.is_route() {
            self.route_group();
        }
        self.escapes();
    }

    /// R15: `/(auth)(.*)`.
    fn route_group(&mut self) {
        let text = self.entry.source.text();
        let mut before = "";
        for piece in spelling::pieces(text) {
            if let Piece::Group { at, parentheses, repeat: None } = &piece
                && at == parentheses
                && before.ends_with('/')
                && let Some(name) = text.get(at.start + 1..at.end - 1)
                && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            {
                let message =
                    format!("`({name})` is the text `{name}`; a route group of that name is no part of the path");
                let help = format!("write the paths of the pages in it, or `/{name}` if that is meant");
                self.find_at("R15", Severity::Warning, Some(at.clone()), message, help);
                return;
            }
            before = match &piece {
                Piece::Text(at) => text.get(at.clone()).unwrap_or_default(),
                _ => "",
            };
        }
    }

    /// R11, as far as it is about the spelling alone. That of what is left out is told by `skip`.
    fn escapes(&mut self) {
        let source = self.entry.source;
        let text = source.text();
        if source.is_glob() {
            return;
        }
        if let Some(at) = spelling::lost_escape(text) {
            let class = text.get(at.clone()).unwrap_or_default();
            let letter = class.trim_matches(['[', ']']);
            let message = format!("`{class}` takes the letter `{letter}` only");
            self.find_at(
                "R11",
                Severity::Error,
                Some(at),
                message,
                format!("write `[\\{letter}]`; in a string `[\\\\{letter}]`"),
            );
        } else if let Some(at) = spelling::backslash(text) {
            let message = "`\\\\` is a backslash, which no path holds: nothing matches here";
            self.find_at("R11", Severity::Error, Some(at), message, "escape once: `\\.`; in a string `\\\\.`");
        }
    }

    /// R10: what the client sends decides. `of_list`: those of the whole list, told once.
    fn conditions(&mut self, of_list: &'a [Condition<'a>]) {
        if matches!(self.role, Role::Public | Role::Elsewhere)
            || (self.role == Role::Protect && self.setting.rest == Rest::Closed)
        {
            return;
        }
        let own = self.entry.conditions.iter().enumerate().map(|(number, c)| (Place::Condition(number), c));
        let all = of_list.iter().enumerate().map(|(number, c)| (Place::ListCondition(number), c)).chain(own);
        for (place, condition) in all {
            let what = match condition.kind {
                ConditionKind::Header => format!("the header `{}`", condition.key),
                ConditionKind::Cookie => format!("the cookie `{}`", condition.key),
                ConditionKind::Query => format!("the query parameter `{}`", condition.key),
                ConditionKind::Host => "the host".to_owned(),
                ConditionKind::Method => continue,
            };
            let skips = if self.role == Role::Matcher { "whether the check runs" } else { "whether this is protected" };
            let message = format!("{what}, which the client sends, decides {skips}");
            let help = if condition.missing {
                "remove the condition: whoever sends it is let through unchecked"
            } else {
                "remove the condition: whoever leaves it out is let through unchecked"
            };
            self.find("R10", Severity::Error, message, help);
            if let Some(finding) = self.report.findings.last_mut() {
                finding.place = place;
            }
        }
    }
}
