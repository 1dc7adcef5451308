//! Claim checks (RFC 7519 section 4.1), stricter than the RFC: `iss`, `sub` and `exp` are always required.

use crate::session::refused::Refused;
use serde_json::{Map, Value};

/// Bytes of `sub`; the OpenID Connect limit is 255 characters.
const MAX_SUBJECT: usize = 1024;
/// Seconds that `iat` may be ahead unless a kind says less: a clock that is further off is broken (`leeway` is meant for
/// `exp` and `nbf`).
pub(in crate::session) const MAX_AHEAD: i64 = 60;
/// 9999-12-31T23:59:59Z, Unix time: the last instant that RFC 3339 can write. More is a mistake or an attack
/// (milliseconds taken for seconds, overflow).
const LAST_INSTANT: f64 = 253_402_300_799.0;

/// What a provider demands of claims.
#[derive(Debug, Default)]
pub(in crate::session) struct Rules {
    /// `iss` must be one of them; empty: any text.
    pub(in crate::session) issuers: Vec<String>,
    /// A slash at the end of an issuer does not count.
    pub(in crate::session) any_slash: bool,
    /// `aud` must be or hold one of them; empty: not checked.
    pub(in crate::session) audiences: Vec<String>,
    /// A token without `aud` will do, too.
    pub(in crate::session) audience_if_present: bool,
    /// `azp` must be one of them; empty: not checked.
    pub(in crate::session) parties: Vec<String>,
    /// What the clock may say.
    pub(in crate::session) window: Window,
    /// Characters of `sub`.
    pub(in crate::session) longest_subject: Option<usize>,
    /// Present and not null.
    pub(in crate::session) required: Vec<String>,
}

/// What a provider demands of the clock. Whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::session) struct Window {
    /// Put up with for `exp` and `nbf`.
    pub(in crate::session) leeway: i64,
    /// How far `iat` may be ahead.
    pub(in crate::session) ahead: i64,
    /// `iat` may be so long ago (leeway added).
    pub(in crate::session) max_age: Option<i64>,
}

impl Default for Window {
    fn default() -> Self {
        Self { leeway: 0, ahead: MAX_AHEAD, max_age: None }
    }
}

/// The claims that depend on the clock, as Unix time; fractions are allowed (RFC 7519 section 2, NumericDate).
#[derive(Debug, Clone, Copy)]
pub(in crate::session) struct Times {
    /// `None` only where a kind allows sessions without an end.
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
}

impl Times {
    /// The times of a token; `exp` must be there.
    fn read(claims: &Map<String, Value>) -> Result<Self, Refused> {
        let times = Self::optional(claims)?;
        if times.exp.is_none() { Err(Refused::claim("exp", "missing")) } else { Ok(times) }
    }

    /// A token that ended before it began was made by mistake.
    fn in_order(&self) -> Result<(), Refused> {
        match (self.exp, self.iat) {
            (Some(exp), Some(iat)) if exp < iat => Err(Refused::claim("exp", "is before `iat`")),
            _ => Ok(()),
        }
    }

    /// The times of claims that may lack any of them.
    pub(in crate::session) fn optional(claims: &Map<String, Value>) -> Result<Self, Refused> {
        Ok(Self { exp: instant(claims, "exp")?, nbf: instant(claims, "nbf")?, iat: instant(claims, "iat")? })
    }

    /// Of something that ends at `exp` (Unix time), if ever.
    pub(in crate::session) fn until(exp: Option<f64>) -> Self {
        Self { exp, nbf: None, iat: None }
    }

    /// The same, but over at `end` at the latest.
    pub(in crate::session) fn at_most(self, end: f64) -> Self {
        Self { exp: Some(self.exp.map_or(end, |exp| exp.min(end))), ..self }
    }

    /// Is there an end?
    pub(in crate::session) fn ends(&self) -> bool {
        self.exp.is_some()
    }

    /// Is the token in time at `now`? The one place that says so: for new tokens and for cached ones.
    pub(in crate::session) fn check(&self, window: &Window, now: i64) -> Result<(), Refused> {
        let (now, leeway) = (now as f64, window.leeway as f64);
        if let Some(exp) = self.exp.filter(|exp| *exp <= now - leeway) {
            return Err(Refused::Expired(seconds(now - exp)));
        }
        if let Some(nbf) = self.nbf.filter(|nbf| *nbf > now + leeway) {
            return Err(Refused::NotYet(seconds(nbf - now)));
        }
        if let Some(iat) = self.iat.filter(|iat| *iat > now + window.ahead as f64) {
            return Err(Refused::Ahead(seconds(iat - now)));
        }
        let Some(max_age) = window.max_age else { return Ok(()) };
        let iat = self.iat.ok_or_else(|| Refused::claim("iat", "missing"))?;
        let over = now - iat - leeway - max_age as f64;
        if over > 0.0 { Err(Refused::TooOld(seconds(over))) } else { Ok(()) }
    }

