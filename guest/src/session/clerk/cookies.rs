//! Which cookies count. An instance writes each twice: under the plain name, and under one with its suffix. Old clients know
//! only the plain ones; another instance on the same domain writes those, too.

use super::ClerkCookies;
use crate::request::{CookieRead, CookieRule, Cookies};
use crate::session::refused::Refused;
use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::{Map, Value};

/// The cookies by their names.
pub(super) struct Names {
    session: Pair,
    client_uat: Pair,
    dev_browser: Pair,
    refresh: CookieRule,
    pub(super) handshake: CookieRule,
    pub(super) nonce: CookieRule,
    count: CookieRule,
    /// What no other reader may take for something that we refused.
    pub(super) guarded: Vec<CookieRule>,
}

struct Pair {
    suffixed: CookieRule,
    plain: CookieRule,
}

impl Pair {
    fn new(name: &str, suffix: &str) -> Self {
        Self { suffixed: CookieRule::text(&format!("{name}_{suffix}"), None), plain: CookieRule::text(name, None) }
    }

    fn of(&self, suffixed: bool) -> &CookieRule {
        if suffixed { &self.suffixed } else { &self.plain }
    }
}

impl Names {
    pub(super) fn new(names: &ClerkCookies, suffix: &str) -> Self {
        let own = |name: &str| Pair::new(name, suffix);
        let text = |name: &str| CookieRule::text(name, None);
        let (session, client_uat) = (own(&names.session), own(&names.client_uat));
        let guarded = vec![
            CookieRule::token(&session.suffixed.name, false),
            CookieRule::token(&session.plain.name, false),
            client_uat.suffixed.clone(),
            client_uat.plain.clone(),
            text(&names.handshake),
        ];
        Self {
            session,
            client_uat,
            dev_browser: own(&names.dev_browser),
            refresh: own(&names.refresh).suffixed,
            handshake: text(&names.handshake),
            nonce: text(&names.handshake_nonce),
            count: text(&names.redirect_count),
            guarded,
        }
    }
}

impl Names {
    /// Handshakes so far; if that cannot be told, more than are allowed.
    pub(super) fn count(&self, cookies: &Cookies<'_>) -> u32 {
        let count = text(cookies, &self.count).map(|count| count.and_then(|count| count.parse().ok()));
        count.map_or(u32::MAX, Option::unwrap_or_default)
    }

    /// Is there a refresh token?
    pub(super) fn refresh(&self, cookies: &Cookies<'_>) -> bool {
        matches!(cookies.read(&self.refresh), CookieRead::Value(_))
    }
}

/// What the cookies of one request say, before anything is verified.
#[derive(Debug, Default)]
pub(super) struct Crumbs {
    /// Do those with the suffix count?
    pub(super) suffixed: bool,
    /// The session token.
    pub(super) session: Option<String>,
    /// Since when the browser's state is what it is, Unix time; 0: nobody is signed in there.
    pub(super) client_uat: i64,
}

/// What a token says of itself.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Said {
    /// It names an issuer, and it is this instance.
    pub(super) issuer: Issuer,
    pub(super) iat: f64,
    pub(super) exp: f64,
}

/// Whose token it says it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Issuer {
    /// It does not say, or cannot be read.
    #[default]
    Unsaid,
    Own,
    Other,
}

impl Said {
    /// From claims, verified or not.
    pub(super) fn of(claims: &Map<String, Value>, host: &str) -> Self {
        let number = |name: &str| claims.get(name).and_then(Value::as_f64).unwrap_or_default();
        let issuer = match claims.get("iss") {
            Some(Value::String(iss)) if iss.is_empty() => Issuer::Unsaid,
            Some(Value::String(iss)) if iss.split_once("://").map_or(iss.as_str(), |(_, rest)| rest) == host => {
                Issuer::Own
            }
            None | Some(Value::Null) => Issuer::Unsaid,
            Some(_) => Issuer::Other,
        };
        Self { issuer, iat: number("iat"), exp: number("exp") }
    }

