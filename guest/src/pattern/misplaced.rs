//! Texts that are valid in their dialect but look like another one.

use super::Dialect;

/// If `text` looks like another dialect: what it looks like, and what to do.
///
/// Eight of twelve usual strings are valid both as glob and as route pattern, each with another meaning, so a text
/// under the wrong key would silently protect nothing. Escaped characters (`[(]`, `\\:`) are never held against it.
pub fn misplaced(dialect: Dialect, text: &str) -> Option<(String, String)> {
    match dialect {
        Dialect::Glob => in_glob(text),
        Dialect::Pattern => in_pattern(text),
        Dialect::Regex => None,
    }
}

fn in_glob(text: &str) -> Option<(String, String)> {
    let route = |mark: &str| {
        Some((
            format!("`{mark}` is plain text in a glob; this looks like a route pattern"),
            "move it to `pattern`, or escape it if you mean the character: `[(]`, `\\\\:`".to_owned(),
        ))
    };
    let mut before = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '[' => {
                // A `]` right at the start is a member.
                chars.next_if(|c| matches!(c, '!' | '^'));
                chars.next_if_eq(&']');
                while chars.next().is_some_and(|c| c != ']') {}
            }
            '(' | ')' => return route(&c.to_string()),
            ':' if before == Some('/') && chars.peek().is_some_and(|c| c.is_ascii_alphanumeric() || *c == '_') => {
                return route("/:");
            }
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
                let opens = matches!(before, None | Some('/' | ',' | '{'));
                let closes = matches!(chars.peek(), None | Some('/' | ',' | '}'));
                if !(opens && closes) {
                    return Some((
                        "`**` within a segment is no more than `*`".to_owned(),
                        "`**` must be a whole segment, as in `/admin/**`".to_owned(),
                    ));
                }
            }
            _ => {}
        }
        before = Some(c);
    }
    None
}

fn in_pattern(text: &str) -> Option<(String, String)> {
    let glob = |mark: &str| {
        Some((
            format!("`{mark}` is not a wildcard in a route pattern; this looks like a glob"),
            "move it to `glob`, or write `(.*)` or `:path*`".to_owned(),
        ))
    };
    let mut depth = 0usize;
    let mut braces = false;
    let mut before = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => {
                chars.next();
            }
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '*' if before == Some('*') => return glob("**"),
            '*' if before == Some('/') => return glob("/*"),
            '{' => braces = true,
            '}' => braces = false,
            ',' if braces => return glob("{,}"),
            _ => {}
        }
        before = Some(c);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_that_look_like_patterns() {
        for text in ["/product(.*)", "/docs/:path*", "/product/:id", "/(api|trpc)(.*)", "/a)", "/a**b", "/admin**"] {
            assert!(misplaced(Dialect::Glob, text).is_some(), "{text}");
        }
        for text in
            ["/a[(]b[)]", r"/\:id", r"/\(x\)", "/a/**", "/**/x", "/{a,b/**}", "/a:b", "/[]:(]", "**", "/:", "/a*"]
        {
            assert_eq!(misplaced(Dialect::Glob, text), None, "{text}");
        }
    }

    #[test]
    fn patterns_that_look_like_globs() {
        for text in ["/a/*", "/a/**", "/{a,b}", "/*", "/a**"] {
            assert!(misplaced(Dialect::Pattern, text).is_some(), "{text}");
        }
        for text in ["/a/:path*", "/a(.*)", "/a{/:b}?", r"/\*", "/(a{1,2})", r"/a\{b,c\}", "/a,b", "/((?!a/*).*)"] {
            assert_eq!(misplaced(Dialect::Pattern, text), None, "{text}");
        }
        assert_eq!(misplaced(Dialect::Regex, "/a/**"), None);
    }
}
