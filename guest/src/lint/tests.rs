//! Judged by hand.
