//! PEM files of public keys (RFC 7468), one or more blocks. Text around the blocks is a comment.

use super::der;
use super::jwk::PublicKey;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// Keys in a file: each token is tried against all that fit it.
pub(in crate::session) const MAX_KEYS: usize = 16;

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::session) enum PemError {
    /// No block at all.
    Empty,
    /// Too many blocks.
    TooMany,
    /// A private key lies where a public one belongs.
    Private,
    /// A certificate; it holds a key, but also an end and a chain, which nobody checks here.
    Certificate,
    /// A block (from 1) that is not read, and why.
    Block(usize, &'static str),
}

impl fmt::Display for PemError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("no PEM block in it"),
            Self::TooMany => write!(f, "more than {MAX_KEYS} keys in it"),
            Self::Private => f.write_str("a private key is in it"),
            Self::Certificate => f.write_str("a certificate is in it"),
            Self::Block(number, why) => write!(f, "PEM block {number}: {why}"),
        }
    }
}

/// All keys of a file, in order. One bad block spoils the file: it was handed in by the operator.
///
/// # Errors
/// The first thing that is wrong.
pub(in crate::session) fn parse(text: &str) -> Result<Vec<PublicKey>, PemError> {
    let mut keys = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(label) = lines.find_map(begin) {
        let number = keys.len() + 1;
        if number > MAX_KEYS {
            return Err(PemError::TooMany);
        }
        let end = format!("-----END {label}-----");
        let mut body = String::new();
        loop {
            match lines.next() {
                Some(line) if line == end => break,
                Some(line) if !line.starts_with("-----") => body.push_str(line),
                _ => return Err(PemError::Block(number, "it does not end")),
            }
        }
        let der = |body: &str| STANDARD.decode(body).map_err(|_| PemError::Block(number, "not base64"));
        let read = match label {
            "PUBLIC KEY" => der::spki(&der(&body)?),
            "RSA PUBLIC KEY" => der::pkcs1(&der(&body)?),
            "CERTIFICATE" => return Err(PemError::Certificate),
            _ if label.ends_with("PRIVATE KEY") => return Err(PemError::Private),
            _ => Err("neither `PUBLIC KEY` nor `RSA PUBLIC KEY`"),
        };
        keys.push(read.map_err(|why| PemError::Block(number, why))?);
    }
    if keys.is_empty() { Err(PemError::Empty) } else { Ok(keys) }
}

/// The one private key of a file (PKCS #8), as DER.
///
/// # Errors
/// The first thing that is wrong.
pub(in crate::session) fn private(text: &str) -> Result<Vec<u8>, &'static str> {
    let mut lines = text.lines().map(str::trim);
    // `openssl ecparam` puts the curve in front, in a block of its own.
    let label = lines.find_map(|line| begin(line).filter(|label| *label != "EC PARAMETERS"));
    match label {
        None => return Err("no PEM block in it"),
        Some("PRIVATE KEY") => {}
        Some("EC PRIVATE KEY") => {
            return Err("it is in SEC 1 form; `openssl pkcs8 -topk8 -nocrypt -in FILE` makes PKCS #8 of it");
        }
        Some("ENCRYPTED PRIVATE KEY") => return Err("it is encrypted; `openssl pkcs8 -in FILE` decrypts it"),
        Some(_) => return Err("not a private key"),
    }
    let body: String = lines.by_ref().take_while(|line| !line.starts_with("-----")).collect();
    if lines.any(|line| begin(line).is_some()) {
        return Err("more than one PEM block in it");
    }
    STANDARD.decode(body).map_err(|_| "not base64")
}

