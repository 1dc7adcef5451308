//! From tokens to stretches of text and parameters.

use super::lex::{Kind, Token, lex};
use super::{Parameter, PatternError, RouteOptions, escape};
use std::ops::Range;

/// Read `text`.
pub(super) fn parse<'t>(text: &'t str, options: &RouteOptions<'_>) -> Result<Vec<Part<'t>>, PatternError> {
    let tokens = lex(text)?;
    Parser { tokens: &tokens, options, at: 0, parts: Vec::new(), keys: 0 }.parse()
}

/// A stretch of text or a parameter.
#[derive(Debug)]
pub(super) enum Part<'t> {
    Text(String),
    Key(Key<'t>),
}

/// A parameter, or a group in braces.
#[derive(Debug)]
pub(super) struct Key<'t> {
    /// None for `{text}`, which catches nothing.
    pub(super) name: Option<Parameter>,
    pub(super) prefix: String,
    pub(super) suffix: String,
    pub(super) pattern: Pattern<'t>,
    pub(super) modifier: &'t str,
    pub(super) at: Range<usize>,
}

/// What a parameter takes.
#[derive(Debug)]
pub(super) enum Pattern<'t> {
    None,
    /// Written by the user, with its place.
    User(&'t str, Range<usize>),
    /// One segment.
    Default(String),
}

struct Parser<'a, 't> {
    tokens: &'a [Token<'t>],
    options: &'a RouteOptions<'a>,
    at: usize,
    parts: Vec<Part<'t>>,
    /// Number of the next unnamed parameter.
    keys: usize,
}

impl<'a, 't> Parser<'a, 't> {
    fn take(&mut self, kind: Kind) -> Option<&'a Token<'t>> {
        let token = self.tokens.get(self.at).filter(|token| token.kind == kind)?;
        self.at += 1;
        Some(token)
    }

    fn must(&mut self, kind: Kind) -> Result<(), PatternError> {
        if self.take(kind).is_some() {
            return Ok(());
        }
        let (found, at) = self.tokens.get(self.at).map_or((Kind::End, 0..0), |token| (token.kind, token.at.clone()));
        let message = format!("unexpected {}, expected {}", found.word(), kind.word());
        let error = PatternError::new("unexpected-token", at, message);
        Err(match found {
            Kind::Modifier => {
                error.help("`*`, `+` and `?` follow a parameter; a wildcard is written `(.*)` or `:path*`")
            }
            _ => error,
        })
    }

    /// Text of any kind that follows.
    fn text(&mut self) -> String {
        let mut text = String::new();
        while let Some(token) = self.take(Kind::Char).or_else(|| self.take(Kind::Escaped)) {
            text.push_str(token.value);
        }
        text
    }

    fn flush(&mut self, path: &mut String) {
        if !path.is_empty() {
            self.parts.push(Part::Text(std::mem::take(path)));
        }
    }

    fn number(&mut self) -> Parameter {
        self.keys += 1;
        Parameter::Numbered(self.keys - 1)
    }

    fn modifier(&mut self) -> &'t str {
        self.take(Kind::Modifier).map_or("", |token| token.value)
    }

    fn user(token: &Token<'t>) -> Pattern<'t> {
        Pattern::User(token.value, token.at.start + 1..token.at.end - 1)
    }

    fn parse(mut self) -> Result<Vec<Part<'t>>, PatternError> {
        let mut path = String::new();
        while let Some(first) = self.tokens.get(self.at) {
            let start = first.at.start;
            let char = self.take(Kind::Char);
            let name = self.take(Kind::Name);
            let pattern = self.take(Kind::Pattern);
            if name.is_some() || pattern.is_some() {
                let mut prefix = char.map_or("", |token| token.value);
                if !self.options.prefixes.contains(prefix) {
                    path.push_str(prefix);
                    prefix = "";
                }
                self.flush(&mut path);
                let at = start..name.or(pattern).map_or(start, |token| token.at.end);
                let name = name.map_or_else(|| self.number(), |token| Parameter::Named(token.value.to_owned()));
                let pattern = match pattern {
                    Some(token) => Self::user(token),
                    None => self.safe_pattern(prefix, &at)?,
                };
                let modifier = self.modifier();
                let (prefix, suffix) = (prefix.to_owned(), String::new());
                self.parts.push(Part::Key(Key { name: Some(name), prefix, suffix, pattern, modifier, at }));
                continue;
            }
            if let Some(token) = char.or_else(|| self.take(Kind::Escaped)) {
                path.push_str(token.value);
                continue;
            }
            self.flush(&mut path);
            if self.take(Kind::Open).is_some() {
                let prefix = self.text();
                let name = self.take(Kind::Name);
                let pattern = self.take(Kind::Pattern);
                let suffix = self.text();
                self.must(Kind::Close)?;
                let at = start..self.tokens.get(self.at - 1).map_or(start, |token| token.at.end);
                let key = match (name, pattern) {
                    (Some(token), _) => Some(Parameter::Named(token.value.to_owned())),
                    (None, Some(_)) => Some(self.number()),
                    (None, None) => None,
                };
                let pattern = match (name, pattern) {
                    (_, Some(token)) => Self::user(token),
                    (Some(_), None) => self.safe_pattern(&prefix, &at)?,
                    (None, None) => Pattern::None,
                };
                let modifier = self.modifier();
                self.parts.push(Part::Key(Key { name: key, prefix, suffix, pattern, modifier, at }));
                continue;
            }
            self.must(Kind::End)?;
        }
        Ok(self.parts)
    }

    /// What a parameter without a group takes, which depends on the text before it.
    fn safe_pattern(&self, prefix: &str, at: &Range<usize>) -> Result<Pattern<'t>, PatternError> {
        let before = match self.parts.last() {
            _ if !prefix.is_empty() => prefix,
            Some(Part::Text(text)) => text,
            Some(Part::Key(_)) => {
                return Err(PatternError::new("adjacent-params", at.clone(), "two parameters need text between them")
                    .help("or give the second one a group of its own, as in `:name(\\\\d+)`"));
            }
            None => "",
        };
        let segment = format!("[^{}]", escape(self.options.delimiter));
        let delimited = self.options.delimiter.chars().any(|c| before.contains(c));
        Ok(Pattern::Default(if before.is_empty() || delimited {
            format!("{segment}+?")
        } else {
            format!("(?:(?!{}){segment})+?", escape(before))
        }))
    }
}