    /// From a text that may be a token. Only chooses between cookies; what is chosen is then judged by strict rules.
    pub(super) fn in_token(text: &str, host: &str) -> Self {
        let claims = || {
            let mut parts = text.split('.');
            let (_, claims, _, None) = (parts.next()?, parts.next()?, parts.next()?, parts.next()) else { return None };
            let claims = LENIENT.decode(claims).ok()?;
            serde_json::from_slice::<Map<String, Value>>(&claims).ok()
        };
        claims().map_or_else(Self::default, |claims| Self::of(&claims, host))
    }
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl Crumbs {
    /// Read them. `said` is what a session token says of itself.
    pub(super) fn read(
        names: &Names,
        cookies: &Cookies<'_>,
        development: bool,
        now: i64,
        mut said: impl FnMut(&str) -> Said,
    ) -> Result<Self, Refused> {
        let suffixed_session = text(cookies, &names.session.suffixed)?;
        let plain_session = text(cookies, &names.session.plain)?;
        let suffixed_uat = text(cookies, &names.client_uat.suffixed)?;
        // Left over on two domains, it must not lock out a browser that has the suffixed one; the app does not see it.
        let plain_uat = match text(cookies, &names.client_uat.plain) {
            Err(_) if suffixed_uat.is_some() => None,
            read => read?,
        };
        let suffixed = Generations {
            suffixed_session: suffixed_session.as_deref(),
            plain_session: plain_session.as_deref(),
            suffixed_uat: suffixed_uat.as_deref(),
            plain_uat: plain_uat.as_deref(),
        }
        .suffixed(development, now, &mut said);
        let (session, uat) = if suffixed { (suffixed_session, suffixed_uat) } else { (plain_session, plain_uat) };
        Ok(Self { suffixed, session, client_uat: uat.as_deref().map_or(0, leading_number) })
    }

    /// The cookie that names the browser to a development instance.
    pub(super) fn dev_browser(&self, names: &Names, cookies: &Cookies<'_>) -> Option<String> {
        text(cookies, names.dev_browser.of(self.suffixed)).ok().flatten()
    }
}

/// The cookies of both generations.
#[derive(Clone, Copy)]
struct Generations<'a> {
    suffixed_session: Option<&'a str>,
    plain_session: Option<&'a str>,
    suffixed_uat: Option<&'a str>,
    plain_uat: Option<&'a str>,
}

impl Generations<'_> {
    /// Do the suffixed ones count?
    fn suffixed(self, development: bool, now: i64, said: &mut dyn FnMut(&str) -> Said) -> bool {
        let (suffixed_out, plain_out) = (self.suffixed_uat == Some("0"), self.plain_uat == Some("0"));
        let plain = self.plain_session.map(&mut *said);
        match plain.map(|plain| plain.issuer) {
            // A plain token that names nobody: what wrote it knows no suffixes.
            Some(Issuer::Unsaid) => return false,
            Some(Issuer::Other) => return true,
            Some(Issuer::Own) | None => {}
        }
        if self.suffixed_uat.is_none() {
            return false;
        }
        // Equal texts say the same; a newer plain token was written by a client that knows no suffixes.
        let same = self.plain_session == self.suffixed_session;
        let suffixed = if same { plain } else { self.suffixed_session.map(&mut *said) };
        let iat = |token: Option<Said>| token.map_or(0.0, |token| token.iat);
        if !suffixed_out && !plain_out && iat(plain) > iat(suffixed) {
            return false;
        }
        if suffixed_out && !plain_out {
            return false;
        }
        let expired = suffixed.is_some_and(|token| token.exp <= now as f64);
        !(development && !suffixed_out && plain_out && expired)
    }
}

/// A cookie, if it is there and not empty; one that comes twice with different values is nobody's.
fn text(cookies: &Cookies<'_>, rule: &CookieRule) -> Result<Option<String>, Refused> {
    match cookies.read(rule) {
        CookieRead::Value(text) => Ok(Some(text)),
        CookieRead::Absent | CookieRead::Refused("empty" | "no-value") => Ok(None),
        CookieRead::Refused(why) => Err(Refused::Unreadable(why)),
    }
}

