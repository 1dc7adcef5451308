//! Findings about a config: source spans, labels, severity, stable codes. Data only; the host renders it.

/// A stretch of the config text: byte offsets, `start <= end`, both on character boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The span from `start` up to but not including `end`; a reversed pair is read as empty at `start`.
    pub fn new(start: usize, end: usize) -> Self {
        Self { start, end: end.max(start) }
    }
}

impl From<std::ops::Range<usize>> for Span {
    fn from(range: std::ops::Range<usize>) -> Self {
        Self::new(range.start, range.end)
    }
}

/// How bad a finding is. Only [`Severity::Error`] stops a policy from being loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The policy is not loaded.
    Error,
    /// The policy is loaded; the finding is probably a mistake.
    Warning,
    /// Worth knowing.
    Note,
}

/// A span with a remark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is the matter right here; may be empty.
    pub message: String,
}

/// One finding. Wording: lower case, the user's words in backticks, no Rust type names, advice in `help`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code, e.g. `P104`; the list is `docs/diagnostics.md`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One line.
    pub message: String,
    /// Where; the first one is the main one.
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, span, message)
    }

    /// A warning at `span`.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, span, message)
    }

    /// A note at `span`.
    pub fn note(code: &'static str, span: Span, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, span, message)
    }

    fn new(severity: Severity, code: &'static str, span: Span, message: impl Into<String>) -> Self {
        let main = Label { span, message: String::new() };
        Self { code, severity, message: message.into(), labels: vec![main], help: None }
    }

    /// Put a remark on the main label.
    #[must_use]
    pub fn here(mut self, message: impl Into<String>) -> Self {
        if let Some(main) = self.labels.first_mut() {
            main.message = message.into();
        }
        self
    }

    /// Point at a second place.
    #[must_use]
    pub fn also(mut self, span: Span, message: impl Into<String>) -> Self {
        self.labels.push(Label { span, message: message.into() });
        self
    }

    /// Say what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Does this finding stop the policy from being loaded?
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
