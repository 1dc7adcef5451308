//! `[sign-in]`.

use super::Lower;
use super::address::{is_path, is_safe_address, web_address};
use super::next::preset;
use crate::config::check::is_name;
use crate::config::codes;
use crate::config::document::Node;
use crate::policy::{ProxySettings, SignIn};
use crate::request::ReturnRules;

/// Where a way back would sign the visitor out again, or leave the pages of the app. The sign-in path itself is added.
/// Names of Auth.js, Clerk, Convex Auth and of most hand-written apps.
const NEVER_RETURN: [&str; 4] = ["/signout", "/sign-out", "/logout", "/api/auth"];

pub(super) fn sign_in(
    lower: &mut Lower<'_>,
    root: &Node,
    proxy: &ProxySettings,
    tenants: &[(String, String)],
) -> Option<SignIn> {
    let node = root.get("sign-in").filter(|node| node.is_table())?;
    let to = node.get("path").and_then(|path| target(lower, path));
    let after = node.get("after").and_then(|after| lower.path(after)).unwrap_or_else(|| "/".to_owned());
    if let (Some(to), Some(at)) = (&to, node.get("after"))
        && *to == after
    {
        let message = format!("signed-in visitors of `{to}` are sent to `{after}` again");
        lower.error(codes::LOOP, at.span, message, "name a page that is for signed-in visitors");
    }
    let return_param = node.get("return-param").and_then(|param| {
        let name = param.text().filter(|name| !name.is_empty())?;
        if is_name(name) {
            return Some(name.to_owned());
        }
        let help = "use letters, digits, `-`, `_` and `.`: `next`";
        lower.error(codes::PARAM_NAME, param.span, format!("`{name}` is not a parameter name"), help);
        None
    });
    let return_url = match node.get("return-form").and_then(Node::text) {
        Some(form) => form == "url",
        None => preset(root, "clerk"),
    };
    let mut hosts = Vec::new();
    for (node, text) in lower.texts(node.get("return-hosts")) {
        hosts.extend(lower.host(node, text));
    }
    let never = match node.get("never-return") {
        Some(list) => lower.texts(Some(list)).filter_map(|(node, _)| lower.path(node)).collect(),
        None => {
            let own = to.iter().filter(|to| is_path(to)).cloned();
            own.chain(NEVER_RETURN.map(str::to_owned)).collect()
        }
    };
    let rules = ReturnRules { never, origin: proxy.public_origin.clone(), hosts, tenants: tenants.to_vec() };
    Some(SignIn { to: to?, after, return_param, return_url, rules })
}

fn target(lower: &mut Lower<'_>, node: &Node) -> Option<String> {
    let text = node.text().filter(|text| !text.is_empty())?;
    if is_path(text) || web_address(text).is_some_and(|uri| is_safe_address(&uri)) {
        return Some(text.to_owned());
    }
    let message = format!("`{text}` is not a sign-in address");
    let help = if text.starts_with("http://") {
        "a sign-in page elsewhere must be `https`"
    } else {
        "write a path of this site (`/signin`) or an absolute `https` address"
    };
    lower.error(codes::ADDRESS, node.span, message, help);
    None
}
