//! Claim checks (RFC 7519 section 4.1), stricter than the RFC: `iss`, `sub` and `exp` are always required.

use super::refused::Refused;
use serde_json::{Map, Value};

/// Bytes of `sub`; the OpenID Connect limit is 255 characters.
const MAX_SUBJECT: usize = 1024;
/// Seconds that `iat` may be ahead: a clock that is further off is broken (`leeway` is meant for `exp` and `nbf`).
const MAX_AHEAD: f64 = 60.0;
/// 9999-12-31T23:59:59Z, Unix time: the last instant that RFC 3339 can write. More is a mistake or an attack
/// (milliseconds taken for seconds, overflow).
const LAST_INSTANT: f64 = 253_402_300_799.0;

/// What a provider demands of claims.
#[derive(Debug, Default)]
pub(super) struct Rules {
    /// `iss` must be one of them; empty: any text.
    pub(super) issuers: Vec<String>,
    /// `aud` must be or hold one of them; empty: not checked.
    pub(super) audiences: Vec<String>,
    /// Seconds.
    pub(super) leeway: i64,
    /// Seconds.
    pub(super) max_age: Option<i64>,
    /// Present and not null.
    pub(super) required: Vec<String>,
}

/// The claims that depend on the clock, as Unix time; fractions are allowed (RFC 7519 section 2, NumericDate).
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    exp: f64,
    nbf: Option<f64>,
    iat: Option<f64>,
}

impl Times {
    fn read(claims: &Map<String, Value>) -> Result<Self, Refused> {
        let exp = instant(claims, "exp")?.ok_or_else(|| Refused::claim("exp", "missing"))?;
        let times = Self { exp, nbf: instant(claims, "nbf")?, iat: instant(claims, "iat")? };
        match times.iat {
            Some(iat) if times.exp < iat => Err(Refused::claim("exp", "is before `iat`")),
            _ => Ok(times),
        }
    }

    /// Is the token in time at `now`? The one place that says so: for new tokens and for cached ones.
    pub(super) fn check(&self, rules: &Rules, now: i64) -> Result<(), Refused> {
        let (now, leeway) = (now as f64, rules.leeway as f64);
        if self.exp <= now - leeway {
            return Err(Refused::Expired(seconds(now - self.exp)));
        }
        if let Some(nbf) = self.nbf.filter(|nbf| *nbf > now + leeway) {
            return Err(Refused::NotYet(seconds(nbf - now)));
        }
        if let Some(iat) = self.iat.filter(|iat| *iat > now + MAX_AHEAD) {
            return Err(Refused::NotYet(seconds(iat - now)));
        }
        let Some(max_age) = rules.max_age else { return Ok(()) };
        let iat = self.iat.ok_or_else(|| Refused::claim("iat", "missing"))?;
        let over = now - iat - leeway - max_age as f64;
        if over > 0.0 { Err(Refused::TooOld(seconds(over))) } else { Ok(()) }
    }

    /// `exp` in whole seconds, rounded down.
    pub(super) fn expires(&self) -> i64 {
        self.exp.floor() as i64
    }
}

/// Claims that passed.
#[derive(Debug)]
pub(super) struct Checked<'a> {
    pub(super) issuer: &'a str,
    pub(super) subject: &'a str,
    pub(super) times: Times,
}

impl Rules {
    /// Does a token of this issuer concern us at all?
    pub(super) fn accepts_issuer(&self, issuer: &str) -> bool {
        self.issuers.is_empty() || self.issuers.iter().any(|known| known == issuer)
    }

    /// `iss`, exact, byte for byte.
    pub(super) fn issuer<'a>(&self, claims: &'a Map<String, Value>) -> Result<&'a str, Refused> {
        let issuer = text(claims, "iss")?;
        if self.accepts_issuer(issuer) { Ok(issuer) } else { Err(Refused::Issuer) }
    }

    /// All checks.
    pub(super) fn check<'a>(&self, claims: &'a Map<String, Value>, now: i64) -> Result<Checked<'a>, Refused> {
        let issuer = self.issuer(claims)?;
        let subject = text(claims, "sub")?;
        let times = Times::read(claims)?;
        times.check(self, now)?;
        self.audience(claims)?;
        match self.required.iter().find(|name| claims.get(*name).is_none_or(Value::is_null)) {
            Some(name) => Err(Refused::claim(name, "missing")),
            None => Ok(Checked { issuer, subject, times }),
        }
    }

    fn audience(&self, claims: &Map<String, Value>) -> Result<(), Refused> {
        if self.audiences.is_empty() {
            return Ok(());
        }
        let ours = |audience: &str| self.audiences.iter().any(|known| known == audience);
        let accepted = match claims.get("aud") {
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
            leeway: 5,
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
            (json!({"exp": NOW - 61}), "claim `exp` is before `iat`"),
            (json!({"nbf": NOW + 5}), "ok"),
            (json!({"nbf": NOW + 6}), "not valid for another 6 s"),
            (json!({"nbf": "0"}), "claim `nbf` is no number"),
            (json!({"iat": NOW + 60, "exp": NOW + 99}), "ok"),
            (json!({"iat": NOW + 61, "exp": NOW + 99}), "not valid for another 61 s"),
        ] {
            assert_eq!(verdict(&rules(), change.clone()), expected, "{change}");
        }
    }

    #[test]
    fn age_and_required_claims() {
        let rules = Rules { max_age: Some(600), required: vec!["jti".to_owned()], ..rules() };
        assert_eq!(verdict(&rules, json!({"jti": "1", "iat": NOW - 605})), "ok");
        assert_eq!(verdict(&rules, json!({"jti": "1", "iat": NOW - 606})), "older than allowed by 1 s");
        assert_eq!(verdict(&rules, json!({"jti": "1", "iat": "-"})), "claim `iat` missing");
        assert_eq!(verdict(&rules, json!({})), "claim `jti` missing");
        assert_eq!(verdict(&rules, json!({"jti": null})), "claim `jti` missing");
    }

    #[test]
    fn without_issuers_and_audiences_any_text_will_do() {
        assert_eq!(verdict(&Rules::default(), json!({"iss": "x", "aud": 7})), "ok");
        assert_eq!(verdict(&Rules::default(), json!({"iss": ""})), "claim `iss` empty");
    }
}
