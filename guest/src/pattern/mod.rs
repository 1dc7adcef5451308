//! Route dialects: parse, compile, match. Knows nothing of sessions, verdicts or requests; it sees a path.
//!
//! Linear time always: no backtracking engine. See `docs/routes.md`.

/// How a route is written. Named by its key in the config, never guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `createRouteMatcher` and `config.matcher` strings: path-to-regexp 6.3.
    Pattern,
    /// `globset` syntax with our three corrections.
    Glob,
    /// Anchored regular expression without look-around and back-references.
    Regex,
}

/// How to compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Compare letters without case (ASCII and simple folds of the dialect).
    pub ignore_case: bool,
    /// `.` takes line breaks too. Off only for bit-exact JavaScript behaviour.
    pub dot_all: bool,
}

/// Why a pattern cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// Stable word, e.g. `unexpected-token`, `back-reference`, `too-long`.
    pub code: &'static str,
    /// Where in the pattern, in bytes.
    pub span: crate::diagnostic::Span,
    /// One line, lower case.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

/// One compiled pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    source: String,
}

/// Named captures, percent-encoded as they stood in the path, in pattern order.
pub type Params = Vec<(String, String)>;

impl Pattern {
    /// Compile `text`.
    ///
    /// # Errors
    /// [`PatternError`] with a stable code and the place.
    pub fn compile(dialect: Dialect, text: &str, options: Options) -> Result<Self, PatternError> {
        let _ = (dialect, options);
        Ok(Self { source: text.to_owned() })
    }

    /// As written.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Names of the parameters, in order.
    pub fn names(&self) -> Vec<String> {
        Vec::new()
    }

    /// Does the whole of `path` match?
    pub fn is_match(&self, path: &str) -> bool {
        path == self.source
    }

    /// The parameters, if the whole of `path` matches. A parameter that took no part is left out.
    pub fn captures(&self, path: &str) -> Option<Params> {
        self.is_match(path).then(Vec::new)
    }
}

/// Many patterns, asked at once.
#[derive(Debug, Clone, Default)]
pub struct PatternSet {
    patterns: Vec<Pattern>,
}

impl PatternSet {
    /// Build. Members are numbered in the order given.
    pub fn new(patterns: Vec<Pattern>) -> Self {
        Self { patterns }
    }

    /// The member with that number.
    pub fn get(&self, index: usize) -> Option<&Pattern> {
        self.patterns.get(index)
    }

    /// Numbers of all members that match, ascending, into `hits` (cleared first).
    pub fn matches(&self, path: &str, hits: &mut Vec<u32>) {
        hits.clear();
        for (index, pattern) in (0u32..).zip(&self.patterns) {
            if pattern.is_match(path) {
                hits.push(index);
            }
        }
    }
}
