//! The access log: one line for each request, written by a thread of its own. A request never waits for it: when the
//! sink is slow, lines are dropped and counted.

use super::metrics::Metrics;
use super::settings::LogForm;
use crate::contract::RequestKind;
use http::uri::PathAndQuery;
use http::{HeaderValue, Method, StatusCode};
use std::cell::RefCell;
use std::io::Write;
use std::net::IpAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Bytes that wait for the sink at most; a second of 3,000 lines.
const ROOM: usize = 1024 * 1024;
/// The writer gathers lines for so long after the first: one wake-up and one write for many lines.
const GATHER: Duration = Duration::from_millis(5);
/// How long the last lines may take at the end.
const LAST_LINES: Duration = Duration::from_secs(1);
/// Bytes of a path that are logged.
const LONGEST_PATH: usize = 1024;

/// What is said about one request. Made when it is taken, written when its response has ended.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) log: Arc<Log>,
    pub(super) id: u64,
    pub(super) started: Instant,
    pub(super) client: IpAddr,
    pub(super) method: Method,
    /// What was asked for; only its path is written.
    pub(super) path: Option<PathAndQuery>,
    /// The status of the answer unless a door has said what it comes to.
    pub(super) status: Option<StatusCode>,
    /// Rule names and the number of the one that decided.
    pub(super) rule: Option<(Arc<[String]>, u32)>,
    pub(super) kind: Option<RequestKind>,
    pub(super) reason: String,
    pub(super) subject: Option<String>,
    pub(super) location: Option<HeaderValue>,
    pub(super) upstream: Option<Arc<str>>,
    /// Time of the decision.
    pub(super) decided: Duration,
    /// Bytes of the response body.
    pub(super) bytes: u64,
    /// What went wrong; empty: nothing.
    pub(super) note: &'static str,
    /// More about it, in the words of whoever failed.
    pub(super) detail: Option<String>,
}

impl Entry {
    /// Hand the line to the writer.
    pub(super) fn write(&self) {
        thread_local!(static LINE: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) });
        LINE.with_borrow_mut(|line| {
            line.clear();
            match self.log.form {
                LogForm::Off => return,
                LogForm::Json => self.json(line),
                LogForm::Pretty => self.pretty(line),
            }
            line.push(b'\n');
            self.log.push(line);
        });
    }

    fn rule_name(&self) -> Option<&str> {
        let (names, number) = self.rule.as_ref()?;
        names.get(usize::try_from(*number).ok()?).map(String::as_str)
    }

    fn status(&self) -> u16 {
        self.status.map_or(0, |status| status.as_u16())
    }

    fn path_text(&self) -> &str {
        let path = self.path.as_ref().map_or("", PathAndQuery::path);
        let end = (0..=LONGEST_PATH.min(path.len())).rev().find(|at| path.is_char_boundary(*at)).unwrap_or(0);
        path.get(..end).unwrap_or_default()
    }

    fn json(&self, line: &mut Vec<u8>) {
        let millis = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        number(line, "{\"time\":", millis);
        let _ = write!(line, ",\"id\":\"{:016x}\"", self.id);
        text(line, ",\"method\":", self.method.as_str());
        text(line, ",\"path\":", self.path_text());
        number(line, ",\"status\":", self.status().into());
        if let Some(rule) = self.rule_name() {
            text(line, ",\"rule\":", rule);
        }
        if let Some(kind) = self.kind {
            text(line, ",\"kind\":", kind_name(kind));
        }
        if !self.reason.is_empty() {
            text(line, ",\"reason\":", &self.reason);
        }
        if let Some(subject) = &self.subject {
            text(line, ",\"subject\":", subject);
        }
        if let Some(upstream) = &self.upstream {
            text(line, ",\"upstream\":", upstream);
        }
        number(line, ",\"decide_us\":", self.decided.as_micros());
        number(line, ",\"total_us\":", self.started.elapsed().as_micros());
        number(line, ",\"bytes\":", self.bytes.into());
        let _ = write!(line, ",\"client\":\"{}\"", self.client);
        if !self.note.is_empty() {
            text(line, ",\"error\":", self.note);
        }
        if let Some(detail) = &self.detail {
            text(line, ",\"detail\":", detail);
        }
        line.push(b'}');
    }

    fn pretty(&self, line: &mut Vec<u8>) {
        let who = self.subject.as_deref().unwrap_or("anonymous");
        // A path may hold what a terminal would act on.
        let path: String = self.path_text().chars().map(|c| if c.is_control() { '?' } else { c }).collect();
        let _ = write!(line, "{} {path}  {who} -> {}", self.method, self.status());
        if let Some(location) = self.location.as_ref().and_then(|value| value.to_str().ok()) {
            let _ = write!(line, " {location}");
        }
        if let Some(rule) = self.rule_name() {
            let _ = write!(line, "  rule {rule}");
        }
        if !self.reason.is_empty() {
            let _ = write!(line, "  ({})", self.reason);
        }
        if !self.note.is_empty() {
            let _ = write!(line, "  {}", self.note);
        }
        if let Some(detail) = &self.detail {
            let _ = write!(line, ": {detail}");
        }
    }
}

