//! Header edits of a request that passes.

use super::Compiled;
use super::facts::Facts;
use super::matching::Hit;
use crate::policy::EditTemplate;
use crate::session::{Carry, Identity};
use crate::template::Fill;
use crate::verdict::{Header, HeaderEdit};

/// Edits collected on the way: guards first, then the route, then identity.
#[derive(Debug, Clone, Default)]
pub(crate) struct Edits {
    request: Vec<HeaderEdit>,
    response: Vec<HeaderEdit>,
}

impl Edits {
    /// The edits of a rule that applies.
    pub(crate) fn collect(&mut self, hit: &Hit<'_>, facts: &Facts<'_>, identity: Option<&Identity>) {
        let Some(rule) = hit.rule else { return };
        if rule.request_headers.is_empty() && rule.response_headers.is_empty() {
            return;
        }
        let fill = hit.fill(facts, identity);
        self.request.extend(rule.request_headers.iter().filter_map(|edit| filled(edit, &fill)));
        self.response.extend(rule.response_headers.iter().filter_map(|edit| filled(edit, &fill)));
    }

    /// The identity headers of the policy. Their names were stripped from the request; without an identity, or without
    /// the claim, nothing is set.
    pub(crate) fn identity(&mut self, compiled: &Compiled, identity: Option<&Identity>) {
        if identity.is_none() {
            return;
        }
        let fill = Fill { params: &[], identity, path: "" };
        for (name, template) in &compiled.policy().identity.headers {
            if let Some(header) = template.value(&fill).and_then(|value| Header::new(name, value).ok()) {
                self.request.push(HeaderEdit::Set(header));
            }
        }
    }

    /// What the app behind expects to see of the session, and what goes along with any answer.
    pub(crate) fn carry(&mut self, carry: &Carry, identity: Option<&Identity>) {
        let own = carry.request_headers.iter().map(|(name, value)| (name.as_str(), value));
        let by_identity = identity.into_iter().flat_map(|identity| &identity.app_headers);
        let all = own.chain(by_identity.map(|(name, value)| (*name, value)));
        self.request
            .extend(all.filter_map(|(name, value)| Some(HeaderEdit::Set(Header::new(name, value.as_str()).ok()?))));
        self.response.extend(carried(carry).into_iter().map(|header| match header.name() {
            "set-cookie" => HeaderEdit::Append(header),
            _ => HeaderEdit::Set(header),
        }));
    }

    /// The answer to a signed message is nobody else's.
    pub(crate) fn no_store(&mut self) {
        self.response.extend(Header::fixed("cache-control", "private, no-store").map(HeaderEdit::Set));
    }

    /// The signed header about the visitor.
    pub(crate) fn assertion(&mut self, assertion: Option<(String, String)>) {
        let header = assertion.and_then(|(name, token)| Header::new(&name, token).ok());
        self.request.extend(header.map(HeaderEdit::Set));
    }

    /// Request and response edits. What depended on a session is nobody else's: `private, no-store` and `Vary`.
    pub(crate) fn finish(mut self, cookie: bool, authorization: bool) -> (Vec<HeaderEdit>, Vec<HeaderEdit>) {
        for header in private(cookie, authorization) {
            let append = header.name() == "vary";
            self.response.push(if append { HeaderEdit::Append(header) } else { HeaderEdit::Set(header) });
        }
        (self.request, self.response)
    }
}

/// Headers that a session puts on every answer.
pub(crate) fn carried(carry: &Carry) -> Vec<Header> {
    let cookies = carry.set_cookies.iter().map(|line| ("set-cookie", line));
    let others = carry.response_headers.iter().map(|(name, value)| (name.as_str(), value));
    others.chain(cookies).filter_map(|(name, value)| Header::new(name, value.as_str()).ok()).collect()
}

/// The headers that keep an answer out of shared caches (RFC 9111 section 5.2.2), if it depended on a session.
pub(crate) fn private(cookie: bool, authorization: bool) -> Vec<Header> {
    let vary = match (cookie, authorization) {
        (false, false) => return Vec::new(),
        (true, false) => "cookie",
        (false, true) => "authorization",
        (true, true) => "cookie, authorization",
    };
    [("cache-control", "private, no-store"), ("vary", vary)]
        .into_iter()
        .filter_map(|(name, value)| Header::fixed(name, value))
        .collect()
}

/// One edit with its value. A value that cannot be filled removes the header: what the client sent must not stand in.
fn filled(edit: &EditTemplate, fill: &Fill<'_>) -> Option<HeaderEdit> {
    let header = |name: &str, template: &crate::template::Template| {
        template.value(fill).and_then(|value| Header::new(name, value).ok())
    };
    match edit {
        EditTemplate::Set(name, template) => {
            Some(header(name, template).map_or_else(|| HeaderEdit::Remove(name.clone()), HeaderEdit::Set))
        }
        EditTemplate::Append(name, template) => header(name, template).map(HeaderEdit::Append),
        EditTemplate::Remove(name) => Some(HeaderEdit::Remove(name.clone())),
    }
}
