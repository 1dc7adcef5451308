//! Documents of an issuer, whatever they hold: discovery, a key set, and the sets that come after it.

use super::{KEY, NOW, ask, document, head, made, with};
use portcullis_gate::Gate;
use portcullis_gate::question::{Answer, Freshness, Question, VerifyKey};

const ISSUER: &str = "https://issuer.example.test";
const DISCOVERY: &str = "https://issuer.example.test/.well-known/openid-configuration";
const KEYS: &str = "https://issuer.example.test/jwks.json";

/// Two bytes of choices, then parts split at line breaks: discovery document, key set, the one after it, a token. The
/// choices put a part where it stands as it is, or inside a document that is good but for it.
///
/// What is asked about is a public key and a text of this token; documents come from the address of the config or, with
/// https, of the discovery document; the same request ends the same way twice; nobody passes whose signature is bad.
pub fn documents(data: &[u8]) {
    let [first, second, rest @ ..] = data else { return };
    let mut parts = rest.splitn(4, |&b| b == b'\n');
    let mut part = || parts.next().unwrap_or_default();
    let bit = |byte: &u8, at: u8| byte >> at & 1 != 0;
    let discovery = match (bit(first, 0), part()) {
        (true, uri) => framed(&format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"#), uri, "}"),
        (false, raw) => raw.to_vec(),
    };
    let mut world = World {
        discovers: bit(first, 1),
        good: bit(first, 2),
        discovery,
        now: NOW,
        set: set(first >> 4 & 3, part()),
        newer: set(first >> 6 & 3, part()),
        same_revision: bit(second, 0),
        down: bit(second, 1),
        later: false,
        // Made tokens are worth more than random bytes, which never get as far as the keys.
        token: match second >> 2 & 7 {
            0 => part().to_vec(),
            1 => made(r#"{"alg":"ES256"}"#, 64).into_bytes(),
            2 => made(r#"{"alg":"RS256","kid":"a"}"#, 256).into_bytes(),
            3 => made(r#"{"alg":"EdDSA","kid":"a"}"#, 64).into_bytes(),
            4 => made(r#"{"alg":"ES256","kid":"b"}"#, 64).into_bytes(),
            _ => made(r#"{"alg":"ES256","kid":"a"}"#, 64).into_bytes(),
        },
        called_good: false,
    };
    let keys = if world.discovers { String::new() } else { format!("keys.jwks-url = \"{KEYS}\"") };
    let config = format!(
        "version = 1\ndefault = \"deny\"\n[bearer.api]\nissuer = \"{ISSUER}\"\naudience = \"app\"\n{keys}\n\
         [[route]]\nglob = \"/**\"\nrequire = {{ bearer = \"api\" }}\n"
    );
    with(&config, |gate| {
        let once = world.passes(gate);
        assert_eq!(world.passes(gate), once, "the same request again ends in another way");
        world.later = true;
        // While the set is fresh, after its time, after the hour for which a good one outlives a bad one, and past `exp`.
        world.now += [1, 400, 4000, 100_000][usize::from(second >> 5 & 3)];
        let later = world.passes(gate);
        assert_eq!(world.passes(gate), later, "the same later request again ends in another way");
    });
}

fn framed(before: &str, inner: &[u8], after: &str) -> Vec<u8> {
    [before.as_bytes(), inner, after.as_bytes()].concat()
}

/// A key set: as it is, a list with these members, with these beside a good key, or a good key with these members.
fn set(how: u8, part: &[u8]) -> Vec<u8> {
    match how {
        0 => part.to_vec(),
        1 => framed(r#"{"keys":["#, part, "]}"),
        2 => framed(&format!(r#"{{"keys":[{{{KEY},"kid":"a"}},"#), part, "]}"),
        _ => framed(&format!(r#"{{"keys":[{{{KEY},"#), part, "}]}"),
    }
}

struct World {
    discovers: bool,
    /// Does it call signatures good?
    good: bool,
    discovery: Vec<u8>,
    set: Vec<u8>,
    /// What it has when it is asked to look again, and later.
    newer: Vec<u8>,
    same_revision: bool,
    /// Later, nothing is to be had.
    down: bool,
    now: i64,
    later: bool,
    token: Vec<u8>,
    called_good: bool,
}

impl World {
    fn passes(&mut self, gate: &mut Gate) -> bool {
        let value = [b"Bearer ", self.token.as_slice()].concat();
        let passed = ask(gate, &head("authorization", &[&value], self.now), |question| self.answer(question)).is_some();
        assert!(!passed || self.called_good, "passed without a good signature");
        passed
    }

    fn answer(&mut self, question: &Question) -> Answer {
        match question {
            Question::Document { url, freshness } => {
                self.check_address(url);
                let newer = self.later || *freshness == Freshness::UnknownKey;
                if self.later && self.down {
                    Answer::Failed("down".to_owned())
                } else if self.discovers && url == DISCOVERY {
                    document(1, self.now, &self.discovery)
                } else if newer && !self.same_revision {
                    document(2, self.now, &self.newer)
                } else {
                    document(1, self.now, &self.set)
                }
            }
            Question::Verify { algorithm, key, message, signature } => {
                let VerifyKey::Jwk(text) = key else { panic!("a shared key out of a document") };
                assert!(!algorithm.is_symmetric(), "a shared algorithm with a public key");
                let kinds =
                    [r#"{"crv":"P-"#, r#"{"crv":"Ed25519","kty":"OKP","x":""#, r#"{"e":"AQAB","kty":"RSA","n":""#];
                assert!(kinds.iter().any(|kind| text.starts_with(kind)), "no public key: {text}");
                assert!(!text.contains(r#""d":"#) && !text.contains(r#""k":"#), "a private key: {text}");
                assert!(self.token.starts_with(message) && !signature.is_empty(), "another text than the token's");
                self.called_good |= self.good;
                Answer::Verify(self.good)
            }
            Question::Call(_) | Question::Body { .. } | Question::Sign { .. } => panic!("not for this policy"),
        }
    }

    fn check_address(&self, url: &str) {
        if !self.discovers {
            return assert_eq!(url, KEYS, "another address than the config's");
        }
        let safe = url.starts_with("https://") && url.bytes().all(|b| b.is_ascii_graphic());
        assert!(url == DISCOVERY || safe, "an address that is not safe: {url}");
        let named = self.discovery.windows(url.len()).any(|window| window == url.as_bytes());
        let escaped = self.discovery.contains(&b'\\');
        assert!(url == DISCOVERY || named || escaped, "an address that nobody named: {url}");
    }
}
