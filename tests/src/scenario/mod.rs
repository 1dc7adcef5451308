//! One list of scenarios for every place where the gate can stand: behind whatever address, with the same policy, the
//! same routes are protected. What stands in between (a runtime, a proxy) is started elsewhere ([`crate::runtime`]);
//! here is only what a visitor sends, what comes back, and what the app behind got to see.

mod bodies;
mod edits;
mod pages;
mod sessions;
mod stage;
mod visitor;

pub use stage::{POLICY, Stage, WEBHOOK_SECRET};
pub use visitor::{Front, Visit};

/// Something that must hold wherever the gate stands.
#[derive(Debug, Clone, Copy)]
pub struct Scenario {
    /// Its name, in tables and in lists of what a place cannot do.
    pub name: &'static str,
    /// Plays it.
    pub play: Play,
}

/// What plays a scenario; an error says what was not as expected.
pub type Play = fn(&Visit<'_>) -> Result<(), String>;

/// Scenarios that a place cannot do, each with the reason.
pub type Cannot = &'static [(&'static str, &'static str)];

/// What became of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// As expected.
    Passed,
    /// Not as expected; says how.
    Failed(String),
    /// Not as expected, and the list says so; holds its reason and what was seen.
    Cannot(&'static str, String),
    /// The list says that it cannot be, and it can: the list is wrong.
    CanAfterAll(&'static str),
}

impl Outcome {
    /// Does this make a run fail?
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::CanAfterAll(_))
    }
}

/// All scenarios, in the order in which they are told.
pub fn all() -> Vec<Scenario> {
    [pages::LIST, sessions::LIST, bodies::LIST, edits::LIST]
        .into_iter()
        .flatten()
        .map(|&(name, play)| Scenario { name, play })
        .collect()
}

/// Play every scenario before `front`, one after the other. What is listed in `cannot` is played like the rest, so that
/// the list stays true.
///
/// # Errors
/// A name in `cannot` that no scenario has.
pub fn run(stage: &Stage, front: &Front, cannot: Cannot) -> Result<Vec<(Scenario, Outcome)>, String> {
    let scenarios = all();
    if let Some((name, _)) = cannot.iter().find(|(name, _)| !scenarios.iter().any(|s| s.name == *name)) {
        return Err(format!("there is no scenario `{name}`"));
    }
    let outcome = |scenario: &Scenario| {
        stage.forget();
        let played = (scenario.play)(&Visit { stage, front });
        let reason = cannot.iter().find(|(name, _)| *name == scenario.name).map(|(_, reason)| *reason);
        match (played, reason) {
            (Ok(()), None) => Outcome::Passed,
            (Err(seen), None) => Outcome::Failed(seen),
            (Err(seen), Some(reason)) => Outcome::Cannot(reason, seen),
            (Ok(()), Some(reason)) => Outcome::CanAfterAll(reason),
        }
    };
    Ok(scenarios.into_iter().map(|scenario| (scenario, outcome(&scenario))).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_name_stands_twice() {
        let mut names: Vec<_> = super::all().into_iter().map(|s| s.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
    }
}
