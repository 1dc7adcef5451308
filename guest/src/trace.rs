//! Why: a sink for reasons. `decide` fills it, `explain` prints it, `serve` throws it away.

/// Which part of a decision a line belongs to, in the order of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The request as it came.
    Received,
    /// The one form that is judged and forwarded.
    Canonical,
    /// Another reading of the same target.
    View,
    /// The request kind.
    Kind,
    /// A guard.
    Guard,
    /// A route.
    Route,
    /// A session check.
    Session,
    /// A `require`.
    Requirement,
    /// The end.
    Answer,
}

/// How a part went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Neither: a fact.
    Info,
    /// It matched, or held.
    Yes,
    /// It did not; the detail says why.
    No,
}

/// One line of reasoning. Never holds a token, a secret or a cookie value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceLine {
    /// Part of the decision.
    pub stage: Stage,
    /// How it went.
    pub outcome: Outcome,
    /// What was looked at.
    pub subject: String,
    /// What came of it, or the first condition that failed.
    pub detail: String,
}

/// Where reasons go. Switched off, it costs one branch and no allocation: texts are made by closures.
#[derive(Debug, Default)]
pub struct Trace {
    lines: Option<Vec<TraceLine>>,
}

impl Trace {
    /// A sink that drops everything.
    pub fn off() -> Self {
        Self { lines: None }
    }

    /// A sink that keeps everything.
    pub fn on() -> Self {
        Self { lines: Some(Vec::new()) }
    }

    /// Is anybody listening?
    pub fn enabled(&self) -> bool {
        self.lines.is_some()
    }

    /// Note a line; `text` (subject, detail) runs only if somebody listens.
    pub fn note(&mut self, stage: Stage, outcome: Outcome, text: impl FnOnce() -> (String, String)) {
        if let Some(lines) = &mut self.lines {
            let (subject, detail) = text();
            lines.push(TraceLine { stage, outcome, subject, detail });
        }
    }

    /// What was noted.
    pub fn into_lines(self) -> Vec<TraceLine> {
        self.lines.unwrap_or_default()
    }
}
