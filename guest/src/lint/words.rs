//! Languages and texts that questions are asked with.

use super::checked::{Checked, Cover};
use super::list::{Entry, List, Source};
use crate::pattern::{Answer, Edit, Effort, Language, Question};

/// Raw characters of a canonical path but the dot and `/`.
const RAW: &str = r"A-Za-z0-9\-_~!$&'()*+,;:=@\[\]|";
/// An escape that may stay in one: of no unreserved character, slash, backslash or control; well-formed UTF-8.
const ESCAPE: &str = "%(?:2[0-9A-C]|3[A-F]|40|5[BDE]|60|7[BCD]\
    |(?:C[3-9A-F]|D[0-9A-F])%[89AB][0-9A-F]\
    |E[13-9A-C]%[89AB][0-9A-F]%[89AB][0-9A-F]\
    |F0%9[0-9A-F]%[89AB][0-9A-F]%[89AB][0-9A-F])";

/// See above.
pub(super) struct Words {
    /// Paths that a visitor can send, with escapes of any kind: a question among all of these is cheap.
    wide: Language,
    /// Only those with escapes that stay as they are.
    exact: Language,
    /// Paths without escapes and without a slash at the end; a dot only within a segment. No page data of Next.js.
    pub(super) clean: Language,
    /// The same without dots.
    pub(super) page: Language,
    /// Pages, then [`Self::name`] with an extension.
    pub(super) file: Language,
    /// Pages below `/api`.
    pub(super) api: Language,
    /// `/` and a name that is in no text that is linted.
    pub(super) name: String,
    /// The name three times.
    pub(super) deep: String,
    /// A letter that ends no text that is linted, as far as there is one.
    pub(super) letter: String,
}

impl Words {
    /// For these lists. None never comes about: the expressions below are valid, which a test shows.
    pub(super) fn new(lists: &[List<'_>]) -> Option<Self> {
        let texts = || lists.iter().flat_map(|list| list.entries.iter().chain(&list.except)).map(|e| e.source.text());
        let mut known: Vec<String> = texts().map(str::to_lowercase).collect();
        known.sort_unstable();
        known.dedup();
        let fresh = |word: &str| !known.iter().any(|text| text.contains(word));
        let name =
            ["zzz", "qqq", "zqz", "qzq", "xqzj", "jqxzk"].into_iter().find(|name| fresh(name)).unwrap_or("zqxjkv");
        let letter =
            ["q", "z", "j", "x", "k", "7", "9", "0", "~"].into_iter().find(|letter| fresh(letter)).unwrap_or("~");
        let expression = |source: &str| Language::regexp(&format!("^{source}$"), "").ok();
        let paths = |escape: &str| {
            let one = format!("(?:[{RAW}]|{escape})");
            expression(&format!(r"\/(?:(?:\.*{one}(?:\.*{one})*\/)*(?:\.*{one}(?:\.*{one})*)?)?"))
        };
        // Page data is what Next.js adds to a source by itself.
        let is_next = |entry: &Entry<'_>| matches!(entry.source, Source::Next(_));
        let next = lists.iter().any(|list| list.entries.iter().any(is_next));
        let pages = if next { r"(?!\/_next\/data(?:\/|$))" } else { "" };
        Some(Self {
            wide: paths("%[0-9A-F][0-9A-F]")?,
            exact: paths(ESCAPE)?,
            clean: expression(&format!(r"{pages}(?:\/[\w~-]+(?:\.[\w~-]+)*)+"))?,
            page: expression(&format!(r"{pages}(?:\/[\w~-]+)+"))?,
            file: expression(&format!(r"(?:\/[\w~-]+)*\/{name}\.[a-z0-9]+"))?,
            api: expression(r"\/api(?:\/[\w~-]+)+")?,
            name: format!("/{name}"),
            deep: format!("/{name}/{name}/{name}"),
            letter: letter.to_owned(),
        })
    }

    /// Ask among all paths that a visitor can send.
    pub(super) fn ask<'l>(&'l self, make: impl Fn(&'l Language) -> Question<'l>, effort: &mut Effort) -> Answer {
        match make(&self.wide).ask(effort) {
            Answer::Word(word) if !self.can_be_sent(&word) => make(&self.exact).ask(effort),
            answer => answer,
        }
    }

    /// [`Cover::escape`] among all paths that a visitor can send.
    pub(super) fn escape<'l>(
        &'l self,
        cover: &Cover<'l>,
        wanted: impl Fn(&Checked<'l>) -> bool,
        make: impl Fn() -> Question<'l>,
        effort: &mut Effort,
    ) -> (Answer, Vec<&'l Checked<'l>>) {
        match cover.escape(&[Edit::Whole], &wanted, || make().within(&self.wide), effort) {
            (Answer::Word(word), _) if !self.can_be_sent(&word) => {
                cover.escape(&[Edit::Whole], &wanted, || make().within(&self.exact), effort)
            }
            found => found,
        }
    }

    /// Can a visitor send it?
    pub(super) fn can_be_sent(&self, path: &str) -> bool {
        path.is_ascii() && self.exact.contains(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let words = Words::new(&[]).expect("valid expressions");
        for path in
            ["/", "/a", "/a/", "/a.b/c", "/.well-known/x", "/a%20b", "/caf%C3%A9", "/%E4%B8%AD", "/@a:b;c=d,e", "/a..b"]
        {
            assert!(words.can_be_sent(path), "{path}");
        }
        for path in [
            "", "a", "//", "/a//b", "/.", "/..", "/a/..", "/a/./b", "/a.", "/%41", "/%2F", "/%5c", "/%0A", "/%",
            "/a b", "/é", "/a?b", "/{a}", "/%E9",
        ] {
            assert!(!words.can_be_sent(path), "{path}");
        }
        for (path, page, clean) in
            [("/a/b-c_1", true, true), ("/a.b/c.d", false, true), ("/a/", false, false), ("/", false, false)]
        {
            assert_eq!((words.page.contains(path), words.clean.contains(path)), (page, clean), "{path}");
        }
        assert!(words.file.contains("/a/zzz.png") && !words.file.contains("/a/b.png"));
        assert!(words.api.contains("/api/a/b") && !words.api.contains("/api"));
    }
}
