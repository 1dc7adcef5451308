//! The strict look at a token before any key is asked for: JWS compact form (RFC 7515 section 3.1) in one spelling only.
//!
//! Libraries are generous here (they ignore `crit`, `b64`, `typ`, sizes, duplicates); a gate must not be.

use super::Algorithm;
use crate::session::json;
use crate::session::refused::Refused;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

/// Bytes of a whole token. Browsers stop near 4 KiB a cookie; chunked cookies and bearer tokens may be longer.
pub(in crate::session) const MAX_TOKEN: usize = 16 * 1024;
/// Bytes of the decoded header; real ones have about 100, with `x5c` some 3,000.
const MAX_HEADER: usize = 4 * 1024;
/// Bytes of `kid`. The longest seen in use is a SHA-512 thumbprint (86).
const MAX_KID: usize = 256;
/// Members that make a token something else than a plain signed one: extensions that must be understood (RFC 7515
/// section 4.1.11), unencoded payloads (RFC 7797), encryption (RFC 7516, RFC 7518 section 4), nested tokens (`cty`).
const FOREIGN: [&str; 12] = ["crit", "b64", "zip", "enc", "epk", "apu", "apv", "iv", "tag", "p2s", "p2c", "cty"];

/// A token that has the right form. Nothing in it is to be believed yet.
#[derive(Debug)]
pub(in crate::session) struct Token {
    /// The `alg` it claims.
    pub(in crate::session) algorithm: Algorithm,
    /// Which key it claims; never an address, a path or a query to us, only compared.
    pub(in crate::session) kid: Option<String>,
    /// `typ` in lower case, without `application/`.
    typ: Option<String>,
    /// `typ` is not there, or `JWT` in this very spelling.
    pub(in crate::session) plain_type: bool,
    /// `cat`, by which Clerk tells classes of tokens apart; empty if it is no text.
    pub(in crate::session) category: Option<String>,
    /// Bytes of the text that are signed.
    signed: usize,
    /// The signature, decoded.
    pub(in crate::session) signature: Vec<u8>,
    /// The claims, not verified.
    pub(in crate::session) claims: Map<String, Value>,
}

impl Token {
    /// Check and take apart. `jku`, `jwk`, `x5u`, `x5c` and unknown members of the header are not looked at.
    pub(in crate::session) fn parse(text: &str) -> Result<Self, Refused> {
        let malformed = Refused::Malformed;
        if text.len() > MAX_TOKEN {
            return Err(malformed("longer than 16 KiB"));
        }
        let mut parts = text.split('.');
        let (Some(header), Some(claims), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(malformed("not three parts"));
        };
        let signed = header.len() + 1 + claims.len();

        let header = decode(header).ok_or(malformed("header is not base64url"))?;
        if header.len() > MAX_HEADER {
            return Err(malformed("header longer than 4 KiB"));
        }
        let header = json::object(&header).map_err(malformed)?;
        if FOREIGN.iter().any(|name| header.contains_key(*name)) {
            return Err(malformed("header asks for an extension or encryption"));
        }
        let Some(Value::String(name)) = header.get("alg") else {
            return Err(malformed("no `alg` text"));
        };
        let algorithm = Algorithm::from_name(name).ok_or(Refused::Algorithm)?;
        let typ = match header.get("typ") {
            None => None,
            Some(Value::String(typ)) => Some(media_type(typ)),
            Some(_) => return Err(malformed("`typ` is no text")),
        };
        let plain_type = header.get("typ").is_none_or(|typ| typ == "JWT");
        let category = header.get("cat").map(|cat| cat.as_str().unwrap_or_default().to_owned());
        let kid = match header.get("kid") {
            None => None,
            Some(Value::String(kid)) if kid.len() <= MAX_KID => Some(kid.clone()),
            Some(_) => return Err(malformed("`kid` is no short text")),
        };

        let signature = decode(signature).ok_or(malformed("signature is not base64url"))?;
        let claims = decode(claims).ok_or(malformed("claims are not base64url"))?;
        let claims = json::object(&claims).map_err(malformed)?;
        Ok(Self { algorithm, kid, typ, plain_type, category, signed, signature, claims })
    }

    /// Is it of the kind `wanted` (as [`media_type`] gives it)? Without one, plain and access tokens are.
    /// RFC 8725 section 3.11, RFC 9068 section 2.1.
    pub(in crate::session) fn is_type(&self, wanted: Option<&str>) -> bool {
        match (wanted, self.typ.as_deref()) {
            (Some(wanted), typ) => typ == Some(wanted),
            (None, None | Some("jwt" | "at+jwt")) => true,
            (None, Some(_)) => false,
        }
    }

    /// The JWS signing input, out of the text that was parsed.
    pub(in crate::session) fn signing_input(&self, text: &str) -> Vec<u8> {
        text.as_bytes().get(..self.signed).unwrap_or_default().to_vec()
    }
}

/// A `typ` as it is compared: case does not count, `application/` may be left out (RFC 7515 section 4.1.9).
pub(in crate::session) fn media_type(typ: &str) -> String {
    let lower = typ.to_ascii_lowercase();
    lower.strip_prefix("application/").map(str::to_owned).unwrap_or(lower)
}

