//! What is linted: lists of routes with their role, and what is known of the world around them.

use crate::pattern::NextOptions;

/// What a match means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Visitors are kept out, or have to be somebody.
    Protect,
    /// Everybody may pass.
    Public,
    /// Visitors are sent elsewhere, whoever they are: nothing is opened or protected, but what comes after is not reached.
    Elsewhere,
    /// The gate, or the proxy function of Next.js, runs at all.
    Matcher,
}

/// Text of an entry, with how it is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'t> {
    /// A string of `createRouteMatcher`.
    Pattern(&'t str),
    /// A `source` of `config.matcher`.
    Next(&'t str),
    /// A glob as the gate reads it.
    Glob(&'t str),
    /// A glob as `globset` reads it, with `*` staying within a segment: from a list that comes from elsewhere.
    Globset(&'t str),
    /// An anchored regular expression.
    Regex(&'t str),
    /// A JavaScript `RegExp`, found anywhere in a path unless it says otherwise.
    RegExp {
        /// Between the slashes.
        source: &'t str,
        /// Behind them.
        flags: &'t str,
    },
}

impl<'t> Source<'t> {
    /// As written.
    pub fn text(self) -> &'t str {
        match self {
            Self::Pattern(text) | Self::Next(text) | Self::Glob(text) | Self::Globset(text) | Self::Regex(text) => text,
            Self::RegExp { source, .. } => source,
        }
    }

    /// The same with another text.
    pub(super) fn with<'n>(self, text: &'n str) -> Source<'n>
    where
        't: 'n,
    {
        match self {
            Self::Pattern(_) => Source::Pattern(text),
            Self::Next(_) => Source::Next(text),
            Self::Glob(_) => Source::Glob(text),
            Self::Globset(_) => Source::Globset(text),
            Self::Regex(_) => Source::Regex(text),
            Self::RegExp { flags, .. } => Source::RegExp { source: text, flags },
        }
    }

    /// Written in the syntax of path-to-regexp.
    pub(super) fn is_route(self) -> bool {
        matches!(self, Self::Pattern(_) | Self::Next(_))
    }

    pub(super) fn is_glob(self) -> bool {
        matches!(self, Self::Glob(_) | Self::Globset(_))
    }
}

/// What a condition looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConditionKind {
    /// A request header.
    Header,
    /// A cookie.
    Cookie,
    /// A query parameter.
    Query,
    /// The host.
    Host,
    /// The method.
    Method,
}

/// One entry of `has` or `missing`, or the like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Condition<'t> {
    /// What it looks at.
    pub kind: ConditionKind,
    /// Its name; empty for a host or a method.
    pub key: &'t str,
    /// The value that is wanted; None: any.
    pub value: Option<&'t str>,
    /// It must not be there.
    pub missing: bool,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'t> {
    /// The text.
    pub source: Source<'t>,
    /// Letters are compared without case. A `RegExp` says so by its flags, a matcher of Next.js never does.
    pub ignore_case: bool,
    /// It counts only if all of these hold.
    pub conditions: Vec<Condition<'t>>,
}

impl<'t> Entry<'t> {
    /// An entry without conditions.
    pub fn new(source: Source<'t>, ignore_case: bool) -> Self {
        Self { source, ignore_case, conditions: Vec::new() }
    }
}

/// Entries of which one must match: a rule, or an argument of `createRouteMatcher`, or a `config.matcher`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<'t> {
    /// What a match means.
    pub role: Role,
    /// The entries.
    pub entries: Vec<Entry<'t>>,
    /// Paths that are left out again.
    pub except: Vec<Entry<'t>>,
    /// It counts only if all of these hold.
    pub conditions: Vec<Condition<'t>>,
}

impl<'t> List<'t> {
    /// A list without exceptions and conditions.
    pub fn new(role: Role, entries: Vec<Entry<'t>>) -> Self {
        Self { role, entries, except: Vec::new(), conditions: Vec::new() }
    }
}

/// What happens to paths that are in no list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Rest {
    /// Nobody said.
    #[default]
    Unknown,
    /// They are open to everybody.
    Open,
    /// They are not.
    Closed,
}

/// What is known of the world around the lists. The default is what is true of the packages they come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Setting<'t> {
    /// What happens to paths that are in no list.
    pub rest: Rest,
    /// Patterns are read bit for bit as in JavaScript, where `.` stops at a line break, and paths with `%0A` reach them.
    pub javascript: bool,
    /// Paths with `%2F` reach the rules.
    pub encoded_slash: bool,
    /// `trailingSlash` of `next.config`.
    pub trailing_slash: bool,
    /// `basePath` and `i18n` of `next.config`.
    pub next: NextOptions<'t>,
    /// An app of Next.js is behind, and its data and payload paths reach the rules as they are.
    pub next_twins: bool,
}