    /// `exp` in whole seconds, rounded down; the end of time without one.
    pub(in crate::session) fn expires(&self) -> i64 {
        self.exp.map_or(i64::MAX, |exp| exp.floor() as i64)
    }

    /// `iat`, Unix time.
    pub(in crate::session) fn issued(&self) -> Option<f64> {
        self.iat
    }
}

/// Claims that passed.
#[derive(Debug)]
pub(in crate::session) struct Checked<'a> {
    pub(in crate::session) issuer: &'a str,
    pub(in crate::session) subject: &'a str,
    pub(in crate::session) times: Times,
}

impl Rules {
    /// Does a token of this issuer concern us at all?
    pub(in crate::session) fn accepts_issuer(&self, issuer: &str) -> bool {
        self.issuers.is_empty() || self.issuer_number(issuer).is_some()
    }

    /// Its place among the issuers.
    pub(in crate::session) fn issuer_number(&self, issuer: &str) -> Option<usize> {
        let bare = |text: &str| text.strip_suffix('/').unwrap_or(text).len();
        self.issuers.iter().position(|known| {
            known == issuer || (self.any_slash && known.get(..bare(known)) == issuer.get(..bare(issuer)))
        })
    }

    /// `iss`, exact, byte for byte.
    pub(in crate::session) fn issuer<'a>(&self, claims: &'a Map<String, Value>) -> Result<&'a str, Refused> {
        let issuer = text(claims, "iss")?;
        if self.accepts_issuer(issuer) { Ok(issuer) } else { Err(Refused::Issuer) }
    }

    /// All checks.
    pub(in crate::session) fn check<'a>(
        &self,
        claims: &'a Map<String, Value>,
        now: i64,
    ) -> Result<Checked<'a>, Refused> {
        let issuer = self.issuer(claims)?;
        let subject = text(claims, "sub")?;
        self.party(claims)?;
        if self.longest_subject.is_some_and(|longest| subject.chars().count() > longest) {
            return Err(Refused::claim("sub", "too long"));
        }
        let times = Times::read(claims)?;
        times.check(&self.window, now)?;
        times.in_order()?;
        self.audience(claims)?;
        match self.required.iter().find(|name| claims.get(*name).is_none_or(Value::is_null)) {
            Some(name) => Err(Refused::claim(name, "missing")),
            None => Ok(Checked { issuer, subject, times }),
        }
    }

    fn party(&self, claims: &Map<String, Value>) -> Result<(), Refused> {
        let ours = |azp: &Value| self.parties.iter().any(|known| azp == known);
        if self.parties.is_empty() || claims.get("azp").is_some_and(ours) { Ok(()) } else { Err(Refused::Party) }
    }

    fn audience(&self, claims: &Map<String, Value>) -> Result<(), Refused> {
        if self.audiences.is_empty() {
            return Ok(());
        }
        let ours = |audience: &str| self.audiences.iter().any(|known| known == audience);
        let accepted = match claims.get("aud") {
            None => self.audience_if_present,
            // Nobody is no audience.
            Some(Value::String(audience)) if audience.is_empty() => self.audience_if_present,
            Some(Value::Array(all)) if all.is_empty() => self.audience_if_present,
            Some(Value::String(audience)) => ours(audience),
            Some(Value::Array(all)) => {
                all.iter().all(Value::is_string) && all.iter().filter_map(Value::as_str).any(ours)
            }
            _ => false,
        };
        if accepted { Ok(()) } else { Err(Refused::Audience) }
    }
}

/// A text of 1 to [`MAX_SUBJECT`] bytes without control characters: it may end up in a header.
fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<&'a str, Refused> {
    match claims.get(name) {
        None => Err(Refused::claim(name, "missing")),
        Some(Value::String(text)) if text.is_empty() => Err(Refused::claim(name, "empty")),
        Some(Value::String(text)) if text.len() > MAX_SUBJECT => Err(Refused::claim(name, "too long")),
        Some(Value::String(text)) if text.chars().any(char::is_control) => {
            Err(Refused::claim(name, "holds control characters"))
        }
        Some(Value::String(text)) => Ok(text),
        Some(_) => Err(Refused::claim(name, "is no text")),
    }
}

/// A NumericDate: a JSON number from 1970 to 9999.
fn instant(claims: &Map<String, Value>, name: &str) -> Result<Option<f64>, Refused> {
    match claims.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => match number.as_f64() {
            Some(time) if (0.0..=LAST_INSTANT).contains(&time) => Ok(Some(time)),
            _ => Err(Refused::claim(name, "out of range")),
        },
        Some(_) => Err(Refused::claim(name, "is no number")),
    }
}

