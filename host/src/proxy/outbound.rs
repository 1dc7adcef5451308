//! From a permit to the request that goes upstream, and from the upstream's response to the one that goes back.
//! What headers become is `portcullis-wire`'s; only a permit gets there.

use crate::gate::Permit;
use http::request::Parts;
use http::{HeaderValue, Uri, Version, header};
use portcullis_wire::{FoldedNames, Forwarding, Said};
use std::net::IpAddr;

/// Turn a client's head into the one that goes upstream. Only a permit can do that.
pub(super) fn request(head: &mut Parts, permit: &Permit, dropped: &FoldedNames, said: Said, websocket: bool) {
    let forwarding =
        Forwarding { request: permit.request(), cookie: permit.cookie(), whole: permit.status().is_some() };
    portcullis_wire::request(&mut head.headers, &forwarding, dropped, said);
    if websocket {
        head.headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        head.headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    }
    head.uri = Uri::from(permit.target().clone());
    head.version = Version::HTTP_11;
    head.extensions.clear();
}

/// An address as a header value.
pub(super) fn address(ip: IpAddr) -> HeaderValue {
    // An address has only characters that a header value may have.
    HeaderValue::try_from(ip.to_string()).unwrap_or_else(|_| HeaderValue::from_static("unknown"))
}

