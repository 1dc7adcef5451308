//! Two entries, or two lists: R21, R23, R25, R27.

use super::Lint;
use super::checked::{Checked, Member, language};
use super::finding::Finding;
use super::list::Role;
use crate::diagnostic::Severity;
use crate::pattern::{Answer, Edit, Language, Question};

/// Most entries with paths of the same start that are asked about one.
const MOST_NEAR: usize = 64;
/// Asked at once.
const AT_ONCE: usize = 12;

impl<'a> Lint<'a> {
    pub(super) fn between_lists(&mut self) {
        for checked in self.checked.iter().filter(|checked| checked.role == Role::Public) {
            self.overlap(checked);
            self.spellings(checked);
        }
        if !self.covers.matcher.is_empty() {
            self.not_reached();
        }
    }

    /// R25: all that an entry takes is taken by others, which come first or take more.
    pub(super) fn nothing_left(&mut self, list: usize) {
        for checked in self.checked.iter().filter(|checked| checked.list == list) {
            let answer = checked.sample(self.words, self.effort);
            let Some(sample) = self.word(answer) else { continue };
            if let Some((other, many, before)) = self.taken_by_others(checked, &sample) {
                let same_list = other.list == checked.list;
                let what = match (same_list, before, many) {
                    (true, _, true) => "other entries of the list take all of its paths".to_owned(),
                    (true, true, false) => format!("`{}`, which comes before, takes all of its paths", short(other)),
                    (true, false, false) => format!("`{}` takes all of its paths, and more", short(other)),
                    (false, _, true) => "earlier rules take all of its paths".to_owned(),
                    (false, _, false) => format!("`{}` of an earlier rule takes all of its paths", short(other)),
                };
                let severity = if same_list { Severity::Note } else { Severity::Warning };
                let help = if same_list { "remove it" } else { "remove it, or put its rule first" };
                let finding = Finding::of(checked, "R25", severity, what, help);
                self.find(finding.shown_by(sample).also(other, "this one takes them"));
            }
        }
    }

