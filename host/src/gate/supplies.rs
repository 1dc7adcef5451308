//! What the policy asks for by name: environment variables and files. Values are never shown or logged.

use crate::contract::{Diagnostic, Need, Source, Supply};
use std::ffi::OsString;
use std::io::Read;
use std::path::Path;

/// Bytes a supplied file may have. Keys and pages are far smaller.
const MAX_FILE: u64 = 1 << 20;

/// One value for each need, and for those without one why.
#[derive(Default)]
pub(super) struct Supplies {
    pub(super) values: Vec<Supply>,
    pub(super) reasons: Reasons,
}

/// Why a need could not be met, one for each need.
#[derive(Debug, Default)]
pub(super) struct Reasons(Vec<Option<String>>);

impl std::fmt::Debug for Supplies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supplies").field("reasons", &self.reasons).finish_non_exhaustive()
    }
}

impl Supplies {
    /// Read everything. A need that cannot be met is `None`: the guest decides whether that is a mistake.
    pub(super) fn gather(needs: &[Need], folder: &Path, env: Option<&[(String, String)]>) -> Self {
        let mut supplies = Self::default();
        for need in needs {
            let found = match &need.source {
                Source::Env(name) => variable(name, env),
                Source::File(path) => file(&folder.join(path)),
            };
            // An empty secret is no secret: an HMAC with an empty key can be forged by anyone.
            let found = match found {
                Ok(value) if need.secret && value.trim_ascii().is_empty() => Err("it is empty".to_owned()),
                other => other,
            };
            match found {
                Ok(value) => {
                    supplies.values.push(Some(value));
                    supplies.reasons.0.push(None);
                }
                Err(why) => {
                    supplies.values.push(None);
                    supplies.reasons.0.push(Some(why));
                }
            }
        }
        supplies
    }
}

impl Reasons {
    /// Add what only the host knows ("permission denied") to findings that point at a need without a value.
    pub(super) fn annotate(&self, needs: &[Need], findings: &mut [Diagnostic]) {
        for finding in findings {
            let Some(main) = finding.labels.first() else { continue };
            let why = needs
                .iter()
                .zip(&self.0)
                .find(|(need, _)| (need.at.start, need.at.end) == (main.start, main.end))
                .and_then(|(_, why)| why.as_deref());
            if let Some(why) = why {
                finding.help = Some(match finding.help.take() {
                    Some(help) => format!("{help} ({why})"),
                    None => why.to_owned(),
                });
            }
        }
    }
}

fn variable(name: &str, env: Option<&[(String, String)]>) -> Result<Vec<u8>, String> {
    let value = match env {
        Some(pairs) => pairs.iter().find(|(key, _)| key == name).map(|(_, value)| OsString::from(value)),
        // `var_os` panics in no case, but names with `=` or NUL cannot exist.
        None => std::env::var_os(name),
    };
    value.map(OsString::into_encoded_bytes).ok_or_else(|| "it is not set".to_owned())
}

fn file(path: &Path) -> Result<Vec<u8>, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err("it is a folder".to_owned());
    }
    let mut bytes = Vec::new();
    file.take(MAX_FILE + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(format!("it has more than {MAX_FILE} bytes"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::{Label, Severity};

    fn need(source: Source, secret: bool, start: u32) -> Need {
        Need { source, secret, optional: false, at: Label { start, end: start + 1, message: String::new() } }
    }

    fn env(name: &str) -> Source {
        Source::Env(name.to_owned())
    }

    fn gather(needs: &[Need], folder: &Path) -> Supplies {
        let pairs = [("FULL", "value"), ("EMPTY", ""), ("BLANK", " \n")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        Supplies::gather(needs, folder, Some(&pairs))
    }

    #[test]
    fn variables() {
        let needs = [
            need(env("FULL"), true, 0),
            need(env("EMPTY"), false, 1),
            need(env("EMPTY"), true, 2),
            need(env("BLANK"), true, 3),
            need(env("PATH"), false, 4),
        ];
        let values = gather(&needs, Path::new(".")).values;
        assert_eq!(values, [Some(b"value".to_vec()), Some(Vec::new()), None, None, None]);
    }

    #[test]
    fn files_are_relative_to_the_folder_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), "secret\n").unwrap();
        std::fs::write(folder.path().join("most"), vec![b'x'; 1 << 20]).unwrap();
        std::fs::write(folder.path().join("more"), vec![b'x'; (1 << 20) + 1]).unwrap();
        let sources = ["key", "most", "more", "none", "."].map(|name| Source::File(name.to_owned()));
        let needs: Vec<_> = sources.into_iter().zip(0..).map(|(source, at)| need(source, true, at)).collect();
        let supplies = gather(&needs, folder.path());
        assert_eq!(supplies.values[0].as_deref(), Some(&b"secret\n"[..]));
        assert_eq!(supplies.values[1].as_ref().map(Vec::len), Some(1 << 20));
        assert_eq!(supplies.values[2..], [None, None, None]);
    }

    #[test]
    fn the_reason_goes_to_the_finding_that_asks() {
        let needs = [need(env("FULL"), true, 0), need(Source::File("none".to_owned()), true, 7)];
        let supplies = gather(&needs, Path::new("/nonexistent"));
        let finding = |start| Diagnostic {
            code: "P000".to_owned(),
            severity: Severity::Error,
            message: "missing".to_owned(),
            labels: vec![Label { start, end: start + 1, message: String::new() }],
            help: Some("give it".to_owned()),
        };
        let mut findings = [finding(0), finding(7)];
        supplies.reasons.annotate(&needs, &mut findings);
        assert_eq!(findings[0].help.as_deref(), Some("give it"));
        assert!(findings[1].help.as_deref().is_some_and(|help| help.starts_with("give it (No such file")));
    }

    #[test]
    fn nothing_secret_is_shown() {
        let supplies = gather(&[need(env("FULL"), true, 0)], Path::new("."));
        assert!(!format!("{supplies:?}").contains("value"));
    }
}
