//! `kind = "convex-auth"`: the session of Convex Auth. Two cookies, a token (RS256, without `kid` and `typ`) and a refresh
//! token; a third one while somebody signs in. The token is verified here, without a call.
//!
//! With a [`Service`] the gate does all that the middleware of Convex Auth does: it renews tokens ([`renew`]), exchanges the codes
//! of magic links and OAuth ([`exchange`]), and answers `/api/auth`, where the app signs in and out ([`actions`]). Without one
//! the app does these, and the gate only reads. [`jar`] is the cookies, [`backend`] the HTTP API of a deployment.
//!
//! The names of the cookies depend on where the site is ([`place`]): on this very machine (`http://localhost:3000`) browsers
//! take no `__Host-` cookies, so the prefix is left out there. The config says where that is; the Host header does only where
//! it is told to.

mod actions;
mod backend;
mod exchange;
mod jar;
mod place;
mod renew;
mod settings;
#[cfg(test)]
mod tests;

use super::codes;
use super::jwt::Verifier;
use super::kind::{Asking, Judged, Reader, Ready, Served, Turn};
use super::known::{Known, KnownSettings};
use super::prepare::Prepare;
use super::refused::Refused;
use super::url;
use crate::request::CookieRule;
use crate::trace::Outcome;
pub use backend::FunctionKind;
use jar::{Jar, Names};
use renew::{Due, Stand};
pub use settings::{CodePaths, ConvexAuthSettings, ConvexService, CookieNames, Margin, Place, Renewal};

/// The service with its address.
struct Service {
    settings: ConvexService,
    /// Without a slash at the end.
    url: String,
}

/// A token and what renews it.
struct Tokens {
    token: String,
    refresh: String,
}

impl Ready for ConvexAuthSettings {
    fn ready(&self, prepare: &mut Prepare<'_>) -> Option<Box<dyn Reader>> {
        let (token, name) = match &self.issuer {
            Some((known, name)) => {
                let name = KnownSettings::resolve(*known, name, prepare)?;
                (known.fill(&name, true, &self.token)?, Some((*known, name)))
            }
            None => (self.token.clone(), None),
        };
        let verifier = Verifier::ready(&token, prepare);
        let service = match &self.service {
            Some(settings) => Some(Service::ready(settings, name, prepare)?),
            None => None,
        };
        let names = |prefix: &str| Names::new(prefix, &self.names);
        Some(Box::new(ConvexAuth {
            verifier: verifier?,
            remote: names(&self.names.prefix),
            local: names(""),
            place: self.place.clone(),
            service,
            forward_token: self.forward_token,
        }))
    }
}

impl Service {
    fn ready(settings: &ConvexService, name: Option<(Known, String)>, prepare: &mut Prepare<'_>) -> Option<Self> {
        let url = match &settings.url {
            Some(url) => Some(prepare.text(url, "address of the deployment")?),
            None => name.and_then(|(known, name)| ConvexService::address_of(known, &name)),
        };
        let url = url.map(|url| url.trim_end_matches('/').to_owned());
        let Some(url) = url.filter(|url| url::is_issuer(url)) else {
            let text = "the address of the deployment is none, or does not follow from the issuer";
            let help = "write `convex-url`: `https`, or `http` on loopback; or `renew = false` if the app renews sessions itself";
            prepare.error(codes::BAD_KNOWN, text, help);
            return None;
        };
        Some(Self { settings: settings.clone(), url })
    }
}

struct ConvexAuth {
    verifier: Verifier,
    remote: Names,
    local: Names,
    place: Place,
    service: Option<Service>,
    forward_token: bool,
}

impl Reader for ConvexAuth {
    fn cookies(&self) -> Vec<CookieRule> {
        match &self.place {
            Place::Origin(origin) => self.at(place::is_local(origin)).rules(),
            Place::AsAsked => [self.remote.rules(), self.local.rules()].concat(),
            Place::Elsewhere => self.remote.rules(),
        }
    }