/// Turn an upstream's head into the one that goes to the client. `length`: what its body has, where known; `bodiless`:
/// an answer that tells a length without having it (to HEAD, or 304).
pub(super) fn response(head: &mut http::response::Parts, permit: &Permit, length: Option<u64>, bodiless: bool) {
    portcullis_wire::response(&mut head.headers, permit.response(), length, bodiless);
    if let Some(status) = permit.status() {
        head.status = status;
    }
    head.version = Version::HTTP_11;
    head.extensions.clear();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Edit;
    use http::{HeaderName, Request, StatusCode};

    fn permit() -> Permit {
        Permit::for_test("/judged?q=1", 0)
    }

    fn said() -> Said {
        let authority = HeaderValue::from_static("app.example:8443");
        let address = HeaderValue::from_static("192.0.2.7");
        Said { trusted: false, address, scheme: "https", authority, host: None }
    }

    fn sent(list: &[(&str, &str)], permit: &Permit, stripped: &[&str]) -> Parts {
        let mut build = Request::get("/raw");
        for (name, value) in list {
            build = build.header(*name, *value);
        }
        let mut head = build.body(()).unwrap().into_parts().0;
        let stripped = stripped.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        request(&mut head, permit, &FoldedNames::of_requests(&stripped), said(), false);
        head
    }

    fn value<'a>(head: &'a Parts, name: &str) -> Vec<&'a str> {
        head.headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
    }

    #[test]
    fn what_was_judged_is_sent() {
        let head = sent(&[("host", "other"), ("x-keep", "1")], &permit(), &[]);
        assert_eq!(head.uri, "/judged?q=1");
        assert_eq!(value(&head, "host"), ["app.example:8443"]);
        assert_eq!(value(&head, "x-keep"), ["1"]);
    }

    #[test]
    fn the_forwarded_family_is_rebuilt() {
        let head = sent(
            &[
                ("x-forwarded-for", "6.6.6.6"),
                ("x_forwarded_host", "evil"),
                ("forwarded", "for=6.6.6.6"),
                ("x-real-ip", "6"),
                ("x-forwarded-prefix", "/x"),
            ],
            &permit(),
            &[],
        );
        assert_eq!(value(&head, "x-forwarded-for"), ["192.0.2.7"]);
        assert_eq!(value(&head, "x-forwarded-host"), ["app.example:8443"]);
        assert_eq!(value(&head, "x-forwarded-proto"), ["https"]);
        assert_eq!(value(&head, "x-forwarded-port"), ["8443"]);
        for gone in ["x_forwarded_host", "forwarded", "x-real-ip", "x-forwarded-prefix"] {
            assert!(value(&head, gone).is_empty(), "{gone}");
        }
    }

    #[test]
    fn what_content_networks_say_is_dropped_unless_the_peer_is_trusted() {
        let build = || Request::get("/raw").header("CF_Connecting_IP", "6.6.6.6").header("x-original-host", "evil");
        for (trusted, left) in [(false, vec![]), (true, vec!["6.6.6.6"])] {
            let mut head = build().body(()).unwrap().into_parts().0;
            request(&mut head, &permit(), &FoldedNames::of_requests(&[]), Said { trusted, ..said() }, false);
            assert_eq!(value(&head, "cf_connecting_ip"), left);
            assert!(value(&head, "x-original-host").is_empty());
        }
    }

    #[test]
    fn connection_cannot_remove_what_the_gate_sets() {
        let mut permit = permit();
        permit.add_for_test(Edit::Set(HeaderName::from_static("x-user-id"), HeaderValue::from_static("guard")));
        let options = "close, X-User-Id, Host, X-Forwarded-For, X-Own, Cookie";
        let head = sent(
            &[("connection", options), ("x-user-id", "admin"), ("x_user.id", "root"), ("x-own", "1")],
            &permit,
            &["x-user-id"],
        );
        assert_eq!(value(&head, "x-user-id"), ["guard"]);
        assert_eq!(value(&head, "x-forwarded-for"), ["192.0.2.7"]);
        assert_eq!(value(&head, "host"), ["app.example:8443"]);
        for gone in ["connection", "x-own", "x_user.id"] {
            assert!(value(&head, gone).is_empty(), "{gone}");
        }
    }

    #[test]
    fn hop_by_hop_and_framing_stay_here() {
        let list = [
            ("te", "trailers, gzip"),
            ("keep-alive", "5"),
            ("proxy-authorization", "x"),
            ("upgrade", "h2c"),
            ("http2-settings", "AA"),
            ("transfer-encoding", "chunked"),
            ("content-length", "5"),
            ("expect", "100-continue"),
            ("content_length", "9"),
            ("trailer", "x"),
            ("proxy-connection", "x"),
        ];
        let head = sent(&list, &permit(), &[]);
        assert_eq!(value(&head, "te"), ["trailers"]);
        for (gone, _) in list.iter().skip(1) {
            assert!(value(&head, gone).is_empty(), "{gone}");
        }
    }

    #[test]
    fn cookies() {
        let own = [("cookie", "a=1"), ("cookie", "b=2")];
        assert_eq!(value(&sent(&own, &permit(), &[]), "cookie"), ["a=1; b=2"]);
        let set = permit().with_cookie_for_test(Some(HeaderValue::from_static("b=2")));
        assert_eq!(value(&sent(&own, &set, &[]), "cookie"), ["b=2"]);
        let none = permit().with_cookie_for_test(None);
        assert!(value(&sent(&own, &none, &[]), "cookie").is_empty());
    }

    #[test]
    fn a_permit_may_change_status_and_headers_of_the_response() {
        let edits = vec![Edit::Set(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"))];
        let permit = permit().with_response_for_test(edits, Some(StatusCode::FORBIDDEN));
        // A page that is to become a 403 must come whole, not as 304 or 206.
        let head = sent(&[("if-none-match", "x"), ("range", "bytes=0-1"), ("accept", "a")], &permit, &[]);
        assert!(!head.headers.contains_key("if-none-match") && !head.headers.contains_key("range"));
        assert!(head.headers.contains_key("accept"));
        let build = http::Response::builder().header("cache-control", "public, max-age=60").header("server", "app");
        let mut head = build.body(()).unwrap().into_parts().0;
        response(&mut head, &permit, None, false);
        assert_eq!(head.status, StatusCode::FORBIDDEN);
        assert_eq!(head.headers["cache-control"], "private, no-store");
        assert_eq!(head.headers["server"], "app");
    }

    #[test]
    fn a_response_keeps_only_a_true_length() {
        let with = |length: Option<u64>, bodiless: bool| {
            let build =
                http::Response::builder().status(200).header("content-length", "5").header("connection", "x-hop");
            let mut head = build.header("x-hop", "1").header("keep-alive", "1").body(()).unwrap().into_parts().0;
            response(&mut head, &permit(), length, bodiless);
            assert_eq!(head.status, StatusCode::OK);
            assert!(!head.headers.contains_key("x-hop") && !head.headers.contains_key("keep-alive"));
            head.headers.contains_key("content-length")
        };
        assert!(with(Some(5), false) && with(Some(0), true));
        assert!(!with(None, false) && !with(Some(4), false));
    }
}
