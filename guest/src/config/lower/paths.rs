//! `glob`, `pattern`, `regex`, and hosts.

use super::Lower;
use crate::config::codes;
use crate::config::document::Node;
use crate::diagnostic::{Diagnostic, Span};
use crate::pattern::{Dialect, Options, Pattern, PatternError, misplaced};
use crate::request::HostPattern;

/// Keys and dialects.
const DIALECTS: [(&str, Dialect); 3] =
    [("glob", Dialect::Glob), ("pattern", Dialect::Pattern), ("regex", Dialect::Regex)];

/// Advice for expressions that need more than one look at each character.
const NO_LOOKING: &str = "matching takes linear time always; write what must not match as `except`";

/// How the paths of a rule are compared.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compare {
    /// Does the rule protect? Then paths are read generously, so that no other spelling slips by; what is open, or
    /// left out of a protecting rule, is taken exactly as written.
    pub(super) generous: bool,
    /// How route patterns are read.
    pub(super) compat: Compat,
}

/// `compat`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compat {
    /// Not written: by what the rule does.
    Safe,
    /// As JavaScript has them.
    Js,
    /// As Next.js reads a `source` of `next.config`.
    Next,
}

impl Compat {
    pub(super) fn of(node: &Node) -> Self {
        match node.get("compat").and_then(Node::text) {
            Some("js") => Self::Js,
            Some("next") => Self::Next,
            _ => Self::Safe,
        }
    }
}

impl Compare {
    fn options(self, dialect: Dialect) -> Options {
        match dialect {
            Dialect::Pattern if self.compat != Compat::Safe => Options { ignore_case: true, dot_all: false },
            _ => Options { ignore_case: self.generous, dot_all: true },
        }
    }
}

/// One entry of `glob`, `pattern` or `regex`, compiled.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) dialect: Dialect,
    pub(super) text: String,
    /// Of a JavaScript `RegExp`, whose source is the text.
    pub(super) flags: Option<String>,
    pub(super) span: Span,
    pub(super) pattern: Pattern,
}

