//! The room against cookies that the real packages wrote.
