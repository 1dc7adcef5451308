//! `glob`, `pattern`, `regex`, and hosts.

use super::{Lower, address};
use crate::config::codes;
use crate::config::document::Node;
use crate::diagnostic::{Diagnostic, Span};
use crate::pattern::{Dialect, Options, Pattern, misplaced};
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
    /// `compat = "js"`: route patterns as JavaScript has them.
    pub(super) js: bool,
}

impl Compare {
    fn options(self, dialect: Dialect) -> Options {
        match dialect {
            Dialect::Pattern if self.js => Options { ignore_case: true, dot_all: false },
            _ => Options { ignore_case: self.generous, dot_all: true },
        }
    }
}

/// One entry of `glob`, `pattern` or `regex`, compiled.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) dialect: Dialect,
    pub(super) text: String,
    pub(super) span: Span,
    pub(super) pattern: Pattern,
}

impl Lower<'_> {
    /// All paths of a rule or of `except`.
    pub(super) fn paths(&mut self, node: &Node, compare: Compare) -> Vec<Written> {
        let mut all = Vec::new();
        for (key, dialect) in DIALECTS {
            for (node, text) in self.texts(node.get(key)) {
                let options = compare.options(dialect);
                let Some(pattern) = self.pattern(node, text, dialect, options) else { continue };
                all.push(Written { dialect, text: text.to_owned(), span: node.span, pattern });
            }
        }
        all
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
        let error = match Pattern::compile(dialect, text, options) {
            Ok(pattern) => return Some(pattern),
            Err(error) => error,
        };
        let code = match dialect {
            Dialect::Glob => codes::GLOB,
            Dialect::Pattern => codes::PATTERN,
            Dialect::Regex => codes::REGEX,
        };
        let span = self.inside(node, error.span.start..error.span.end);
        let finding = Diagnostic::error(code, span, error.message);
        let advice = match error.code {
            "look-around" | "look-behind" | "back-reference" => Some(NO_LOOKING.to_owned()),
            _ => None,
        };
        self.push(match error.help.or(advice) {
            Some(help) => finding.help(help),
            None => finding,
        });
        None
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

impl Written {
    /// The only path that it matches, if it is written without any special character.
    pub(super) fn literal(&self) -> Option<&str> {
        let special: &[char] = match self.dialect {
            Dialect::Glob => &['*', '?', '[', '{', '\\'],
            Dialect::Pattern => &['(', ':', '{', '*', '+', '?', '\\'],
            Dialect::Regex => return None,
        };
        (address::is_path(&self.text) && !self.text.contains(special)).then_some(self.text.as_str())
    }

    /// Does it match every path?
    pub(super) fn is_everything(&self) -> bool {
        match self.dialect {
            Dialect::Glob => self.text == "/**",
            Dialect::Pattern => ["/(.*)", "(.*)", "/:path*"].contains(&self.text.as_str()),
            Dialect::Regex => ["/.*", ".*"].contains(&self.text.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What protects is read generously, what opens exactly; `compat = "js"` is about route patterns only.
    #[test]
    fn options_fail_closed() {
        let of = |generous, js, dialect| Compare { generous, js }.options(dialect);
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