impl Lower<'_> {
    /// All paths of a rule or of `except`.
    pub(super) fn paths(&mut self, node: &Node, compare: Compare) -> Vec<Written> {
        let mut all = Vec::new();
        for (key, dialect) in DIALECTS {
            for member in node.get(key).map(Node::members).unwrap_or_default() {
                let Some(written) = self.written(member, dialect, compare) else { continue };
                if !self.has_room(member.span, written.pattern.weight()) {
                    return all;
                }
                all.push(written);
            }
        }
        all
    }

    /// One entry of a list of paths.
    fn written(&mut self, node: &Node, dialect: Dialect, compare: Compare) -> Option<Written> {
        if let Some(regexp) = node.get("regexp").filter(|_| dialect == Dialect::Pattern) {
            let source = regexp.text().filter(|source| !source.is_empty())?;
            let flags = node.get("flags").and_then(Node::text).unwrap_or_default();
            let pattern = Pattern::regexp(source, flags).map_err(|error| {
                // A fault of the flags has its place in them.
                let faulty = ["stateful-regexp", "unsupported-flag"].contains(&error.code);
                let place = node.get("flags").filter(|_| faulty).unwrap_or(regexp);
                self.refuse(codes::REGEXP, place, error);
            });
            let (text, flags) = (source.to_owned(), Some(flags.to_owned()));
            return Some(Written { dialect, text, flags, span: regexp.span, pattern: pattern.ok()? });
        }
        let text = node.text().filter(|text| !text.is_empty())?;
        let pattern = match compare.compat {
            Compat::Next if dialect == Dialect::Pattern => {
                Pattern::next_rule(text).map_err(|error| self.refuse(codes::PATTERN, node, error)).ok()?
            }
            _ => self.pattern(node, text, dialect, compare.options(dialect))?,
        };
        Some(Written { dialect, text: text.to_owned(), flags: None, span: node.span, pattern })
    }

    /// A route pattern that stands alone; case does not count, as in `createRouteMatcher`.
    pub(super) fn route_pattern(&mut self, node: &Node, text: &str) -> Option<Pattern> {
        let pattern = self.pattern(node, text, Dialect::Pattern, Options { ignore_case: true, dot_all: true })?;
        self.has_room(node.span, pattern.weight()).then_some(pattern)
    }

    fn pattern(&mut self, node: &Node, text: &str, dialect: Dialect, options: Options) -> Option<Pattern> {
        if let Some((message, help)) = misplaced(dialect, text) {
            self.error(codes::DIALECT, node.span, message, help);
            return None;
        }
        if never_a_path(dialect, text) {
            let message = format!("`{text}` matches no path: paths start with a slash");
            self.error(codes::NOT_A_PATH, node.span, message, format!("write `/{text}`"));
            return None;
        }
        self.compile(node, text, dialect, options)
    }

    /// Compile, or say what is wrong at the very place.
    pub(super) fn compile(&mut self, node: &Node, text: &str, dialect: Dialect, options: Options) -> Option<Pattern> {
        let code = match dialect {
            Dialect::Glob => codes::GLOB,
            Dialect::Pattern => codes::PATTERN,
            Dialect::Regex => codes::REGEX,
        };
        Pattern::compile(dialect, text, options).map_err(|error| self.refuse(code, node, error)).ok()
    }

    /// A pattern that cannot be compiled.
    pub(super) fn refuse(&mut self, code: &'static str, node: &Node, error: PatternError) {
        let span = self.inside(node, error.span.start..error.span.end);
        let finding = Diagnostic::error(code, span, format!("{} ({})", error.message, error.code));
        let advice = match error.code {
            "look-around" | "look-behind" | "back-reference" => Some(NO_LOOKING.to_owned()),
            _ => None,
        };
        self.push(match error.help.or(advice) {
            Some(help) => finding.help(help),
            None => finding,
        });
    }

    /// One host.
    pub(super) fn host(&mut self, node: &Node, text: &str) -> Option<HostPattern> {
        if text == "tenants" && !self.has_tenants {
            let help = "add `[tenants]` with `hosts = { \"shop.acme.test\" = \"acme\" }`";
            self.error(codes::NO_TENANTS, node.span, "`tenants` stands for custom domains, but there are none", help);
        }
        match HostPattern::parse(text) {
            Ok(host) => Some(host),
            Err(message) => {
                let help = "write `example.com`, `*.example.com`, `{tenant}.example.com` or `tenants`";
                self.error(codes::HOST, node.span, message, help);
                None
            }
        }
    }
}

/// Does it begin with a character that no path begins with?
fn never_a_path(dialect: Dialect, text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '~');
    match dialect {
        Dialect::Glob => !text.starts_with(['/', '*', '{', '[', '?', '\\']),
        Dialect::Pattern => !text.starts_with(['/', '(', ':', '{', '\\', '*', '+', '?']),
        // `.` stands for any character, a leading slash included.
        Dialect::Regex => {
            text.starts_with(|c| plain(c) && c != '.')
                || text.strip_prefix('^').is_some_and(|t| t.starts_with(|c| plain(c) && c != '.'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What protects is read generously, what opens exactly; `compat = "js"` is about route patterns only.
    #[test]
    fn options_fail_closed() {
        let of = |generous, js, dialect| {
            let compat = if js { Compat::Js } else { Compat::Safe };
            Compare { generous, compat }.options(dialect)
        };
        let options = |ignore_case, dot_all| Options { ignore_case, dot_all };
        for dialect in [Dialect::Glob, Dialect::Pattern, Dialect::Regex] {
            assert_eq!(of(true, false, dialect), options(true, true));
            assert_eq!(of(false, false, dialect), options(false, true));
        }
        assert_eq!(of(false, true, Dialect::Pattern), options(true, false));
        assert_eq!(of(true, true, Dialect::Glob), options(true, true));
    }

    #[test]
    fn what_can_begin_a_path() {
        for (dialect, good, bad) in [
            (Dialect::Glob, ["/a", "**/x", "{/a,/b}"], ["a/**", "admin", "-"]),
            (Dialect::Pattern, ["/a", "(.*)", "{/a}?"], ["a/:b", "admin", "."]),
            (Dialect::Regex, ["/a", ".*", "(/a|/b)"], ["a/.*", "^a", "-"]),
        ] {
            good.iter().for_each(|text| assert!(!never_a_path(dialect, text), "{text}"));
            bad.iter().for_each(|text| assert!(never_a_path(dialect, text), "{text}"));
        }
    }
}