/// The whole number that a text begins with; 0 without one.
fn leading_number(text: &str) -> i64 {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text.get(..digits).and_then(|digits| digits.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::crypto::text::to_base64url;
    use proptest::prelude::*;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;
    const HOST: &str = "clerk.example.com";

    fn token(iss: &str, iat: i64) -> String {
        let claims = json!({"iss": iss, "iat": iat, "exp": iat + 60});
        format!("{}.{}.c2ln", to_base64url("{}"), to_base64url(claims.to_string()))
    }

    fn names() -> Names {
        Names::new(&ClerkCookies::default(), "naoXFJnI")
    }

    fn crumbs(line: &str, development: bool) -> Result<Crumbs, Refused> {
        let cookies = Cookies::parse(std::iter::once(line.as_bytes())).unwrap();
        Crumbs::read(&names(), &cookies, development, NOW, |text| Said::in_token(text, HOST))
    }

    #[test]
    fn which_generation_counts() {
        let own = |iat: i64| token("https://clerk.example.com", iat);
        let other = token("https://clerk.other.com", NOW);
        let (old, new) = (own(NOW - 90), own(NOW));
        for (line, suffixed) in [
            (String::new(), false),
            (format!("__session={new}; __client_uat=5"), false),
            (format!("__session_naoXFJnI={new}; __client_uat_naoXFJnI=5"), true),
            (format!("__session_naoXFJnI={new}; __client_uat_naoXFJnI=5; __session={new}; __client_uat=5"), true),
            (format!("__session_naoXFJnI={old}; __client_uat_naoXFJnI=5; __session={new}; __client_uat=5"), false),
            (format!("__session_naoXFJnI={old}; __client_uat_naoXFJnI=5; __session={new}; __client_uat=0"), true),
            (format!("__session_naoXFJnI={new}; __client_uat_naoXFJnI=5; __session=garbage"), false),
            (format!("__session_naoXFJnI={new}; __client_uat_naoXFJnI=5; __session={other}"), true),
            (format!("__session={other}"), true),
            (format!("__session_naoXFJnI={new}; __client_uat=5"), false),
            (format!("__client_uat_naoXFJnI=0; __client_uat=5; __session={new}"), false),
            ("__client_uat_naoXFJnI=0; __client_uat=0".to_owned(), true),
            ("__client_uat_naoXFJnI=5".to_owned(), true),
        ] {
            assert_eq!(crumbs(&line, false).unwrap().suffixed, suffixed, "{line}");
        }
        let line = format!("__session_naoXFJnI={old}; __client_uat_naoXFJnI=5; __client_uat=0");
        assert!(crumbs(&line, false).unwrap().suffixed && !crumbs(&line, true).unwrap().suffixed);
    }

    #[test]
    fn numbers_and_conflicts() {
        assert_eq!(crumbs("__client_uat=17x", false).unwrap().client_uat, 17);
        assert_eq!(crumbs("__client_uat=99999999999999999999", false).unwrap().client_uat, 0);
        assert_eq!(crumbs("__session=; __client_uat=", false).unwrap().session, None);
        assert_eq!(crumbs("__session=a; __session=b", false).unwrap_err(), Refused::Unreadable("conflict"));
        assert!(crumbs("__client_uat=1; __client_uat=2", false).is_err());
        assert!(crumbs("__client_uat_naoXFJnI=1; __client_uat_naoXFJnI=2", false).is_err());
        let left_over = crumbs("__client_uat_naoXFJnI=7; __client_uat=1; __client_uat=2", false).unwrap();
        assert_eq!((left_over.suffixed, left_over.client_uat), (true, 7));
        let line = "__clerk_redirect_count=2; __refresh_naoXFJnI=r";
        let cookies = |line: &'static str| Cookies::parse(std::iter::once(line.as_bytes())).unwrap();
        assert_eq!((names().count(&cookies(line)), names().refresh(&cookies(line))), (2, true));
        assert_eq!((names().count(&cookies("__clerk_redirect_count=-1")), names().refresh(&cookies(""))), (0, false));
        assert_eq!(names().count(&cookies("__clerk_redirect_count=1; __clerk_redirect_count=2")), u32::MAX);
    }

    proptest! {
        #[test]
        fn never_panics(line in "(__(session|client_uat)(_naoXFJnI)?=[ -~]{0,40}; ?){0,5}") {
            if let Ok(cookies) = Cookies::parse(std::iter::once(line.as_bytes())) {
                for development in [false, true] {
                    let _ = Crumbs::read(&names(), &cookies, development, NOW, |text| Said::in_token(text, HOST));
                }
            }
        }
    }
}
