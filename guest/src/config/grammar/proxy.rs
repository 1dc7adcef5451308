//! `[proxy]`.

use super::{Key, Names, Shape, Table};

/// A day: no timeout of a proxy is sensibly longer.
const DAY: u64 = 86_400_000;

pub(super) static PROXY: Table = Table {
    name: "proxy",
    title: "[proxy]",
    doc: "Settings of the proxy. Read by the host only; a runtime that loads the component elsewhere ignores this table.",
    example: "[proxy]\nlisten = \"127.0.0.1:8080\"\nupstream = \"http://127.0.0.1:3000\"",
    keys: &[
        key!("listen", &Shape::Text("address:port"), "Where to listen.", default "\"127.0.0.1:8080\""),
        key!("admin", &Shape::Text("address:port"), "Where health and metrics are served; without it nowhere."),
        key!(
            "upstream",
            &Shape::Text("origin"),
            "The server behind: `http://host:port` or `https://host:port`, without a path."
        ),
        key!(
            "upstreams",
            &Shape::Map(Names::Own("upstream"), &Shape::Choice(&[Shape::Text("origin"), Shape::Table(&UPSTREAM)])),
            "Further servers, by name; routes choose with `upstream`."
        ),
        key!("public-origin", &Shape::Text("origin"), "What browsers see: `https://app.example.com`."),
        key!("trusted-proxies", &Shape::Texts("network"), "Addresses or networks (CIDR) whose `X-Forwarded-*` is believed.", default "nobody's"),
        key!("timeouts", &Shape::Table(&TIMEOUTS), "How long things may take."),
        key!("limits", &Shape::Table(&LIMITS), "How large things may be."),
        key!("workers", &Shape::Integer(1, 1024), "Worker threads.", default "one per core"),
        key!("isolation", &Shape::Word(ISOLATION), "How long an instance of the policy lives.", default "\"reuse\""),
        key!("access-log", &Shape::Bool, "Write a line per request.", default "true"),
    ],
    habits: &[
        ("port", "`listen`"),
        ("bind", "`listen`"),
        ("backend", "`upstream`"),
        ("target", "`upstream`"),
        ("origin", "`public-origin`"),
        ("timeout", "`[proxy.timeouts]`"),
    ],
};

static UPSTREAM: Table = Table {
    name: "upstream",
    title: "[proxy.upstreams.NAME]",
    doc: "A further server, if there is more to say than where it is.",
    example: "[proxy]\nupstream = \"http://127.0.0.1:3000\"\n\n[proxy.upstreams.actions]\nurl = \"https://happy-otter-123.convex.site\"\nexternal = true",
    keys: &[
        key!("url", &Shape::Text("origin"), "Where it is: `http://host:port` or `https://host:port`.", required),
        key!("external", &Shape::Bool, "It is another site: it is asked by its own name, and gets no cookies.", default "`false`"),
    ],
    habits: &[("address", "`url`"), ("host", "`external = true`")],
};

const ISOLATION: &[(&str, &str)] =
    &[("reuse", "an instance serves many requests"), ("request", "a fresh instance for each request, at some cost")];

static TIMEOUTS: Table = Table {
    name: "timeouts",
    title: "[proxy.timeouts]",
    doc: "How long things may take: `500ms`, `5s`, `2m`.",
    example: "[proxy.timeouts]\nconnect = \"2s\"\nresponse = \"30s\"",
    keys: &[
        key!("connect", &Shape::Duration(DAY), "Opening a connection to an upstream."),
        key!("response", &Shape::Duration(DAY), "Until an upstream sends the head of its response."),
        key!("head", &Shape::Duration(DAY), "Until a client has sent a request head."),
        key!("idle", &Shape::Duration(DAY), "A connection between two requests."),
        key!("grace", &Shape::Duration(DAY), "Requests in flight at shutdown."),
    ],
    habits: &[("read", "`response`"), ("shutdown", "`grace`"), ("keepalive", "`idle`")],
};

static LIMITS: Table = Table {
    name: "limits",
    title: "[proxy.limits]",
    doc: "How large things may be: `64KiB`, `10MiB`, or an integer of bytes.",
    example: "[proxy.limits]\nbody = \"10MiB\"\nhead = \"64KiB\"",
    keys: &[
        key!("body", &Shape::Size(1 << 40), "A request body; more is answered with 413."),
        key!("head", &Shape::Size(1 << 20), "A request head; more is answered with 431."),
    ],
    habits: &[("headers", "`head`"), ("max-body", "`body`")],
};
