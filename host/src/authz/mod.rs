//! Forward auth: a proxy that somebody runs already asks, for each of its requests, what shall become of it. The same
//! policy decides as in the reverse proxy; only who carries the request differs. No policy here.
//!
//! The rooms in the order of a question: `front` is the [`Door`](crate::proxy::Door) it comes through; `mode` says what
//! the proxy of that kind names and can be told; `original` reads which request is meant; the policy decides; `orders`
//! says what the verdict wants done; `answer` puts that into HTTP, `grpc` into the messages of `ext_authz`. Whatever a
//! proxy cannot be told is refused. See `docs/authz.md`.

mod answer;
pub mod ext_authz;
mod front;
mod grpc;
mod mode;
mod orders;
mod original;

#[cfg(test)]
mod tests;

pub use front::Front;
pub use mode::Mode;

use crate::gate::BodySource;
use bytes::Bytes;
use http::StatusCode;

/// Why a verdict cannot be carried out by the proxy that asked.
#[derive(Debug)]
struct Cannot {
    status: StatusCode,
    why: &'static str,
    /// Which header, for the log.
    about: Option<String>,
}

impl Cannot {
    /// The policy wants something that this kind of proxy cannot do: the operator has to change one of them.
    fn told(why: &'static str) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, why, about: None }
    }
}

/// The body of the original request, as far as the proxy hands it on.
#[derive(Debug)]
enum Given<B> {
    Nothing,
    /// More than the proxy holds.
    Part,
    Whole(B),
}

impl<B: BodySource> BodySource for Given<B> {
    async fn prefix(&mut self, limit: usize) -> Result<Option<Bytes>, String> {
        match self {
            Self::Nothing => Err("no body in forward auth".to_owned()),
            Self::Part => Ok(None),
            Self::Whole(body) => body.prefix(limit).await,
        }
    }
}

/// A body that came inside a message.
#[derive(Debug)]
struct Held(Bytes);

impl BodySource for Held {
    async fn prefix(&mut self, limit: usize) -> Result<Option<Bytes>, String> {
        Ok((self.0.len() <= limit).then(|| self.0.clone()))
    }
}
