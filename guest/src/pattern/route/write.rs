//! From text and parameters to the source of a regular expression: `tokensToRegexp`.

use super::parse::{Key, Part, Pattern};
use super::{PatternError, Route, RouteOptions, escape};

/// Write it down.
pub(super) fn write(parts: &[Part<'_>], options: &RouteOptions<'_>) -> Result<Route, PatternError> {
    let mut route = Route { regex: String::new(), keys: Vec::new(), groups: Vec::new() };
    if options.start {
        route.regex.push('^');
    }
    for part in parts {
        match part {
            Part::Text(text) => route.regex.push_str(&escape(text)),
            Part::Key(key) => route.key(key, options)?,
        }
    }
    route.end(parts.last(), options);
    Ok(route)
}

impl Route {
    fn push(&mut self, texts: &[&str]) {
        self.regex.extend(texts.iter().copied());
    }

    fn key(&mut self, key: &Key<'_>, options: &RouteOptions<'_>) -> Result<(), PatternError> {
        let (mut prefix, suffix) = (escape(&key.prefix), escape(&key.suffix));
        let Some(name) = key.name.as_ref().filter(|_| !matches!(key.pattern, Pattern::None)) else {
            self.push(&["(?:", &prefix, &suffix, ")", key.modifier]);
            return Ok(());
        };
        self.keys.push(name.clone());
        let repeated = matches!(key.modifier, "*" | "+");
        let bare = prefix.is_empty() && suffix.is_empty();
        if repeated && bare {
            if !options.repeat_as_segments {
                let message = format!("`{}` cannot repeat without text before or after it", name.name());
                return Err(PatternError::new("repeat-without-prefix", key.at.clone(), message)
                    .help("write `/:name*`, or `{-:name}*` for another separator"));
            }
            prefix = escape("/");
        }
        if repeated {
            self.push(&["(?:", &prefix, "((?:"]);
            self.pattern(&key.pattern);
            self.push(&[")(?:", &suffix, &prefix, "(?:"]);
            self.pattern(&key.pattern);
            self.push(&["))*)", &suffix, ")", if key.modifier == "*" { "?" } else { "" }]);
        } else if bare {
            self.push(&["("]);
            self.pattern(&key.pattern);
            self.push(&[")", key.modifier]);
        } else {
            self.push(&["(?:", &prefix, "("]);
            self.pattern(&key.pattern);
            self.push(&[")", &suffix, ")", key.modifier]);
        }
        Ok(())
    }

    fn pattern(&mut self, pattern: &Pattern<'_>) {
        let start = self.regex.len();
        match pattern {
            Pattern::None => {}
            Pattern::Default(text) => self.regex.push_str(text),
            Pattern::User(text, at) => {
                self.regex.push_str(text);
                self.groups.push((start..self.regex.len(), at.clone()));
            }
        }
    }

    /// What may follow the last part.
    fn end(&mut self, last: Option<&Part<'_>>, options: &RouteOptions<'_>) {
        let delimiter = format!("[{}]", escape(options.delimiter));
        let ends_with = format!("[{}]|$", escape(options.ends_with));
        if options.end {
            if !options.strict {
                self.push(&[&delimiter, "?"]);
            }
            if options.ends_with.is_empty() {
                self.push(&["$"]);
            } else {
                self.push(&["(?=", &ends_with, ")"]);
            }
            return;
        }
        if !options.strict {
            self.push(&["(?:", &delimiter, "(?=", &ends_with, "))?"]);
        }
        // Looked for in the text of the class, brackets and backslashes included: so does path-to-regexp.
        let delimited = match last {
            None => true,
            Some(Part::Text(text)) => text.chars().last().is_some_and(|c| delimiter.contains(c)),
            Some(Part::Key(_)) => false,
        };
        if !delimited {
            self.push(&["(?=", &delimiter, "|", &ends_with, ")"]);
        }
    }
}
