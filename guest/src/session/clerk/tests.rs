//! Clerk sessions as a whole.
