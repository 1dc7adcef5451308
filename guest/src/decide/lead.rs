//! Where visitors are led whose app has Next.js' own router, and by the preset `convex`: to the sign-in page and on from there, in the
//! form that each kind of request can use. The table is in `docs/request-kinds.md`.

use super::answer::Answering;
use super::edits::private;
use crate::request::{Kind, append_param, param, without_param};
use crate::verdict::{Action, Header, Reply, Verdict};

/// The query parameter by which the router of Next.js tells its requests from the browser's.
const RSC: &str = "_rsc";

impl Answering<'_> {
    /// To another page, with the same method, as `nextjsMiddlewareRedirect` does. Save that a form of a browser goes there with GET
    /// (RFC 9110 section 15.4.4), and that the router of Next.js is told where a server action leads in its own words: were it to
    /// follow a redirect, it would show the other page under the address of this one.
    pub(super) fn lead(self, to: &str, reason: &str) -> Verdict {
        let of_browser = self.facts.head.single("sec-fetch-mode") == Some(b"navigate");
        match self.facts.kind {
            Kind::Action => self.action_redirect(to, reason),
            Kind::FormPost if of_browser => self.redirect(to, 303, true, reason),
            _ => self.redirect(to, 307, true, reason),
        }
    }

    /// What a server action answers that redirects to a page outside of the app's own payload (Next.js 16, `server-action-reducer`).
    /// The router adds the base path. What follows a `;` is a word of its own to newer routers, and part of the path to older ones.
    fn action_redirect(self, to: &str, reason: &str) -> Verdict {
        let Ok(leads) = Header::new("x-action-redirect", to.replace(';', "%3B")) else {
            return self.plain(404, "Not Found", "the redirect has no safe address");
        };
        let mut headers = vec![leads];
        headers.extend(Header::fixed("content-type", "text/plain"));
        headers.extend(private(true, self.session_read.1));
        self.verdict(Action::Respond(Reply { status: 303, headers, body: Vec::new() }), reason)
    }

    /// The router of Next.js follows a redirect with the headers that it had, and the app wants to find their digest in the address of
    /// each payload; else it redirects once more, for browsers to remember.
    pub(super) fn for_the_router(&self, to: &str) -> String {
        let asked = self.compiled.policy().next.is_some() && self.facts.head.has("rsc");
        match self.facts.target.query().filter(|_| asked && to.starts_with('/')).and_then(|query| param(query, RSC)) {
            Some(digest) => append_param(to, RSC, &digest),
            None => to.to_owned(),
        }
    }

    /// The page that was asked for: `_rsc` only tells the router's request from the browser's.
    pub(super) fn page_asked(&self) -> String {
        let target = &self.facts.target;
        match target.query().filter(|_| self.compiled.policy().next.is_some()).map(|query| without_param(query, RSC)) {
            None => target.path_and_query(),
            Some(query) if query.is_empty() => target.path().to_owned(),
            Some(query) => format!("{}?{query}", target.path()),
        }
    }
}
