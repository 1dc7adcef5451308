//! Providers made ready: names resolved, keys parsed, everything that is wrong said at once.

use super::jwt::Source;
use super::kind::Reader;
use super::number::MAX_PROVIDERS;
use super::plain::PlainSettings;
use super::settings::KindSettings;
use super::{ProviderSettings, codes};
use crate::diagnostic::Diagnostic;
use crate::supply::{Supplies, Text};

/// One provider.
pub(super) struct Provider {
    pub(super) name: String,
    pub(super) reader: Box<dyn Reader>,
}

/// Make all of them ready. A provider that a missing supply spoils is left out without a word: the missing supply
/// itself has been reported where it is asked for.
pub(super) fn prepare(
    settings: &[ProviderSettings],
    supplies: &Supplies,
) -> Result<(Vec<Provider>, Vec<Source>), Vec<Diagnostic>> {
    let mut findings = Vec::new();
    let mut sources = Vec::new();
    if let Some(extra) = settings.get(MAX_PROVIDERS) {
        let text = format!("more than {MAX_PROVIDERS} session and bearer providers");
        findings.push(Diagnostic::error(codes::TOO_MANY, extra.span, text));
    }
    let mut providers = Vec::new();
    for (index, one) in settings.iter().enumerate() {
        let mut prepare = Prepare { settings, one, index, supplies, findings: &mut findings, sources: &mut sources };
        if let Some(reader) = one.kind.ready(&mut prepare) {
            providers.push(Provider { name: one.name.clone(), reader });
        }
    }
    if findings.is_empty() && providers.len() == settings.len() { Ok((providers, sources)) } else { Err(findings) }
}

/// What a provider needs to become ready.
pub(super) struct Prepare<'a> {
    settings: &'a [ProviderSettings],
    one: &'a ProviderSettings,
    index: usize,
    supplies: &'a Supplies,
    findings: &'a mut Vec<Diagnostic>,
    sources: &'a mut Vec<Source>,
}

impl Prepare<'_> {
    /// Something is wrong with this provider.
    pub(super) fn error(&mut self, code: &'static str, text: impl Into<String>, help: &str) {
        let text = format!("`{}`: {}", self.one.name, text.into());
        self.findings.push(Diagnostic::error(code, self.one.span, text).help(help));
    }

    /// The text; `None` if it is missing (said elsewhere) or not UTF-8 (said here).
    pub(super) fn text(&mut self, text: &Text, what: &str) -> Option<String> {
        if let Some(value) = self.supplies.text(text) {
            return Some(value.to_owned());
        }
        if let Text::Need(index) = text
            && self.supplies.bytes(*index).is_some()
        {
            self.error(
                codes::NOT_TEXT,
                format!("the {what} is not UTF-8 text"),
                "write binary secrets as `base64:…` or `hex:…`",
            );
        }
        None
    }

    /// Texts that must equal claims: not empty, no control characters.
    pub(super) fn texts(&mut self, texts: &[Text], what: &str) -> Option<Vec<String>> {
        let mut values = Vec::with_capacity(texts.len());
        for text in texts {
            match self.text(text, what) {
                Some(value) if value.is_empty() || value.chars().any(char::is_control) => {
                    let wrong = if value.is_empty() { "is empty" } else { "holds control characters" };
                    self.error(
                        codes::BAD_NAME,
                        format!("the {what} {wrong}"),
                        "it must equal the claim of the tokens, byte for byte",
                    );
                }
                value => values.extend(value),
            }
        }
        (values.len() == texts.len()).then_some(values)
    }

    /// Whose sessions these are where the system does not say so itself: the name of the provider, unless the config has
    /// another word.
    pub(super) fn issuer(&mut self, written: Option<&Text>) -> Option<String> {
        match written {
            None => Some(self.one.name.clone()),
            Some(text) => self.texts(std::slice::from_ref(text), "issuer")?.pop(),
        }
    }

    /// Secrets as an app has them, byte for byte: at least `least` bytes each, at most eight.
    pub(super) fn passwords(&mut self, texts: &[Text], least: usize) -> Option<Vec<String>> {
        if texts.is_empty() || texts.len() > super::secret::MAX_SECRETS {
            let most = super::secret::MAX_SECRETS;
            let help = "name those that living sessions were made with, the current one first";
            self.error(codes::BAD_SECRET, format!("1 to {most} secrets are wanted"), help);
            return None;
        }
        let mut good = Vec::new();
        for text in texts {
            let Some(value) = self.text(text, "secret") else { continue };
            if value.len() < least {
                let text = format!("a secret is {} bytes long; at least {least} are needed", value.len());
                self.error(
                    codes::SHORT_SECRET,
                    text,
                    "use the very secret of the app; make one with `openssl rand -base64 48`",
                );
                continue;
            }
            good.push(value);
        }
        (good.len() == texts.len()).then_some(good)
    }

    /// The number of a source; providers with the same origin share one.
    pub(super) fn source(&mut self, source: Source) -> usize {
        if let Some(at) = self.sources.iter().position(|known| known.origin == source.origin) {
            return at;
        }
        self.sources.push(source);
        self.sources.len() - 1
    }

    /// Numbers of later providers of plain tokens that are like this one.
    pub(super) fn later_with(&self, like: impl Fn(&PlainSettings) -> bool) -> Vec<usize> {
        let later = self.settings.iter().enumerate().skip(self.index + 1);
        later
            .filter(|(_, other)| matches!(&other.kind, KindSettings::Plain(other) if like(other)))
            .map(|(at, _)| at)
            .collect()
    }
}

/// Make something of one provider, for tests of its parts.
#[cfg(test)]
pub(super) fn try_one<T>(
    one: &ProviderSettings,
    make: impl FnOnce(&mut Prepare<'_>) -> Option<T>,
) -> (Option<T>, Vec<Diagnostic>) {
    let (mut findings, mut sources) = (Vec::new(), Vec::new());
    let supplies = Supplies::default();
    let settings = std::slice::from_ref(one);
    let mut prepare =
        Prepare { settings, one, index: 0, supplies: &supplies, findings: &mut findings, sources: &mut sources };
    (make(&mut prepare), findings)
}
