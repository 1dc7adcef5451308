//! The reverse proxy's door: a request is judged as it came, then sent upstream or answered.

use super::Judge;
use super::body::{Inbound, Outbound, Outgoing, UploadState};
use super::forwarded::{self, Origin};
use super::inbound::{self, Checked, Refusal};
use super::metrics::count;
use super::outbound;
use super::turn::{Asked, Door, Turn};
use super::upstream::SendError;
use super::{reply, tunnel};
use crate::gate::Permit;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::Body;
use hyper::body::Incoming;
use portcullis_wire::{Said, is_ambiguous};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

/// Requests go on to the upstreams of the policy.
#[derive(Debug, Clone, Copy)]
pub struct Onward;

impl<J: Judge> Door<J> for Onward {
    async fn answer(&self, mut turn: Turn<'_, J>, head: Parts, mut body: Inbound) -> Response<Outgoing> {
        let version = head.version;
        let (checked, origin) = match check(&turn, &head, &body) {
            Ok(checked) => checked,
            Err(refusal) => {
                body.drain();
                let mut response = reply::gate(turn.refuse(refusal));
                reply::close_after(&mut response, version);
                return response;
            }
        };
        let Checked { authority, websocket } = checked;
        let target = inbound::asked(&head);
        let asked = Asked {
            method: head.method.as_str(),
            scheme: origin.scheme,
            authority: &authority,
            target: &target,
            client: origin.client,
        };
        let permit = match turn.judge(asked, &head.headers, &mut body).await {
            Ok(permit) => permit,
            Err(answer) => {
                body.drain();
                return reply::gate(answer);
            }
        };
        let address =
            if origin.client == turn.peer() { turn.client.address.clone() } else { outbound::address(origin.client) };
        let host = turn.revision.upstreams.get(permit.upstream()).and_then(|upstream| upstream.host.clone());
        let said = Said { trusted: origin.trusted, address, scheme: origin.scheme, authority, host };
        Passing { turn, websocket }.send(&permit, head, said, body).await
    }
}

/// What may be judged, or why it may not.
fn check<'a, J: Judge>(turn: &Turn<'_, J>, head: &'a Parts, body: &Inbound) -> Result<(Checked, Origin<'a>), Refusal> {
    let settings = turn.settings();
    let checked = turn.check(head)?;
    let origin = forwarded::origin(turn.client.peer, &settings.trusted_proxies, &head.headers);
    let authority = match origin.host {
        Some(host) => inbound::forwarded_authority(host)?,
        None => checked.authority,
    };
    if checked.websocket && !body.is_empty() {
        return Err(Refusal { status: StatusCode::BAD_REQUEST, why: "a websocket request has no body" });
    }
    if body.declared().is_some_and(|length| length > settings.max_body) {
        return Err(Refusal { status: StatusCode::PAYLOAD_TOO_LARGE, why: "request body is too large" });
    }
    Ok((Checked { authority, ..checked }, origin))
}

/// A judged request on its way upstream.
struct Passing<'a, J> {
    turn: Turn<'a, J>,
    websocket: bool,
}

impl<J: Judge> Passing<'_, J> {
    async fn send(mut self, permit: &Permit, mut head: Parts, said: Said, body: Inbound) -> Response<Outgoing> {
        let revision = Arc::clone(&self.turn.revision);
        let Some(upstream) = revision.upstreams.get(permit.upstream()) else {
            body.drain();
            return self.failed(StatusCode::INTERNAL_SERVER_ERROR, "no such upstream", None);
        };
        self.turn.goes_to(&upstream.name);
        let version = head.version;
        let is_head = head.method == Method::HEAD;
        let client_side = self.websocket.then(|| head.extensions.remove::<hyper::upgrade::OnUpgrade>()).flatten();
        outbound::request(&mut head, permit, &revision.dropped, said, self.websocket);
        let outgoing = if body.is_empty() {
            Outbound::Empty
        } else {
            Outbound::Upload { body, left: revision.settings.max_body, state: Arc::<UploadState>::default() }
        };
        let (response, lease) = match upstream.send(Request::from_parts(head, outgoing)).await {
            Ok(sent) => sent,
            Err(error) => {
                let (status, why) = reply::send_error(&error);
                let mut response = self.failed(status, why, error.detail());
                if matches!(error, SendError::TooLarge | SendError::ClientGone) {
                    reply::close_after(&mut response, version);
                }
                return response;
            }
        };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return match client_side {
                Some(client_side) if inbound::upgrades_to_websocket(response.headers()) => {
                    self.tunnel(permit, response, client_side)
                }
                _ => self.failed(StatusCode::BAD_GATEWAY, "upstream switched protocols unasked", None),
            };
        }
        if is_ambiguous(response.headers()) {
            return self.failed(StatusCode::BAD_GATEWAY, "upstream gave two lengths", None);
        }
        let (mut head, body) = response.into_parts();
        let bodiless = is_head || head.status == StatusCode::NOT_MODIFIED;
        outbound::response(&mut head, permit, body.size_hint().exact(), bodiless);
        let is_early = lease.is_uploading();
        let mut response = Response::from_parts(head, Outgoing::upstream(body, lease));
        if is_early {
            // The rest of the upload is nobody's; the connection cannot go on after it.
            reply::close_after(&mut response, version);
        }
        response
    }

    fn failed(&mut self, status: StatusCode, why: &'static str, detail: Option<String>) -> Response<Outgoing> {
        count(&self.turn.metrics().upstream_errors);
        reply::gate(self.turn.fail(status, why, detail))
    }

    /// The upstream has agreed: tell the client, then carry bytes (RUSTSEC-2026-0033: not before).
    fn tunnel(
        &self,
        permit: &Permit,
        mut response: Response<Incoming>,
        client_side: hyper::upgrade::OnUpgrade,
    ) -> Response<Outgoing> {
        let upstream_side = hyper::upgrade::on(&mut response);
        let (mut head, _) = response.into_parts();
        outbound::response(&mut head, permit, None, false);
        head.status = StatusCode::SWITCHING_PROTOCOLS;
        head.headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        head.headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        let idle = self.turn.settings().tunnel_idle;
        let (tunnels, alive) = (Arc::clone(&self.turn.client.shared.tunnels), self.turn.client.alive.clone());
        tokio::spawn(async move {
            tunnels.fetch_add(1, Relaxed);
            tokio::select! {
                () = tunnel::run(client_side, upstream_side, idle) => {}
                // The process ends: the receiver is gone.
                () = alive.closed() => {}
            }
            tunnels.fetch_sub(1, Relaxed);
        });
        Response::from_parts(head, Outgoing::own(bytes::Bytes::new()))
    }
}
