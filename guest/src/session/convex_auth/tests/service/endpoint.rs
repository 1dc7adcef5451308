//! `POST /api/auth`.

use super::*;

#[test]
fn the_endpoint_takes_what_its_app_sends() {
    let mut lab = Lab::new(good);
    for (request, said) in [
        (Request { method: "GET", ..POST }, "405 Invalid method"),
        (Request { method: "PUT", ..POST }, "405 Invalid method"),
        (Request { origin: "https://evil.example", ..POST }, "403 Invalid origin"),
        (Request { origin: "http://app.example", ..POST }, "403 Invalid origin"),
        (Request { origin: "https://app.example:444", ..POST }, "403 Invalid origin"),
        (Request { origin: "null", ..POST }, "403 Invalid origin"),
        (Request { origin: "nonsense", ..POST }, "403 Invalid origin"),
        (Request { origin: "", site: "cross-site", ..POST }, "403 Invalid origin"),
        (
            Request { body: "action=auth:signIn", ..POST },
            "400 {\"error\":\"The body must be a JSON object with `action` and `args`\"}",
        ),
        (Request { body: "", ..POST }, "400 {\"error\":\"The body must be a JSON object with `action` and `args`\"}"),
        (
            Request { body: "null", ..POST },
            "400 {\"error\":\"The body must be a JSON object with `action` and `args`\"}",
        ),
        (Request { body: "{\"action\":\"auth:signIn\"}", ..POST }, "400 {\"error\":\"`args` must be an object\"}"),
        (Request { body: "{\"action\":\"messages:list\",\"args\":{}}", ..POST }, "400 Invalid action"),
        (Request { body: "{\"args\":{}}", ..POST }, "400 Invalid action"),
        (Request { body: "[]", ..POST }, "400 Invalid action"),
    ] {
        let came = lab.ask(&request);
        assert_eq!((came.said.as_str(), &came.carry), (said, &Carry::default()), "{} {}", request.origin, request.body);
        assert!(lab.calls.is_empty());
    }
    let long = format!("{{\"action\":\"auth:signIn\",\"args\":{{\"x\":\"{}\"}}}}", "x".repeat(256 << 10));
    assert_eq!(lab.post("", &long).said, "413 {\"error\":\"The body is too large\"}");
    let sign_in = r#"{"action":"auth:signIn","args":{"provider":"password","params":{"password":"x"}}}"#;
    for request in [
        Request { body: sign_in, ..POST },
        Request { body: sign_in, origin: "https://APP.example:443", ..POST },
        Request { body: sign_in, origin: "https://app.example/", ..POST },
        Request { body: sign_in, origin: "", ..POST },
        Request { body: sign_in, origin: "", site: "same-origin", ..POST },
        Request { body: sign_in, target: "/api/auth/?x", ..POST },
    ] {
        let came = lab.ask(&request);
        assert_eq!(came.said, "200 {\"tokens\":{\"refreshToken\":\"dummy\",\"token\":\"new.jwt.x\"}}");
        assert_eq!(came.cookies(), SET);
    }
    // Below it and beside it are paths like others.
    for target in ["/api/auth/extra", "/api/authx", "/API/auth"] {
        assert_eq!(lab.ask(&Request { body: sign_in, target, ..POST }).said, "no cookie", "{target}");
    }
    // The way back goes along, unless the app says one.
    lab.ask(&Request { body: sign_in, back: Some("/product/7"), ..POST });
    assert_eq!(lab.calls[0].1["params"], json!({"password": "x", "redirectTo": "/product/7"}));
    let own = r#"{"action":"auth:signIn","args":{"provider":"hub","params":{"redirectTo":"/own"}}}"#;
    lab.ask(&Request { body: own, back: Some("/product/7"), ..POST });
    assert_eq!(lab.calls[0].1["params"], json!({"redirectTo": "/own"}));
}

