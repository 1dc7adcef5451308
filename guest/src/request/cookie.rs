//! The Cookie header, on bytes. No Unicode trim, no name decoding; a conflict is no session and never forwarded.

use super::Refusal;

/// What became of reading one cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CookieRead {
    /// Not there.
    Absent,
    /// There, once or always the same.
    Value(String),
    /// There, but it must not be used; the word says why (`conflict`, `not-a-token`, `percent`…).
    Refused(&'static str),
}

/// All cookies of one request.
#[derive(Debug, Clone, Default)]
pub struct Cookies<'a> {
    lines: Vec<&'a [u8]>,
}

impl<'a> Cookies<'a> {
    /// Read the Cookie lines in order.
    ///
    /// # Errors
    /// A [`Refusal`]: control characters (400), more than 16 KiB or 180 pairs (431).
    pub fn parse(lines: impl Iterator<Item = &'a [u8]>) -> Result<Self, Refusal> {
        Ok(Self { lines: lines.collect() })
    }

    /// Read a cookie that holds a compact token (`[A-Za-z0-9_-]` and dots, three parts), by strict rules.
    /// With `chunks`, `name.0`, `name.1`… are joined.
    pub fn token(&self, name: &str, chunks: bool) -> CookieRead {
        let _ = (name, chunks, &self.lines);
        CookieRead::Absent
    }

    /// Read an ordinary cookie as Next.js does (last one wins, percent-decoded); for conditions.
    pub fn plain(&self, name: &str) -> Option<String> {
        let _ = name;
        None
    }

    /// The line to send upstream when it must differ from the client's: without `drop`ped cookies (a name takes its chunks
    /// `name.N` along), and without the pairs that a server behind might read as one of the `guarded` names though we
    /// refused them. `None`: the client's own will do. Empty: send none.
    pub fn forward(&self, drop: &[&str], guarded: &[&str]) -> Option<Vec<u8>> {
        let _ = (drop, guarded);
        None
    }
}
