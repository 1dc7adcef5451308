//! Entries with their languages, and what several of them cover together.

use super::list::{Entry, List, Role, Source};
use super::words::Words;
use crate::pattern::{
    Answer, Dialect, Edit, Effort, Language, NextOptions, Options, Pattern, PatternError, Question, RouteOptions,
};
use std::collections::BTreeMap;

/// An entry that compiles.
#[derive(Debug)]
pub(super) struct Checked<'t> {
    pub(super) list: usize,
    pub(super) number: usize,
    pub(super) role: Role,
    pub(super) entry: &'t Entry<'t>,
    pub(super) language: Language,
}

impl Checked<'_> {
    pub(super) fn text(&self) -> &str {
        self.entry.source.text()
    }

    /// A path that it takes: the text it is fixed to, or a short one.
    pub(super) fn sample(&self, words: &Words, effort: &mut Effort) -> Answer {
        let literal = self.language.literal();
        if words.can_be_sent(literal) && self.language.contains(literal) {
            return Answer::Word(literal.to_owned());
        }
        match Question::new().within(&words.clean).within(&self.language).ask(effort) {
            Answer::None => words.ask(|paths| Question::new().within(paths).within(&self.language), effort),
            answer => answer,
        }
    }
}

/// What an entry takes.
pub(super) fn language(
    source: Source<'_>,
    ignore_case: bool,
    next: &NextOptions<'_>,
) -> Result<Language, PatternError> {
    let options = Options { ignore_case, dot_all: true };
    match source {
        Source::Pattern(text) => Language::route(text, &RouteOptions::default(), options),
        // Faults first: those of the whole have no place.
        Source::Next(text) => {
            let regexp = Pattern::next_regexp(text, next)?;
            Language::regexp(&regexp, if ignore_case { "i" } else { "" })
        }
        Source::Glob(text) => Language::compile(Dialect::Glob, text, options),
        Source::Globset(text) => Language::globset(text, options),
        Source::Regex(text) => Language::compile(Dialect::Regex, text, options),
        Source::RegExp { source, flags } => {
            let mut flags: String = flags.chars().filter(|flag| !matches!(flag, 'g' | 'y' | 'i')).collect();
            if ignore_case {
                flags.push('i');
            }
            Language::regexp(source, &flags)
        }
    }
}

/// Several entries, by what their paths start with.
#[derive(Debug, Default)]
pub(super) struct Cover<'l> {
    members: Vec<Member<'l>>,
    by_literal: BTreeMap<String, Vec<usize>>,
}

/// An entry with the exceptions of its list.
#[derive(Debug)]
pub(super) struct Member<'l> {
    pub(super) checked: &'l Checked<'l>,
    except: &'l [Language],
}

/// All entries of all lists.
#[derive(Debug)]
pub(super) struct Covers<'l> {
    lists: &'l [List<'l>],
    /// Of whatever role.
    pub(super) all: Cover<'l>,
    /// Those that protect.
    pub(super) protect: Cover<'l>,
    except: &'l [Vec<Language>],
}

