//! The preset `clerk`: refusals as Clerk's `protect()` answers them. Pages go to the sign-in page, server actions get 401, and
//! whatever else may not pass gets 404, as if there were nothing. The table is in `docs/sessions/clerk.md`.

use super::answer::Answering;
use super::requirement::{Denial, Why};
use crate::policy::OnRefusal;
use crate::request::Head;
use crate::verdict::{Action, Header, Verdict};

/// Request headers that this is decided by.
pub(super) const HEADERS: [&str; 6] =
    ["accept", "content-type", "next-action", "next-url", "sec-fetch-dest", "x-nextjs-data"];

impl Answering<'_> {
    /// The answer to somebody who may not pass; the answer by request kind where `protect()` has nothing to say.
    pub(super) fn protected(self, denial: &Denial, custom: Option<&OnRefusal>) -> Result<Verdict, Self> {
        if denial.bearer || !matches!(denial.why, Why::Anonymous | Why::Forbidden) {
            return Err(self);
        }
        if let Some(custom) = custom {
            // An address that is written is gone to by whoever asks, with the same method.
            let Some(to) = &custom.redirect else { return Err(self) };
            let to = to.clone();
            return Ok(redirected(self.redirect(&to, custom.status.unwrap_or(307), true, &denial.reason)));
        }
        let sign_in = self.compiled.policy().sign_in.as_ref();
        let verdict = match (denial.why, sign_in) {
            (Why::Anonymous, Some(sign_in)) if is_page(self.facts.head) => {
                let to = self.sign_in_address(sign_in, Some(self.facts.target.path_and_query()));
                redirected(self.redirect(&to, 307, true, &denial.reason))
            }
            // Without a sign-in page nobody can be sent there.
            (Why::Anonymous, None) if is_page(self.facts.head) => return Err(self),
            (Why::Anonymous, _) if is_action(self.facts.head) => self.plain(401, "Unauthorized", &denial.reason),
            _ => with(self.plain(404, "Not Found", &denial.reason), "x-clerk-auth-reason", "protect-rewrite"),
        };
        Ok(verdict)
    }
}

fn redirected(verdict: Verdict) -> Verdict {
    with(verdict, "x-clerk-redirect-to", "true")
}

/// With a further line.
fn with(mut verdict: Verdict, name: &'static str, value: &str) -> Verdict {
    if let Action::Redirect(reply) | Action::Respond(reply) = &mut verdict.action {
        reply.headers.extend(Header::fixed(name, value));
    }
    verdict
}

/// Is there such a line, and does it hold something?
fn given(head: &Head, name: &str) -> bool {
    head.lines(name).any(|line| !line.is_empty())
}

fn holds(head: &Head, name: &str, text: &str) -> bool {
    head.lines(name).any(|line| line.windows(text.len()).any(|part| part == text.as_bytes()))
}

/// A page that a browser opens, or that a router inside it moves to.
fn is_page(head: &Head) -> bool {
    matches!(head.single("sec-fetch-dest"), Some(b"document" | b"iframe"))
        || holds(head, "accept", "text/html")
        || (given(head, "next-url") && !is_action(head))
        || given(head, "x-nextjs-data")
}

/// A server action of the App Router.
fn is_action(head: &Head) -> bool {
    given(head, "next-url")
        && (holds(head, "accept", "text/x-component")
            || holds(head, "content-type", "multipart/form-data")
            || given(head, "next-action"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(headers: &[(&str, &str)]) -> Head {
        Head {
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), v.as_bytes().to_vec())).collect(),
            ..Head::default()
        }
    }

    #[test]
    fn pages_and_actions() {
        let url = ("next-url", "/x");
        for page in [
            vec![("sec-fetch-dest", "document")],
            vec![("sec-fetch-dest", "iframe")],
            vec![("accept", "application/json, text/html")],
            vec![url, ("rsc", "1")],
            vec![("x-nextjs-data", "1")],
        ] {
            assert!(is_page(&head(&page)) && !is_action(&head(&page)), "{page:?}");
        }
        for action in [
            vec![url, ("next-action", "a")],
            vec![url, ("accept", "text/x-component")],
            vec![url, ("content-type", "multipart/form-data; boundary=x")],
        ] {
            assert!(is_action(&head(&action)) && !is_page(&head(&action)), "{action:?}");
        }
        for other in [vec![], vec![("accept", "*/*")], vec![("next-action", "a")], vec![("sec-fetch-dest", "empty")]] {
            assert!(!is_page(&head(&other)) && !is_action(&head(&other)), "{other:?}");
        }
    }
}
