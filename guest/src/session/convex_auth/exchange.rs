//! `?code=…`: what a magic link or the way back from an OAuth provider brings is exchanged for a session.

use super::backend::{self, Calling, FunctionKind, Said};
use super::jar::Jar;
use super::renew::short;
use super::{Service, Tokens};
use crate::request::{Kind as RequestKind, param, without_param};
use crate::session::kind::{Asking, Detour, Judged, Turn};
use crate::session::number::Call;
use crate::trace::Outcome;
use serde_json::json;

const CODE: &str = "code";

/// What came of a code.
enum Exchanged {
    Tokens(Tokens),
    /// Used, expired, or of another system.
    Useless(String),
    Unknown(String),
}

impl Service {
    /// Exchange the code of this request, if it has one. `stands`: what the request is without it.
    ///
    /// A code that is of no use ends no session: it may be of another system, which the app behind knows. So whoever is signed in
    /// comes through as if it were not there.
    pub(super) fn exchange(&self, turn: &mut Turn<'_, '_>, jar: &Jar<'_>, stands: Judged) -> Judged {
        let Some(code) = self.code(&turn.asking) else { return stands };
        if matches!(stands, Judged::Ask(_)) {
            return stands;
        }
        let mut args = json!({ "params": { CODE: code } });
        if let (Some(verifier), Some(args)) = (&jar.verifier, args.as_object_mut()) {
            args.insert("verifier".to_owned(), verifier.clone().into());
        }
        let calling = Calling {
            provider: turn.index,
            call: Call::Exchange,
            url: &self.url,
            function: &self.settings.sign_in,
            kind: FunctionKind::Action,
            args,
            token: None,
            // A page that is opened twice at once must not find its code used.
            key: Some(format!("exchange {} {code}", jar.verifier.as_deref().unwrap_or_default())),
            // A code is good once, also for whoever has overheard it.
            grace: 0,
            timeout: self.settings.timeout,
        };
        let exchanged = match calling.said(turn.asking.answers) {
            Said::Ask(asked) => return Judged::Ask(vec![asked]),
            Said::Threw(why) => Exchanged::Useless(why),
            Said::Rejected(why) | Said::Unknown(why) => Exchanged::Unknown(why),
            Said::Value(value) => match backend::tokens(&value) {
                Ok(Some(tokens)) => Exchanged::Tokens(tokens),
                Ok(None) => Exchanged::Useless("it is of no use".to_owned()),
                Err(why) => Exchanged::Unknown(why.to_owned()),
            },
        };
        let useless = match exchanged {
            Exchanged::Tokens(tokens) => {
                turn.note(Outcome::Yes, || "code exchanged".to_owned());
                jar.fill(turn.carry, &tokens, self.lifetime(turn.now()));
                return without_code(turn, "code exchanged");
            }
            Exchanged::Useless(why) => why,
            Exchanged::Unknown(why) => {
                let why = format!("code not exchanged: {}", short(&why));
                turn.note(Outcome::No, || why.clone());
                // Whoever is signed in goes on; everybody else comes again with the very same address.
                return if is_somebody(&stands) { stands } else { Judged::Later(why) };
            }
        };
        turn.note(Outcome::No, || format!("code not exchanged: {}", short(&useless)));
        if is_somebody(&stands) || matches!(stands, Judged::Unavailable(_)) {
            return stands;
        }
        jar.empty(turn.carry);
        without_code(turn, "code of no use")
    }

    /// The code of this request: of a page that a person opens, within the app.
    fn code(&self, asking: &Asking<'_>) -> Option<String> {
        let html = |line: &[u8]| line.windows(9).any(|part| part == b"text/html");
        let opened = asking.head.method == "GET"
            && asking.runs
            && asking.kind != RequestKind::Prefetch
            // Nobody sees what a frame of another page signs them in to.
            && asking.head.single("sec-fetch-dest").is_none_or(|dest| dest == b"document")
            && asking.head.lines("accept").any(html);
        let code = param(asking.target.query().filter(|_| opened)?, CODE)?;
        let here = self.settings.code_paths.as_ref().is_none_or(|paths| paths.take(asking.page));
        (!code.is_empty() && here).then_some(code)
    }
}

/// Is the visitor signed in without the code?
fn is_somebody(stands: &Judged) -> bool {
    matches!(stands, Judged::Verified(_))
}

/// To the same page, without the code.
fn without_code(turn: &Turn<'_, '_>, reason: &str) -> Judged {
    let target = turn.asking.target;
    let rest = without_param(target.query().unwrap_or_default(), CODE);
    let location = if rest.is_empty() { target.path().to_owned() } else { format!("{}?{rest}", target.path()) };
    Judged::Detour(Box::new(Detour { status: 307, location, reason: reason.to_owned() }))
}
