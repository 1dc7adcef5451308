//! Changes of the response that a rule asks for.

use super::Play;
use super::visitor::{NAVIGATION, Visit, expect};

pub(super) const LIST: &[(&str, Play)] =
    &[("cookie set by a rule", cookie_set_by_a_rule), ("header set by a rule", header_set_by_a_rule)];

/// Both arrive: the rule's cookie and the app's own.
fn cookie_set_by_a_rule(visit: &Visit<'_>) -> Result<(), String> {
    let response = visit.get("/seen", &[NAVIGATION, ("cookie", &visit.stage.session("u1"))])?;
    expect("status", response.status, 200)?;
    let mut names: Vec<_> =
        response.all("set-cookie").iter().filter_map(|line| Some(line.split_once('=')?.0.to_owned())).collect();
    names.sort();
    expect("cookies", names, vec!["own".to_owned(), "seen".to_owned()])
}

/// The rule's value takes the place of the app's.
fn header_set_by_a_rule(visit: &Visit<'_>) -> Result<(), String> {
    let response = visit.get("/framed", &[NAVIGATION, ("cookie", &visit.stage.session("u1"))])?;
    expect("status", response.status, 200)?;
    expect("x-frame-options", response.all("x-frame-options"), vec!["DENY".to_owned()])
}
