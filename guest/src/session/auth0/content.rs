//! What is in the cookie, of both generations, as one session in the shape of v4: `user`, `tokenSet`, `internal`.

use crate::session::encrypted::Opened;
use crate::session::identity::subject;
use crate::session::jwt::{Times, Window};
use crate::session::refused::Refused;
use serde_json::{Map, Value, json};

/// Seconds by which a session ends before the identity provider's own end (`internal.sessionExpiresAt`), as in the
/// package: a clock that is a little behind must not keep it alive.
const CEILING_MARGIN: f64 = 30.0;
/// Members of a session that no member of `user` stands in for.
const OWN: [&str; 4] = ["user", "tokenSet", "internal", "exp"];
/// Members of a v3 session, and what v4 calls them in `tokenSet`.
const TOKENS: [(&str, &str); 5] = [
    ("idToken", "idToken"),
    ("accessToken", "accessToken"),
    ("accessTokenScope", "scope"),
    ("refreshToken", "refreshToken"),
    ("accessTokenExpiresAt", "expiresAt"),
];

/// How long sessions may last.
pub(super) struct Bounds {
    pub(super) window: Window,
    /// Seconds since the session began.
    pub(super) absolute: i64,
    /// Seconds since it was used.
    pub(super) inactivity: i64,
    /// Do they bound sessions that name an end of their own, too?
    pub(super) always: bool,
}

/// A session that was opened.
#[derive(Debug)]
pub(super) struct Session {
    /// In the shape of v4, with everything else that the app put there.
    pub(super) content: Map<String, Value>,
    pub(super) times: Times,
}

impl Session {
    /// Of either generation; v3 is known by `iat` in the header.
    ///
    /// A content without `user` is none: the same key seals the state of sign-ins and the tokens of connected accounts.
    pub(super) fn of(opened: Opened, bounds: &Bounds) -> Result<Self, Refused> {
        let Opened { header, content } = opened;
        if !content.get("user").is_some_and(Value::is_object) {
            return Err(Refused::claim("user", "is missing: no session"));
        }
        let mut times = Times::optional(&content)?;
        let begun = Times::optional(&header)?.issued().filter(|iat| *iat != 0.0);
        let content = match begun {
            Some(iat) => {
                if let Some(end) = number(header.get("exp")) {
                    times = times.at_most(end);
                }
                if !times.ends()
                    && let Some(used) = number(header.get("uat"))
                {
                    times = times.at_most(used + bounds.inactivity as f64);
                }
                from_v3(content, iat)
            }
            None => content,
        };
        let mut session = Self { content, times };
        if let Some(created) = session.created()
            && (bounds.always || !times.ends())
        {
            session.times = session.times.at_most(created + bounds.absolute as f64);
        }
        if let Some(ceiling) = session.internal("sessionExpiresAt").and_then(Value::as_f64) {
            session.times = session.times.at_most(ceiling - CEILING_MARGIN - bounds.window.leeway as f64);
        }
        Ok(session)
    }

    fn internal(&self, name: &str) -> Option<&Value> {
        self.content.get("internal")?.get(name)
    }

    fn user(&self) -> Option<&Map<String, Value>> {
        self.content.get("user")?.as_object()
    }

    /// Who it is.
    pub(super) fn subject(&self) -> Option<String> {
        subject(self.user()?.get("sub"))
    }

    /// When it began, Unix time.
    pub(super) fn created(&self) -> Option<f64> {
        number(self.internal("createdAt"))
    }

    /// The tenant that it was made for, where an app has several.
    pub(super) fn tenant(&self) -> Option<&str> {
        self.internal("mcd")?.get("domain")?.as_str()
    }

    /// The content with the members of `user` beside it, and `sid`.
    pub(super) fn claims(&self) -> Map<String, Value> {
        let mut claims = self.content.clone();
        let lifted = self.user().into_iter().flatten().filter(|(name, _)| !OWN.contains(&name.as_str()));
        claims.extend(lifted.map(|(name, value)| (name.clone(), value.clone())));
        if let Some(sid) = self.internal("sid") {
            claims.entry("sid").or_insert_with(|| sid.clone());
        }
        claims
    }
}

fn number(value: Option<&Value>) -> Option<f64> {
    value?.as_f64()
}

/// As the package itself takes over a session of v3.
fn from_v3(mut content: Map<String, Value>, begun: f64) -> Map<String, Value> {
    let user = content.remove("user").unwrap_or_default();
    let tokens = TOKENS.iter().filter_map(|(old, new)| Some(((*new).to_owned(), content.remove(*old)?)));
    let tokens: Map<String, Value> = tokens.filter(|(_, value)| !value.is_null()).collect();
    let mut internal = json!({ "createdAt": whole(begun) });
    if let (Some(sid), Some(internal)) = (user.get("sid"), internal.as_object_mut()) {
        internal.insert("sid".to_owned(), sid.clone());
    }
    [("user".to_owned(), user), ("tokenSet".to_owned(), Value::Object(tokens)), ("internal".to_owned(), internal)]
        .into_iter()
        .collect()
}

/// A time as it is usually written.
fn whole(time: f64) -> Value {
    if time.fract() == 0.0 { Value::from(time as i64) } else { Value::from(time) }
}
