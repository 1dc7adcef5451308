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

/// Bytes that an emptied head may keep for the next one: those of nearly all heads, and not those of a flood.
const KEPT: usize = 16 * 1024;

impl Head {
    /// Read a packed head.
    ///
    /// # Errors
    /// [`BadHead`]: another layout, bytes missing or left over, text that is not UTF-8.
    pub fn unpack(bytes: &[u8]) -> Result<Self, BadHead> {
        let mut head = Self::default();
        head.refill(bytes)?;
        Ok(head)
    }

    /// Read a packed head into this one. Nothing of what it held stays but the room: to ask for room for each text costs
    /// more than to read it.
    ///
    /// # Errors
    /// As [`Self::unpack`]; it must be filled again before it is used then.
    pub fn refill(&mut self, bytes: &[u8]) -> Result<(), BadHead> {
        if self.room() > KEPT {
            *self = Self::default();
        }
        let mut reader = Reader { bytes, rest: bytes };
        let [version] = reader.array()?;
        if version != VERSION {
            return Err(BadHead { at: 0, what: "an unknown version" });
        }
        self.now = i64::from_le_bytes(reader.array()?);
        reader.text(&mut self.method)?;
        reader.text(&mut self.scheme)?;
        reader.text(&mut self.authority)?;
        reader.text(&mut self.client)?;
        reader.bytes(&mut self.target)?;
        let at = reader.at();
        let count = reader.length()?;
        if count > reader.rest.len() / LINE {
            return Err(BadHead { at, what: "more headers than bytes" });
        }
        self.headers.resize_with(count, Default::default);
        for (name, value) in &mut self.headers {
            reader.text(name)?;
            reader.bytes(value)?;
        }
        if reader.rest.is_empty() { Ok(()) } else { Err(reader.fault("bytes left over")) }
    }

    /// Bytes that are held for what this head could hold.
    fn room(&self) -> usize {
        let texts = [&self.method, &self.scheme, &self.authority, &self.client];
        let lines = self.headers.iter().map(|(name, value)| name.capacity() + value.capacity());
        let list = self.headers.capacity() * size_of::<(String, Vec<u8>)>();
        texts.iter().map(|text| text.capacity()).sum::<usize>() + self.target.capacity() + list + lines.sum::<usize>()
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

    fn taken(&mut self) -> Result<&'a [u8], BadHead> {
        let length = self.length()?;
        let (bytes, rest) = self.rest.split_at_checked(length).ok_or_else(|| self.fault("too few bytes"))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn bytes(&mut self, into: &mut Vec<u8>) -> Result<(), BadHead> {
        into.clear();
        into.extend_from_slice(self.taken()?);
        Ok(())
    }

    fn text(&mut self, into: &mut String) -> Result<(), BadHead> {
        into.clear();
        let bytes = self.taken()?;
        let text = std::str::from_utf8(bytes);
        into.push_str(text.map_err(|_| BadHead { at: self.at() - bytes.len(), what: "text that is not UTF-8" })?);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
