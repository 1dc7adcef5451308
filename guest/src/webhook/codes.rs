//! Diagnostic codes of this room: P422 and P423. A code never changes its meaning.

/// A secret of a webhook cannot be read.
pub const BAD_SECRET: &str = "P422";
/// A secret of a webhook is too short.
pub const SHORT_SECRET: &str = "P423";
