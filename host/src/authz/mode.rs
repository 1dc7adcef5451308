//! The proxies that can ask: what each names, and what each can be told. `docs/authz.md` has the same table for readers.

use clap::ValueEnum;

/// Which kind of proxy asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// `auth_request`.
    Nginx,
    /// `forward_auth`.
    Caddy,
    /// The ForwardAuth middleware.
    Traefik,
    /// The haproxy-auth-request script.
    Haproxy,
    /// The `ext_authz` filter, over HTTP or gRPC.
    Envoy,
}

/// Headers in which a proxy names the original request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// Method and target; `None`: they are those of the question itself.
    pub(super) line: Option<Line>,
    pub(super) scheme: &'static str,
    pub(super) client: &'static str,
}

/// See [`Names::line`].
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) method: &'static str,
    pub(super) host: &'static str,
    pub(super) target: &'static str,
}

/// Set by the config that we document: nginx sends nothing by itself.
const ORIGINAL: Names = Names {
    line: Some(Line { method: "x-original-method", host: "x-original-host", target: "x-original-uri" }),
    scheme: "x-original-proto",
    client: "x-original-for",
};

/// What Traefik and Caddy send, and what is usual with HAProxy.
const FORWARDED: Names = Names {
    line: Some(Line { method: "x-forwarded-method", host: "x-forwarded-host", target: "x-forwarded-uri" }),
    scheme: "x-forwarded-proto",
    client: "x-forwarded-for",
};

/// Envoy asks with the request itself.
const ITSELF: Names = Names { line: None, scheme: "x-forwarded-proto", client: "x-forwarded-for" };

/// How a proxy is told that a header must not reach the app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Removal {
    /// By an empty value, which takes the place of the client's.
    Empty,
    /// The same, and of every header that its config may ask for: a placeholder of Caddy without a value is copied as
    /// it is written, and the app would read that as a name.
    EveryEmpty,
    /// By saying nothing: it removes by itself what it is not given.
    Silence,
    /// By a list of names.
    List,
}

impl Mode {
    pub(super) fn names(self) -> &'static Names {
        match self {
            Self::Nginx => &ORIGINAL,
            Self::Caddy | Self::Traefik | Self::Haproxy => &FORWARDED,
            Self::Envoy => &ITSELF,
        }
    }

    pub(super) fn removal(self) -> Removal {
        match self {
            Self::Nginx | Self::Haproxy => Removal::Empty,
            Self::Caddy => Removal::EveryEmpty,
            Self::Traefik => Removal::Silence,
            Self::Envoy => Removal::List,
        }
    }

    /// Can it send another path to the app than the one that it asked about?
    pub(super) fn takes_target(self) -> bool {
        matches!(self, Self::Nginx | Self::Haproxy)
    }

    /// Does it know of no other refusals than 401 and 403?
    pub(super) fn is_narrow(self) -> bool {
        self == Self::Nginx
    }

    /// Does it see one line only of a header that has several? Then cookies come in numbered headers, too.
    pub(super) fn counts_cookies(self) -> bool {
        matches!(self, Self::Nginx | Self::Caddy | Self::Haproxy)
    }

    /// Is this a header of its own in the question? Then it says nothing of the client.
    pub(super) fn is_own(self, name: &str) -> bool {
        let names = self.names();
        let line = names.line.iter().any(|line| [line.method, line.host, line.target].contains(&name));
        line || name == names.scheme || name == names.client
    }
}
