//! Two entries, or two lists: R21, R23, R25, R27.

use super::Lint;
use super::checked::{Checked, language};
use super::finding::Finding;
use super::list::Role;
use crate::diagnostic::Severity;
use crate::pattern::{Answer, Edit, Language, Question};

/// Most entries with paths of the same start that are looked at for one.
const MOST_NEAR: usize = 1_000;
/// Most protected paths, and letters of one, that are spelled in another way for a public entry: a sample.
const MOST_SPELLED: usize = 16;

impl<'a> Lint<'a> {
    pub(super) fn between_lists(&mut self) {
        for checked in self.checked.iter().filter(|checked| checked.role == Role::Public) {
            self.overlap(checked);
            self.spellings(checked);
        }
        self.not_reached();
    }

    /// R25: all that an entry takes is taken by others, which come first or take more.
    pub(super) fn nothing_left(&mut self, list: usize) {
        let own: Vec<_> = self.checked.iter().filter(|checked| checked.list == list).collect();
        let mut later: Vec<Option<&Checked<'_>>> = Vec::with_capacity(own.len());
        let mut samples = Vec::with_capacity(own.len());
        for checked in &own {
            let answer = checked.sample(self.words, self.effort);
            let sample = self.word(answer);
            later.push(sample.as_deref().and_then(|sample| self.taken_by_a_later(checked, sample)));
            samples.push(sample);
        }
        // What is taken by a later one may go; so it makes no other one redundant.
        let going: Vec<usize> =
            own.iter().zip(&later).filter(|(_, later)| later.is_some()).map(|(checked, _)| checked.number).collect();
        for ((checked, later), sample) in own.into_iter().zip(later).zip(samples) {
            let Some(sample) = sample else { continue };
            let (other, many) = match later {
                Some(other) => (other, false),
                None => match self.taken_by_earlier(checked, &sample, &going) {
                    Some(found) => found,
                    None => continue,
                },
            };
            let same_list = other.list == checked.list;
            let message = match (same_list, later.is_some(), many) {
                (true, _, true) => "other entries of the list take all of its paths".to_owned(),
                (true, false, false) => format!("`{}`, which comes before, takes all of its paths", short(other)),
                (true, true, false) => format!("`{}` takes all of its paths, and more", short(other)),
                (false, _, true) => "earlier rules take all of its paths".to_owned(),
                (false, _, false) => format!("`{}` of an earlier rule takes all of its paths", short(other)),
            };
            let severity = if same_list { Severity::Note } else { Severity::Warning };
            let help = if same_list { "remove it" } else { "remove it, or put its rule first" };
            let finding = Finding::of(checked, "R25", severity, message, help);
            self.find(finding.shown_by(sample).also(other, "this one takes them"));
        }
    }

