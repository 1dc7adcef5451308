//! What leaves out too much, mostly by a negative look-ahead: R06 to R09, and the part of R11 that is about one.

use super::Lint;
use super::checked::{Checked, language};
use super::finding::Finding;
use super::list::Role;
use super::spelling::{self, Exclusion};
use crate::diagnostic::Severity;
use crate::pattern::{Edit, End, Language, Question};
use std::ops::Range;

impl<'a> Lint<'a> {
    pub(super) fn leaves_out_too_much(&mut self, checked: &'a Checked<'a>) {
        if checked.role == Role::Public || checked.language.end() != End::Other {
            return;
        }
        let exclusions = spelling::exclusions(checked.text());
        self.extensions(checked, &exclusions);
        self.words_without_end(checked, &exclusions);
        if checked.role == Role::Matcher {
            self.whole_api(checked, &exclusions);
        }
    }

    /// R06 and R07: a page is covered, the same with a dot or an extension is not.
    fn extensions(&mut self, checked: &'a Checked<'a>, exclusions: &[Exclusion]) {
        let words = self.words;
        let covers = self.covers;
        let except = self.covers.except_of(checked);
        // A parameter that takes letters only leaves out more than dots; that is not meant here.
        let other = format!("{}-1~x", words.name);
        let make = || {
            Question::new()
                .within(&words.file)
                .within_as(Edit::Cut('.', ""), &checked.language)
                .within_as(Edit::Cut('/', &other), &checked.language)
                .outside_as(Edit::Cut('.', ""), except)
        };
        let answer = covers.escape(checked, &[Edit::Whole], make, self.effort);
        let Some(file) = self.word(answer) else { return };
        let Some((stem, extension)) = file.rsplit_once('.') else { return };
        let cause = cause(self, checked, exclusions, &file);
        let left_out = |page: &str, file: &str| checked.language.contains(page) && !covers.takes(checked, file);
        let any = left_out(stem, &format!("{stem}.v2")) && left_out(stem, &format!("{stem}.b"));
        let help = if any {
            "leave out the folders of files (`_next/static/`, `assets/`) instead of all that has a dot"
        } else {
            "leave out the folders of files (`_next/static/`, `assets/`) instead of extensions: a handler may end like that, too"
        };
        let nicer = match any {
            true => [("/reports/v1", "/reports/v1.2".to_owned()), ("/v1", "/v1.2".to_owned())],
            false => [("/admin/x", format!("/admin/x.{extension}")), ("/x", format!("/x.{extension}"))],
        };
        let nicer = nicer.into_iter().find(|(page, file)| left_out(page, file)).map(|(_, file)| file);
        let message = match any {
            true => "leaves out paths with a dot".to_owned(),
            false => format!("leaves out paths that end in `.{extension}`"),
        };
        let shown = nicer.unwrap_or_else(|| file.clone());
        let finding = Finding::of(checked, "R06", Severity::Error, format!("{message}, such as `{shown}`"), help);
        self.find(finding.at(cause.clone()).shown_by(shown));

        // R07: and what is below such a file.
        let below = ["/secret", "/x"]
            .map(|end| (format!("/a.{extension}{end}"), format!("{file}{end}"), format!("{stem}{end}")));
        let below = below.into_iter().find(|(_, below, page)| left_out(page, below));
        let Some((nicer, below, _)) = below else { return };
        let below = if covers.takes(checked, &nicer) { below } else { nicer };
        let message = format!("leaves out what is below such a name, too: `{below}`");
        let help = "end it with `$`; better, leave out the folders of files instead";
        self.find(Finding::of(checked, "R07", Severity::Error, message, help).at(cause).shown_by(below));
    }

