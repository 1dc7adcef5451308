//! Build one crate of this workspace into a WebAssembly component, the same bytes from every kind of build.
//!
//! Used by the build scripts of `host` (the gate itself) and `tests` (the guest that misbehaves).

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The target of the component. Rust's own linker step wraps the module into a component.
const TARGET: &str = "wasm32-wasip2";

/// Bytes of the guest's shadow stack. Rust's default of 1 MiB sits at the bottom of memory, so that a fresh instance
/// touches pages far apart: 128 KiB makes a fresh instance about 3 times cheaper (measured, `docs/runtime.md`).
const STACK: u32 = 128 * 1024;

/// Vectors of 128 bits, which every runtime has had for years: heads and cookies are read 16 bytes at a time. A fifth of
/// a decision (measured, `docs/performance.md`).
const FEATURES: &str = "+simd128";

/// Variables that wrap the compiler, add flags or describe the build around us. Any of them would change the bytes
/// or rebuild everything (`cargo clippy` sets `RUSTC_WORKSPACE_WRAPPER`, for instance).
const SCRUBBED: &[&str] = &["RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "RUSTFLAGS", "CLIPPY_ARGS", "CLIPPY_CONF_DIR"];
const SCRUBBED_PREFIXES: &[&str] =
    &["CARGO_ENCODED_", "CARGO_PROFILE_", "CARGO_BUILD_", "CARGO_TARGET_", "__CARGO", "LD_"];

/// What to build.
pub(crate) struct Artefact<'a> {
    /// The crate.
    pub(crate) package: &'a str,
    /// Its features instead of the default ones, if it is to have others.
    pub(crate) features: Option<&'a str>,
    /// Name of the file, without its ending.
    pub(crate) name: &'a str,
    /// Files and folders, relative to the workspace, that it is built from.
    pub(crate) sources: &'a [&'a str],
}

/// Build an artefact and put the component into this script's `OUT_DIR`. Gives its path there.
///
/// # Errors
/// Plain text: what failed, and what to type.
pub(crate) fn build(artefact: &Artefact<'_>) -> Result<PathBuf, String> {
    let Artefact { package, features, name, sources } = *artefact;
    let root = root()?;
    for source in sources.iter().chain(&["wit", "Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "host/build"]) {
        println!("cargo::rerun-if-changed={}", root.join(source).display());
    }
    ensure_target()?;
    // One folder for all build kinds. Cargo's own lock on it makes concurrent builds wait for each other; it is
    // another lock than the one of the build that runs this script, so the two cannot wait for each other. Another set of
    // features has another folder: both would write the same file.
    let folder = root.join("target").join(features.map_or("guest".to_owned(), |features| format!("guest-{features}")));
    let mut command = cargo(&root)?;
    command.arg("build");
    if let Some(features) = features {
        command.args(["--no-default-features", "--features", features]);
    }
    let output = command
        .args(["--locked", "--quiet", "--profile", "guest", "--target", TARGET, "--lib", "--package", package])
        .arg("--target-dir")
        .arg(&folder)
        .output()
        .map_err(|error| format!("cannot run cargo to build the component: {error}"))?;
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr);
        return Err(format!("the component `{package}` does not build:\n{text}"));
    }
    let built = folder.join(TARGET).join("guest").join(format!("{}.wasm", package.replace('-', "_")));
    let kept = variable("OUT_DIR").map(PathBuf::from)?.join(format!("{name}.wasm"));
    copy(&built, &kept)?;
    Ok(kept)
}

/// Copy a component, saying which file was the trouble.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    fs::copy(from, to).map(|_| ()).map_err(|error| format!("cannot take the component {}: {error}", from.display()))
}

/// The folder of the workspace.
///
/// # Errors
/// Not run by cargo.
pub(crate) fn root() -> Result<PathBuf, String> {
    let package = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    package.parent().map(Path::to_owned).ok_or_else(|| "the package has no parent folder".to_owned())
}

/// The cargo that runs us, without anything that would change the bytes.
fn cargo(root: &Path) -> Result<Command, String> {
    let mut command = Command::new(variable("CARGO")?);
    command.current_dir(root);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if SCRUBBED.contains(&text.as_ref()) || SCRUBBED_PREFIXES.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    // No local path may be inside the component: two checkouts in different places give the same bytes.
    let mut flags = vec![format!("-Clink-arg=-zstack-size={STACK}"), format!("-Ctarget-feature={FEATURES}")];
    for (from, to) in [(root.to_owned(), "portcullis"), (cargo_home(), "cargo"), (sysroot()?, "rust")] {
        flags.push(format!("--remap-path-prefix={}=/{to}", from.display()));
    }
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\u{1f}"));
    Ok(command)
}

/// Is the target's standard library there? If not, ask rustup for it once.
fn ensure_target() -> Result<(), String> {
    let sysroot = sysroot()?;
    if has_std(&sysroot) {
        return Ok(());
    }
    println!("cargo::warning=the {TARGET} target is missing; running `rustup target add {TARGET}`");
    let added = Command::new("rustup").args(["target", "add", TARGET]).status();
    if added.is_ok_and(|status| status.success()) && has_std(&sysroot) {
        return Ok(());
    }
    Err(format!(
        "the component needs the Rust target {TARGET}, which is not installed. Type: rustup target add {TARGET}"
    ))
}

fn has_std(sysroot: &Path) -> bool {
    let folder = sysroot.join("lib").join("rustlib").join(TARGET).join("lib");
    fs::read_dir(folder)
        .is_ok_and(|entries| entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libstd-")))
}

fn sysroot() -> Result<PathBuf, String> {
    let output = Command::new(variable("RUSTC")?)
        .args(["--print", "sysroot"])
        .output()
        .map_err(|error| format!("cannot run rustc: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match text.trim() {
        "" => Err(format!("rustc does not name its sysroot: {}", String::from_utf8_lossy(&output.stderr))),
        path => Ok(PathBuf::from(path)),
    }
}

/// Where the sources of dependencies are: `CARGO_HOME`, or `.cargo` in the home folder.
fn cargo_home() -> PathBuf {
    env::var_os("CARGO_HOME").map_or_else(
        || PathBuf::from(env::var_os("HOME").or_else(|| env::var_os("USERPROFILE")).unwrap_or_default()).join(".cargo"),
        PathBuf::from,
    )
}

fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|_| format!("{name} is not set: this script is run by cargo"))
}
