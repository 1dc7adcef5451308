//! `security/route-bypass.json` and `security/http1-framing.json` as a stranger would run them: for each policy the program
//! itself, started with `tests/policies/<id>.toml`, in front of `security/run_raw.py`, which plays the upstream, sends the
//! raw requests and judges. The vectors of routes run without Python in the data suite, too (`--test cases -- route-bypass`);
//! this is the second opinion. Prints its report always; fails on any failure.
//!
//! `PORTCULLIS_CASES` names another folder of cases. Arguments are names of policies or parts of file names:
//! `cargo test -p portcullis-tests --test raw -- P01 P12`, `… -- framing`.

use portcullis_tests::process::{self, Ended, Server};
use portcullis_tests::report::{Report, Row, Verdict};
use portcullis_tests::sign::Signer;
use portcullis_tests::site::{Folder, now};
use portcullis_tests::vectors::{list, text, texts};
use portcullis_tests::{policies, site, vectors};
use serde_json::Value;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;

/// Policies that run at the same time. The runner sleeps most of the while.
const SIDE_BY_SIDE: usize = 4;
/// Seconds that the runner waits for more on a connection that is kept open; the few such vectors cost this much each.
const WAIT: &str = "0.8";
/// Tries for a policy: between its choice and its use the upstream's port may be taken by somebody else.
const TRIES: usize = 3;

/// What is run, below the folder of cases.
const FILES: [&str; 2] = ["security/route-bypass.json", "security/http1-framing.json"];

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let python = has_python();
    let (mut report, mut any) = (Report::default(), false);
    for name in FILES {
        let run = match Run::read(name) {
            Ok(run) => run,
            Err(why) => return fail(&why),
        };
        let whole = wanted.is_empty() || wanted.iter().any(|word| name.contains(word.as_str()));
        let ids: Vec<String> = run.policies().into_iter().filter(|id| whole || wanted.contains(id)).collect();
        for row in if python { run.all(&ids) } else { ids.iter().map(|id| run.skipped(id)).collect() } {
            report.push(row);
            any = true;
        }
    }
    if !any {
        return fail("there is no such policy");
    }
    println!("{}", report.render());
    if !python {
        println!("NOT RUN: python3 is not installed. The data suite judges the vectors of routes without it.");
        return ExitCode::SUCCESS;
    }
    if report.has_failed() || report.is_hollow() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn fail(why: &str) -> ExitCode {
    eprintln!("{why}");
    ExitCode::FAILURE
}

fn has_python() -> bool {
    let mut python = Command::new("python3");
    python.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    python.status().is_ok_and(|status| status.success())
}

struct Run {
    name: &'static str,
    file: PathBuf,
    document: Value,
}

impl Run {
    fn read(name: &'static str) -> Result<Self, String> {
        let file = vectors::root().join(name);
        let text = std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let document = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(Self { name, file, document })
    }

    /// Policies that vectors run with, each once.
    fn policies(&self) -> Vec<String> {
        let mut ids: Vec<String> = list(&self.document).iter().map(|case| text(case, "policy").to_owned()).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    fn cases<'a>(&'a self, policy: &'a str) -> impl Iterator<Item = &'a Value> {
        list(&self.document).iter().filter(move |case| text(case, "policy") == policy)
    }

    fn skipped(&self, policy: &str) -> Row {
        let mut row = Row::new(format!("{} {policy}", self.name), "run_raw.py");
        row.skip(self.cases(policy).count(), "python3 is not installed");
        row
    }

    /// Some at a time; rows in the order of the policies.
    fn all(&self, ids: &[String]) -> Vec<Row> {
        process::program();
        let queue = Mutex::new(ids.iter().enumerate());
        let rows = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..SIDE_BY_SIDE {
                scope.spawn(|| {
                    loop {
                        let Some((place, id)) = queue.lock().unwrap().next() else { break };
                        let row = self.one(id);
                        rows.lock().unwrap().push((place, row));
                    }
                });
            }
        });
        let mut rows = rows.into_inner().unwrap();
        rows.sort_by_key(|(place, _)| *place);
        rows.into_iter().map(|(_, row)| row).collect()
    }

    fn one(&self, policy: &str) -> Row {
        let mut row = Row::new(format!("{} {policy}", self.name), "run_raw.py");
        let address = policies::loopback();
        let mut told = self.attempt(policy, address);
        for _ in 1..TRIES {
            if told.is_ok() {
                break;
            }
            told = self.attempt(policy, address);
        }
        let results = match told {
            Ok(results) => results,
            Err(why) => {
                row.note("runner", Verdict::Failed(why));
                return row;
            }
        };
        for case in self.cases(policy) {
            let id = text(case, "id");
            let unjudgeable = policies::unjudgeable(case, address);
            let verdict = match list(&results).iter().find(|result| text(result, "id") == id) {
                Some(_) if unjudgeable.is_some() => Verdict::Skipped(unjudgeable.unwrap_or_default().to_owned()),
                None => Verdict::Failed("the runner says nothing about it".to_owned()),
                Some(_) if text(case, "expect") == "informational" => {
                    Verdict::Skipped("informational: nothing is judged".to_owned())
                }
                Some(result) => match texts(result.get("bad")).as_slice() {
                    [] => Verdict::Passed,
                    bad => {
                        Verdict::Failed(format!("{} -> {}: {}", text(case, "target"), result["status"], bad.join("; ")))
                    }
                },
            };
            row.note(id, verdict);
        }
        row
    }

    /// The runner's results for one policy, or why there are none.
    fn attempt(&self, policy: &str, address: IpAddr) -> Result<Value, String> {
        let (folder, signer) = (Folder::new(), Signer::new());
        let upstream = free_address();
        let server = serve(&folder, policy, &signer, address, &upstream).map_err(|ended| format!("{ended:?}"))?;
        let results = folder.path().join("results.json");
        let mut python = Command::new("python3");
        python.arg(self.runner()).arg("--file").arg(&self.file).arg("--out").arg(&results);
        python.args(["--policy", policy, "--wait", WAIT, "--upstream", &upstream]);
        // The runner takes an IPv6 address as it is, without brackets.
        python.args(["--proxy", &format!("{address}:{}", server.address().port())]);
        for (role, token) in policies::sessions(&signer, now()) {
            python.arg("--session").arg(format!("{role}={token}"));
        }
        let ended = process::run(python);
        let written = std::fs::read_to_string(&results).map_err(|_| format!("the runner wrote nothing: {ended:?}"))?;
        serde_json::from_str(&written).map_err(|error| error.to_string())
    }

    /// The runner that came with the vectors, or ours.
    fn runner(&self) -> PathBuf {
        let beside = self.file.with_file_name("run_raw.py");
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases/security/run_raw.py");
        if beside.exists() { beside } else { ours }
    }
}

/// The program with the policy's own config; only addresses and keys are ours.
fn serve(folder: &Folder, policy: &str, signer: &Signer, address: IpAddr, upstream: &str) -> Result<Server, Ended> {
    let mut command = site::serve(folder, &policies::file(policy));
    let listen = SocketAddr::new(address, 0).to_string();
    command.args(["--quiet", "--listen", &listen, "--upstream", &format!("http://{upstream}")]);
    command.env(policies::KEYS, signer.jwks().to_string());
    Server::start(command)
}

/// An address that was free a moment ago.
fn free_address() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound socket has an address").to_string()
}
