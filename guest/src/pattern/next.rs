//! `source` of `config.matcher`, compiled as Next.js 16 does.
//!
//! The text is wrapped so that it takes the data and payload forms of a page, too; then path-to-regexp, of whose
//! expression only the source is kept: letters are compared with their case, and `.` stops at line ends.

use super::expression::{Expression, MAX_CHARS};
use super::js::Flags;
use super::route::{self, RouteOptions};
use super::{Pattern, PatternError};

/// What of `next.config` changes a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct NextOptions<'o> {
    /// `basePath`
    pub base_path: &'o str,
    /// Is there `i18n`, and the entry without `locale: false`?
    pub locale: bool,
    /// Is there `i18n` at all?
    pub i18n: bool,
}

const JS: Flags = Flags { fold: false, dot_all: false, plain: false };

/// A page is also asked for as page data.
const DATA: &str = "/:nextData(_next/data/[^/]{1,})?";
const LOCALE: &str = r"/:nextInternalLocale((?!_next/)[^/.]{1,})";
/// Tails of page data and payloads.
const TAIL: &str = r"{(\.json|\.rsc|\.segments/.+\.segment\.rsc)}?";
/// The same for the root, which is called `index` then.
const ROOT_TAIL: &str = r"/?index|/?index\.json|/?index(?:\.rsc|\.segments/.+\.segment\.rsc)";

impl NextOptions<'_> {
    const fn route() -> RouteOptions<'static> {
        RouteOptions {
            strict: false,
            start: true,
            end: true,
            delimiter: "/#?",
            prefixes: "./",
            ends_with: "",
            repeat_as_segments: true,
        }
    }

    /// `source` with all that Next.js puts around it.
    fn wrapped(&self, source: &str) -> String {
        let locale = if self.locale { LOCALE } else { "" };
        let base = self.base_path;
        if source == "/" {
            let page = if self.locale { "" } else { "/" };
            let data = if self.i18n { r"|\.json|" } else { "" };
            format!("{base}{DATA}{locale}{page}({data}{ROOT_TAIL})?")
        } else {
            format!("{base}{DATA}{locale}{source}{TAIL}")
        }
    }
}

impl Pattern {
    /// Compile a `source` of `config.matcher`.
    ///
    /// # Errors
    /// As [`Self::compile`], with places in `source`; besides `no-leading-slash`, `too-long` (4,096 characters with what
    /// is added), `invalid-after-build` (good alone, but not with what is added: `\` at its end).
    pub fn next_source(source: &str, options: &NextOptions<'_>) -> Result<Self, PatternError> {
        let (expression, _) = Self::next_expression(source, options)?;
        Self::build(source, expression, JS)
    }

    /// Compile a `source` of a redirect, rewrite or header rule of `next.config`: a segment ends at `/` alone, one slash
    /// may follow, letters are compared without case, and unnamed parameters are dropped.
    ///
    /// # Errors
    /// As [`Self::compile`].
    pub fn next_rule(source: &str) -> Result<Self, PatternError> {
        let options = RouteOptions { strict: true, delimiter: "/", ..RouteOptions::default() };
        Self::build(
            source,
            Expression::next_rule(source, &options, Flags { fold: true, ..JS })?,
            Flags { fold: true, ..JS },
        )
    }

    /// The regular expression that Next.js writes into its manifest for a `source`.
    ///
    /// # Errors
    /// As [`Self::next_source`].
    pub fn next_regexp(source: &str, options: &NextOptions<'_>) -> Result<String, PatternError> {
        Self::next_expression(source, options).map(|(_, regexp)| regexp)
    }

    fn next_expression(source: &str, options: &NextOptions<'_>) -> Result<(Expression, String), PatternError> {
        let whole = 0..source.len();
        if !source.starts_with('/') {
            let error = PatternError::new("no-leading-slash", whole, "a source starts with `/`");
            return Err(error.help(format!("write `/{source}`; Next.js refuses to build with this")));
        }
        Expression::route(source, &NextOptions::route(), JS)?;
        let wrapped = options.wrapped(source);
        if wrapped.chars().nth(MAX_CHARS).is_some() {
            let message = format!("longer than {MAX_CHARS} characters with what Next.js adds");
            return Err(PatternError::new("too-long", whole, message));
        }
        let build = || {
            let regexp = route::translate(&wrapped, &NextOptions::route())?.regex;
            Ok((Expression::route(&wrapped, &NextOptions::route(), JS)?, regexp))
        };
        build().map_err(|error: PatternError| {
            let message = format!("cannot be built with what Next.js adds: {}", error.message);
            PatternError::new("invalid-after-build", whole, message)
        })
    }
}
