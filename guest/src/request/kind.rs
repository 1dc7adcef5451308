//! Which client step a request is. Decided once, from the method and headers; decides how a refusal looks.

use super::{Head, Target};

/// Request kinds, as `docs/request-kinds.md` tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A browser opens a page.
    Navigation,
    /// A browser submits a form.
    FormPost,
    /// React server components payload.
    Rsc,
    /// A guess at what comes next.
    Prefetch,
    /// Next.js page data.
    Data,
    /// Next.js server action.
    Action,
    /// Script or machine.
    Fetch,
    /// WebSocket handshake.
    WebSocket,
    /// Server-sent events.
    EventStream,
    /// Image, script, style, font…
    SubResource,
    /// CORS preflight.
    Preflight,
}

impl Kind {
    /// All request headers that [`Kind::of`] reads, lower case.
    pub const HEADERS: &'static [&'static str] = &[];

    /// The kind of this request.
    pub fn of(head: &Head, target: &Target) -> Self {
        let _ = (head, target);
        Self::Navigation
    }

    /// By its stable name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Navigation, Self::Fetch].into_iter().find(|kind| kind.name() == name)
    }

    /// The fewest headers that make a request of this kind.
    pub fn sample_headers(self) -> &'static [(&'static str, &'static str)] {
        &[]
    }

    /// Stable name, as in `[rsc]` of a test case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Navigation => "navigation",
            Self::FormPost => "form-post",
            Self::Rsc => "rsc",
            Self::Prefetch => "prefetch",
            Self::Data => "data",
            Self::Action => "action",
            Self::Fetch => "fetch",
            Self::WebSocket => "websocket",
            Self::EventStream => "event-stream",
            Self::SubResource => "sub-resource",
            Self::Preflight => "preflight",
        }
    }
}
