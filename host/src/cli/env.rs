//! All environment variables of the program, in one place. What a policy asks for with `env:` is the policy's own.

/// Path of the config file, when `--config` is not given.
pub(super) const CONFIG: &str = "PORTCULLIS_CONFIG";
/// Set to anything but nothing: no colours (<https://no-color.org>).
pub(super) const NO_COLOR: &str = "NO_COLOR";