/// base64url in its one spelling: no padding, no white space, spare bits zero.
pub(in crate::session) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn token(header: &str, claims: &str) -> String {
        format!("{}.{}.AAAA", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    fn refused(text: &str) -> String {
        Token::parse(text).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn takes_a_plain_token() {
        let text = token(r#"{"alg":"RS256","typ":"JWT","kid":"a","jku":"http://x/","jwk":{},"x":1}"#, r#"{"sub":"u"}"#);
        let read = Token::parse(&text).unwrap();
        assert_eq!((read.algorithm, read.kid.as_deref()), (Algorithm::Rs256, Some("a")));
        assert_eq!(read.signature, [0, 0, 0]);
        assert_eq!(read.signing_input(&text), text.rsplit_once('.').unwrap().0.as_bytes());
        assert_eq!(read.claims.get("sub").and_then(Value::as_str), Some("u"));
    }

    #[test]
    fn one_spelling_only() {
        let good = token(r#"{"alg":"RS256"}"#, "{}");
        assert!(Token::parse(&good).is_ok());
        for bad in [
            String::new(),
            "..".to_owned(),
            "a.b".to_owned(),
            format!(".{good}"),
            format!("{good}."),
            format!("{good}="),
            format!("{good}A"),
            good.replace(".AAAA", ".AAB"),
            format!(" {good}"),
            format!("{good}\n"),
            format!("\"{good}\""),
            good.replace('.', "%2E"),
            good.replace(".AAAA", ".AA+A"),
            good.replace(".AAAA", ".AA/A"),
            good.replace(".AAAA", ".AAéA"),
            format!("{good}{}", "A".repeat(MAX_TOKEN)),
            ".".repeat(MAX_TOKEN),
        ] {
            let why = refused(&bad);
            assert!(why.starts_with("malformed token: "), "{why}");
        }
    }

    #[test]
    fn header_rules() {
        for (header, why) in [
            (r#"{"alg":"none"}"#, "algorithm not allowed"),
            (r#"{"alg":"RS256","crit":["exp"]}"#, "malformed token: header asks for an extension or encryption"),
            (r#"{"alg":"RS256","b64":true}"#, "malformed token: header asks for an extension or encryption"),
            (r#"{"alg":"dir","enc":"A256GCM"}"#, "malformed token: header asks for an extension or encryption"),
            (r#"{"alg":"RS256","typ":null}"#, "malformed token: `typ` is no text"),
            (r#"{"alg":"RS256","kid":null}"#, "malformed token: `kid` is no short text"),
            (r#"{"alg":"RS256","kid":7}"#, "malformed token: `kid` is no short text"),
            (r#"{"alg":["RS256"]}"#, "malformed token: no `alg` text"),
            (r#"{}"#, "malformed token: no `alg` text"),
            (r#"{"alg":"none","alg":"RS256"}"#, "malformed token: duplicate member"),
        ] {
            assert_eq!(refused(&token(header, "{}")), why, "{header}");
        }
        let long = format!(r#"{{"alg":"RS256","kid":"{}"}}"#, "k".repeat(257));
        assert_eq!(refused(&token(&long, "{}")), "malformed token: `kid` is no short text");
        let long = format!(r#"{{"alg":"RS256","x":"{}"}}"#, "k".repeat(4096));
        assert_eq!(refused(&token(&long, "{}")), "malformed token: header longer than 4 KiB");
    }

    #[test]
    fn kinds_of_token() {
        let is = |typ: &str, wanted: Option<&str>| {
            Token::parse(&token(&format!(r#"{{"alg":"RS256"{typ}}}"#), "{}")).unwrap().is_type(wanted)
        };
        for typ in ["", r#","typ":"JWT""#, r#","typ":"jwt""#, r#","typ":"at+jwt""#, r#","typ":"Application/AT+JWT""#] {
            assert!(is(typ, None), "{typ}");
        }
        for typ in [r#","typ":"logout+jwt""#, r#","typ":"application/secevent+jwt""#, r#","typ":"""#] {
            assert!(!is(typ, None), "{typ}");
        }
        let wanted = media_type("application/at+jwt");
        assert!(is(r#","typ":"AT+JWT""#, Some(&wanted)));
        assert!(!is("", Some(&wanted)));
        assert!(!is(r#","typ":"JWT""#, Some(&wanted)));
    }

    proptest! {
        #[test]
        fn never_panics(text in "\\PC{0,200}") {
            let _ = Token::parse(&text);
        }

        #[test]
        fn never_panics_inside(header in "\\PC{0,80}", claims in "\\PC{0,80}") {
            let _ = Token::parse(&token(&header, &claims));
        }

        #[test]
        fn a_changed_letter_never_decodes_to_the_same(bytes in proptest::collection::vec(any::<u8>(), 1..40), at in 0usize..60, to in "[A-Za-z0-9_-]") {
            let text = URL_SAFE_NO_PAD.encode(&bytes);
            let at = at % text.len();
            let changed = format!("{}{}{}", &text[..at], to, &text[at + 1..]);
            prop_assume!(changed != text);
            prop_assert_ne!(decode(&changed), Some(bytes));
        }
    }
}
