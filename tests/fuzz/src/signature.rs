//! Keys and signatures of any form.

use portcullis_gate::question::VerifyKey;
use portcullis_gate::session::Algorithm;
use portcullis_gate::signature::Signatures;

/// A key as text, as a secret and as a private key, over a signature, parted by the first line end: never a panic, twice the
/// same answer, and nothing made up is good.
pub fn signature(data: &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    let (key, signature) = data.split_at(at);
    let mut signatures = Signatures::new();
    if let Ok(text) = std::str::from_utf8(key) {
        let key = VerifyKey::Jwk(text.to_owned());
        for algorithm in Algorithm::ALL {
            let first = signatures.verify(algorithm, &key, b"message", signature);
            assert_eq!(first, signatures.verify(algorithm, &key, b"message", signature), "{algorithm:?}: another answer");
            assert!(!(first && algorithm.is_symmetric()), "{algorithm:?} under a public key");
        }
    }
    let secret = VerifyKey::Secret(key.to_vec());
    for algorithm in Algorithm::ALL {
        assert!(!signatures.verify(algorithm, &secret, b"message", signature), "{algorithm:?} by chance");
    }
    if let Ok(made) = signatures.sign(key, signature) {
        assert_eq!(made.len(), 64);
        assert_eq!(signatures.sign(key, signature), Ok(made), "another signature");
    }
}
