//! A session cookie in chunks, in whatever lines.

use super::{CLAIMS, KEY, NOW, ask, head, made, with};
use portcullis_gate::question::{Answer, Question};
use portcullis_gate::request::{CookieRead, Cookies};
use portcullis_gate::verdict::HeaderEdit;

/// Cookie lines. Bytes that no cookie may hold stand for what random bytes would never hit upon: names, and the pieces of
/// the one token whose signature is good.
///
/// A request passes if and only if its cookies spell that token; and the server behind, however simply it reads, finds that
/// token, under one name or in chunks, and no other.
pub fn chunks(data: &[u8]) {
    let good = made(r#"{"alg":"ES256","kid":"a"}"#, 64);
    let (signed, _) = good.rsplit_once('.').expect("it has three parts");
    let (start, end) = good.split_at(40);
    let (middle, end) = end.split_at(60);
    let stands_for = |byte: &u8| match byte {
        1 => "session=",
        2 => "session.0=",
        3 => "session.1=",
        4 => "session.2=",
        5 => good.as_str(),
        6 => start,
        7 => middle,
        8 => end,
        11 => "; ",
        12 => "session",
        14 => "%2E",
        _ => "",
    };
    let mut text = Vec::with_capacity(data.len());
    for byte in data {
        match stands_for(byte) {
            "" => text.push(*byte),
            piece => text.extend_from_slice(piece.as_bytes()),
        }
    }
    let lines: Vec<&[u8]> = text.split(|&b| b == b'\n').collect();
    let config = format!(
        "version = 1\ndefault = \"deny\"\n[session.main]\nkind = \"jwt-cookie\"\ncookie = \"session\"\nchunks = true\n\
         issuer = \"https://issuer.example.test\"\naudience = \"app\"\nkeys.jwks = '{{\"keys\":[{{{KEY},\"kid\":\"a\"}}]}}'\n\
         [[route]]\nglob = \"/**\"\nrequire = \"session\"\nrequest-headers.set.x-sub = \"{{claim.sub}}\"\n"
    );
    let answer = |question: &Question| match question {
        Question::Verify { message, signature, .. } => {
            Answer::Verify(message == signed.as_bytes() && signature.iter().all(|byte| *byte == 0))
        }
        _ => panic!("all keys are fixed"),
    };
    let passed = with(&config, |gate| ask(gate, &head("cookie", &lines, NOW), answer));
    let spelled = Cookies::parse(lines.iter().copied())
        .is_ok_and(|cookies| cookies.token("session", true) == CookieRead::Value(good.clone()));
    assert_eq!(passed.is_some(), spelled, "passes if and only if the cookies spell the good token");
    let Some(forward) = passed else { return };
    let subject = forward.request.iter().any(|edit| match edit {
        HeaderEdit::Set(header) => header.name() == "x-sub" && header.value() == b"user-1",
        _ => false,
    });
    assert!(subject && CLAIMS.contains("user-1"), "the server behind does not learn who it is");
    let behind = forward.cookie.unwrap_or_else(|| lines.join(b"; ".as_slice()));
    assert_eq!(simply_read(&behind), [good.into_bytes()], "the server behind reads another session");
}

/// All that a simple reader could take for the session: each value of the name, and the chunks in the order of their
/// numbers, the last of each number or the first. Without those that are the same.
fn simply_read(line: &[u8]) -> Vec<Vec<u8>> {
    let mut found: Vec<Vec<u8>> = Vec::new();
    let mut chunks: Vec<(usize, &[u8])> = Vec::new();
    for pair in line.split(|&b| b == b';') {
        let pair = pair.trim_ascii();
        let at = pair.iter().position(|&b| b == b'=').unwrap_or(pair.len());
        let (name, value) = (&pair[..at], pair.get(at + 1..).unwrap_or_default());
        if name == b"session" {
            found.push(value.to_vec());
        } else if let Some(number) = name.strip_prefix(b"session.") {
            let number = std::str::from_utf8(number).ok().and_then(|number| number.parse().ok());
            chunks.extend(number.map(|number| (number, value)));
        }
    }
    if !chunks.is_empty() {
        chunks.sort_by_key(|(number, _)| *number);
        let first = chunks.chunk_by(|a, b| a.0 == b.0).flat_map(|same| same[0].1.to_vec()).collect();
        let last = chunks.chunk_by(|a, b| a.0 == b.0).flat_map(|same| same[same.len() - 1].1.to_vec()).collect();
        found.extend([first, last]);
    }
    found.sort();
    found.dedup();
    found
}