    /// R08, and R11 of exclusions: a word that goes on, and an exclusion of everything.
    fn words_without_end(&mut self, checked: &'a Checked<'a>, exclusions: &[Exclusion]) {
        let words = self.words;
        let covers = self.covers;
        let mut endless: Vec<(Range<usize>, String)> = Vec::new();
        for exclusion in exclusions {
            let Some(none) = self.without(checked, exclusion, None) else { continue };
            for alternative in &exclusion.alternatives {
                let Some(only) = self.without(checked, exclusion, Some(alternative)) else { continue };
                let leaves_out = |path: &str| none.contains(path) && !only.contains(path);
                let has_dot = spelling::has_dot(checked.text().get(alternative.clone()).unwrap_or_default());
                if has_dot && leaves_out(&words.name) && leaves_out(&words.deep) {
                    let message = "leaves out every page: `.` takes any character";
                    let help = "write `\\.` for a dot; in a string `\\\\.`";
                    let path = ["/dashboard", &words.name].into_iter().find(|path| !covers.takes(checked, path));
                    let mut finding = Finding::of(checked, "R11", Severity::Error, message, help);
                    finding.witness = path.map(str::to_owned);
                    self.find(finding.at(Some(alternative.clone())));
                    continue;
                }
                if spelling::is_file(checked.text().get(alternative.clone()).unwrap_or_default()) {
                    continue;
                }
                let make = || {
                    Question::new()
                        .within(&words.page)
                        .within(&none)
                        .within_as(Edit::Append("-x"), &none)
                        .outside([&only])
                        .outside_as(Edit::Append("-x"), [&only])
                        .within_as(Edit::Last(&words.letter), &only)
                };
                let answer = covers.escape(checked, &[Edit::Append("-x")], make, self.effort);
                if let Some(word) = self.word(answer) {
                    endless.push((alternative.clone(), word));
                }
            }
        }
        // Words of the framework are less likely to be the start of a page.
        let own = endless.iter().find(|(_, word)| !word.contains("/_"));
        let Some((at, word)) = own.or(endless.first()) else { return };
        let longer = ["-admin", "-x"].map(|end| format!("{word}{end}"));
        let Some(path) = longer.into_iter().find(|path| !covers.takes(checked, path)) else { return };
        let text = checked.text();
        let name = text.get(at.clone()).unwrap_or_default();
        let more = match endless.len() {
            1 => String::new(),
            count => format!(" (and so for {} more)", count - 1),
        };
        let message = format!("nothing ends `{name}`: `{path}` is left out, too{more}");
        let help = format!("write `{name}(?:/|$)`");
        self.find(Finding::of(checked, "R08", Severity::Warning, message, help).at(Some(at.clone())).shown_by(path));
    }

    /// R09: every page is reached but those below `/api`.
    fn whole_api(&mut self, checked: &'a Checked<'a>, exclusions: &[Exclusion]) {
        let words = self.words;
        let path = "/api/x";
        let broad = checked.language.contains(&words.name) && checked.language.contains(&words.deep);
        if !broad || self.covers.takes(checked, path) {
            return;
        }
        for other in self.checked.iter().filter(|other| other.list == checked.list) {
            let answer = Question::new().within(&words.api).within(&other.language).ask(self.effort);
            if answer != crate::pattern::Answer::None {
                self.word(answer);
                return;
            }
        }
        let cause = cause(self, checked, exclusions, path);
        let message = "leaves out everything below `/api`: each handler there has to check for itself";
        let help = "add `/api/:path*`, or leave out only the handlers that everybody may call";
        self.find(Finding::of(checked, "R09", Severity::Warning, message, help).at(cause).shown_by(path));
    }

    /// The entry with no more than one alternative of that exclusion.
    fn without(&self, checked: &Checked<'_>, exclusion: &Exclusion, but: Option<&Range<usize>>) -> Option<Language> {
        let text = checked.text();
        let kept = match but {
            Some(at) => format!("(?!{})", text.get(at.clone())?),
            None => String::new(),
        };
        let text = format!("{}{kept}{}", text.get(..exclusion.at.start)?, text.get(exclusion.at.end..)?);
        language(checked.entry.source.with(&text), checked.entry.ignore_case, &self.setting.next).ok()
    }
}

/// The alternative that leaves `path` out.
fn cause(lint: &Lint<'_>, checked: &Checked<'_>, exclusions: &[Exclusion], path: &str) -> Option<Range<usize>> {
    exclusions.iter().find_map(|exclusion| {
        let none = lint.without(checked, exclusion, None)?;
        let mut alternatives = exclusion.alternatives.iter();
        let found = alternatives.find(|at| {
            let only = lint.without(checked, exclusion, Some(*at));
            only.is_some_and(|only| none.contains(path) && !only.contains(path))
        });
        found.cloned()
    })
}
