//! The world around the lists: R24, R26, R28, R29.

use super::Lint;
use super::finding::Finding;
use super::list::{Rest, Role, Source};
use super::spelling::{self, Piece};
use crate::diagnostic::Severity;
use crate::pattern::Answer;

impl Lint<'_> {
    /// Once for all lists.
    pub(super) fn around(&mut self) {
        // Nobody said what happens to them: with `createRouteMatcher` they are open.
        let severity = match self.setting.rest {
            Rest::Closed => return,
            Rest::Open => Severity::Warning,
            Rest::Unknown => Severity::Note,
        };
        let path = self.words.name.clone();
        if let Some(first) = self.covers.protect.members().next()
            && !self.covers.takes(first, &path)
        {
            let message = "what is in no list is open to everybody";
            let help = "protect everything by default, and list what is public";
            self.find(Finding::of(first, "R29", severity, message, help).shown_by(path));
        }
    }

    /// Once for each list.
    pub(super) fn in_one_list(&mut self, list: usize) {
        self.nothing_left(list);
        if self.lists.get(list).is_none_or(|list| list.role == Role::Elsewhere) {
            return;
        }
        self.letter_case(list);
        self.line_breaks(list);
        self.encoded_slash(list);
        self.twins(list);
    }

    /// R26: `/admin/%0Ax`, once it is decoded.
    fn line_breaks(&mut self, list: usize) {
        if !self.setting.javascript {
            return;
        }
        let mut entries = self.checked.iter().filter(|checked| checked.list == list && checked.role != Role::Public);
        let found = entries.find_map(|checked| {
            let stops = match checked.entry.source {
                Source::Pattern(_) | Source::Next(_) => true,
                Source::RegExp { flags, .. } => !flags.contains('s'),
                Source::Glob(_) | Source::Globset(_) | Source::Regex(_) => false,
            };
            // A `.` outside of look-aheads that may take a line break only if it is told to.
            let at = [".*", ".+"].iter().filter_map(|dots| checked.text().find(dots)).min().filter(|_| stops)?;
            let page = checked.language.literal().trim_end_matches('/').to_owned();
            let page = if page.len() > 1 { page } else { "/admin".to_owned() };
            let path = format!("{page}/%0Ax");
            checked.language.contains(&path).then_some((checked, at, path))
        });
        let Some((checked, at, path)) = found else { return };
        let message = "`.` stops at a line break: decoded, this path does not match";
        let help = "refuse paths with control characters before they are matched";
        self.find(Finding::of(checked, "R26", Severity::Warning, message, help).at(Some(at..at + 2)).shown_by(path));
    }

    /// R28: `:id` and `a%2Fb`.
    fn encoded_slash(&mut self, list: usize) {
        if !self.setting.encoded_slash {
            return;
        }
        let entries = self.checked.iter().filter(|checked| checked.list == list && checked.entry.source.is_route());
        for checked in entries {
            let parameter = spelling::pieces(checked.text()).into_iter().find_map(|piece| match piece {
                Piece::Param(at, None | Some('?')) => Some(at),
                _ => None,
            });
            let Some(at) = parameter else { continue };
            let answer = checked.sample(self.words, self.effort);
            let Some(sample) = self.word(answer) else { continue };
            // The place of the parameter is where another letter may stand.
            let path = sample.char_indices().filter(|(_, c)| c.is_ascii_alphanumeric()).find_map(|(place, c)| {
                let path = format!("{}{c}%2F{}", sample.get(..place)?, sample.get(place..)?);
                checked.language.contains(&path).then_some(path)
            });
            let name = checked.text().get(at.clone()).unwrap_or_default();
            let message = format!("an encoded slash stays within `{name}`; a server behind may read two segments");
            let help = "refuse paths with `%2F`, or give the parameter an expression: `:id(\\\\d+)`";
            let mut finding = Finding::of(checked, "R28", Severity::Note, message, help).at(Some(at));
            finding.witness = path;
            self.find(finding);
            return;
        }
    }

    /// R24: page data and payloads of Next.js.
    fn twins(&mut self, list: usize) {
        let i18n = self.setting.next.i18n;
        for checked in self.checked.iter().filter(|checked| checked.list == list) {
            let asked = match checked.role {
                Role::Public | Role::Elsewhere => false,
                Role::Protect => self.setting.next_twins,
                Role::Matcher => i18n || self.setting.next_twins,
            };
            if !asked {
                continue;
            }
            let answer =
                crate::pattern::Question::new().within(&self.words.page).within(&checked.language).ask(self.effort);
            let Answer::Word(page) = answer else { continue };
            let mut twins = Vec::new();
            if self.setting.next_twins {
                twins.extend([
                    format!("/_next/data/id{page}.json"),
                    format!("{page}.rsc"),
                    format!("{page}.segments/_tree.segment.rsc"),
                ]);
            }
            if i18n {
                twins.push(format!("/en/_next/data/id/en{page}.json"));
            }
            if let Some(twin) = twins.into_iter().find(|twin| !self.covers.takes(checked, twin)) {
                let message =
                    format!("`{page}` is covered, but not `{twin}`, which Next.js answers with the same page");
                let help = "let the gate read these paths as the page they belong to: `preset = \"nextjs\"`";
                self.find(Finding::of(checked, "R24", Severity::Warning, message, help).shown_by(twin));
                return;
            }
        }
    }
}
