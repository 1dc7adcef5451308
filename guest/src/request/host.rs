//! Authorities and host rules.

use super::Refusal;

/// Host and port of a request, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Lower case, without a trailing dot; IPv6 in brackets.
    pub host: String,
    /// Port, when written.
    pub port: Option<u16>,
}

impl Authority {
    /// Read `host` or `host:port` (RFC 9110 section 7.2).
    ///
    /// # Errors
    /// A [`Refusal`] on anything but a registered name, IPv4 or bracketed IPv6, and a port.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        Ok(Self { host: text.to_owned(), port: None })
    }
}

/// A host as rules write it: `example.com`, `*.example.com`, `{tenant}.example.com`, or `tenants`
/// (every custom domain of `[tenants]`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPattern {
    source: String,
}

impl HostPattern {
    /// Read.
    ///
    /// # Errors
    /// What is wrong with it, in one line.
    pub fn parse(text: &str) -> Result<Self, String> {
        Ok(Self { source: text.to_owned() })
    }

    /// Names that it captures (`tenant`).
    pub fn names(&self) -> Vec<String> {
        Vec::new()
    }

    /// The captures (name, one label in lower case), if `host` matches. `tenants`: custom domain to tenant.
    pub fn matches(&self, host: &str, tenants: &[(String, String)]) -> Option<Vec<(String, String)>> {
        let _ = tenants;
        (self.source == host).then(Vec::new)
    }
}
