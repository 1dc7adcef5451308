//! The gate as a library: what the component exports, as plain Rust.

use crate::cases::{self, CaseResult};
use crate::config::{self, Format, Linted};
use crate::decide::{Compiled, Question, Started, Who, decide, not_started};
use crate::diagnostic::Diagnostic;
use crate::policy::Policy;
use crate::question::{Addresses, Answered, Answers};
use crate::request::Head;
use crate::trace::{Trace, TraceLine};
use crate::verdict::Step;

/// A loaded policy. It decides once it is started.
#[derive(Debug)]
pub struct Gate {
    compiled: Compiled,
    findings: Vec<Diagnostic>,
    text: String,
    format: Format,
    started: Option<Started>,
}

impl Gate {
    /// Check and compile a config.
    ///
    /// # Errors
    /// All findings, of which at least one is an error.
    pub fn load(text: &str, format: Format) -> Result<Self, Vec<Diagnostic>> {
        let (policy, findings) = config::load(text, format)?;
        Ok(Self { compiled: Compiled::new(policy), findings, text: text.to_owned(), format, started: None })
    }

    /// The policy as checked.
    pub fn policy(&self) -> &Policy {
        self.compiled.policy()
    }

    /// Warnings and notes of the load.
    pub fn findings(&self) -> &[Diagnostic] {
        &self.findings
    }

    /// The config text and how it is written.
    pub fn config(&self) -> (&str, Format) {
        (&self.text, self.format)
    }

    /// The only request headers that a decision reads, lower case, sorted.
    pub fn headers(&self) -> Vec<String> {
        self.compiled.headers()
    }

    /// Request headers that no client may send.
    pub fn stripped(&self) -> Vec<String> {
        self.compiled.stripped()
    }

    /// Hand in what the policy asked for by name, in the order of [`Policy::needs`], and a random seed for hash maps.
    /// Gives the addresses that questions may name.
    ///
    /// # Errors
    /// Everything that is missing or unusable, pointing at the places in the config that asked. What was started before
    /// goes on.
    pub fn start(&mut self, supplies: Vec<Option<Vec<u8>>>, seed: (u64, u64)) -> Result<Addresses, Vec<Diagnostic>> {
        let started = Started::new(self.compiled.policy(), supplies, seed)?;
        let addresses = started.addresses();
        self.started = Some(started);
        Ok(addresses)
    }

    /// Judge one request with all answers so far. Refuses everything (503) before a good [`Self::start`].
    pub fn decide(&mut self, head: &Head, answers: &[Answered]) -> Step {
        self.step(head, answers, Who::Request, &mut Trace::off())
    }

    /// The same, with reasons. `persona` takes the place of the session.
    ///
    /// # Errors
    /// A persona that cannot be read, or names a role that the config does not have.
    pub fn explain(
        &mut self,
        head: &Head,
        answers: &[Answered],
        persona: Option<&str>,
    ) -> Result<(Step, Vec<TraceLine>), String> {
        let mut trace = Trace::on();
        let step = match persona {
            None => self.step(head, answers, Who::Request, &mut trace),
            Some(text) => {
                let who = cases::who(&self.compiled, text)?;
                let question = Question { head, answers: Answers::new(answers) };
                decide(&self.compiled, &mut self.started, who, question, &mut trace)
            }
        };
        Ok((step, trace.into_lines()))
    }

    /// Run the `[tests]` of the config.
    pub fn test(&self) -> Vec<CaseResult> {
        self.policy().cases.iter().map(|case| cases::run(&self.compiled, case)).collect()
    }

    /// What the routes probably do not mean. Takes up to a second for a thousand of them.
    pub fn lint(&self) -> Linted {
        config::lint(&self.text, self.format)
    }

    /// What a component answers that nothing was loaded into.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn refuse_unloaded() -> Step {
        Step::Verdict(not_started())
    }

    fn step(&mut self, head: &Head, answers: &[Answered], who: Who, trace: &mut Trace) -> Step {
        if self.started.is_none() {
            return Step::Verdict(not_started());
        }
        let question = Question { head, answers: Answers::new(answers) };
        decide(&self.compiled, &mut self.started, who, question, trace)
    }
}
