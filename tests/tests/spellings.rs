//! Many spellings of a guarded path, under each policy of `security/route-bypass.json`: none of them gets past the gate
//! without leave. The file names guarded and public paths of its policies; the spellings are made here, one family for
//! each way in which a server behind may read a path. The raw vectors hold samples; this holds the families.

use portcullis_tests::engine::{Engine as _, Native, Request};
use portcullis_tests::policies;
use portcullis_tests::sign::Signer;
use portcullis_tests::vectors::{self, text, texts};
use portcullis_tests::world::World;
use serde_json::Value;

const NOW: i64 = 1_800_000_000;
/// Policies whose paths are guarded by what is no path: the method, the host, nothing at all.
const OTHERWISE: [&str; 3] = ["P07", "P09", "P11"];

#[test]
fn no_spelling_of_a_guarded_path_gets_past() {
    let file = vectors::root().join("security/route-bypass.json");
    let document: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let (mut asked, mut wrong) = (0, Vec::new());
    for policy in document["policies"].as_array().unwrap() {
        let id = text(policy, "id");
        if OTHERWISE.contains(&id) {
            continue;
        }
        let signer = Signer::new();
        let config = policies::config(id, &signer).unwrap();
        let mut door = Native.open(&config, &World::at(NOW)).unwrap();
        let mut forwarded = |target: &str| {
            let mut request = Request::get("/");
            request.target = target.as_bytes().to_vec();
            // Where the rule is about roles, the visitor has a session, but not the role.
            if let Some((_, token)) =
                policies::sessions(&signer, NOW).first().filter(|_| policy.get("session").is_some())
            {
                request = request.header("cookie", format!("__Host-session={token}"));
            }
            door.ask(&request).unwrap().forwarded()
        };
        for public in texts(policy.get("public_paths")) {
            assert!(forwarded(&public), "{id}: {public} is public");
            for guarded in texts(policy.get("canon")) {
                for spelling in spellings(&guarded, &public) {
                    asked += 1;
                    if forwarded(&spelling) {
                        wrong.push(format!("{id}: {spelling:?} for {guarded}"));
                    }
                }
            }
        }
    }
    println!("{asked} spellings");
    assert!(asked > 1000, "only {asked} spellings");
    assert!(wrong.is_empty(), "{} of {asked} passed:\n{}", wrong.len(), wrong.join("\n"));
}

/// All spellings of `guarded`, some of them by way of `public`.
fn spellings(guarded: &str, public: &str) -> Vec<String> {
    let mut all = vec![guarded.to_owned()];
    escaped(guarded, &mut all);
    folded(guarded, &mut all);
    slashes(guarded, &mut all);
    dots(guarded, public, &mut all);
    tails(guarded, &mut all);
    all
}

/// `%`-escapes of one character or all, escaped again up to five times.
fn escaped(path: &str, all: &mut Vec<String>) {
    for depth in 1..=5 {
        let one = |byte: u8| format!("%{}{byte:02x}", "25".repeat(depth - 1));
        for at in 1..path.len() {
            if path.as_bytes()[at] != b'/' {
                all.push(format!("{}{}{}", &path[..at], one(path.as_bytes()[at]), &path[at + 1..]));
            }
        }
        all.push(
            path.bytes().map(|byte| if byte == b'/' { "/".to_owned() } else { one(byte).to_uppercase() }).collect(),
        );
    }
}

/// Upper case, wide letters, letters that turn into others when their case is changed.
fn folded(path: &str, all: &mut Vec<String>) {
    all.push(path.to_uppercase());
    for at in 1..path.len() {
        let letter = path.as_bytes()[at];
        let (before, after) = (&path[..at], &path[at + 1..]);
        let mut others = vec![letter.to_ascii_uppercase() as char];
        others.extend(letter.is_ascii_lowercase().then(|| char::from_u32(u32::from(letter) + 0xFEE0)).flatten());
        others.extend((letter == b's').then_some('\u{17f}'));
        others.extend((letter == b'k').then_some('\u{212a}'));
        for other in others.into_iter().filter(|_| letter.is_ascii_lowercase()) {
            let mut bytes = [0; 4];
            let other = other.encode_utf8(&mut bytes);
            all.push(format!("{before}{other}{after}"));
            all.push(format!(
                "{before}{}{after}",
                other.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>()
            ));
        }
    }
}

/// Other slashes, more slashes, parameters at a slash.
fn slashes(path: &str, all: &mut Vec<String>) {
    let at: Vec<usize> = path.match_indices('/').map(|(at, _)| at).collect();
    for other in
        ["//", "///", "%2f", "%5C", "\\", "%252F", "%25252f", "/%2f", "/./", "/.//", "/x/../", "/;/", "/;a=b/", "/%3b/"]
    {
        all.push(path.replace('/', other));
        for &at in &at {
            all.push(format!("{}{other}{}", &path[..at], &path[at + 1..]));
        }
    }
    for parameter in [";", ";a=b", ";jsessionid=1.2", "%3ba", "%253ba"] {
        all.extend(at.iter().skip(1).map(|&at| format!("{}{parameter}{}", &path[..at], &path[at..])));
    }
    all.extend(
        ["//evil.example", "//app.example.test", "/http://app.example.test"].map(|host| format!("{host}{path}")),
    );
}

/// Up and down again: out of a public place, above the root, and back.
fn dots(path: &str, public: &str, all: &mut Vec<String>) {
    let depth = public.matches('/').count();
    let public = public.trim_end_matches('/');
    for up in [
        "/..",
        "/%2e%2e",
        "/.%2E",
        "/%2e.",
        "/%252e%252e",
        "/..;",
        "/..;a=b",
        "/%2e%2e;x",
        "/..%3b",
        "/..%20",
        "/...",
        "%2f..",
        "%5c..",
        "\\..",
        "/..%2f..",
        "/%e2%80%a5",
        "/%ef%bc%8e%ef%bc%8e",
        "%ef%bc%8f..",
        "/%c0%ae%c0%ae",
        "/.%00.",
    ] {
        all.push(format!("{public}{}{path}", up.repeat(depth)));
        all.push(format!("{public}/x{}{path}", up.repeat(depth + 1)));
        all.push(format!("{up}{up}{path}"));
        all.push(format!("{path}/x{up}"));
    }
    all.push(format!("{path}/."));
}

/// What some server cuts off the end.
fn tails(path: &str, all: &mut Vec<String>) {
    let cut = [
        "/",
        "//",
        "///",
        "/./",
        "%2f",
        "%5c",
        ";",
        ";.css",
        ";a=b",
        "%3b.css",
        "%253b.css",
        "?",
        "?/signin",
        "?x=/a.css",
    ];
    let ends =
        ["%3f", "%3f/signin", "%253fx", "#", "#/signin", "%23", "%23/signin", "%2523x", "%00", "%00.css", "%2500"];
    let blank =
        [".", "..", "%2e", "%20", "%20%20", "%09", "%0a", "%0d", "%0d%0aX:%201", "/%0Ax", "%0b", "%85", "%c2%85"];
    let other =
        ["%e2%80%a8", "/%E2%80%A9x", "%7f", "::$DATA", "::$INDEX_ALLOCATION", "%", "%4", "%zz", "%u0061", "%80"];
    for tail in cut.iter().chain(&ends).chain(&blank).chain(&other) {
        all.push(format!("{path}{tail}"));
    }
}