fn number(line: &mut Vec<u8>, key: &str, value: u128) {
    line.extend_from_slice(key.as_bytes());
    line.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
}

fn text(line: &mut Vec<u8>, key: &str, value: &str) {
    line.extend_from_slice(key.as_bytes());
    // Into memory: cannot fail.
    let _ = serde_json::to_writer(line, value);
}

fn kind_name(kind: RequestKind) -> &'static str {
    match kind {
        RequestKind::Navigation => "navigation",
        RequestKind::FormPost => "form-post",
        RequestKind::Rsc => "rsc",
        RequestKind::Prefetch => "prefetch",
        RequestKind::Data => "data",
        RequestKind::Action => "action",
        RequestKind::Fetch => "fetch",
        RequestKind::Websocket => "websocket",
        RequestKind::EventStream => "event-stream",
        RequestKind::SubResource => "sub-resource",
        RequestKind::Preflight => "preflight",
    }
}

/// Lines on their way to a sink.
#[derive(Debug)]
pub(super) struct Log {
    form: LogForm,
    state: Mutex<State>,
    /// Lines have come, or the end.
    come: Condvar,
    /// The writer has ended.
    gone: Condvar,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<u8>,
    dropped: u64,
    asleep: bool,
    closing: bool,
    ended: bool,
}

impl Log {
    /// Start the writer. `LogForm::Off` starts none.
    pub(super) fn start(form: LogForm, mut sink: Box<dyn Write + Send>, metrics: Arc<Metrics>) -> Arc<Self> {
        let state = Mutex::new(State { ended: form == LogForm::Off, ..State::default() });
        let log = Arc::new(Self { form, state, come: Condvar::new(), gone: Condvar::new(), metrics });
        if form != LogForm::Off {
            let writer = Arc::clone(&log);
            let started = std::thread::Builder::new().name("access-log".to_owned()).spawn(move || {
                writer.run(&mut *sink);
                writer.lock().ended = true;
                writer.gone.notify_all();
            });
            if started.is_err() {
                log.lock().ended = true;
            }
        }
        log
    }

    /// Is anything written at all?
    pub(super) fn is_on(&self) -> bool {
        self.form != LogForm::Off
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        if state.ended || state.lines.len() + line.len() > ROOM {
            state.dropped += 1;
            self.metrics.log_dropped.fetch_add(1, Relaxed);
            return;
        }
        state.lines.extend_from_slice(line);
        if std::mem::take(&mut state.asleep) {
            self.come.notify_one();
        }
    }