    fn read(&self, turn: &mut Turn<'_, '_>) -> Judged {
        let asking = turn.asking;
        let names = self.names(&asking);
        let jar = match Jar::read(names, &self.place, &asking) {
            Ok(jar) => jar,
            Err(why) => return turn.refuse(why),
        };
        let brought = !jar.is_empty() || jar.verifier.is_some();
        if brought && self.place.is_foreign(&asking) {
            jar::hide(names, turn);
            return turn.refuse(Refused::Unreadable("sent by another origin, cookies not read"));
        }
        match &self.service {
            None => self.only_read(turn, &jar),
            Some(service) => {
                let stands = self.judge(service, turn, &jar);
                service.exchange(turn, &jar, stands)
            }
        }
    }

    fn calls(&self) -> Vec<String> {
        let address = |service: &Service| {
            let kinds = [FunctionKind::Action, service.settings.renewal.kind];
            kinds.map(|kind| format!("{}{}", service.url, kind.path())).to_vec()
        };
        let mut calls: Vec<String> = self.service.iter().flat_map(address).collect();
        calls.dedup();
        calls
    }

    fn serve(&self, turn: &mut Turn<'_, '_>) -> Option<Served> {
        let service = self.service.as_ref()?;
        is_at(&service.settings.endpoint, turn.asking.page).then(|| self.act(service, turn))
    }
}

/// Is it this path, with or without a slash at its end?
pub fn is_at(endpoint: &str, page: &str) -> bool {
    page.strip_prefix(endpoint).is_some_and(|rest| matches!(rest, "" | "/"))
}

impl ConvexAuth {
    fn at(&self, local: bool) -> &Names {
        if local { &self.local } else { &self.remote }
    }

    fn names(&self, asking: &Asking<'_>) -> &Names {
        self.at(self.place.is_local(asking))
    }

    /// The session, renewed if that is due.
    fn judge(&self, service: &Service, turn: &mut Turn<'_, '_>, jar: &Jar<'_>) -> Judged {
        let (text, doubt) = match service.stand(turn, jar, Due::Early) {
            Stand::Ask(asked) => return Judged::Ask(vec![asked]),
            Stand::Over(why) => return turn.refuse(why),
            Stand::Unknown(why) => return Judged::Unavailable(why),
            Stand::Known(identity) => {
                turn.note(Outcome::Yes, || "verified before".to_owned());
                self.tell(turn, jar.token.as_deref().unwrap_or_default());
                return Judged::Verified(identity);
            }
            Stand::Token { text, doubt } => (text, doubt),
        };
        match (turn.token(&self.verifier, &text), doubt) {
            (Judged::Verified(identity), _) => {
                self.tell(turn, &text);
                Judged::Verified(identity)
            }
            (Judged::Refused(_), Some(doubt)) => Judged::Unavailable(doubt),
            (Judged::Refused(why), None) => {
                jar.hide_token(turn.carry);
                Judged::Refused(why)
            }
            (other, _) => other,
        }
    }

    /// As a middleware behind would have it, which ends a session of which one half is missing.
    fn only_read(&self, turn: &mut Turn<'_, '_>, jar: &Jar<'_>) -> Judged {
        match (&jar.token, &jar.refresh) {
            (None, None) => turn.refuse(Refused::Absent("no cookie")),
            (Some(_), None) => turn.refuse(Refused::State("token without refresh token")),
            (None, Some(_)) => turn.refuse(Refused::State("refresh token without token")),
            (Some(text), Some(_)) => {
                let judged = turn.token(&self.verifier, text);
                if matches!(judged, Judged::Verified(_)) {
                    self.tell(turn, text);
                }
                judged
            }
        }
    }

    /// Tell the app behind the token, if it wants to know.
    fn tell(&self, turn: &mut Turn<'_, '_>, token: &str) {
        if self.forward_token {
            turn.carry.request_headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        }
    }
}