fn seconds(difference: f64) -> i64 {
    difference.ceil() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn rules() -> Rules {
        Rules {
            issuers: vec!["https://a/".to_owned(), "b".to_owned()],
            audiences: vec!["us".to_owned()],
            window: Window { leeway: 5, ..Window::default() },
            ..Rules::default()
        }
    }

    fn verdict(rules: &Rules, change: Value) -> String {
        let mut claims = json!({"iss": "https://a/", "sub": "u", "aud": "us", "exp": NOW + 60, "iat": NOW - 60});
        for (name, value) in change.as_object().unwrap() {
            if value == "-" {
                claims.as_object_mut().unwrap().remove(name);
            } else {
                claims[name] = value.clone();
            }
        }
        match rules.check(claims.as_object().unwrap(), NOW) {
            Ok(_) => "ok".to_owned(),
            Err(why) => why.to_string(),
        }
    }

    #[test]
    fn claims_one_by_one() {
        for (change, expected) in [
            (json!({}), "ok"),
            (json!({"iss": "b"}), "ok"),
            (json!({"iss": "https://a"}), "issuer not accepted"),
            (json!({"iss": ["https://a/"]}), "claim `iss` is no text"),
            (json!({"iss": "-"}), "claim `iss` missing"),
            (json!({"aud": ["x", "us"]}), "ok"),
            (json!({"aud": ["us", 1]}), "audience not accepted"),
            (json!({"aud": "-"}), "audience not accepted"),
            (json!({"aud": "usx"}), "audience not accepted"),
            (json!({"sub": ""}), "claim `sub` empty"),
            (json!({"sub": 7}), "claim `sub` is no text"),
            (json!({"sub": "a\r\nb"}), "claim `sub` holds control characters"),
            (json!({"sub": "a".repeat(1024)}), "ok"),
            (json!({"sub": "a".repeat(1025)}), "claim `sub` too long"),
            (json!({"exp": "-"}), "claim `exp` missing"),
            (json!({"exp": null}), "claim `exp` is no number"),
            (json!({"exp": NOW - 4}), "ok"),
            (json!({"exp": NOW - 5}), "expired 5 s ago"),
            (json!({"exp": NOW as f64 - 4.5}), "ok"),
            (json!({"exp": NOW - 30, "iat": "-"}), "expired 30 s ago"),
            (json!({"exp": -1, "iat": "-"}), "claim `exp` out of range"),
            (json!({"exp": 1e300}), "claim `exp` out of range"),
            (json!({"exp": 253_402_300_800_i64}), "claim `exp` out of range"),
            (json!({"exp": NOW - 61}), "expired 61 s ago"),
            (json!({"exp": NOW + 5, "iat": NOW + 6}), "claim `exp` is before `iat`"),
            (json!({"nbf": NOW + 5}), "ok"),
            (json!({"nbf": NOW + 6}), "not valid for another 6 s"),
            (json!({"nbf": "0"}), "claim `nbf` is no number"),
            (json!({"iat": NOW + 60, "exp": NOW + 99}), "ok"),
            (json!({"iat": NOW + 61, "exp": NOW + 99}), "issued 61 s ahead of this clock"),
        ] {
            assert_eq!(verdict(&rules(), change.clone()), expected, "{change}");
        }
    }

    #[test]
    fn age_and_required_claims() {
        let rules = Rules {
            window: Window { max_age: Some(600), ..rules().window },
            required: vec!["jti".to_owned()],
            ..rules()
        };
        assert_eq!(verdict(&rules, json!({"jti": "1", "iat": NOW - 605})), "ok");
        assert_eq!(verdict(&rules, json!({"jti": "1", "iat": NOW - 606})), "older than allowed by 1 s");
        assert_eq!(verdict(&rules, json!({"jti": "1", "iat": "-"})), "claim `iat` missing");
        assert_eq!(verdict(&rules, json!({})), "claim `jti` missing");
        assert_eq!(verdict(&rules, json!({"jti": null})), "claim `jti` missing");
    }

    #[test]
    fn the_party_is_asked_for_before_the_clock() {
        let rules = Rules { parties: vec!["https://app".to_owned()], ..rules() };
        assert_eq!(verdict(&rules, json!({"azp": "https://app"})), "ok");
        for bad in [json!({}), json!({"azp": "https://app/"}), json!({"azp": ["https://app"]}), json!({"azp": null})] {
            assert_eq!(verdict(&rules, bad.clone()), "azp not allowed", "{bad}");
        }
        assert_eq!(verdict(&rules, json!({"azp": "x", "exp": NOW - 60})), "azp not allowed");
    }

    #[test]
    fn an_issuer_may_promise_short_subjects() {
        let rules = Rules { longest_subject: Some(3), ..rules() };
        assert_eq!(verdict(&rules, json!({"sub": "äöü"})), "ok");
        assert_eq!(verdict(&rules, json!({"sub": "abcd"})), "claim `sub` too long");
    }

    #[test]
    fn without_issuers_and_audiences_any_text_will_do() {
        assert_eq!(verdict(&Rules::default(), json!({"iss": "x", "aud": 7})), "ok");
        assert_eq!(verdict(&Rules::default(), json!({"iss": ""})), "claim `iss` empty");
    }
}