    fn run(&self, sink: &mut dyn Write) {
        let mut batch = Vec::new();
        loop {
            let mut state = self.lock();
            while state.lines.is_empty() && !state.closing {
                state.asleep = true;
                state = self.come.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            let closing = state.closing;
            if !closing {
                drop(state);
                std::thread::sleep(GATHER);
                state = self.lock();
            }
            std::mem::swap(&mut batch, &mut state.lines);
            let dropped = std::mem::take(&mut state.dropped);
            drop(state);
            if dropped > 0 {
                let _ = match self.form {
                    LogForm::Pretty => writeln!(batch, "{dropped} log lines dropped: the log was not read fast enough"),
                    _ => writeln!(batch, "{{\"error\":\"log lines dropped\",\"dropped\":{dropped}}}"),
                };
            }
            // A sink that fails loses lines, never requests.
            let _ = sink.write_all(&batch).and_then(|()| sink.flush());
            batch.clear();
            if closing {
                return;
            }
        }
    }

    /// Write what is left, within a second.
    pub(super) fn close(&self) {
        let deadline = Instant::now() + LAST_LINES;
        let mut state = self.lock();
        state.closing = true;
        self.come.notify_one();
        while !state.ended {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else { return };
            state = self.gone.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn entry(log: &Arc<Log>) -> Entry {
        Entry {
            log: Arc::clone(log),
            id: 0xab,
            started: Instant::now(),
            client: [127, 0, 0, 1].into(),
            method: Method::GET,
            path: Some(PathAndQuery::from_static("/pro\"duct?token=secret")),
            status: Some(StatusCode::TEMPORARY_REDIRECT),
            rule: Some((Arc::from(["public".to_owned(), "product".to_owned()]), 1)),
            kind: Some(RequestKind::Navigation),
            reason: "no-session".to_owned(),
            subject: None,
            location: Some(HeaderValue::from_static("/signin")),
            upstream: None,
            decided: Duration::from_micros(3),
            bytes: 7,
            note: "",
            detail: None,
        }
    }

    struct Sink(mpsc::Sender<Vec<u8>>, Option<mpsc::Receiver<()>>);

    impl Write for Sink {
        fn write(&mut self, data: &[u8]) -> std::io::Result<usize> {
            if let Some(gate) = &self.1 {
                let _ = gate.recv();
            }
            let _ = self.0.send(data.to_vec());
            Ok(data.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_line_holds_no_query() {
        let (to, from) = mpsc::channel();
        let log = Log::start(LogForm::Json, Box::new(Sink(to, None)), Arc::default());
        entry(&log).write();
        log.close();
        let line = String::from_utf8(from.try_iter().flatten().collect()).unwrap();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["path"], "/pro\"duct");
        assert_eq!((&value["rule"], &value["status"]), (&"product".into(), &307.into()));
        assert!(!line.contains("secret"), "{line}");
    }

    #[test]
    fn people_get_one_line_a_decision() {
        let (to, from) = mpsc::channel();
        let log = Log::start(LogForm::Pretty, Box::new(Sink(to, None)), Arc::default());
        entry(&log).write();
        log.close();
        let line = String::from_utf8(from.try_iter().flatten().collect()).unwrap();
        assert_eq!(line, "GET /pro\"duct  anonymous -> 307 /signin  rule product  (no-session)\n");
    }

    #[test]
    fn a_blocked_sink_holds_up_nobody_and_drops_are_counted() {
        let ((to, from), (open, gate)) = (mpsc::channel(), mpsc::channel());
        let metrics = Arc::<Metrics>::default();
        let log = Log::start(LogForm::Json, Box::new(Sink(to, Some(gate))), Arc::clone(&metrics));
        let entry = entry(&log);
        let begun = Instant::now();
        for _ in 0..20_000 {
            entry.write();
        }
        assert!(begun.elapsed() < Duration::from_secs(5));
        let dropped = metrics.log_dropped.load(Relaxed);
        assert!(dropped > 0);
        drop(open);
        log.close();
        let all = String::from_utf8(from.try_iter().flatten().collect()).unwrap();
        assert!(all.contains("\"dropped\":"), "{}", all.len());
        assert_eq!(all.matches("\"status\"").count() as u64 + dropped, 20_000);
    }
}
