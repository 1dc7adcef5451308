//! `NextURL`: what middleware sees of an address.

use super::{judge, next_config};
use crate::report::Row;
use crate::vectors::text;
use serde_json::{Value, json};
use url::Url;

pub(super) fn line(line: &Value, row: &mut Row) {
    let config = next_config(text(line, "c"));
    let address = format!("http://h.test{}", text(line, "u"));
    let id = format!("{address:?} [{}]", text(line, "c"));
    let url = Url::parse(&address).expect("an address");
    let ours = config.url(url.path());
    // Parts that are empty are left out of a line, and `href` is for information.
    let mut parts = json!({
        "p": ours.path,
        "bp": if ours.below_base { config.base_path.as_str() } else { "" },
        "l": ours.locale.unwrap_or_default(),
        "bid": ours.build_id.unwrap_or_default(),
        "s": url.query().filter(|query| !query.is_empty()).map(|query| format!("?{query}")).unwrap_or_default(),
        "f": url.fragment().filter(|rest| !rest.is_empty()).map(|rest| format!("#{rest}")).unwrap_or_default(),
    });
    let parts = parts.as_object_mut().expect("an object");
    parts.retain(|_, value| value != "");
    let mut wanted = line["r"].as_object().cloned().unwrap_or_default();
    wanted.remove("href");
    judge(row, &id, *parts == wanted, || format!("{parts:?}, not {wanted:?}"));
}