    /// The first of the earlier entries that take all together, and whether there are several. `going`: entries of the same
    /// list that do not count.
    fn taken_by_earlier(
        &mut self,
        checked: &'a Checked<'a>,
        sample: &str,
        going: &[usize],
    ) -> Option<(&'a Checked<'a>, bool)> {
        let words = self.words;
        let place = (checked.list, checked.number);
        // A matcher is no rule: it decides nothing.
        let ordered = checked.role != Role::Matcher;
        let covers = self.covers;
        let wanted = |other: &Checked<'a>| {
            (other.list, other.number) < place
                && if ordered { other.role != Role::Matcher } else { other.list == checked.list }
                && !(other.list == checked.list && going.contains(&other.number))
                && covers.counts(other, checked)
        };
        covers.all.taker_of(sample, wanted)?;
        let except = covers.except_of(checked);
        let make = || Question::new().within(&checked.language).outside(except);
        let (answer, used) = words.escape(&covers.all, wanted, make, self.effort);
        self.report.undecided += usize::from(answer == Answer::Undecided);
        let first = used.first().filter(|_| answer == Answer::None)?;
        Some((first, used.len() > 1))
    }

    /// A later entry of the same list that takes all, and more.
    fn taken_by_a_later(&mut self, checked: &'a Checked<'a>, sample: &str) -> Option<&'a Checked<'a>> {
        let words = self.words;
        let covers = self.covers;
        let later = |other: &Checked<'a>| {
            other.list == checked.list && other.number > checked.number && covers.counts(other, checked)
        };
        let other = covers.all.taker_of(sample, later)?;
        let mut difference = |of: &'a Checked<'a>, without: &'a Checked<'a>| {
            let make =
                |paths: &'a Language| Question::new().within(paths).within(&of.language).outside([&without.language]);
            words.ask(make, self.effort)
        };
        let (left, more) = (difference(checked, other), difference(other, checked));
        (left == Answer::None && matches!(more, Answer::Word(_))).then_some(other)
    }

    /// R21: a path that is public here and protected there.
    fn overlap(&mut self, public: &'a Checked<'a>) {
        let words = self.words;
        let mut near = self.covers.protect.near(public.language.literal());
        self.report.undecided += usize::from(near.len() > MOST_NEAR);
        near.truncate(MOST_NEAR);
        near.retain(|member| member.checked.language.may_meet(&public.language));
        // Where the public one wins, first: that is worse.
        near.sort_by_key(|member| (member.checked.list, member.checked.number) < (public.list, public.number));
        let covers = self.covers;
        for protect in near.into_iter().map(|member| member.checked) {
            let make = || {
                let question = Question::new().within(&public.language).within(&protect.language);
                question.outside(covers.except_of(public)).outside(covers.except_of(protect))
            };
            let before = |other: &Checked<'a>| covers.decides_before(other, public, protect);
            let (answer, _) = words.escape(&covers.all, before, make, self.effort);
            if let Some(path) = self.word(answer) {
                self.report_overlap(public, protect, path);
                return;
            }
        }
    }

    fn report_overlap(&mut self, public: &'a Checked<'a>, protect: &'a Checked<'a>, path: String) {
        let words = self.words;
        let public_first = (public.list, public.number) < (protect.list, protect.number);
        // A public part of what is protected, put first: that is how an exception is written.
        let make = || Question::new().within(&public.language);
        let (within, _) = words.escape(&self.covers.protect, |_| true, make, self.effort);
        let exception = within == Answer::None;
        let (severity, message, help) = match (public_first, exception) {
            (true, true) => (
                Severity::Note,
                format!("an exception: `{path}` is public here and protected below; the first one wins"),
                "nothing to do if that is meant".to_owned(),
            ),
            (true, false) => (
                Severity::Error,
                format!("`{path}` is public here and protected below; the first one wins: it is open"),
                "put the protecting rule first, or make the public one narrower".to_owned(),
            ),
            (false, _) => (
                Severity::Warning,
                format!("`{path}` is protected above and public here; the first one wins: it is protected"),
                "put the public rule first if it is an exception, or make it narrower".to_owned(),
            ),
        };
        let finding = Finding::of(public, "R21", severity, message, help);
        self.find(finding.shown_by(path).also(protect, "protected here"));
    }

    /// R23: a protected path for which the check never runs.
    fn not_reached(&mut self) {
        let words = self.words;
        let covers = self.covers;
        let matchers = || self.checked.iter().filter(|checked| checked.role == Role::Matcher);
        // The case of letters is told by R13.
        let folded: Vec<Language> =
            matchers().filter_map(|matcher| language(matcher.entry.source, true, &self.setting.next).ok()).collect();
        if folded.is_empty() {
            return;
        }
        let mut found: Vec<(&'a Checked<'a>, String)> = Vec::new();
        for protect in covers.protect.members() {
            let except = covers.except_of(protect);
            // Reached, or decided by a rule before.
            let settled =
                |other: &Checked<'_>| other.role == Role::Matcher || covers.decides_before(other, protect, protect);
            let answer = protect.sample(words, self.effort);
            let Some(sample) = self.word(answer) else { continue };
            // What most often gets around a matcher, before the question is asked.
            let stem = sample.trim_end_matches('/');
            let tries = [sample.clone(), format!("{stem}/users"), format!("{stem}/a.b"), format!("{stem}/x.png")];
            let missed = |path: &String| {
                words.clean.contains(path)
                    && protect.language.contains(path)
                    && !except.iter().chain(&folded).any(|language| language.contains(path))
                    && covers.all.taker_of(path, settled).is_none()
            };
            let path = match tries.into_iter().find(missed) {
                Some(path) => Some(path),
                None => {
                    let make = || {
                        let question = Question::new().within(&words.clean).within(&protect.language);
                        question.outside(except).outside(&folded)
                    };
                    let (answer, _) = covers.all.escape(&[Edit::Whole], settled, make, self.effort);
                    self.word(answer)
                }
            };
            if let Some(path) = path {
                found.push((protect, path));
            }
        }
        let Some((protect, path)) = found.first() else { return };
        let more = match found.len() {
            1 => String::new(),
            count => format!(" (and so for {} more)", count - 1),
        };
        let message = format!("the matcher does not reach `{path}`: the check never runs for it{more}");
        let help = "add the protected paths to the matcher, or leave out less";
        self.find(Finding::of(protect, "R23", Severity::Error, message, help).shown_by(path.clone()));
    }

    /// R27: the escaped spelling of a protected path that is public.
    fn spellings(&mut self, public: &'a Checked<'a>) {
        for member in self.covers.protect.near(public.language.literal()).iter().take(MOST_SPELLED) {
            let protect = member.checked;
            let answer = protect.sample(self.words, self.effort);
            let Some(path) = self.word(answer) else { continue };
            let spelled = path.char_indices().filter(|(_, c)| c.is_ascii_alphabetic()).map(|(at, letter)| {
                let rest = path.get(at + 1..).unwrap_or_default();
                format!("{}%{:02x}{rest}", path.get(..at).unwrap_or_default(), u32::from(letter))
            });
            let differs = |spelled: &String| {
                public.language.contains(spelled)
                    && !public.language.contains(&path)
                    && !self.covers.takes(protect, spelled)
            };
            if let Some(spelled) = spelled.take(MOST_SPELLED).find(differs) {
                let message =
                    format!("`{spelled}` is public, `{path}` is protected; a server behind may read one as the other");
                let help = "decode paths before they are matched, or make the public entry narrower";
                let finding = Finding::of(public, "R27", Severity::Note, message, help);
                self.find(finding.shown_by(spelled).also(protect, "protected here"));
                return;
            }
        }
    }
}

/// The text of an entry, for a message.
fn short(checked: &Checked<'_>) -> String {
    let text = checked.text();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
