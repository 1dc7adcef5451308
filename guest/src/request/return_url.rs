//! Where a visitor may be sent back to after signing in.

use super::HostPattern;

/// What a return address may be.
#[derive(Debug, Clone, Default)]
pub struct ReturnRules {
    /// Paths that would loop or sign out: sign-in, sign-out, auth API routes. A path at or below one of them is refused.
    pub never: Vec<String>,
    /// Origin of the app as browsers see it (`https://app.example.com`), when it is configured.
    pub origin: Option<String>,
    /// Further hosts that absolute `https` addresses may name.
    pub hosts: Vec<HostPattern>,
    /// Custom domains that `tenants` stands for.
    pub tenants: Vec<(String, String)>,
}

/// The address to use as `Location` for the (once decoded) parameter value `decoded`, or `None`: use the fallback.
pub fn checked_return(decoded: &str, rules: &ReturnRules) -> Option<String> {
    let _ = (decoded, rules);
    None
}
