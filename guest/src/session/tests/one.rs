//! One provider of any kind in front of one request: what the tests of kinds without questions need.

use super::super::crypto::derive::nonce_key;
use super::super::crypto::jwe::Enc;
use super::super::crypto::jwe_key::JweKey;
use super::super::crypto::mac::HmacSha256;
use super::super::{Asking, Carry, Found, Identity, KindSettings, ProviderSettings, Read, Sessions};
use super::world::word;
use crate::diagnostic::Span;
use crate::question::Answers;
use crate::request::{Cookies, Head, Target};
use crate::supply::Supplies;
use crate::trace::Trace;
use std::sync::Arc;

/// The provider, called `main`.
pub(in crate::session) struct One(Sessions);

/// A request: what it came to.
pub(in crate::session) struct Came {
    pub(in crate::session) found: Found,
    pub(in crate::session) carry: Carry,
}

impl One {
    /// Made ready.
    pub(in crate::session) fn new(kind: KindSettings) -> Self {
        Self::try_new(kind).unwrap()
    }

    /// Made ready, or the codes of what is wrong.
    pub(in crate::session) fn try_new(kind: KindSettings) -> Result<Self, Vec<&'static str>> {
        let settings = ProviderSettings { name: "main".to_owned(), span: Span::new(3, 9), bearer: false, kind };
        let ready = Sessions::prepare(&[settings], &Supplies::default(), (7, 11));
        ready.map(Self).map_err(|findings| findings.into_iter().map(|finding| finding.code).collect())
    }

    /// Ask.
    pub(in crate::session) fn ask(&mut self, head: &Head) -> Came {
        let cookies = Cookies::parse(head.lines("cookie")).unwrap();
        let target = Target::parse(&head.target).unwrap();
        let asking = Asking::new(head, &cookies, &target, Answers::new(&[]));
        let Read { found, carry } = self.0.session(asking, &mut Trace::off());
        Came { found, carry }
    }

    /// Ask with this Cookie line, and say in a word what it came to.
    pub(in crate::session) fn word(&mut self, now: i64, cookies: &str) -> String {
        word(&self.ask(&head(now, &[("cookie", cookies)])).found)
    }
}

impl Came {
    /// Who it is.
    pub(in crate::session) fn identity(&self) -> &Arc<Identity> {
        match &self.found {
            Found::Verified(identity) => identity,
            other => panic!("{other:?}"),
        }
    }
}

/// `GET /` with these header lines.
pub(in crate::session) fn head(now: i64, lines: &[(&str, &str)]) -> Head {
    let headers = lines.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    Head { now, headers, method: "GET".to_owned(), target: b"/".to_vec(), ..Head::default() }
}

/// An A256GCM token under this key.
pub(in crate::session) fn seal(key: &[u8; 32], header: &str, content: &serde_json::Value) -> String {
    let nonces = HmacSha256::new(&nonce_key(key).unwrap()).unwrap();
    JweKey::new(Enc::A256Gcm, key).unwrap().seal(header, content.to_string().as_bytes(), &nonces).unwrap()
}
