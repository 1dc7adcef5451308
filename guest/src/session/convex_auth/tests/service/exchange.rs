//! The codes of magic links and OAuth.

use super::*;

#[test]
fn codes_are_exchanged_on_pages_only() {
    let magic = Request { target: "/product?a=1&code=c%31&b=%20x+y&code=2", ..PAGE };
    for (request, exchanged) in [
        (magic, true),
        (Request { method: "HEAD", ..magic }, false),
        (Request { method: "POST", ..magic }, false),
        (Request { accept: "*/*", ..magic }, false),
        (Request { runs: false, ..magic }, false),
        (Request { purpose: "prefetch", ..magic }, false),
        (Request { dest: "document", ..magic }, true),
        (Request { dest: "iframe", ..magic }, false),
        (Request { origin: "https://evil.example", cookies: "__Host-v=v1", ..magic }, false),
        (Request { target: "/product?code=&x=1", ..magic }, false),
        (Request { target: "/product?codes=1", ..magic }, false),
    ] {
        let mut lab = Lab::new(good);
        let came = lab.ask(&request);
        assert_eq!(lab.calls.len(), usize::from(exchanged), "{} {}", request.method, request.target);
        if exchanged {
            assert_eq!(came.said, "detour /product?a=1&b=%20x+y");
            assert_eq!(came.cookies(), SET);
            assert_eq!(lab.calls[0].1, json!({"params": {"code": "c1"}}));
            assert_eq!((lab.kept[0].grace, lab.calls[0].2.as_ref()), (0, None));
        }
    }
    let mut lab = Lab::new(good);
    lab.ask(&Request { cookies: "__Host-v=v1%7Cx", target: "/?code=1", ..PAGE });
    assert_eq!(lab.calls[0].1, json!({"params": {"code": "1"}, "verifier": "v1|x"}));

    let here = crate::pattern::Pattern::compile(
        crate::pattern::Dialect::Pattern,
        "/((?!slack).*)",
        crate::pattern::Options { ignore_case: true, dot_all: true },
    );
    let paths = CodePaths([here.unwrap()].into());
    let mut lab = Lab::with(good, |own| own.service.as_mut().unwrap().code_paths = Some(paths));
    assert_eq!(lab.ask(&Request { target: "/slack/back?code=1", ..PAGE }).said, "no cookie");
    assert_eq!(lab.ask(&Request { target: "/other?code=1", ..PAGE }).said, "detour /other");
}

#[test]
fn a_code_of_no_use_signs_nobody_out() {
    let with_code = |lab: &mut Lab, cookies: &str| {
        let cookies = lab.cookies(cookies);
        lab.ask(&Request { target: "/back?code=1&state=x", cookies: &cookies, ..PAGE })
    };
    for deployment in [dead as Deployment, threw] {
        let mut lab = Lab::new(deployment);
        // Nobody is signed in.
        let came = with_code(&mut lab, "");
        assert_eq!((came.said.as_str(), came.cookies().as_str()), ("detour /back?state=x", CLEARED));
        // Somebody is: the code may be another system's.
        let came = with_code(&mut lab, "__Host-jwt=TOKEN; __Host-rt=r1|s");
        assert_eq!((came.said.as_str(), &came.carry), ("ok u|s", &Carry::default()));
    }
    // Renewed, and then of no use: what was renewed stays.
    let mut lab = Lab::new(|said| match said["args"][0].get("refreshToken") {
        Some(_) => good(said),
        None => dead(said),
    });
    let came = with_code(&mut lab, "__Host-jwt=STALE; __Host-rt=r1|s");
    assert_eq!((came.said.as_str(), came.cookies().as_str()), ("ok u|s", SET));
    for (number, silence) in SILENCES.into_iter().enumerate() {
        let mut lab = Lab::new(silence);
        let came = with_code(&mut lab, "");
        assert!(came.said.starts_with("later"), "{number}: {}", came.said);
        assert_eq!(came.carry, Carry::default(), "{number}");
        let came = with_code(&mut lab, "__Host-jwt=TOKEN; __Host-rt=r1|s");
        assert_eq!((came.said.as_str(), &came.carry), ("ok u|s", &Carry::default()), "{number}");
        let came = with_code(&mut lab, "__Host-jwt=STALE; __Host-rt=r1|s");
        assert_eq!(came.carry, Carry::default(), "{number}");
    }
}
