//! What is known of a Next.js app behind the gate: under which other names it serves the same page, for which
//! requests it would run its own middleware, and which query parameters are its own business.
//!
//! Measured on Next.js 16.4.6; the facts are in `docs/nextjs.md`. Knows nothing of rules, sessions or verdicts.

mod alias;
mod matcher;
mod query;
mod url;

pub use alias::Reading;
pub use matcher::{Matcher, MatcherEntry, Seen};
pub use query::without_private;
pub use url::NextUrl;

/// The parts of `next.config` that change what a path means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NextConfig {
    /// `basePath`: empty, or `/base` without a slash at its end.
    pub base_path: String,
    /// `i18n.locales`; empty: no internationalised routing.
    pub locales: Vec<String>,
    /// `i18n.defaultLocale`.
    pub default_locale: Option<String>,
    /// `trailingSlash`
    pub trailing_slash: bool,
}

impl NextConfig {
    /// What follows the base path; `None` if the path does not lie below it. Exact, at the end of a segment, once.
    pub fn below_base<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(self.base_path.as_str()).filter(|_| !self.base_path.is_empty())?;
        match rest.as_bytes().first() {
            None => Some("/"),
            Some(b'/') => Some(rest),
            Some(_) => None,
        }
    }

    /// The locale that is the first segment, and what follows it. Letters are compared without case.
    fn locale<'p>(&self, path: &'p str) -> Option<(&str, &'p str)> {
        let (first, rest) = segment(path)?;
        let locale = self.locales.iter().find(|locale| lower_case(locale) == lower_case(first))?;
        Some((locale, if rest.is_empty() { "/" } else { rest }))
    }

    /// An address of the app as the world sees it: a path gets the base path, unless it has it.
    pub fn with_base(&self, address: String) -> String {
        let is_path = address.starts_with('/') && !address.starts_with("//");
        let end = address.find(['?', '#']).unwrap_or(address.len());
        if !is_path || self.base_path.is_empty() || self.below_base(address.get(..end).unwrap_or_default()).is_some() {
            return address;
        }
        match address.strip_prefix('/') {
            Some(rest) if rest.is_empty() || rest.starts_with(['?', '#']) => format!("{}{rest}", self.base_path),
            _ => format!("{}{address}", self.base_path),
        }
    }

    /// The paths that a matcher is asked for: the path, and the page if it is one of the data paths. Which of the two
    /// counts depends on the build id, which a gate does not know.
    pub fn asked(&self, path: &str) -> Vec<String> {
        let mut asked = vec![self.with_locale(path).into_owned()];
        if let Some((_, page)) = url::data_path(self.below_base(path).unwrap_or(path)) {
            asked.push(self.with_locale(&self.with_base(page)).into_owned());
        }
        asked
    }

    /// The path that a matcher is held against: with the default locale in front, if it has none.
    pub fn with_locale<'p>(&self, path: &'p str) -> std::borrow::Cow<'p, str> {
        let inside = self.below_base(path);
        let base = if inside.is_some() { self.base_path.as_str() } else { "" };
        let page = inside.unwrap_or(path);
        match &self.default_locale {
            Some(locale) if self.locale(page).is_none() && !page.starts_with("/_next/") => {
                format!("{base}/{locale}{}", if page == "/" { "" } else { page }).into()
            }
            _ => path.into(),
        }
    }
}

/// First segment without its slash, and the rest with its own.
fn segment(path: &str) -> Option<(&str, &str)> {
    let inside = path.strip_prefix('/').filter(|inside| !inside.is_empty())?;
    Some(inside.split_at(inside.find('/').unwrap_or(inside.len())))
}

/// Locales are ASCII; the first segment of a path may be anything.
fn lower_case(text: &str) -> std::borrow::Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) || !text.is_ascii() {
        text.to_lowercase().into()
    } else {
        text.into()
    }
}