fn begin(line: &str) -> Option<&str> {
    line.strip_prefix("-----BEGIN ")?.strip_suffix("-----")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Algorithm;
    use proptest::prelude::*;

    // Test keys; they protect nothing.
    const P256: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEm5tFjy4J2dKTM1rfMZ/xIbATdN4J4KYmcaTF9GZajwZ0WRxYwlrrkTVNKIuUSwETVMELzORxy7axqhvilNz+rg==";
    const ED25519: &str = "MCowBQYDK2VwAyEAUi0lhYVlpqo3iU0DbYJWgQkcMyQuMBbpIIA2riCgVIA=";

    fn block(label: &str, body: &str) -> String {
        let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    }

    fn rsa(bits: usize) -> (Vec<u8>, Vec<u8>) {
        let mut number = vec![0];
        number.extend(vec![0xff; bits / 8]);
        let length = |n: usize| [0x82, (n >> 8) as u8, n as u8];
        let mut body = [&[0x02][..], &length(number.len()), &number, &[2, 3, 1, 0, 1]].concat();
        body = [&[0x30][..], &length(body.len()), &body].concat();
        let bits = [&[0x03][..], &length(body.len() + 1), &[0], &body].concat();
        let head = [&[0x30, 13, 6, 9][..], &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1], &[5, 0]].concat();
        let info = [head, bits].concat();
        (body, [&[0x30][..], &length(info.len()), &info].concat())
    }

    #[test]
    fn reads_both_forms_and_several_blocks() {
        let (pkcs1, spki) = rsa(2048);
        let text = format!(
            "a comment\n{}{}\r\n{}{}",
            block("PUBLIC KEY", P256),
            block("PUBLIC KEY", ED25519).replace('\n', "\r\n"),
            block("PUBLIC KEY", &STANDARD.encode(spki)),
            block("RSA PUBLIC KEY", &STANDARD.encode(pkcs1)),
        );
        let keys = parse(&text).unwrap();
        assert_eq!(keys.len(), 4);
        assert_eq!(
            keys[0].text(),
            r#"{"crv":"P-256","kty":"EC","x":"m5tFjy4J2dKTM1rfMZ_xIbATdN4J4KYmcaTF9GZajwY","y":"dFkcWMJa65E1TSiLlEsBE1TBC8zkccu2saob4pTc_q4"}"#
        );
        assert_eq!(
            keys[1].text(),
            r#"{"crv":"Ed25519","kty":"OKP","x":"Ui0lhYVlpqo3iU0DbYJWgQkcMyQuMBbpIIA2riCgVIA"}"#
        );
        assert!(keys[2].fits(Algorithm::Rs256));
        assert_eq!(keys[2], keys[3]);
    }

    #[test]
    fn says_what_is_wrong() {
        let (short, _) = rsa(2040);
        for (text, why) in [
            (String::new(), "no PEM block in it"),
            ("-----BEGIN PUBLIC KEY-----\nAAAA".to_owned(), "PEM block 1: it does not end"),
            (block("PUBLIC KEY", "A*"), "PEM block 1: not base64"),
            (block("PUBLIC KEY", "AAAA"), "PEM block 1: malformed DER"),
            (block("EC PRIVATE KEY", "AAAA"), "a private key is in it"),
            (block("ENCRYPTED PRIVATE KEY", "AAAA"), "a private key is in it"),
            (block("CERTIFICATE", "AAAA"), "a certificate is in it"),
            (block("DH PARAMETERS", "AAAA"), "PEM block 1: neither `PUBLIC KEY` nor `RSA PUBLIC KEY`"),
            (block("RSA PUBLIC KEY", &STANDARD.encode(short)), "PEM block 1: RSA key shorter than 2048 bits"),
            (block("PUBLIC KEY", ED25519).repeat(17), "more than 16 keys in it"),
        ] {
            assert_eq!(parse(&text).unwrap_err().to_string(), why);
        }
    }

    proptest! {
        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..80), text in "\\PC{0,60}") {
            let _ = der::spki(&bytes);
            let _ = der::pkcs1(&bytes);
            let _ = parse(&text);
            let _ = parse(&block("PUBLIC KEY", &STANDARD.encode(&bytes)));
        }

        #[test]
        fn a_changed_byte_never_panics(at in 0usize..294, to: u8) {
            let mut spki = rsa(2048).1;
            let at = at % spki.len();
            spki[at] = to;
            let _ = der::spki(&spki);
        }

        #[test]
        fn a_shorter_or_longer_text_is_refused(cut in 1usize..290) {
            let spki = rsa(2048).1;
            prop_assert!(der::spki(&spki[..spki.len() - cut]).is_err());
            prop_assert!(der::spki(&[spki, vec![0; cut]].concat()).is_err());
        }
    }
}
