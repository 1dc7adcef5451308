//! The program itself as a process: found or built, started on a free port, stopped by its handle.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

/// Longest wait for a process of ours on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program, built from the sources as they are now.
///
/// Cargo hands the path of a program only to tests of its own package, so this asks Cargo to build it, into the
/// folder and profile that this test was built in; when nothing has changed that takes a fraction of a second.
/// `PORTCULLIS` names one that is built already.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(program) = std::env::var_os("PORTCULLIS") {
            return program.into();
        }
        let test = std::env::current_exe().expect("a test knows its own path");
        // target/<profile>/deps/test-…
        let folder = test.ancestors().nth(2).expect("tests are built below the target folder").to_owned();
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--package", "portcullis", "--bin", "portcullis", "--manifest-path"]);
        cargo.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"));
        cargo.arg("--target-dir").arg(folder.parent().expect("a profile folder has a parent"));
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        let status = cargo.status().expect("cargo can be started");
        assert!(status.success(), "the program cannot be built");
        folder.join(format!("portcullis{}", std::env::consts::EXE_SUFFIX))
    })
}

/// A command of the program with an environment of its own: nothing of the caller's leaks in but `PATH`.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.env_clear().args(arguments);
    for name in ["PATH", "HOME"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.env("NO_COLOR", "1");
    command.stdin(Stdio::null());
    command
}

/// What a command that ends by itself has said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// Exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Run a command to its end, which must come within a minute.
pub fn run(mut command: Command) -> Ended {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
    let stdout = drain(child.stdout.take().expect("piped"));
    let stderr = drain(child.stderr.take().expect("piped"));
    let status = wait(&mut child);
    Ended {
        code: status.and_then(|s| s.code()),
        stdout: stdout.join().expect("reader ends"),
        stderr: stderr.join().expect("reader ends"),
    }
}

fn drain(mut pipe: impl std::io::Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Wait for the end; a process that does not end in time is killed and `None` returned.
fn wait(child: &mut Child) -> Option<ExitStatus> {
    let started = Instant::now();
    loop {
        if let Ok(Some(status)) = child.try_wait() {
            return Some(status);
        }
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// Start a command that listens, and read its address from the first line of standard error that names one.
    ///
    /// # Errors
    /// What it said instead, when it ended without listening.
    pub fn start(mut command: Command) -> Result<Self, Ended> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let stdout = drain(child.stdout.take().expect("piped"));
        let stderr = BufReader::new(child.stderr.take().expect("piped"));
        let log = Arc::<Mutex<String>>::default();
        let (tell, told) = std::sync::mpsc::channel();
        let sink = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in stderr.lines() {
                let Ok(line) = line else { break };
                if let Some(address) = address_in(&line) {
                    let _ = tell.send(address);
                }
                let mut log = sink.lock().unwrap();
                log.push_str(&line);
                log.push('\n');
            }
        });
        // The channel is closed when standard error is: the process has ended or said all it will.
        match told.recv_timeout(PATIENCE) {
            Ok(address) => Ok(Self { child, address, log }),
            Err(_) => {
                let status = wait(&mut child);
                let stdout = stdout.join().expect("reader ends");
                let stderr = log.lock().unwrap().clone();
                Err(Ended { code: status.and_then(|s| s.code()), stdout, stderr })
            }
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Standard error so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Process number, for a look at its memory.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Resident memory in KiB (Linux).
    pub fn resident_kib(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).ok()?;
        let line = status.lines().find(|l| l.starts_with("VmRSS:"))?;
        line.split_ascii_whitespace().nth(1)?.parse().ok()
    }

    /// Ask it to end as a service manager does (SIGTERM) and wait for it.
    pub fn terminate(mut self) -> Ended {
        let _ = Command::new("kill").arg("-TERM").arg(self.id().to_string()).status();
        let status = wait(&mut self.child);
        Ended { code: status.and_then(|s| s.code()), stdout: String::new(), stderr: self.log() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address in a line such as `listening on http://127.0.0.1:4711`.
fn address_in(line: &str) -> Option<SocketAddr> {
    if !line.contains("listening") && !line.contains("ready") {
        return None;
    }
    let words = line.split(|c: char| c.is_whitespace() || matches!(c, '"' | ',' | '{' | '}'));
    words
        .filter_map(|w| w.trim_start_matches("http://").trim_end_matches('/').parse().ok())
        .find(|a: &SocketAddr| a.port() != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_read_from_the_line_that_says_listening() {
        assert_eq!(address_in("listening on http://127.0.0.1:80/"), "127.0.0.1:80".parse().ok());
        assert_eq!(address_in(r#"{"event":"listening","address":"127.0.0.1:81"}"#), "127.0.0.1:81".parse().ok());
        assert_eq!(address_in("upstream http://127.0.0.1:80"), None);
    }
}