#[test]
fn signing_in() {
    let otp = r#"{"action":"auth:signIn","args":{"provider":"otp","params":{}}}"#;
    let hub = r#"{"action":"auth:signIn","args":{"provider":"hub","params":{}}}"#;
    let code = r#"{"action":"auth:signIn","args":{"params":{"code":"1"}}}"#;
    let password = r#"{"action":"auth:signIn","args":{"provider":"password","params":{}}}"#;
    let mut lab = Lab::new(good);
    let came = lab.post("", otp);
    assert_eq!((came.said.as_str(), &came.carry), ("200 {\"started\":true}", &Carry::default()));
    let came = lab.post("__Host-jwt=TOKEN; __Host-rt=r1|s", hub);
    assert_eq!(came.said, "200 {\"redirect\":\"https://otter-1.convex.site/x\"}");
    assert_eq!(came.cookies(), "v=v1%7Cx");
    assert!(lab.calls[0].2.as_ref().is_some_and(|bearer| bearer.starts_with("Bearer ")));
    lab.post("__Host-jwt=TOKEN; __Host-rt=r1|s", code);
    assert_eq!(lab.calls[0].2, None);
    // A token that has ended is renewed before it vouches for anybody.
    let came = lab.post("__Host-jwt=STALE; __Host-rt=r1|s", otp);
    assert_eq!(came.cookies(), SET);
    assert_eq!(lab.functions(), ["auth:signIn", "auth:signIn"]);

    for (deployment, said) in
        [(dead as Deployment, "200 {\"tokens\":null}"), (threw, "400 {\"error\":\"InvalidSecret\"}")]
    {
        let mut lab = Lab::new(deployment);
        let came = lab.post("", password);
        assert_eq!((came.said.as_str(), came.cookies().as_str()), (said, CLEARED));
        let came = lab.post("__Host-jwt=TOKEN; __Host-rt=r1|s", password);
        assert_eq!((came.said.as_str(), came.cookies().as_str()), (said, ""));
    }
    for (number, silence) in SILENCES.into_iter().enumerate().filter(|(number, _)| ![4, 5, 9, 10].contains(number)) {
        let mut lab = Lab::new(silence);
        for cookies in ["", "__Host-jwt=TOKEN; __Host-rt=r1|s", "__Host-jwt=STALE; __Host-rt=r1|s"] {
            let came = lab.post(cookies, password);
            assert!(came.said.starts_with("503 {\"error\":"), "{number}: {}", came.said);
            assert_eq!(came.carry, Carry::default(), "{number} {cookies}");
        }
    }
}

#[test]
fn the_browser_renews() {
    let refresh = r#"{"action":"auth:signIn","args":{"refreshToken":"dummy"}}"#;
    let null = r#"{"action":"auth:signIn","args":{"refreshToken":null}}"#;
    let mut lab = Lab::new(good);
    for body in [refresh, null] {
        let came = lab.post("__Host-jwt=TOKEN; __Host-rt=r1|s", body);
        assert_eq!(came.said, "200 {\"tokens\":{\"refreshToken\":\"dummy\",\"token\":\"new.jwt.x\"}}");
        assert_eq!(came.cookies(), SET);
        assert_eq!(lab.calls, [("auth:signIn".to_owned(), json!({"refreshToken": "r1|s"}), None)]);
    }
    for cookies in ["", "__Host-jwt=TOKEN"] {
        let came = lab.post(cookies, refresh);
        assert_eq!((came.said.as_str(), &came.carry), ("200 {\"tokens\":null}", &Carry::default()));
    }
    let came = Lab::new(dead).post("__Host-jwt=TOKEN; __Host-rt=r1|s", refresh);
    assert_eq!((came.said.as_str(), came.cookies().as_str()), ("200 {\"tokens\":null}", CLEARED));
    for (number, silence) in SILENCES.into_iter().enumerate() {
        let came = Lab::new(silence).post("__Host-jwt=TOKEN; __Host-rt=r1|s", refresh);
        assert!(came.said.starts_with("503"), "{number}: {}", came.said);
        assert_eq!(came.carry, Carry::default(), "{number}");
    }
}

#[test]
fn signing_out_always_ends_and_revokes_if_it_can() {
    let sign_out = r#"{"action":"auth:signOut"}"#;
    let mut lab = Lab::new(good);
    for (cookies, functions) in [
        ("__Host-jwt=TOKEN; __Host-rt=r1|s", vec!["auth:signOut"]),
        ("__Host-jwt=SOON; __Host-rt=r1|s", vec!["auth:signOut"]),
        ("__Host-jwt=TOKEN", vec!["auth:signOut"]),
        ("", vec![]),
    ] {
        let came = lab.post(cookies, sign_out);
        assert_eq!((came.said.as_str(), came.cookies().as_str()), ("200 null", CLEARED), "{cookies}");
        assert_eq!(lab.functions(), functions, "{cookies}");
    }
    // The new token says who is to be signed out.
    let came = lab.post("__Host-jwt=STALE; __Host-rt=r1|s", sign_out);
    assert_eq!((came.said.as_str(), came.cookies().as_str()), ("200 null", CLEARED));
    assert_eq!(lab.functions(), ["auth:signIn", "auth:signOut"]);
    assert_eq!(lab.calls[1].2, Some(format!("Bearer {}", lab.fresh)));
    for silence in SILENCES {
        let mut lab = Lab::new(silence);
        let came = lab.post("__Host-jwt=TOKEN; __Host-rt=r1|s", sign_out);
        assert_eq!((came.said.as_str(), came.cookies().as_str()), ("200 null", CLEARED));
    }
}
