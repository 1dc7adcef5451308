//! The head of one request, as the host has understood it.

/// Method, authority, target and the headers that the policy reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// As sent.
    pub method: String,
    /// `http` or `https`, after the trusted proxies.
    pub scheme: String,
    /// The one Host, after the trusted proxies.
    pub authority: String,
    /// The request target exactly as received.
    pub target: Vec<u8>,
    /// Name (lower case) and value for each line, order kept.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Address of the client.
    pub client: String,
    /// Unix time in seconds.
    pub now: i64,
}

impl Head {
    /// All lines of that name (lower case), in order.
    pub fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_slice())
    }

    /// The one line of that name; `None` when it is absent or comes more than once.
    pub fn single<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        let mut lines = self.lines(name);
        let first = lines.next()?;
        lines.next().is_none().then_some(first)
    }

    /// Is there a line of that name?
    pub fn has(&self, name: &str) -> bool {
        self.headers.iter().any(|(n, _)| n == name)
    }
}
