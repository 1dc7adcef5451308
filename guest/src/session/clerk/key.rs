//! The publishable key: `pk_live_` or `pk_test_`, then in base64 the host of the instance's Frontend API with a `$` behind.
//! Everything that makes an instance differ from another follows from it.

use crate::session::crypto::text::to_base64url;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha1::{Digest, Sha1};

/// Keys are written with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Letters of the digest that tell the cookies of two instances on one domain apart.
const SUFFIX: usize = 8;

/// What a publishable key says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Instance {
    /// Host of the Frontend API.
    pub(super) host: String,
    /// A development instance: sessions are synchronised through the address.
    pub(super) development: bool,
    /// What stands behind the names of its cookies, after a `_`.
    pub(super) suffix: String,
}

impl Instance {
    /// `None`: not a publishable key.
    pub(super) fn parse(key: &str) -> Option<Self> {
        let (development, rest) = match (key.strip_prefix("pk_live_"), key.strip_prefix("pk_test_")) {
            (Some(rest), _) => (false, rest),
            (_, Some(rest)) => (true, rest),
            _ => return None,
        };
        let host = String::from_utf8(BASE64.decode(rest).ok()?).ok()?.strip_suffix('$')?.to_owned();
        let label = |label: &str| {
            !label.is_empty() && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        let good = host.contains('.') && host.len() <= 253 && host.split('.').all(label);
        let digest = to_base64url(Sha1::digest(key.as_bytes()));
        good.then(|| Self { host, development, suffix: digest.chars().take(SUFFIX).collect() })
    }

    /// Who issues its tokens.
    pub(super) fn issuer(&self) -> String {
        format!("https://{}", self.host)
    }

    /// Where its keys are.
    pub(super) fn keys(&self) -> String {
        format!("https://{}/.well-known/jwks.json", self.host)
    }
}

/// Is this text a publishable key?
pub fn is_publishable_key(text: &str) -> bool {
    Instance::parse(text).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_real_keys_say() {
        let live = Instance::parse("pk_live_Y2xlcmsuZXhhbXBsZS5jb20k").unwrap();
        assert_eq!(
            (live.host.as_str(), live.development, live.suffix.as_str()),
            ("clerk.example.com", false, "naoXFJnI")
        );
        let test = Instance::parse("pk_test_aGFwcHktb3R0ZXItMTIuY2xlcmsuYWNjb3VudHMuZGV2JA").unwrap();
        assert_eq!(test.host, "happy-otter-12.clerk.accounts.dev");
        assert!(test.development);
        assert_eq!(test.suffix, "1YzQInlU");
        assert_eq!(test.issuer(), "https://happy-otter-12.clerk.accounts.dev");
        assert_eq!(live.keys(), "https://clerk.example.com/.well-known/jwks.json");
        let padded = format!("{}==", "pk_test_aGFwcHktb3R0ZXItMTIuY2xlcmsuYWNjb3VudHMuZGV2JA");
        assert_eq!(Instance::parse(&padded).unwrap().host, test.host);
    }

    #[test]
    fn what_is_none() {
        let key = |host: &str| format!("pk_live_{}", BASE64.encode(host));
        assert!(Instance::parse(&key("clerk.example.com$")).is_some());
        for host in
            ["clerk.example.com", "$", "localhost$", "a..b$", "a.b/c$", "a.b$c$", "a.b:1$", "x@a.b$", "A.b$", "a.b$$"]
        {
            assert_eq!(Instance::parse(&key(host)), None, "{host}");
        }
        for text in ["", "pk_live_", "pk_live_!", "sk_live_Y2xlcmsuZXhhbXBsZS5jb20k", "Y2xlcmsuZXhhbXBsZS5jb20k"] {
            assert_eq!(Instance::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in "(pk_(live|test)_)?\\PC{0,60}") {
            let _ = Instance::parse(&text);
        }
    }
}
