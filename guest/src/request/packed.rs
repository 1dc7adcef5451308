//! A head as one run of bytes into a [`Head`]. `wit/gate.wit` has the layout (`decide-packed`).
//!
//! Strict: one way to write a head, and anything else is refused. What a length says is believed only as far as there
//! are bytes.

use super::Head;
use std::fmt;

/// The one layout there is.
const VERSION: u8 = 1;

/// Fewest bytes of one header line: two lengths.
const LINE: usize = 8;

/// Why bytes are no packed head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadHead {
    /// Offset of what is wrong.
    at: usize,
    what: &'static str,
}

impl fmt::Display for BadHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a packed head with {} at byte {}", self.what, self.at)
    }
}

impl std::error::Error for BadHead {}

impl Head {
    /// Read a packed head.
    ///
    /// # Errors
    /// [`BadHead`]: another layout, bytes missing or left over, text that is not UTF-8.
    pub fn unpack(bytes: &[u8]) -> Result<Self, BadHead> {
        let mut reader = Reader { bytes, rest: bytes };
        let [version] = reader.array()?;
        if version != VERSION {
            return Err(BadHead { at: 0, what: "an unknown version" });
        }
        let now = i64::from_le_bytes(reader.array()?);
        let method = reader.text()?;
        let scheme = reader.text()?;
        let authority = reader.text()?;
        let client = reader.text()?;
        let target = reader.bytes()?.to_vec();
        let at = reader.at();
        let count = reader.length()?;
        if count > reader.rest.len() / LINE {
            return Err(BadHead { at, what: "more headers than bytes" });
        }
        let mut headers = Vec::with_capacity(count);
        for _ in 0..count {
            let name = reader.text()?;
            headers.push((name, reader.bytes()?.to_vec()));
        }
        if !reader.rest.is_empty() {
            return Err(reader.fault("bytes left over"));
        }
        Ok(Self { method, scheme, authority, target, headers, client, now })
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn at(&self) -> usize {
        self.bytes.len() - self.rest.len()
    }

    fn fault(&self, what: &'static str) -> BadHead {
        BadHead { at: self.at(), what }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BadHead> {
        let (array, rest) = self.rest.split_first_chunk().ok_or_else(|| self.fault("too few bytes"))?;
        self.rest = rest;
        Ok(*array)
    }

    fn length(&mut self) -> Result<usize, BadHead> {
        // A length that does not fit is larger than any run of bytes.
        Ok(usize::try_from(u32::from_le_bytes(self.array()?)).unwrap_or(usize::MAX))
    }

    fn bytes(&mut self) -> Result<&'a [u8], BadHead> {
        let length = self.length()?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(|| self.fault("too few bytes"))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<String, BadHead> {
        let bytes = self.bytes()?;
        let text = std::str::from_utf8(bytes);
        text.map(str::to_owned).map_err(|_| BadHead { at: self.at() - bytes.len(), what: "text that is not UTF-8" })
    }
}

#[cfg(test)]
mod tests;
