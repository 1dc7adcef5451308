//! What comes at run time by name: secrets, key files, pages, switches. Names stand in the config, values never do.

use crate::diagnostic::Span;

/// Where a named value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// An environment variable.
    Env(String),
    /// A file, relative to the config file.
    File(String),
}

impl Source {
    /// Read `env:NAME` or `file:PATH`.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(name) = text.strip_prefix("env:") {
            return Some(Self::Env(name.to_owned()));
        }
        text.strip_prefix("file:").map(|path| Self::File(path.to_owned()))
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Env(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{path}"),
        }
    }
}

/// Something the policy wants by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Where it comes from.
    pub source: Source,
    /// Never logged, never part of a snapshot.
    pub secret: bool,
    /// May be missing.
    pub optional: bool,
    /// Where the config asks.
    pub span: Span,
}

/// A text that is written out, or comes by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Text {
    /// Written out.
    Literal(String),
    /// Number of a [`Need`].
    Need(usize),
}

/// What was handed in, in the order of the needs. `Debug` shows no value.
#[derive(Default)]
pub struct Supplies(Vec<Option<Vec<u8>>>);

impl Supplies {
    /// In the order of the needs.
    pub fn new(values: Vec<Option<Vec<u8>>>) -> Self {
        Self(values)
    }

    /// Bytes of need `index`.
    pub fn bytes(&self, index: usize) -> Option<&[u8]> {
        self.0.get(index)?.as_deref()
    }

    /// The text; one trailing line end of a file or variable is not part of it. `None`: missing or not UTF-8.
    pub fn text<'a>(&'a self, text: &'a Text) -> Option<&'a str> {
        match text {
            Text::Literal(value) => Some(value),
            Text::Need(index) => {
                let value = std::str::from_utf8(self.bytes(*index)?).ok()?;
                let value = value.strip_suffix('\n').unwrap_or(value);
                Some(value.strip_suffix('\r').unwrap_or(value))
            }
        }
    }
}

impl std::fmt::Debug for Supplies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Supplies({} values)", self.0.len())
    }
}