impl<'l> Covers<'l> {
    pub(super) fn new(lists: &'l [List<'l>], all: &'l [Checked<'l>], except: &'l [Vec<Language>]) -> Self {
        Self {
            lists,
            all: Cover::new(all, except, |_| true),
            protect: Cover::new(all, except, |checked| checked.role == Role::Protect),
            except,
        }
    }

    /// What the list of that entry leaves out.
    pub(super) fn except_of(&self, checked: &Checked<'_>) -> &'l [Language] {
        self.except.get(checked.list).map_or(&[][..], Vec::as_slice)
    }

    /// Does `other` count whenever `checked` does, whatever the path?
    pub(super) fn counts(&self, other: &Checked<'_>, checked: &Checked<'_>) -> bool {
        let of =
            |checked: &Checked<'_>| self.lists.get(checked.list).map_or(&[][..], |list| list.conditions.as_slice());
        (other.list == checked.list || of(other).iter().all(|condition| of(checked).contains(condition)))
            && other.entry.conditions.iter().all(|condition| checked.entry.conditions.contains(condition))
    }

    /// Does `other` do for its paths what `checked` does, whenever it counts?
    fn sides(&self, other: &Checked<'_>, checked: &Checked<'_>) -> bool {
        let same = match checked.role {
            // Who is sent elsewhere does not get through.
            Role::Protect => matches!(other.role, Role::Protect | Role::Elsewhere),
            role => other.role == role,
        };
        same && self.counts(other, checked)
    }

    /// Is `path` covered, as far as `checked` is?
    pub(super) fn takes(&self, checked: &Checked<'_>, path: &str) -> bool {
        self.all.taker_of(path, |other| self.sides(other, checked)).is_some()
    }

    /// A word of which the question holds and of which no edited form is covered, as far as `checked` is.
    pub(super) fn escape(
        &self,
        checked: &Checked<'_>,
        edits: &[Edit<'l>],
        make: impl Fn() -> Question<'l>,
        effort: &mut Effort,
    ) -> Answer {
        self.all.escape(edits, |other| self.sides(other, checked), make, effort).0
    }

    /// Does a rule before both of these always decide `path`?
    pub(super) fn decides_before(&self, other: &Checked<'_>, a: &Checked<'_>, b: &Checked<'_>) -> bool {
        let place = |checked: &Checked<'_>| (checked.list, checked.number);
        let always = self.lists.get(other.list).is_some_and(|list| list.conditions.is_empty())
            && other.entry.conditions.is_empty();
        always && other.role != Role::Matcher && place(other) < place(a).min(place(b))
    }
}

/// Most entries that one question takes in.
const MOST_AT_ONCE: usize = 16;

impl<'l> Cover<'l> {
    /// Those of `all` that `wanted` takes; `except`: the exceptions of each list.
    fn new(all: &'l [Checked<'l>], except: &'l [Vec<Language>], wanted: impl Fn(&Checked<'l>) -> bool) -> Self {
        let mut cover = Self::default();
        for checked in all.iter().filter(|checked| wanted(checked)) {
            let except = except.get(checked.list).map_or(&[][..], Vec::as_slice);
            let literal = checked.language.literal().to_ascii_lowercase();
            cover.by_literal.entry(literal).or_default().push(cover.members.len());
            cover.members.push(Member { checked, except });
        }
        cover
    }

    pub(super) fn members(&self) -> impl Iterator<Item = &'l Checked<'l>> {
        self.members.iter().map(|member| member.checked)
    }

    /// The first entry of those that `wanted` takes, that takes `path`.
    pub(super) fn taker_of(&self, path: &str, wanted: impl Fn(&Checked<'l>) -> bool) -> Option<&'l Checked<'l>> {
        self.number_of(path, &wanted).and_then(|number| self.members.get(number)).map(|member| member.checked)
    }

    fn number_of(&self, path: &str, wanted: &dyn Fn(&Checked<'l>) -> bool) -> Option<usize> {
        let lower = path.to_ascii_lowercase();
        let ends = (0..=lower.len()).filter_map(|end| self.by_literal.get(lower.get(..end)?));
        ends.flatten()
            .copied()
            .filter(|number| {
                self.members.get(*number).is_some_and(|member| {
                    wanted(member.checked)
                        && member.checked.language.contains(path)
                        && !member.except.iter().any(|except| except.contains(path))
                })
            })
            .min()
    }

    /// Entries whose paths may start like those that start with `literal`.
    pub(super) fn near(&self, literal: &str) -> Vec<&Member<'l>> {
        let literal = literal.to_ascii_lowercase();
        let shorter = (0..literal.len()).filter_map(|end| self.by_literal.get(literal.get(..end)?));
        let longer = self.by_literal.range(literal.clone()..).take_while(|(other, _)| other.starts_with(&literal));
        let mut numbers: Vec<usize> = shorter.chain(longer.map(|(_, numbers)| numbers)).flatten().copied().collect();
        numbers.sort_unstable();
        numbers.iter().filter_map(|number| self.members.get(*number)).collect()
    }

    /// A word of which the question holds and of which no edited form is taken by an entry of those that `wanted` takes.
    /// Entries are put into the question as their words come up. Tells which were needed, too.
    pub(super) fn escape(
        &self,
        edits: &[Edit<'l>],
        wanted: impl Fn(&Checked<'l>) -> bool,
        make: impl Fn() -> Question<'l>,
        effort: &mut Effort,
    ) -> (Answer, Vec<&'l Checked<'l>>) {
        let mut used: Vec<usize> = Vec::new();
        loop {
            let mut question = make();
            for member in used.iter().filter_map(|number| self.members.get(*number)) {
                for edit in edits {
                    question = question.unless(*edit, &member.checked.language, member.except);
                }
            }
            let answer = question.ask(effort);
            let needed = |used: &[usize]| used.iter().filter_map(|n| Some(self.members.get(*n)?.checked)).collect();
            let Answer::Word(word) = &answer else { return (answer, needed(&used)) };
            let words = edits.iter().filter_map(|edit| edit.apply(word));
            let Some(taker) = words.filter_map(|word| self.number_of(&word, &wanted)).next() else {
                return (answer, needed(&used));
            };
            if used.len() >= MOST_AT_ONCE || used.contains(&taker) {
                return (Answer::Undecided, needed(&used));
            }
            used.push(taker);
        }
    }
}

/// Languages of all exceptions, by list. One that does not compile takes nothing out.
pub(super) fn exceptions(lists: &[List<'_>], next: &NextOptions<'_>) -> Vec<Vec<Language>> {
    let of = |list: &List<'_>| {
        list.except.iter().filter_map(|entry| language(entry.source, entry.ignore_case, next).ok()).collect()
    };
    lists.iter().map(of).collect()
}
