//! Answers that the gate makes itself: how a refusal looks for each kind of request.

use super::Compiled;
use super::edits::carried;
use super::edits::private;
use super::facts::Facts;
use super::requirement::{Denial, Why};
use crate::policy::{OnRefusal, Refusals, Respond, Rule, SignIn};
use crate::request::{Authority, Kind, PathRules, Target, append_param, check_path, checked_return, param};
use crate::session::{Carry, Detour, Served};
use crate::verdict::{Action, Forward, Header, HeaderEdit, Reply, Verdict};

/// Seconds after which a client may ask again when keys were not to be had: the host retries a failed fetch after 1 s.
const RETRY_AFTER: &str = "5";

/// Everything an answer needs to know.
pub(crate) struct Answering<'a> {
    pub(crate) compiled: &'a Compiled,
    pub(crate) facts: &'a Facts<'a>,
    pub(crate) rule: u32,
    pub(crate) subject: Option<String>,
    /// Did the answer depend on the cookie, on the authorization header?
    pub(crate) session_read: (bool, bool),
    /// What goes along with the answer.
    pub(crate) carry: &'a Carry,
}

impl Answering<'_> {
    /// Somebody may not pass.
    pub(crate) fn deny(mut self, denial: &Denial, rule: Option<&Rule>) -> Verdict {
        let custom = match denial.why {
            Why::Anonymous => rule.and_then(|rule| rule.on_anonymous.as_ref()),
            Why::Forbidden => rule.and_then(|rule| rule.on_forbidden.as_ref()),
            _ => None,
        };
        let refusals = self.compiled.policy().refusals;
        if refusals == Refusals::Clerk {
            self = match self.protected(denial, custom) {
                Ok(verdict) => return verdict,
                Err(own) => own,
            };
        }
        if let Some(custom) = custom {
            return self.custom(custom, denial, rule);
        }
        match denial.why {
            Why::Anonymous => self.anonymous(denial),
            Why::Forbidden => self.plain(403, "Forbidden", &denial.reason),
            Why::Nothing => self.plain(404, "Not Found", &denial.reason),
            Why::Broken => self.plain(400, "Bad Request", &denial.reason),
            Why::TooLarge => self.plain(413, "Content Too Large", &denial.reason),
            Why::Unavailable => self.plain(503, "Service Unavailable", &denial.reason),
            Why::SignedIn => {
                let after = self.compiled.policy().sign_in.as_ref().map_or("/", |sign_in| sign_in.after.as_str());
                self.redirect_session(after, &denial.reason)
            }
        }
    }

    /// The visitor must go elsewhere first, and comes back.
    pub(crate) fn detour(self, detour: &Detour) -> Verdict {
        let Ok(location) = Header::new("location", detour.location.as_str()) else {
            return self.plain(401, "Unauthorized", &detour.reason);
        };
        let no_store = Header::fixed("cache-control", "private, no-store");
        let headers = [Some(location), no_store].into_iter().flatten().collect();
        self.verdict(Action::Redirect(Reply { status: detour.status, headers, body: Vec::new() }), &detour.reason)
    }

    /// It cannot be told now.
    pub(crate) fn unavailable(self, reason: &str) -> Verdict {
        self.plain(503, "Service Unavailable", reason)
    }

    /// A public key set; may be kept for five minutes, so that a new key is known to everybody soon.
    pub(crate) fn keys(self, body: String) -> Verdict {
        let headers = [("content-type", "application/jwk-set+json"), ("cache-control", "public, max-age=300")];
        let headers = headers.iter().filter_map(|(name, value)| Header::fixed(name, value)).collect();
        self.verdict(Action::Respond(Reply { status: 200, headers, body: body.into_bytes() }), "assertion keys")
    }

    /// What a session system answers by itself. `None`: it was asked on behalf of nobody real.
    pub(crate) fn served(self, served: Option<Served>) -> Verdict {
        let Some(Served::Answer { status, headers, body, reason }) = served else {
            return self.plain(400, "Bad Request", "only a real request can sign in or out");
        };
        let headers = headers.into_iter().filter_map(|(name, value)| Header::new(name, value).ok());
        let headers = headers.chain(Header::fixed("cache-control", "private, no-store")).collect();
        self.verdict(Action::Respond(Reply { status, headers, body }), &reason)
    }

    /// Where the visitor was going when the sign-in page came up that this request was sent from.
    pub(crate) fn way_back(&self) -> Option<String> {
        let sign_in = self.compiled.policy().sign_in.as_ref()?;
        let page = Target::parse(self.referring_page()?.as_bytes()).ok()?;
        let path = page.path();
        let path = self.compiled.policy().next.as_ref().and_then(|next| next.config.below_base(path)).unwrap_or(path);
        (path == sign_in.to).then(|| wanted(sign_in, &page))?
    }

    /// As if there were nothing.
    pub(crate) fn not_found(self, reason: &str) -> Verdict {
        self.plain(404, "Not Found", reason)
    }

    /// Known, and not allowed.
    pub(crate) fn forbidden(self, reason: &str) -> Verdict {
        self.plain(403, "Forbidden", reason)
    }

    /// A redirect that depended on a session: never permanent, never cached.
    pub(crate) fn redirect_session(self, to: &str, reason: &str) -> Verdict {
        if self.compiled.policy().refusals == Refusals::Convex {
            return self.lead(to, reason);
        }
        // After a form post the browser must come with GET (RFC 9110 section 15.4.4).
        let status = if matches!(self.facts.head.method.as_str(), "GET" | "HEAD") { 307 } else { 303 };
        self.redirect(to, status, true, reason)
    }

    /// The redirect of a rule, for everybody.
    pub(crate) fn redirect_rule(self, to: Option<String>, status: u16) -> Verdict {
        let safe = to.filter(|to| to.starts_with("http://") || to.starts_with("https://") || local(to));
        match safe {
            Some(to) => self.redirect(&to, status, false, "redirect"),
            None => self.not_found("the redirect has no safe address"),
        }
    }

    /// The fixed answer of a rule.
    pub(crate) fn respond(self, respond: &Respond, (body, content_type): (Vec<u8>, Option<&'static str>)) -> Verdict {
        let mut headers = respond.headers.clone();
        let named = |headers: &[Header], name: &str| headers.iter().any(|header| header.name() == name);
        if let Some(content_type) = content_type
            && !named(&headers, "content-type")
        {
            headers.extend(Header::fixed("content-type", content_type));
        }
        if !named(&headers, "cache-control") {
            headers.extend(Header::fixed("cache-control", "no-store"));
        }
        let reply = Reply { status: respond.status, headers, body };
        self.verdict(Action::Respond(reply), "respond")
    }

    fn anonymous(self, denial: &Denial) -> Verdict {
        let sign_in = self.compiled.policy().sign_in.as_ref().filter(|_| !denial.bearer);
        match (self.facts.kind, sign_in) {
            (_, Some(sign_in)) if self.compiled.policy().refusals == Refusals::Convex => {
                let reads = matches!(self.facts.head.method.as_str(), "GET" | "HEAD");
                let back = if reads { Some(self.page_asked()) } else { self.referring_page() };
                let to = self.sign_in_address(sign_in, back);
                self.lead(&to, &denial.reason)
            }
            (Kind::Navigation, Some(sign_in)) => {
                let to = self.sign_in_address(sign_in, Some(self.facts.target.path_and_query()));
                self.redirect(&to, 307, true, &denial.reason)
            }
            (Kind::FormPost, Some(sign_in)) => {
                let to = self.sign_in_address(sign_in, self.referring_page());
                self.redirect(&to, 303, true, &denial.reason)
            }
            _ => self.plain(401, "Unauthorized", &denial.reason),
        }
    }

    /// The sign-in page with the way back. Path-only, unless the sign-in page is elsewhere and this host is one that
    /// return addresses may name.
    pub(super) fn sign_in_address(&self, sign_in: &SignIn, back: Option<String>) -> String {
        let below = self.carry.sign_in_below.unwrap_or_default();
        let page = match sign_in.to.split_once('?') {
            Some((page, query)) => format!("{page}{below}?{query}"),
            None => format!("{}{below}", sign_in.to),
        };
        let (Some(name), Some(back)) = (&sign_in.return_param, back) else { return page };
        if let Some(origin) = self.facts.origin().or(self.carry.origin.as_deref()).filter(|_| sign_in.return_url) {
            return append_param(&page, name, &format!("{origin}{back}"));
        }
        let host = &self.facts.authority.host;
        let absolute = !sign_in.to.starts_with('/')
            && sign_in.rules.hosts.iter().any(|pattern| pattern.matches(host, &sign_in.rules.tenants).is_some());
        let back = if absolute { format!("https://{host}{back}") } else { back };
        append_param(&page, name, &back)
    }

    /// Where a form was filled in, if that was on this very site.
    fn referring_page(&self) -> Option<String> {
        let referer = std::str::from_utf8(self.facts.head.single("referer")?).ok()?;
        let (scheme, rest) = referer.split_once("://")?;
        let slash = rest.find('/').unwrap_or(rest.len());
        let (authority, path) = (rest.get(..slash)?, rest.get(slash..)?);
        let same = scheme == self.facts.head.scheme && Authority::parse(authority).ok()? == self.facts.authority;
        let path = path.split('#').next().filter(|path| !path.is_empty()).unwrap_or("/");
        let page = Target::parse(path.as_bytes()).ok()?;
        same.then(|| page.path_and_query())
    }

    fn custom(self, custom: &OnRefusal, denial: &Denial, rule: Option<&Rule>) -> Verdict {
        if let Some(to) = &custom.redirect {
            return self.redirect_session(to, &denial.reason);
        }
        let default = if denial.why == Why::Anonymous { 401 } else { 403 };
        let status = custom.status.unwrap_or(default);
        if let Some(path) = &custom.rewrite {
            let response = private(self.session_read.0, self.session_read.1);
            let forward = Forward {
                target: self.compiled.with_base(path.clone()),
                upstream: rule.map_or(0, |rule| rule.upstream),
                status: Some(status),
                response: response.into_iter().chain(carried(self.carry)).map(set_or_append).collect(),
                // The page is for everybody: whoever was refused is not introduced to it.
                cookie: Some(Vec::new()),
                ..Forward::default()
            };
            return self.verdict(Action::Rewrite(forward), &denial.reason);
        }
        let title = http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
        self.plain(status, title.unwrap_or("Refused"), &denial.reason)
    }

    pub(super) fn redirect(self, to: &str, status: u16, session: bool, reason: &str) -> Verdict {
        let to = if session { self.for_the_router(to) } else { to.to_owned() };
        let Ok(location) = Header::new("location", self.compiled.with_base(to)) else {
            return self.plain(404, "Not Found", "the redirect has no safe address");
        };
        let mut headers = vec![location];
        if session {
            let (cookie, authorization) = self.session_read;
            let either = cookie || authorization;
            headers.extend(private(cookie || !either, authorization));
        }
        let reply = Reply { status, headers, body: Vec::new() };
        self.verdict(Action::Redirect(reply), reason)
    }

    /// A refusal without a redirect, in the form that the kind of request can use.
    pub(super) fn plain(self, status: u16, title: &str, reason: &str) -> Verdict {
        let mut headers = Vec::new();
        let (cookie, authorization) = self.session_read;
        if cookie || authorization {
            headers.extend(private(cookie, authorization));
        } else {
            headers.extend(Header::fixed("cache-control", "no-store"));
        }
        if status == 401 {
            headers.extend(Header::fixed("www-authenticate", self.challenge(reason)));
        }
        if status == 503 {
            headers.extend(Header::fixed("retry-after", RETRY_AFTER));
        }
        let body = match self.facts.kind {
            Kind::Fetch => {
                headers.extend(Header::fixed("content-type", "application/problem+json"));
                let sign_in = self.compiled.policy().sign_in.as_ref().filter(|_| status == 401);
                problem(status, title, sign_in.map(|sign_in| self.compiled.with_base(sign_in.to.clone())))
            }
            Kind::Navigation | Kind::FormPost => {
                headers.extend(Header::fixed("content-type", "text/html; charset=utf-8"));
                page(status, title)
            }
            _ => Vec::new(),
        };
        self.verdict(Action::Respond(Reply { status, headers, body }), reason)
    }

    /// RFC 6750 section 3: with an error code only when a token was presented.
    fn challenge(&self, reason: &str) -> &'static str {
        let presented = self.compiled.reads_authorization() && self.facts.head.has("authorization");
        match presented && !reason.starts_with("no ") {
            true => "Bearer error=\"invalid_token\"",
            false => "Bearer",
        }
    }

    pub(super) fn verdict(self, mut action: Action, reason: &str) -> Verdict {
        if let Action::Redirect(reply) | Action::Respond(reply) = &mut action {
            // A cookie of a session is nobody else's, whatever the answer says about itself.
            if !self.carry.set_cookies.is_empty() {
                reply.headers.retain(|header| header.name() != "cache-control");
                reply.headers.extend(Header::fixed("cache-control", "private, no-store"));
            }
            reply.headers.extend(carried(self.carry));
        }
        Verdict { action, rule: self.rule, kind: self.facts.kind, reason: reason.to_owned(), subject: self.subject }
    }
}

