//! Globs: `globset` reads and checks them, and what it yields is made into an expression for our engine.
//!
//! Three corrections to `globset` (with `literal_separator` and `empty_alternates`): `/x/**` takes `/x` too; no
//! class takes `/`; elsewhere one trailing slash is ignored, in the glob and in the path.

use super::error::PatternError;
use super::js::MAX_DEPTH;
use globset::GlobBuilder;

/// The source of a regular expression, without anchors, for `text`. To be read with dot-all.
pub(super) fn translate(text: &str) -> Result<String, PatternError> {
    check_depth(text)?;
    let short = text.strip_suffix('/').filter(|short| !short.is_empty() && !ends_escaping(short));
    let slash = short.is_some();
    let glob = GlobBuilder::new(short.unwrap_or(text))
        .literal_separator(true)
        .empty_alternates(true)
        .backslash_escape(true)
        .build()
        .map_err(|error| PatternError::new("invalid-glob", 0..text.len(), error.kind().to_string()))?;
    // `(?-u)^…$`
    let regex = glob.regex();
    let regex = regex.split_once('^').map_or(regex, |(_, regex)| regex);
    let regex = regex.strip_suffix('$').unwrap_or(regex);
    Writer { text, slash, regex, at: 0, plain: false, out: String::with_capacity(regex.len() + 16) }.write()
}

/// The same without our corrections, as `globset` with `literal_separator` has it: what a glob means elsewhere.
pub(super) fn elsewhere(text: &str) -> Result<String, PatternError> {
    check_depth(text)?;
    let glob = GlobBuilder::new(text)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
        .map_err(|error| PatternError::new("invalid-glob", 0..text.len(), error.kind().to_string()))?;
    let regex = glob.regex();
    let regex = regex.split_once('^').map_or(regex, |(_, regex)| regex);
    let regex = regex.strip_suffix('$').unwrap_or(regex);
    Writer { text, slash: false, regex, at: 0, plain: true, out: String::with_capacity(regex.len()) }.write()
}

/// Does `text` end with a backslash that escapes what follows, and not with one that is escaped itself?
fn ends_escaping(text: &str) -> bool {
    text.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 1
}

/// `globset` is recursive over nested braces. Counting all of them needs no parser and refuses no real glob.
fn check_depth(text: &str) -> Result<(), PatternError> {
    match text.match_indices('{').nth(MAX_DEPTH) {
        None => Ok(()),
        Some((at, brace)) => {
            let message = format!("more than {MAX_DEPTH} `{{`");
            Err(PatternError::new("too-deep", at..at + brace.len(), message))
        }
    }
}

/// Rewrites what `globset` yields, a byte-oriented expression (`(?-u)`) of few forms: escaped characters, `\xHH`
/// for each byte that is not ASCII, classes, `.*`, `(?:…|…)` and `?`.
struct Writer<'r> {
    text: &'r str,
    /// A slash at its end was taken off.
    slash: bool,
    regex: &'r str,
    at: usize,
    /// Without corrections.
    plain: bool,
    out: String,
}

