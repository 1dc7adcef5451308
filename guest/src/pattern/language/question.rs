//! Questions about languages: is there a word that is in these and not in those? The shortest one, if there is.

use super::machine::Machine;
use super::search::Search;
use super::{Effort, Language};

/// Which word a language is asked for, made of the word that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit<'t> {
    /// The word itself.
    Whole,
    /// With that text after it.
    Append(&'t str),
    /// With that text before it.
    Prepend(&'t str),
    /// With that text instead of the last such letter and all that follows it. A word without it is in no language.
    Cut(char, &'t str),
    /// With that text instead of the last letter.
    Last(&'t str),
}

impl Edit<'_> {
    /// The edited word, if there is one.
    pub fn apply(self, word: &str) -> Option<String> {
        match self {
            Self::Whole => Some(word.to_owned()),
            Self::Append(text) => Some(format!("{word}{text}")),
            Self::Prepend(text) => Some(format!("{text}{word}")),
            Self::Cut(at, text) => Some(format!("{}{text}", word.rsplit_once(at)?.0)),
            Self::Last(text) => Some(format!("{}{text}", word.get(..word.len().checked_sub(1)?)?)),
        }
    }
}

/// What is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// One of the shortest words.
    Word(String),
    /// There is none.
    None,
    /// It would have taken too long.
    Undecided,
}

impl Answer {
    /// The word, if there is one.
    pub fn word(self) -> Option<String> {
        match self {
            Self::Word(word) => Some(word),
            Self::None | Self::Undecided => None,
        }
    }
}

/// All of its clauses must hold of the word.
#[derive(Debug, Default)]
pub struct Question<'l> {
    parts: Vec<Part<'l>>,
    clauses: Vec<Clause>,
}

/// A language that is asked.
#[derive(Debug)]
pub(super) struct Part<'l> {
    pub(super) machine: &'l Machine,
    pub(super) edit: Edit<'l>,
}

/// Numbers of parts; of one at least must hold that its language has the word, or that it has not.
pub(super) type Clause = Vec<(usize, bool)>;

/// More parts have no room in a state.
const MAX_PARTS: usize = 30;

impl<'l> Question<'l> {
    /// Holds of every word.
    pub fn new() -> Self {
        Self::default()
    }

    /// The word is in that language.
    #[must_use]
    pub fn within(self, language: &'l Language) -> Self {
        self.within_as(Edit::Whole, language)
    }

    /// The edited word is in that language.
    #[must_use]
    pub fn within_as(self, edit: Edit<'l>, language: &'l Language) -> Self {
        self.within_any_as(edit, [language])
    }

    /// The edited word is in one of these languages.
    #[must_use]
    pub fn within_any_as(mut self, edit: Edit<'l>, languages: impl IntoIterator<Item = &'l Language>) -> Self {
        let any = languages.into_iter().map(|language| (self.part(edit, language), true)).collect();
        self.clauses.push(any);
        self
    }

    /// The edited word is in none of these languages.
    #[must_use]
    pub fn outside_as(mut self, edit: Edit<'l>, languages: impl IntoIterator<Item = &'l Language>) -> Self {
        for language in languages {
            self = self.unless(edit, language, []);
        }
        self
    }

    /// The word is in none of these languages.
    #[must_use]
    pub fn outside(self, languages: impl IntoIterator<Item = &'l Language>) -> Self {
        self.outside_as(Edit::Whole, languages)
    }

    /// The edited word is not in the first language, or it is in one of the others.
    #[must_use]
    pub fn unless(
        mut self,
        edit: Edit<'l>,
        language: &'l Language,
        but: impl IntoIterator<Item = &'l Language>,
    ) -> Self {
        let mut clause = vec![(self.part(edit, language), false)];
        clause.extend(but.into_iter().map(|language| (self.part(edit, language), true)));
        self.clauses.push(clause);
        self
    }

    fn part(&mut self, edit: Edit<'l>, language: &'l Language) -> usize {
        let machine = &language.machine;
        let known = |part: &Part<'_>| std::ptr::eq(part.machine, machine) && part.edit == edit;
        self.parts.iter().position(known).unwrap_or_else(|| {
            self.parts.push(Part { machine, edit });
            self.parts.len() - 1
        })
    }

    /// The shortest word of which all holds, among the words that a canonical path may spell.
    pub fn ask(&self, effort: &mut Effort) -> Answer {
        if self.parts.len() > MAX_PARTS {
            return Answer::Undecided;
        }
        Search::new(&self.parts, &self.clauses).run(effort)
    }
}
