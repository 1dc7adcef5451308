//! Renewal: when it is due, what comes of it, and what an answer that cannot be read may not do.

use super::*;

#[test]
fn a_token_is_renewed_by_the_documented_margin() {
    for (issued, left, renewed) in [
        (3600, 71, false),
        (3600, 60, true),
        (3600, 45, true),
        (300, 40, false),
        (300, 30, true),
        (300, 25, true),
        (60, 30, false),
        (60, 10, true),
        (60, 8, true),
    ] {
        let mut lab = Lab::new(good);
        let now = lab.site.world.now;
        let claims = json!({"iss": SITE, "aud": "convex", "sub": "u|s", "iat": now + left - issued, "exp": now + left});
        let token = lab.site.signer.sign(None, &claims);
        let came = lab.page(&format!("__Host-jwt={token}; __Host-rt=r1|s"));
        assert_eq!(!lab.calls.is_empty(), renewed, "{left} of {issued}");
        assert_eq!(came.cookies(), if renewed { SET } else { "" }, "{left} of {issued}");
    }
    // Without a beginning nobody knows what a tenth is.
    let mut lab = Lab::new(good);
    let claims = json!({"iss": SITE, "aud": "convex", "sub": "u|s", "exp": lab.site.world.now + 3000});
    let token = lab.site.signer.sign(None, &claims);
    assert_eq!(lab.page(&format!("__Host-jwt={token}; __Host-rt=r1|s")).cookies(), SET);
    let mut lab = Lab::with(good, |own| own.service.as_mut().unwrap().margin = Margin::Fixed(10));
    assert_eq!(lab.page("__Host-jwt=SOON; __Host-rt=r1|s").said, "ok u|s");
    assert!(lab.calls.is_empty());
}

#[test]
fn what_was_renewed_is_seen_by_browser_and_app() {
    let mut lab = Lab::new(good);
    let came = lab.page("__Host-jwt=STALE; __Host-rt=r1%7Cs; theme=dark");
    assert_eq!((came.said.as_str(), came.cookies().as_str()), ("ok u|s", SET));
    assert_eq!(lab.calls, [("auth:signIn".to_owned(), json!({"refreshToken": "r1|s"}), None)]);
    assert_eq!(came.seen("__Host-jwt"), Some(Some("new.jwt.x")));
    assert_eq!(came.seen("__Host-rt"), Some(Some("r2%7Cs")));
    assert_eq!(came.seen("__Host-v"), Some(None));
    let line = "__Host-rt=r2%7Cs; HttpOnly; SameSite=Lax; Secure; Path=/";
    assert_eq!(came.carry.set_cookies[1], line);
    let call = &lab.kept[0];
    assert_eq!((call.grace, call.timeout, call.key.as_str()), (10_000, 5_000, "renew r1|s"));
    assert_eq!(
        (call.url.as_str(), call.keep.as_slice()),
        ("https://otter-1.convex.cloud/api/action", b"\"refreshToken\"".as_slice())
    );
    assert!(!format!("{call:?}").contains("r1"));

    // A sign-in in another tab goes on.
    let came = lab.page("__Host-jwt=STALE; __Host-rt=r1|s; __Host-v=v9");
    assert_eq!(came.cookies(), "jwt=new.jwt.x rt=r2%7Cs");
    assert_eq!(came.seen("__Host-v"), None);
    // One half is enough.
    assert_eq!(lab.page("__Host-rt=r1|s").cookies(), SET);
    assert_eq!(lab.page("__Host-jwt=junk; __Host-rt=r1|s").cookies(), SET);
    assert_eq!(lab.page("__Host-jwt=; __Host-rt=r1|s").cookies(), SET);

    let mut lab = Lab::with(good, |own| own.service.as_mut().unwrap().max_age = Some(60));
    let line = lab.page("__Host-rt=r1|s").carry.set_cookies[0].clone();
    assert!(line.contains("Max-Age=60; Expires=Fri, 15 Jan 2027 08:01:00 GMT"), "{line}");
}