impl Writer<'_> {
    fn write(mut self) -> Result<String, PatternError> {
        let mut below = false;
        while let Some(byte) = self.peek(0) {
            below = false;
            match byte {
                b'\\' => self.escaped(false)?,
                b'[' => self.class()?,
                b'/' if !self.plain && self.is_suffix() => {
                    // A path always has its first slash.
                    self.out.push_str(if self.at == 0 { "/.*" } else { "(?:/.*)?" });
                    self.at += 3;
                    below = true;
                }
                _ => {
                    self.out.push(char::from(byte));
                    self.at += 1;
                }
            }
        }
        // Neither after `/` alone nor after what takes all below it.
        if !self.plain && !below && (self.slash || self.out != "/") {
            self.out.push_str("/?");
        }
        Ok(self.out)
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.regex.as_bytes().get(self.at + ahead).copied()
    }

    /// `/.*` at the end of the expression or of an alternative: a `/**`.
    fn is_suffix(&self) -> bool {
        (self.peek(1), self.peek(2)) == (Some(b'.'), Some(b'*')) && matches!(self.peek(3), None | Some(b'|' | b')'))
    }

    /// Ours never takes `/`; that of `*` and `?`, the only one that is ever repeated, does not anyway.
    fn class(&mut self) -> Result<(), PatternError> {
        const NOT_SLASH: &str = "[^/]";
        if self.regex.get(self.at..).is_some_and(|rest| rest.starts_with(NOT_SLASH)) {
            self.out.push_str(NOT_SLASH);
            self.at += NOT_SLASH.len();
            return Ok(());
        }
        self.out.push_str(if self.plain { "[" } else { "(?!/)[" });
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            if byte == b'\\' {
                self.escaped(true)?;
                continue;
            }
            self.out.push(char::from(byte));
            self.at += 1;
            if byte == b']' {
                break;
            }
        }
        Ok(())
    }

    /// `\` and a character, or a run of `\xHH`.
    fn escaped(&mut self, in_class: bool) -> Result<(), PatternError> {
        let mut bytes = Vec::new();
        while self.peek(0) == Some(b'\\')
            && self.peek(1) == Some(b'x')
            && let Some(byte) =
                self.regex.get(self.at + 2..self.at + 4).and_then(|hex| u8::from_str_radix(hex, 16).ok())
        {
            bytes.push(byte);
            self.at += 4;
        }
        let decoded = String::from_utf8_lossy(&bytes);
        if in_class && decoded.chars().any(|c| u32::from(c) > 0xFFFF) {
            return Err(PatternError::new(
                "astral-class",
                0..self.text.len(),
                "a class cannot hold characters beyond U+FFFF",
            )
            .help("write them as alternatives: `{a,b}`"));
        }
        self.out.push_str(&decoded);
        if bytes.is_empty() {
            let escaped = self.regex.get(self.at..).and_then(|rest| rest.chars().nth(1));
            self.out.push('\\');
            self.out.extend(escaped);
            self.at += 1 + escaped.map_or(0, char::len_utf8);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions() {
        for (glob, regex) in [
            ("/", "/"),
            ("/admin", "/admin/?"),
            ("/admin/", "/admin/?"),
            ("/admin/*", "/admin/[^/]*/?"),
            ("/admin/**", "/admin(?:/.*)?"),
            ("/**", "/.*"),
            ("**", ".*/?"),
            ("/**/x", "(?:/|/.*/)x/?"),
            ("/a/**/b", "/a(?:/|/.*/)b/?"),
            ("/{a,b/**}", "/(?:a|b(?:/.*)?)/?"),
            ("/a{,/**}", "/a(?:|(?:/.*)?)/?"),
            ("/[!a-c]x", "/(?!/)[^a-c]x/?"),
            ("/[]*]?", r"/(?!/)[\]\*][^/]/?"),
            ("/é[à-ü]", "/é(?!/)[à-ü]/?"),
            (r"/\*.js", r"/\*\.js/?"),
            // The last slash is escaped, or what stands before it is.
            (r"/a\/", "/a//?"),
            (r"/a\\/", r"/a\\/?"),
        ] {
            assert_eq!(translate(glob).expect(glob), regex, "{glob}");
        }
        for (glob, regex) in [
            ("/admin/**", "/admin/.*"),
            ("/admin{,/**}", "/admin(?:/.*)"),
            ("/a/[!x]b", "/a/[^x]b"),
            ("/**/x", "(?:/|/.*/)x"),
            ("/é/", "/é/"),
        ] {
            assert_eq!(elsewhere(glob).expect(glob), regex, "{glob}");
        }
        for (glob, code) in [("/{a", "invalid-glob"), ("/[a", "invalid-glob"), ("/[😀]", "astral-class")] {
            assert_eq!(translate(glob).expect_err(glob).code, code, "{glob}");
        }
        assert_eq!(translate(&"{".repeat(60)).expect_err("deep").code, "too-deep");
    }
}
