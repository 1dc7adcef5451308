//! What holds for HTTP wherever a verdict is carried out: in our host's proxy, in its forward authorisation and behind the
//! stock doors of the component. No policy, no socket, no clock: lists of names, checks and edits as plain functions.
//!
//! A leaf: it knows neither the guest nor the host, and both use it, so that no door forgets a rule of another.

pub mod document;
mod edit;
mod host;
mod hosts_own;
mod names;
mod upstream;

pub use edit::{Edit, edit, join_cookies};
pub use host::{is_host, port};
pub use hosts_own::is_hosts_own;
pub use names::FoldedNames;
pub use upstream::{Forwarding, Said, connection_options, is_ambiguous, request, response};