#[test]
fn a_definite_end_is_the_only_end() {
    for (deployment, cookies, said, set) in [
        (dead as Deployment, "__Host-jwt=STALE; __Host-rt=r1|s", "the session is over", CLEARED),
        (dead, "__Host-jwt=SOON; __Host-rt=r1|s", "the session is over", CLEARED),
        (threw, "__Host-jwt=STALE; __Host-rt=r1|s", "the session is over", CLEARED),
        // It threw, and the token is good: nothing is over yet.
        (threw, "__Host-jwt=SOON; __Host-rt=r1|s", "ok u|s", ""),
        (good, "__Host-jwt=junk; __Host-rt=foobar", "the session is over", CLEARED),
        (good, "__Host-jwt=STALE; __Host-rt=|s", "the session is over", CLEARED),
        (good, "__Host-jwt=STALE; __Host-rt=", "the session is over", CLEARED),
        (good, "__Host-jwt=STALE", "the token has ended", CLEARED),
        (good, "__Host-jwt=junk; __Host-v=v9", "the token has ended", "jwt- rt-"),
        (good, "__Host-jwt=SOON", "ok u|s", ""),
        (good, "__Host-jwt=TOKEN", "ok u|s", ""),
        (good, "theme=dark", "no cookie", ""),
    ] {
        let mut lab = Lab::new(deployment);
        let came = lab.page(cookies);
        assert_eq!((came.said.as_str(), came.cookies().as_str()), (said, set), "{cookies}");
        if set == CLEARED {
            assert_eq!(came.seen("__Host-jwt"), Some(None), "{cookies}");
        }
    }
    // A forged token is not renewed, and the app does not see it.
    let mut lab = Lab::new(good);
    let forged =
        Signer::new().sign(None, &json!({"iss": SITE, "aud": "convex", "sub": "u|s", "iat": NOW, "exp": NOW + 3000}));
    let came = lab.page(&format!("__Host-jwt={forged}; __Host-rt=r1|s"));
    assert_eq!((came.cookies().as_str(), lab.calls.len()), ("", 0));
    assert_eq!((came.seen("__Host-jwt"), came.seen("__Host-rt")), (Some(None), None));
}

#[test]
fn not_knowing_ends_nothing() {
    for (number, silence) in SILENCES.into_iter().enumerate() {
        let mut lab = Lab::new(silence);
        let came = lab.page("__Host-jwt=STALE; __Host-rt=r1|s");
        assert!(came.said.starts_with("unavailable"), "{number}: {}", came.said);
        assert_eq!(came.carry, Carry::default(), "{number}");
        let came = lab.page("__Host-jwt=SOON; __Host-rt=r1|s");
        assert_eq!((came.said.as_str(), &came.carry), ("ok u|s", &Carry::default()), "{number}");
        lab.deployment = good;
        assert_eq!(lab.page("__Host-jwt=STALE; __Host-rt=r1|s").cookies(), SET, "{number}");
    }
}

#[test]
fn guesses_and_pictures_do_not_renew() {
    let mut lab = Lab::new(good);
    let stale = lab.cookies("__Host-jwt=STALE; __Host-rt=r1|s");
    let soon = lab.cookies("__Host-jwt=SOON; __Host-rt=r1|s");
    for (cookies, said) in [(&stale, "the token has ended"), (&soon, "ok u|s")] {
        let came = lab.ask(&Request { purpose: "prefetch", cookies, ..PAGE });
        assert_eq!((came.said.as_str(), &came.carry), (said, &Carry::default()));
    }
    assert!(lab.calls.is_empty());
}

/// What is known of the generation to come: a mutation that hands the tokens out without a box.
#[test]
fn a_mutation_may_renew() {
    let unboxed: Deployment = |said| match said["path"].as_str() {
        Some("auth:refreshSession") => success(&json!({"token": NEW, "refreshToken": "r2|s"})),
        _ => success(&json!({"started": true})),
    };
    let mutation = |own: &mut ConvexAuthSettings| {
        let service = own.service.as_mut().unwrap();
        service.renewal = Renewal { name: "auth:refreshSession".to_owned(), kind: FunctionKind::Mutation };
    };
    let mut lab = Lab::with(unboxed, mutation);
    assert_eq!(lab.page("__Host-jwt=STALE; __Host-rt=r1|s").cookies(), SET);
    assert_eq!(lab.kept[0].url, "https://otter-1.convex.cloud/api/mutation");
    let mut lab = Lab::with(|_| success(&Value::Null), mutation);
    assert_eq!(lab.page("__Host-jwt=STALE; __Host-rt=r1|s").cookies(), CLEARED);
}

#[test]
fn the_token_is_told_on_request() {
    let mut lab = Lab::with(good, |own| own.forward_token = true);
    let token = lab.token(3000);
    let came = lab.page(&format!("__Host-jwt={token}; __Host-rt=r1|s"));
    assert_eq!(came.carry.request_headers, [("authorization".to_owned(), format!("Bearer {token}"))]);
    assert!(lab.page("__Host-jwt=a.b.c").carry.request_headers.is_empty());
}

proptest! {
    /// Whatever a deployment answers: nothing panics, and only a definite answer ends a session.
    #[test]
    fn any_answer_is_survived(status in 0_u16..700, body in "\\PC{0,60}|\\{\"status\":\"(success|error)\",\"(value|errorMessage)\":[^}]{0,40}\\}") {
        if let backend::Said::Value(value) = backend::read(status, body.as_bytes()) {
            prop_assert!((200..=299).contains(&status), "{status}");
            let over = matches!(backend::tokens(&value), Ok(None));
            prop_assert!(!over || body.contains("null"), "{body}");
        }
    }
}
