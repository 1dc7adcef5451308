//! Pages: what is public, where strangers are led, and which bytes of a target arrive.

use super::Play;
use super::visitor::{FETCH, NAVIGATION, Visit, expect, private};

pub(super) const LIST: &[(&str, Play)] = &[
    ("public page", public_page),
    ("page without session", page_without_session),
    ("fetch without session", fetch_without_session),
    ("sign-in page", sign_in_page),
    ("sign-in page while signed in", sign_in_page_while_signed_in),
    ("moved page", moved_page),
    ("rewritten page", rewritten_page),
    ("query kept", query_kept),
    ("malformed path", malformed_path),
    ("head", head),
    ("two at once", two_at_once),
    ("a slow one holds nobody up", a_slow_one_holds_nobody_up),
];

fn public_page(visit: &Visit<'_>) -> Result<(), String> {
    let response = visit.get("/about", &[NAVIGATION])?;
    expect("status", response.status, 200)?;
    expect("body", response.body.as_slice(), b"app")?;
    expect("target", visit.reached()?.target.as_str(), "/about")
}

fn page_without_session(visit: &Visit<'_>) -> Result<(), String> {
    let response = visit.get("/product/7?tab=a", &[NAVIGATION])?;
    visit.untouched()?;
    visit.leads(&response, 307, "/signin?next=%2Fproduct%2F7%3Ftab%3Da")?;
    private(&response)
}

fn fetch_without_session(visit: &Visit<'_>) -> Result<(), String> {
    let response = visit.get("/product/7", &[FETCH])?;
    visit.untouched()?;
    expect("status", response.status, 401)?;
    expect("content-type", response.header("content-type").as_deref(), Some("application/problem+json"))?;
    if response.body.starts_with(b"{") { Ok(()) } else { Err("the body is no JSON".to_owned()) }
}

fn sign_in_page(visit: &Visit<'_>) -> Result<(), String> {
    expect("status", visit.get("/signin?next=%2Fproduct", &[NAVIGATION])?.status, 200)?;
    expect("target", visit.reached()?.target.as_str(), "/signin?next=%2Fproduct")
}

fn sign_in_page_while_signed_in(visit: &Visit<'_>) -> Result<(), String> {
    let cookie = visit.stage.session("u1");
    let response = visit.get("/signin", &[NAVIGATION, ("cookie", &cookie)])?;
    visit.untouched()?;
    visit.leads(&response, 307, "/product")
}

fn moved_page(visit: &Visit<'_>) -> Result<(), String> {
    let response = visit.get("/moved", &[NAVIGATION])?;
    visit.untouched()?;
    visit.leads(&response, 307, "/product")
}

fn rewritten_page(visit: &Visit<'_>) -> Result<(), String> {
    let cookie = visit.stage.session("u1");
    expect("status", visit.get("/alias", &[NAVIGATION, ("cookie", &cookie)])?.status, 200)?;
    expect("target", visit.reached()?.target.as_str(), "/product/alias")
}

fn query_kept(visit: &Visit<'_>) -> Result<(), String> {
    let cookie = visit.stage.session("u1");
    let target = "/product/7?b=%2F%20x&a=1&a=2&empty=&flag";
    expect("status", visit.get(target, &[NAVIGATION, ("cookie", &cookie)])?.status, 200)?;
    expect("target", visit.reached()?.target.as_str(), target)
}

fn malformed_path(visit: &Visit<'_>) -> Result<(), String> {
    let cookie = visit.stage.session("u1");
    let response = visit.get("/product/..%2fx", &[NAVIGATION, ("cookie", &cookie)])?;
    visit.untouched()?;
    expect("status", response.status, 400)
}

fn head(visit: &Visit<'_>) -> Result<(), String> {
    let cookie = visit.stage.session("u1");
    let response = visit.send("HEAD", "/product/7", &[NAVIGATION, ("cookie", &cookie)], &[])?;
    expect("status", response.status, 200)?;
    expect("body", response.body.as_slice(), b"")?;
    expect("method", visit.reached()?.method.as_str(), "HEAD")?;
    let stranger = visit.send("HEAD", "/product/7", &[FETCH], &[])?;
    visit.untouched()?;
    expect("status of a stranger", stranger.status, 401)
}

/// Two visitors at the same time, each with a session: nobody is taken for the other.
fn two_at_once(visit: &Visit<'_>) -> Result<(), String> {
    let sent = std::thread::scope(|scope| {
        let visitors = ["u1", "u2"].map(|user| {
            scope.spawn(move || {
                let cookie = visit.stage.session(user);
                visit.get(&format!("/product/of?{user}"), &[NAVIGATION, ("cookie", &cookie)])
            })
        });
        visitors.map(|visitor| visitor.join().expect("a visitor does not panic"))
    });
    for response in sent {
        expect("status", response?.status, 200)?;
    }
    let seen = visit.stage.seen();
    expect("requests", seen.len(), 2)?;
    for request in seen {
        let user = request.target.split('?').nth(1).map(str::to_owned);
        expect("user", request.header("x-user"), user)?;
    }
    Ok(())
}

/// While the app holds back the answer to one visitor, another one is served.
fn a_slow_one_holds_nobody_up(visit: &Visit<'_>) -> Result<(), String> {
    let slow = std::thread::scope(|scope| {
        let slow = scope.spawn(|| visit.get("/held", &[NAVIGATION]));
        while !visit.stage.touched() && !slow.is_finished() {
            std::thread::yield_now();
        }
        let other = visit.get("/about", &[NAVIGATION]);
        visit.stage.lift();
        let slow = slow.join().expect("a visitor does not panic");
        expect("status of the other", other?.status, 200)?;
        slow
    })?;
    expect("status", slow.status, 200)?;
    expect("the slow one", slow.body.as_slice(), b"called for")
}
