//! Routes in the mixture that public middleware files show, and paths that hit some of them.
//!
//! `PORTCULLIS_LISTS` names a file of real lists (one JSON object per line: `kind`, `v`) to take instead.

use serde_json::{Value, json};

/// Patterns that make a backtracking engine take seconds on 28 repeats, with what to repeat.
pub const CATASTROPHIC: &[(&str, &str)] = &[
    ("/((?:a+)+)", "a"),
    ("/((?:a+)+)b", "a"),
    ("/((?:a|a)*)b", "a"),
    ("/((?:a|aa)+)b", "a"),
    ("/((?:.*)*x)", "a"),
    ("/:a*/:b*/:c*/x", "/a"),
    ("/((?:(?=a+b)a|a)*)c", "a"),
    ("/((?:(?!(?:a+)+b)a)*)c", "a"),
    ("/((?!.*\\..*|_next).*)", "a"),
    ("/((?!(?:.*a)*b).*)c", "a"),
];

/// `count` different route patterns. Of 100: 58 `literal(.*)`, 28 exact, 2 `literal/:path*`, 2 with a look-ahead, the rest
/// with parameters, groups of locales or an extension (the shares of 295 strings of `createRouteMatcher`).
pub fn routes(count: usize) -> Vec<String> {
    let real = real();
    if !real.is_empty() {
        // Repeated under `/tN` until there are enough.
        let more = (0..).flat_map(|turn| {
            let prefix = if turn == 0 { String::new() } else { format!("/t{turn}") };
            real.iter().map(move |text| format!("{prefix}{text}")).collect::<Vec<_>>()
        });
        return more.take(count).collect();
    }
    (0..count).map(made).collect()
}

fn made(number: usize) -> String {
    match number % 100 {
        0..58 => format!("/area-{number}(.*)"),
        58..86 => format!("/page-{number}"),
        86..88 => format!("/docs-{number}/:path*"),
        88..90 => format!("/app-{number}/((?!.*\\..*|_next).*)"),
        90..94 => format!("/shop-{number}/:item/edit"),
        94..97 => format!("/(en|fr)/team-{number}(.*)"),
        97..99 => format!("/:locale/team-{number}"),
        _ => format!("/files-{number}/:name.json"),
    }
}

fn real() -> Vec<String> {
    let Some(path) = std::env::var_os("PORTCULLIS_LISTS") else { return Vec::new() };
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let of_matchers = |line: &Value| line.get("kind").and_then(Value::as_str) == Some("crm");
    let lists = lines.filter(of_matchers).filter_map(|line| line.get("v")?.as_array().cloned());
    let mut all: Vec<String> = lists.flatten().filter_map(|text| text.as_str().map(str::to_owned)).collect();
    all.retain(|text| text.starts_with('/') && text.len() > 1);
    all.sort();
    all.dedup();
    all
}

/// 20 paths: some that routes take, some that none does.
pub fn paths(routes: &[String]) -> Vec<String> {
    let taken = routes.iter().step_by((routes.len() / 12).max(1)).take(12).map(|route| {
        let stem = route.split(['(', ':', '{', '*', '\\']).next().unwrap_or_default();
        format!("{}/7/edit", stem.trim_end_matches('/'))
    });
    let others = ["/", "/about", "/blog/2026/a-post", "/api/items/42", "/_next/static/chunks/main.js", "/favicon.ico"];
    taken.chain(others.map(str::to_owned)).chain(["/en/team-1/x".to_owned(), "/a/b/c/d/e/f".to_owned()]).collect()
}

/// One rule for each route; every second one wants that.
pub fn rules(routes: &[String], every_second: &str) -> Vec<Value> {
    let rule = |(number, text): (usize, &String)| {
        let require = if number % 2 == 0 { every_second } else { "public" };
        json!({ "id": format!("r{number}"), "pattern": text, "require": require })
    };
    routes.iter().enumerate().map(rule).collect()
}