    /// The first of the others, whether there are several, and whether they come before.
    fn taken_by_others(&mut self, checked: &'a Checked<'a>, sample: &str) -> Option<(&'a Checked<'a>, bool, bool)> {
        let place = (checked.list, checked.number);
        let words = self.words;
        let ordered = checked.role != Role::Matcher;
        let conditions = |checked: &Checked<'_>| self.lists.get(checked.list).map(|list| list.conditions.as_slice());
        // Does the other count whenever this one does?
        let counts = |other: &Checked<'_>| {
            let own = conditions(checked).unwrap_or_default();
            (other.list == checked.list || conditions(other).unwrap_or_default().iter().all(|c| own.contains(c)))
                && other.entry.conditions.iter().all(|c| checked.entry.conditions.contains(c))
        };
        let before =
            |other: &Checked<'_>| (other.list, other.number) < place && (ordered || other.list == checked.list);
        let everywhere = [&self.covers.protect, &self.covers.public, &self.covers.elsewhere];
        let covers: &[_] = if ordered { &everywhere } else { &[&self.covers.matcher] };
        for cover in covers {
            let wanted = |other: &Checked<'a>| before(other) && counts(other);
            if cover.taker_of(sample, wanted).is_none() {
                continue;
            }
            let make = || Question::new().within(&checked.language);
            let found = words.escape(cover, wanted, make, self.effort);
            self.report.undecided += usize::from(found.0 == Answer::Undecided);
            if let (Answer::None, used) = found
                && let Some(first) = used.first()
            {
                return Some((first, used.len() > 1, true));
            }
        }
        // A later one of the same list that takes more.
        let own = self.covers.of(checked.role);
        let later = |other: &Checked<'a>| other.list == checked.list && other.number > checked.number && counts(other);
        let other = own.taker_of(sample, later)?;
        let all = words.ask(
            |paths| Question::new().within(paths).within(&checked.language).outside([&other.language]),
            self.effort,
        );
        let more = words.ask(
            |paths| Question::new().within(paths).within(&other.language).outside([&checked.language]),
            self.effort,
        );
        (all == Answer::None && matches!(more, Answer::Word(_))).then_some((other, false, false))
    }

    /// R21: a path that is public here and protected there.
    fn overlap(&mut self, public: &'a Checked<'a>) {
        let words = self.words;
        let near = self.covers.protect.near(public.language.literal());
        let except = self.exceptions_of(public);
        for some in near.get(..MOST_NEAR.min(near.len())).unwrap_or_default().chunks(AT_ONCE) {
            let make = |paths: &'a Language| {
                let question = Question::new().within(paths).within(&public.language).outside(except);
                question.within_any_as(Edit::Whole, some.iter().map(|member| &member.checked.language))
            };
            let answer = words.ask(make, self.effort);
            let Some(path) = self.word(answer) else { continue };
            let takes = |member: &&&Member<'_>| {
                member.checked.language.contains(&path) && !member.except().iter().any(|except| except.contains(&path))
            };
            let Some(protect) = some.iter().find(takes).map(|member| member.checked) else { continue };
            self.report_overlap(public, protect, path);
            return;
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
        let mut found: Vec<(&'a Checked<'a>, String)> = Vec::new();
        // The case of letters is told by R13.
        let matchers: Vec<Language> = self
            .covers
            .matcher
            .members()
            .filter_map(|matcher| language(matcher.entry.source, true, &self.setting.next).ok())
            .collect();
        for protect in self.covers.protect.members() {
            let except = self.exceptions_of(protect);
            let folded = |path: &str| matchers.iter().any(|matcher| matcher.contains(path));
            let answer = protect.sample(words, self.effort);
            let Some(sample) = self.word(answer) else { continue };
            // What most often gets around a matcher, before the question is asked.
            let stem = sample.trim_end_matches('/');
            let tries = [sample.clone(), format!("{stem}/users"), format!("{stem}/a.b"), format!("{stem}/x.png")];
            let missed = |path: &String| {
                protect.language.contains(path)
                    && !except.iter().any(|except| except.contains(path))
                    && !self.covers.matcher.takes(path)
                    && !folded(path)
                    && words.clean.contains(path)
            };
            let path = match tries.into_iter().find(missed) {
                Some(path) => Some(path),
                None => {
                    let make = || {
                        let question = Question::new().within(&words.clean).within(&protect.language);
                        question.outside(except).outside(matchers.iter())
                    };
                    let (answer, _) = self.covers.matcher.escape(&[Edit::Whole], |_| true, make, self.effort);
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
        for member in self.covers.protect.near(public.language.literal()).iter().take(MOST_NEAR) {
            let protect = member.checked;
            let answer = protect.sample(self.words, self.effort);
            let Some(path) = self.word(answer) else { continue };
            let Some(at) = path.find(|c: char| c.is_ascii_alphabetic()) else { continue };
            let (before, rest) = path.split_at(at);
            let Some(letter) = rest.bytes().next() else { continue };
            let spelled = format!("{before}%{letter:02x}{}", rest.get(1..).unwrap_or_default());
            let differs = public.language.contains(&spelled)
                && !public.language.contains(&path)
                && !self.covers.protect.takes(&spelled);
            if differs {
                let message =
                    format!("`{spelled}` is public, `{path}` is protected; a server behind may read one as the other");
                let help = "decode paths before they are matched, or make the public entry narrower";
                let finding = Finding::of(public, "R27", Severity::Note, message, help);
                self.find(finding.shown_by(spelled).also(protect, "protected here"));
                return;
            }
        }
    }

    /// What the list of that entry leaves out.
    fn exceptions_of(&self, checked: &Checked<'_>) -> &'a [Language] {
        self.covers.except.get(checked.list).map_or(&[][..], Vec::as_slice)
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
