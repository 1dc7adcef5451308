//! Findings about a config: underlined text for people, lines and columns for programs.

use crate::contract::{Diagnostic, Severity};
use crate::gate::ConfigSource;
use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};
use std::ops::Range;

/// Where a byte offset stands, both counted from 1; columns count characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
}

/// Line and column of a byte offset. An offset past the end stands at the end.
pub fn place(text: &str, offset: usize) -> Place {
    let before = text.get(..floor(text, offset)).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).unwrap_or_default().chars().count() + 1;
    Place { line: before.matches('\n').count() + 1, column }
}

/// All findings with their text underlined. `color`: ANSI colours and drawn lines.
pub fn render(config: &ConfigSource, findings: &[Diagnostic], color: bool) -> String {
    let renderer = if color { Renderer::styled().decor_style(DecorStyle::Unicode) } else { Renderer::plain() };
    let reports = findings.iter().map(|finding| renderer.render(&report(config, finding)));
    reports.collect::<Vec<_>>().join("\n\n")
}

/// `2 errors, 1 warning`.
pub fn summary(findings: &[Diagnostic]) -> String {
    let counted = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")];
    let parts = counted.into_iter().filter_map(|(severity, word)| {
        let count = findings.iter().filter(|finding| finding.severity == severity).count();
        (count > 0).then(|| format!("{count} {word}{}", if count == 1 { "" } else { "s" }))
    });
    let text = parts.collect::<Vec<_>>().join(", ");
    if text.is_empty() { "no findings".to_owned() } else { text }
}

/// Findings for programs.
pub fn as_json(config: &ConfigSource, findings: &[Diagnostic]) -> Value {
    let one = |finding: &Diagnostic| {
        let labels = finding.labels.iter().map(|label| {
            let (start, end) = (label.start as usize, label.end as usize);
            let at = place(&config.text, start);
            json!({
                "start": start, "end": end, "line": at.line, "column": at.column,
                "text": config.text.get(span(&config.text, start, end)), "message": label.message,
            })
        });
        json!({
            "code": finding.code,
            "severity": word(finding.severity),
            "message": finding.message,
            "file": config.name,
            "labels": labels.collect::<Vec<_>>(),
            "help": finding.help,
        })
    };
    Value::Array(findings.iter().map(one).collect())
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn report<'a>(config: &'a ConfigSource, finding: &'a Diagnostic) -> Vec<Group<'a>> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(&finding.message).id(&finding.code);
    let mut group = if finding.labels.is_empty() {
        Group::with_title(title).element(annotate_snippets::Origin::path(&config.name))
    } else {
        let annotations = finding.labels.iter().enumerate().map(|(index, label)| {
            let kind = if index == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
            let annotation = kind.span(span(&config.text, label.start as usize, label.end as usize));
            if label.message.is_empty() { annotation } else { annotation.label(&label.message) }
        });
        title.element(Snippet::source(&config.text).path(&config.name).annotations(annotations))
    };
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help));
    }
    vec![group]
}

/// A span that fits the text: a guest's numbers are foreign input.
fn span(text: &str, start: usize, end: usize) -> Range<usize> {
    let start = floor(text, start);
    start..floor(text, end).max(start)
}

/// The nearest character boundary at or before `offset`.
fn floor(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{ConfigFormat, Label};

    fn config(text: &str) -> ConfigSource {
        ConfigSource {
            name: "portcullis.toml".into(),
            text: text.into(),
            format: ConfigFormat::Toml,
            folder: ".".into(),
        }
    }

    fn finding(start: u32, end: u32) -> Diagnostic {
        Diagnostic {
            code: "P101".into(),
            severity: Severity::Error,
            message: "unknown key `defualt`".into(),
            labels: vec![Label { start, end, message: "not known here".into() }],
            help: Some("did you mean `default`?".into()),
        }
    }

    #[test]
    fn underlines_the_very_text() {
        let text = render(&config("version = 1\ndefualt = \"public\"\n"), &[finding(12, 19)], false);
        assert!(text.contains("error[P101]: unknown key `defualt`"), "{text}");
        assert!(text.contains("portcullis.toml:2:1"), "{text}");
        assert!(text.contains("^^^^^^^ not known here"), "{text}");
        assert!(text.contains("help: did you mean `default`?"), "{text}");
    }

    #[test]
    fn odd_spans_do_no_harm() {
        for (start, end) in [(0, 0), (5, 2), (999, 1000), (1, 2), (u32::MAX, u32::MAX)] {
            let config = config("é = 1");
            assert!(render(&config, &[finding(start, end)], true).contains("P101"));
            as_json(&config, &[finding(start, end)]);
        }
        assert_eq!(place("é\nab", 4), Place { line: 2, column: 2 });
    }

    #[test]
    fn counts() {
        assert_eq!(summary(&[]), "no findings");
        assert_eq!(summary(&[finding(0, 0), finding(0, 0)]), "2 errors");
    }
}