fn set_or_append(header: Header) -> HeaderEdit {
    if header.name() == "set-cookie" { HeaderEdit::Append(header) } else { HeaderEdit::Set(header) }
}

/// RFC 9457.
fn problem(status: u16, title: &str, sign_in: Option<String>) -> Vec<u8> {
    let mut body = serde_json::json!({ "type": "about:blank", "title": title, "status": status });
    if let (Some(sign_in), Some(members)) = (sign_in, body.as_object_mut()) {
        members.insert("sign-in".to_owned(), sign_in.into());
    }
    body.to_string().into_bytes()
}

/// A small page without anything from elsewhere. Only fixed texts go in: nothing to escape.
fn page(status: u16, title: &str) -> Vec<u8> {
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>{status} {title}</title><body style=\"font:16px system-ui;margin:20vh auto;max-width:30em;padding:0 1em\">\
         <h1>{status}</h1><p>{title}</p>"
    )
    .into_bytes()
}

/// Where a signed-in visitor of the sign-in page goes: the checked way back, or `after`.
pub(crate) fn return_address(sign_in: &SignIn, target: &Target) -> String {
    wanted(sign_in, target).unwrap_or_else(|| sign_in.after.clone())
}

/// The checked way back that an address of the sign-in page names.
fn wanted(sign_in: &SignIn, target: &Target) -> Option<String> {
    let wanted = param(target.query()?, sign_in.return_param.as_deref()?)?;
    checked_return(&wanted, &sign_in.rules)
}

/// Path and query of a rewrite: a canonical path, with the client's query unless the rule writes one.
pub(crate) fn rewritten(filled: Option<String>, query: Option<&str>, rules: PathRules) -> Option<String> {
    let filled = filled?;
    let (path, own) = match filled.split_once('?') {
        Some((path, own)) => (path, Some(own)),
        None => (filled.as_str(), None),
    };
    let path = check_path(path, rules).ok()?;
    match own.or(query) {
        Some(query) => check_path(&format!("{path}?{query}"), rules).ok(),
        None => Some(path),
    }
}

/// `/x`, but neither `//x` nor `/\x`.
fn local(to: &str) -> bool {
    to.starts_with('/') && !matches!(to.as_bytes().get(1), Some(b'/' | b'\\')) && !to.contains('\\')
}
