//! A site for tests of the whole program: a config in a folder of its own, a signer, and the program in front of an
//! upstream.

use crate::engine::Policy;
use crate::process::{self, Ended, Server};
use crate::sign::Signer;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Issuer of every session of a site.
pub const ISSUER: &str = "https://issuer.example.test";
/// Cookie of every session of a site.
pub const COOKIE: &str = "__Host-session";

/// A folder that is removed when dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new, empty folder.
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let path = std::env::temp_dir().join(format!("portcullis-test-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Self(path)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Write a file into it.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, content).expect("a file can be written");
        path
    }
}

impl Default for Folder {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Unix time.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|d| i64::try_from(d.as_secs()).ok()).unwrap_or(0)
}

/// The policy of most tests: `/product` needs a session, `/signin` is the way in, all else is public.
pub fn document(signer: &Signer) -> Value {
    json!({
        "version": 1,
        "default": "public",
        "sign-in": { "path": "/signin", "after": "/product", "return-param": "next" },
        "session": { "main": {
            "kind": "jwt-cookie",
            "cookie": COOKIE,
            "issuer": ISSUER,
            "audience": "app",
            "keys": { "jwks": signer.jwks().to_string() },
        } },
        "identity": { "headers": { "x-user": "{claim.sub}" } },
        "route": [{ "id": "product", "pattern": "/product(.*)", "require": "session" }],
    })
}

/// A Cookie line with a good session of `subject`.
pub fn cookie(signer: &Signer, subject: &str) -> String {
    let token = signer.token(&json!({ "iss": ISSUER, "aud": "app", "sub": subject, "exp": now() + 3600 }));
    format!("{COOKIE}={token}")
}

/// The command that serves a config file; its folder of compiled components lives beside the config.
pub fn serve(folder: &Folder, config: &Path) -> Command {
    let mut command = process::command(&["serve", "--config", config.to_str().expect("a plain path")]);
    command.current_dir(folder.path());
    command
}

/// Serve `document` before `upstream`.
///
/// # Errors
/// What the program said when it did not come to listen.
pub fn start(folder: &Folder, document: Value, upstream: &str) -> Result<Server, Ended> {
    let config = folder.write("portcullis.toml", Policy::new(document).before(upstream).toml());
    Server::start(serve(folder, &config))
}
