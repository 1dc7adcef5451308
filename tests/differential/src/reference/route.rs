//! path-to-regexp 6.3.0: from a pattern and options to the source of a regular expression and its keys.
//!
//! The three steps of the package in its order, since which mistake is named depends on it: the whole text into
//! tokens, the tokens into parts, the parts into an expression. In JavaScript an absent text is as false as an empty
//! one; here both are the empty text.

/// Options that change the expression. (`sensitive` is the flag `i` of the expression.)
#[derive(Debug, Clone)]
pub struct Options {
    /// What ends a parameter without a group.
    pub delimiter: String,
    /// What belongs to the parameter when it stands right before it.
    pub prefixes: String,
    /// No delimiter is taken at the end.
    pub strict: bool,
    /// `^` in front.
    pub start: bool,
    /// `$` at the end.
    pub end: bool,
    /// What may follow instead of the end.
    pub ends_with: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            delimiter: "/#?".to_owned(),
            prefixes: "./".to_owned(),
            strict: false,
            start: true,
            end: true,
            ends_with: String::new(),
        }
    }
}

/// What is made of a pattern.
#[derive(Debug, Clone)]
pub struct Route {
    /// What goes to `new RegExp`.
    pub source: String,
    /// One for each group that the package wrote.
    pub keys: Vec<Key>,
}

/// A parameter, or `{text}` if the pattern is empty.
#[derive(Debug, Clone)]
pub struct Key {
    /// Unnamed ones are numbered from 0.
    pub name: String,
    /// Text before it that repeats with it.
    pub prefix: String,
    /// Text after it that repeats with it.
    pub suffix: String,
    /// What it takes.
    pub pattern: String,
    /// `?`, `*`, `+` or nothing.
    pub modifier: String,
}

/// Why there is no expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// One word for each message of the package.
    pub code: &'static str,
    /// The offset in its message, in UTF-16 units, if it says one.
    pub at: Option<usize>,
}

/// `pathToRegexp(pattern, keys, options)` up to `new RegExp`.
///
/// # Errors
/// What the package throws.
pub fn translate(pattern: &str, options: &Options) -> Result<Route, Fault> {
    let tokens = lexer(pattern)?;
    let parts = parse(&tokens, options)?;
    tokens_to_regexp(&parts, options)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Open,
    Close,
    Pattern,
    Name,
    Char,
    Escaped,
    Modifier,
    End,
}

#[derive(Debug)]
struct Token {
    kind: Kind,
    at: usize,
    value: String,
}

fn lexer(text: &str) -> Result<Vec<Token>, Fault> {
    let chars: Vec<char> = text.chars().collect();
    let units = |chars: &[char]| chars.iter().map(|c| c.len_utf16()).sum::<usize>();
    let fault = |code, at: usize| Err(Fault { code, at: Some(units(&chars[..at])) });
    let mut tokens = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let at = units(&chars[..i]);
        let mut push = |kind, value: String| tokens.push(Token { kind, at, value });
        match chars[i] {
            '*' | '+' | '?' => push(Kind::Modifier, chars[i].to_string()),
            '{' => push(Kind::Open, "{".to_owned()),
            '}' => push(Kind::Close, "}".to_owned()),
            '\\' => {
                i += 1;
                // Nothing after the last backslash: the value is absent.
                push(Kind::Escaped, chars.get(i).map(char::to_string).unwrap_or_default());
            }
            ':' => {
                let name: String =
                    chars[i + 1..].iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '_').collect();
                if name.is_empty() {
                    return fault("missing-name", i);
                }
                i += name.len();
                push(Kind::Name, name);
            }
            '(' => {
                if chars.get(i + 1) == Some(&'?') {
                    return fault("group-starts-with-question", i + 1);
                }
                let open = i;
                let mut depth = 1;
                let mut group = String::new();
                i += 1;
                while i < chars.len() {
                    match chars[i] {
                        '\\' => {
                            group.push('\\');
                            i += 1;
                        }
                        ')' => {
                            depth -= 1;
                            if depth == 0 {
                                break;
                            }
                        }
                        '(' => {
                            depth += 1;
                            if chars.get(i + 1) != Some(&'?') {
                                return fault("capturing-group", i);
                            }
                        }
                        _ => {}
                    }
                    group.extend(chars.get(i));
                    i += 1;
                }
                if depth > 0 {
                    return fault("unbalanced-group", open);
                }
                if group.is_empty() {
                    return fault("empty-group", open);
                }
                push(Kind::Pattern, group);
            }
            c => push(Kind::Char, c.to_string()),
        }
        i += 1;
    }
    // The place after what a last backslash would escape lies one further on.
    let at = units(&chars) + i.saturating_sub(chars.len());
    tokens.push(Token { kind: Kind::End, at, value: String::new() });
    Ok(tokens)
}

enum Part {
    Text(String),
    Key(Key),
}

struct Tokens<'t> {
    tokens: &'t [Token],
    at: usize,
}

impl Tokens<'_> {
    /// The value of the next token, if it is of that kind.
    fn try_consume(&mut self, kind: Kind) -> Option<String> {
        let token = self.tokens.get(self.at).filter(|token| token.kind == kind)?;
        self.at += 1;
        Some(token.value.clone())
    }

    /// The same, where an absent value is an empty one.
    fn consume(&mut self, kind: Kind) -> String {
        self.try_consume(kind).unwrap_or_default()
    }

    fn must_consume(&mut self, kind: Kind) -> Result<(), Fault> {
        match self.try_consume(kind) {
            Some(_) => Ok(()),
            None => Err(Fault { code: "unexpected-token", at: self.tokens.get(self.at).map(|token| token.at) }),
        }
    }

    fn consume_text(&mut self) -> String {
        let mut text = String::new();
        loop {
            let mut value = self.consume(Kind::Char);
            if value.is_empty() {
                value = self.consume(Kind::Escaped);
            }
            if value.is_empty() {
                return text;
            }
            text.push_str(&value);
        }
    }
}

