//! Foreign servers as processes: each in a group of its own, so that its workers end with it.

use crate::site::Folder;
use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for a server to listen, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);
/// Longest wait for a server to end when asked to.
const GRACE: Duration = Duration::from_secs(5);
/// Clock ticks of a second: fixed for programs on Linux (`USER_HZ`).
pub const TICKS: u64 = 100;

/// A server and the processes that it starts; all ended when dropped.
#[derive(Debug)]
pub(super) struct Group {
    child: Child,
}

impl Group {
    /// Start a command that will listen at `address`, with its output in a file of the folder.
    ///
    /// # Errors
    /// The end of its output, when it does not come to listen.
    pub(super) fn start(
        mut command: Command,
        folder: &Folder,
        name: &str,
        address: SocketAddr,
    ) -> Result<Self, String> {
        let log = folder.path().join(format!("{name}.log"));
        let fail = |e: std::io::Error| format!("{name}: {e}");
        let out = File::create(&log).map_err(fail)?;
        let both = out.try_clone().map_err(fail)?;
        command.stdin(Stdio::null()).stdout(out).stderr(both).current_dir(folder.path()).process_group(0);
        let mut group = Self { child: command.spawn().map_err(fail)? };
        let started = Instant::now();
        loop {
            if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
                return Ok(group);
            }
            let ended = group.child.try_wait().map_err(fail)?;
            if ended.is_some() || started.elapsed() > PATIENCE {
                let text = std::fs::read(&log).unwrap_or_default();
                let text = String::from_utf8_lossy(&text[text.len().saturating_sub(2_000)..]).into_owned();
                let what = ended.map_or_else(|| "does not listen".to_owned(), |status| format!("ended ({status})"));
                return Err(format!("{name} {what}:\n{text}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Number of the process, and of its group.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    fn signal(&self, signal: &str) {
        let group = format!("-{}", self.id());
        let _ = Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal("-TERM");
        let asked = Instant::now();
        while asked.elapsed() < GRACE && !matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
            std::thread::sleep(Duration::from_millis(10));
        }
        self.signal("-KILL");
        let _ = self.child.wait();
    }
}

/// An address that was free a moment ago, for programs that cannot choose one and tell.
pub(super) fn free() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket has an address")
}

/// CPU time in ticks of a process and of all in its group (`man 5 proc_pid_stat`: fields 5, 14, 15).
pub(super) fn ticks(id: u32) -> u64 {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let of = |number: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).ok()?;
        // The name of the program stands in brackets and may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let field = |at: usize| fields.get(at - 3)?.parse::<u64>().ok();
        if number != id && field(5)? != u64::from(id) {
            return None;
        }
        Some(field(14)? + field(15)?)
    };
    numbers.filter_map(of).sum()
}
