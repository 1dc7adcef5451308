//! The door that proxies ask at.

use super::mode::Mode;
use super::orders::Orders;
use super::original::{Original, Unread};
use super::{Cannot, Given, answer, grpc};
use crate::gate::Reply;
use crate::proxy::forwarded::is_trusted;
use crate::proxy::inbound::Refusal;
use crate::proxy::reply;
use crate::proxy::{Door, Inbound, Judge, Outgoing, Turn};
use http::request::Parts;
use http::{HeaderMap, Response, StatusCode};
use ipnet::IpNet;
use std::net::IpAddr;
use std::sync::Arc;

/// Set by Envoy for a question that holds a body: is it all of it?
const PARTIAL: &str = "x-envoy-auth-partial-body";

/// One listener for questions.
#[derive(Debug, Clone)]
pub struct Front {
    mode: Mode,
    grpc: bool,
    trusted: Arc<[IpNet]>,
}

impl Front {
    /// For questions over HTTP. `trusted`: who may ask, besides this machine and the `trusted-proxies` of the policy.
    pub fn http(mode: Mode, trusted: &[IpNet]) -> Self {
        Self { mode, grpc: false, trusted: trusted.into() }
    }

    /// For `envoy.service.auth.v3.Authorization/Check`.
    pub fn grpc(trusted: &[IpNet]) -> Self {
        Self { mode: Mode::Envoy, grpc: true, trusted: trusted.into() }
    }

    /// Proxies that may stand between the client and the one that asks. This machine is none of them: who asks from
    /// here may also be a client from here, and then the address is the truth.
    fn hops<J: Judge>(&self, turn: &Turn<'_, J>) -> Vec<IpNet> {
        self.trusted.iter().chain(&turn.settings().trusted_proxies).copied().collect()
    }
}

impl<J: Judge> Door<J> for Front {
    async fn answer(&self, mut turn: Turn<'_, J>, head: Parts, body: Inbound) -> Response<Outgoing> {
        let (version, hops) = (head.version, self.hops(&turn));
        let checked = if may_ask(turn.peer(), &hops) {
            turn.check(&head)
        } else {
            Err(Refusal { status: StatusCode::FORBIDDEN, why: "whoever asks is not trusted" })
        };
        match checked {
            Ok(_) if self.grpc => grpc::answer(turn, head, body).await,
            Ok(checked) => {
                let asked = Original::read(self.mode, &head, &checked, &hops);
                reply::gate(self.http_answer(turn, &head, asked, body).await)
            }
            Err(refusal) => {
                let refused = turn.refuse(refusal);
                body.drain();
                let mut response = reply::gate(refused);
                reply::close_after(&mut response, version);
                response
            }
        }
    }
}

impl Front {
    async fn http_answer<J: Judge>(
        &self,
        mut turn: Turn<'_, J>,
        head: &Parts,
        asked: Result<Original, Unread>,
        mut body: Inbound,
    ) -> Reply {
        let mode = self.mode;
        let verdict = match asked {
            Err(unread) => Err(refuse(&mut turn, unread)),
            Ok(asked) => {
                turn.speaks_of(asked.method.clone(), asked.target.clone());
                let mut given = if mode == Mode::Envoy { given(&head.headers, &mut body) } else { Given::Nothing };
                let judged = turn.judge(asked.asked(), &head.headers, &mut given).await;
                judged.map(|permit| (asked, permit))
            }
        };
        body.drain();
        let answered = match verdict {
            Ok((asked, permit)) => {
                let orders = Orders::new(&permit, &asked, &head.headers, |name| mode.is_own(name), &turn);
                orders.and_then(|orders| answer::allow(mode, &permit, &orders))
            }
            Err(reply) => {
                turn.comes_to(reply.status);
                answer::refuse(mode, reply)
            }
        };
        answered
            .or_else(|cannot| answer::refuse(mode, fail(&mut turn, cannot)))
            .unwrap_or_else(|cannot| fail(&mut turn, cannot))
    }
}

/// From this machine, or from a proxy that somebody named.
pub(super) fn may_ask(peer: IpAddr, named: &[IpNet]) -> bool {
    peer.is_loopback() || is_trusted(named, peer)
}

/// The body, if the proxy says that it hands on the whole of it.
pub(super) fn given<B>(headers: &HeaderMap, body: B) -> Given<B> {
    let mut marks = headers.get_all(PARTIAL).iter().map(|mark| mark.as_bytes());
    match (marks.next(), marks.next()) {
        (Some(b"false"), None) => Given::Whole(body),
        (Some(_), _) => Given::Part,
        (None, _) => Given::Nothing,
    }
}

/// The answer to a question that does not name its request well.
pub(super) fn refuse<J: Judge>(turn: &mut Turn<'_, J>, unread: Unread) -> Reply {
    let Unread { refusal, header } = unread;
    let reply = turn.refuse(refusal);
    turn.note(refusal.why, Some(header.to_owned()));
    reply
}

/// The answer where a verdict cannot be carried out.
pub(super) fn fail<J: Judge>(turn: &mut Turn<'_, J>, cannot: Cannot) -> Reply {
    let Cannot { status, why, about } = cannot;
    turn.comes_to(status);
    turn.fail(status, why, about)
}
