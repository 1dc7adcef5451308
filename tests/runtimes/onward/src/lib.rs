//! What stands behind the 0.3 door when it is tried: every request goes to the app whose `host:port` is in `APP`.

use wasip3::cli::environment::get_environment;
use wasip3::http::client;
use wasip3::http::types::{ErrorCode, Request, Response, Scheme};

struct Onward;
wasip3::http::service::export!(Onward);

impl wasip3::exports::http::handler::Guest for Onward {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let app = get_environment().into_iter().find(|(name, _)| name == "APP").map(|(_, value)| value);
        let written = request.set_scheme(Some(&Scheme::Http)).and_then(|()| request.set_authority(app.as_deref()));
        match (app.is_some(), written) {
            (true, Ok(())) => client::send(request).await,
            _ => Err(ErrorCode::ConfigurationError),
        }
    }
}
