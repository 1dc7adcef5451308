//! Five small apps under `next start`, observed over sockets: what a gate in front can know of them.

use super::next_matcher::{matcher, nothing};
use super::{JS, judge, pairs};
use crate::report::Row;
use crate::vectors::{text, texts};
use portcullis_gate::next::{NextConfig, Seen};
use portcullis_gate::pattern::{Dialect, Pattern};
use portcullis_gate::request::{Head, Target, decode_uri};
use serde_json::Value;
use url::Url;

/// The build id of the vectors.
const BUILD: &str = "BID";

pub(super) fn line(line: &Value, row: &mut Row) {
    let cfg = &line["cfg"];
    let config = NextConfig {
        base_path: text(cfg, "basePath").to_owned(),
        locales: texts(cfg["i18n"].get("locales")),
        default_locale: cfg["i18n"]["defaultLocale"].as_str().map(str::to_owned),
        trailing_slash: cfg["trailingSlash"] == true,
    };
    let list = line["matcher"].as_array().cloned().unwrap_or_default();
    let matcher = matcher(&list, &config).expect("the matcher of an app that was built");
    let protect: Vec<Pattern> = texts(line.get("protect"))
        .iter()
        .map(|text| Pattern::compile(Dialect::Pattern, text, JS).expect("a pattern"))
        .collect();
    let head = Head::default();
    let (target, cookies) = nothing();
    let seen = Seen { head: &head, target: &target, cookies: &cookies, host: "localhost" };
    for (address, answers) in pairs(line) {
        let Some(answer) = answers.first() else { continue };
        let id = format!("app {} {address}", text(line, "app"));
        if answer["s"] == 308 {
            row.skip(1, "answered with 308 before anything runs: the app's own affair");
            continue;
        }
        let url = Url::parse(&format!("http://localhost{address}")).expect("an address");
        let mut path = url.path().to_owned();
        // Known to whoever reads every page's HTML, and not to a gate: a data path of the current build is the page.
        if let Some(page) = current_data(&path, &config) {
            path = page;
        }
        if path.starts_with(&format!("{}/_next/data/{BUILD}/", config.base_path)) {
            row.skip(1, "a data path of the current build that names no page: the build id is not known to a gate");
            continue;
        }
        let runs = matcher.runs(&config.with_locale(&path), &config, seen);
        if answer["s"] == 400 && answer["mw"] == 0 {
            // Next.js refuses what cannot be decoded; so do we, before any rule.
            let refused = Target::parse(address.as_bytes()).is_err() || decode_uri(&path).is_none();
            judge(row, &id, refused || !runs, || "neither refused nor passed by".to_owned());
            continue;
        }
        judge(row, &id, answer["mw"] == u64::from(runs), || format!("runs: {runs}, not {answer}"));
        if answer["mw"] == 0 {
            continue;
        }
        let stripped = path.strip_suffix(".rsc").unwrap_or(&path);
        let ours = config.url(stripped);
        let convex = |path: &str| protect.iter().any(|pattern| pattern.is_match(path));
        judge(row, &id, same_path(&ours.path, text(answer, "p")), || format!("{}, not {answer}", ours.path));
        judge(row, &id, answer["cv"] == u64::from(convex(&ours.path)), || format!("Convex: {}", convex(&ours.path)));
        let clerk = decode_uri(&ours.path).map(|path| convex(&path));
        judge(row, &id, answer["ck"].as_u64() == clerk.map(u64::from), || format!("Clerk: {clerk:?}, not {answer}"));
    }
}

/// With `trailingSlash` Next.js adds the slash to a page that it was asked for as data.
fn same_path(ours: &str, theirs: &str) -> bool {
    ours == theirs || theirs.strip_suffix('/') == Some(ours)
}

/// The page of a data path of the current build, with the base path and the locale that it had.
fn current_data(path: &str, config: &NextConfig) -> Option<String> {
    let inside = path.strip_prefix(config.base_path.as_str())?;
    let page = inside.strip_prefix(&format!("/_next/data/{BUILD}/"))?.strip_suffix(".json")?;
    let page = if page == "index" { "" } else { page };
    Some(format!("{}/{page}", config.base_path))
}