fn parse(tokens: &[Token], options: &Options) -> Result<Vec<Part>, Fault> {
    let mut tokens = Tokens { tokens, at: 0 };
    let mut parts = Vec::new();
    let mut path = String::new();
    let mut unnamed = 0..;
    let mut number = || unnamed.next().unwrap_or(0).to_string();
    while tokens.at < tokens.tokens.len() {
        let char = tokens.consume(Kind::Char);
        let name = tokens.consume(Kind::Name);
        let pattern = tokens.consume(Kind::Pattern);
        if !name.is_empty() || !pattern.is_empty() {
            let mut prefix = char;
            if !options.prefixes.contains(&prefix) {
                path.push_str(&prefix);
                prefix.clear();
            }
            flush(&mut path, &mut parts);
            parts.push(Part::Key(Key {
                name: if name.is_empty() { number() } else { name },
                pattern: if pattern.is_empty() { safe_pattern(&prefix, parts.last(), options)? } else { pattern },
                prefix,
                suffix: String::new(),
                modifier: tokens.consume(Kind::Modifier),
            }));
            continue;
        }
        let value = if char.is_empty() { tokens.consume(Kind::Escaped) } else { char };
        if !value.is_empty() {
            path.push_str(&value);
            continue;
        }
        flush(&mut path, &mut parts);
        if tokens.try_consume(Kind::Open).is_some() {
            let prefix = tokens.consume_text();
            let name = tokens.consume(Kind::Name);
            let pattern = tokens.consume(Kind::Pattern);
            let suffix = tokens.consume_text();
            tokens.must_consume(Kind::Close)?;
            let default = !name.is_empty() && pattern.is_empty();
            parts.push(Part::Key(Key {
                name: if name.is_empty() && !pattern.is_empty() { number() } else { name },
                pattern: if default { safe_pattern(&prefix, parts.last(), options)? } else { pattern },
                prefix,
                suffix,
                modifier: tokens.consume(Kind::Modifier),
            }));
            continue;
        }
        tokens.must_consume(Kind::End)?;
    }
    Ok(parts)
}

fn flush(path: &mut String, parts: &mut Vec<Part>) {
    if !path.is_empty() {
        parts.push(Part::Text(std::mem::take(path)));
    }
}

/// What a parameter without a group takes: one segment that does not hold the text before it.
fn safe_pattern(prefix: &str, previous: Option<&Part>, options: &Options) -> Result<String, Fault> {
    let before = match previous {
        _ if !prefix.is_empty() => prefix,
        Some(Part::Text(text)) => text,
        Some(Part::Key(_)) => return Err(Fault { code: "adjacent-params", at: None }),
        None => "",
    };
    let delimiter = escape(&options.delimiter);
    if before.is_empty() || options.delimiter.chars().any(|c| before.contains(c)) {
        return Ok(format!("[^{delimiter}]+?"));
    }
    Ok(format!("(?:(?!{})[^{delimiter}])+?", escape(before)))
}

fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if ".+*?=^!:${}()[]|/\\".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn tokens_to_regexp(parts: &[Part], options: &Options) -> Result<Route, Fault> {
    let mut source = String::from(if options.start { "^" } else { "" });
    let mut keys = Vec::new();
    for part in parts {
        let key = match part {
            Part::Text(text) => {
                source.push_str(&escape(text));
                continue;
            }
            Part::Key(key) => key,
        };
        let Key { pattern, modifier, .. } = key;
        let (prefix, suffix) = (escape(&key.prefix), escape(&key.suffix));
        if pattern.is_empty() {
            source.push_str(&format!("(?:{prefix}{suffix}){modifier}"));
            continue;
        }
        keys.push(key.clone());
        let repeats = modifier == "*" || modifier == "+";
        source.push_str(&if prefix.is_empty() && suffix.is_empty() {
            if repeats {
                return Err(Fault { code: "repeat-without-prefix", at: None });
            }
            format!("({pattern}){modifier}")
        } else if repeats {
            let optional = if modifier == "*" { "?" } else { "" };
            format!("(?:{prefix}((?:{pattern})(?:{suffix}{prefix}(?:{pattern}))*){suffix}){optional}")
        } else {
            format!("(?:{prefix}({pattern}){suffix}){modifier}")
        });
    }
    let ends_with = format!("[{}]|$", escape(&options.ends_with));
    let delimiter = format!("[{}]", escape(&options.delimiter));
    if options.end {
        if !options.strict {
            source.push_str(&format!("{delimiter}?"));
        }
        source.push_str(&if options.ends_with.is_empty() { "$".to_owned() } else { format!("(?={ends_with})") });
    } else {
        if !options.strict {
            source.push_str(&format!("(?:{delimiter}(?={ends_with}))?"));
        }
        let delimited = match parts.last() {
            Some(Part::Text(text)) => text.chars().next_back().is_some_and(|last| delimiter.contains(last)),
            Some(Part::Key(_)) => false,
            None => true,
        };
        if !delimited {
            source.push_str(&format!("(?={delimiter}|{ends_with})"));
        }
    }
    Ok(Route { source, keys })
}
