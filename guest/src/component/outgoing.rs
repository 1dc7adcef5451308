//! Ours to WIT.

use super::bindings::portcullis::gate::types as wit;
use crate::Gate;
use crate::cases::CaseResult;
use crate::config::{Format, Linted};
use crate::diagnostic::{Diagnostic, Label, Severity, Span};
use crate::door::Held;
use crate::policy::{ProxySettings, Upstream};
use crate::question::{Asked, Call, Freshness, Question, VerifyKey};
use crate::request::Kind;
use crate::session::Algorithm;
use crate::supply::{Need, Source};
use crate::trace::{Outcome, Stage, TraceLine};
use crate::verdict::{Action, Forward, Header, HeaderEdit, Reply, Step, Verdict};

pub(super) fn format(format: Format) -> wit::ConfigFormat {
    match format {
        Format::Toml => wit::ConfigFormat::Toml,
        Format::Json => wit::ConfigFormat::Json,
    }
}

/// Config texts are at most 1 MiB, so offsets fit.
fn offset(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

fn label(span: Span, message: String) -> wit::Label {
    wit::Label { start: offset(span.start), end: offset(span.end), message }
}

pub(super) fn diagnostic(finding: Diagnostic) -> wit::Diagnostic {
    wit::Diagnostic {
        code: finding.code.to_owned(),
        severity: match finding.severity {
            Severity::Error => wit::Severity::Error,
            Severity::Warning => wit::Severity::Warning,
            Severity::Note => wit::Severity::Note,
        },
        message: finding.message,
        labels: finding.labels.into_iter().map(|Label { span, message }| label(span, message)).collect(),
        help: finding.help,
    }
}

pub(super) fn loaded(gate: &Gate) -> wit::Loaded {
    let policy = gate.policy();
    wit::Loaded {
        revision: policy.revision,
        findings: gate.findings().iter().cloned().map(diagnostic).collect(),
        needs: policy.needs.iter().map(need).collect(),
        rules: policy.rules.clone(),
        headers: gate.headers(),
        stripped: gate.stripped(),
        proxy: proxy(&policy.proxy),
        tests: offset(policy.cases.len()),
    }
}

fn need(need: &Need) -> wit::Need {
    let source = match &need.source {
        Source::Env(name) => wit::Source::Env(name.clone()),
        Source::File(path) => wit::Source::File(path.clone()),
    };
    wit::Need { source, secret: need.secret, optional: need.optional, at: label(need.span, String::new()) }
}

fn proxy(proxy: &ProxySettings) -> wit::ProxySettings {
    let proxy = proxy.clone();
    wit::ProxySettings {
        listen: proxy.listen,
        admin: proxy.admin,
        public_origin: proxy.public_origin,
        trusted_proxies: proxy.trusted_proxies,
        upstreams: proxy
            .upstreams
            .into_iter()
            .map(|Upstream { name, url, external }| wit::Upstream { name, url, external })
            .collect(),
        connect_timeout: proxy.connect_timeout,
        response_timeout: proxy.response_timeout,
        head_timeout: proxy.head_timeout,
        idle_timeout: proxy.idle_timeout,
        grace: proxy.grace,
        max_body: proxy.max_body,
        max_head: proxy.max_head,
        workers: proxy.workers,
        isolate_requests: proxy.isolate_requests,
        access_log: proxy.access_log,
    }
}

pub(super) fn held(held: Held) -> wit::HeldDocument {
    let Held { url, body, fetched, until } = held;
    wit::HeldDocument { url, body, fetched, until }
}

pub(super) fn step(step: Step) -> wit::Step {
    match step {
        Step::Verdict(verdict) => wit::Step::Verdict(self::verdict(verdict)),
        Step::Questions(asked) => wit::Step::Questions(asked.into_iter().map(question).collect()),
    }
}

fn question(Asked { id, question }: Asked) -> wit::Asked {
    let question = match question {
        Question::Document { url, freshness } => wit::Question::Document(wit::DocumentQuestion {
            url,
            freshness: match freshness {
                Freshness::Current => wit::Freshness::Current,
                Freshness::UnknownKey => wit::Freshness::UnknownKey,
            },
        }),
        Question::Verify { algorithm, key, message, signature } => wit::Question::Verify(wit::VerifyQuestion {
            algorithm: self::algorithm(algorithm),
            key: match key {
                VerifyKey::Jwk(text) => wit::VerifyKey::Jwk(text),
                VerifyKey::Secret(bytes) => wit::VerifyKey::Secret(bytes),
            },
            message,
            signature,
        }),
        Question::Call(Call { method, url, headers, body, key, grace, keep, timeout }) => {
            wit::Question::Call(wit::CallQuestion { method, url, headers, body, key, grace, keep, timeout })
        }
        Question::Body { limit } => wit::Question::Body(wit::BodyQuestion { limit }),
        Question::Sign { key, message } => wit::Question::Sign(wit::SignQuestion { key, message }),
    };
    wit::Asked { id, question }
}

fn algorithm(algorithm: Algorithm) -> wit::Algorithm {
    match algorithm {
        Algorithm::Hs256 => wit::Algorithm::Hs256,
        Algorithm::Hs384 => wit::Algorithm::Hs384,
        Algorithm::Hs512 => wit::Algorithm::Hs512,
        Algorithm::Rs256 => wit::Algorithm::Rs256,
        Algorithm::Rs384 => wit::Algorithm::Rs384,
        Algorithm::Rs512 => wit::Algorithm::Rs512,
        Algorithm::Ps256 => wit::Algorithm::Ps256,
        Algorithm::Ps384 => wit::Algorithm::Ps384,
        Algorithm::Ps512 => wit::Algorithm::Ps512,
        Algorithm::Es256 => wit::Algorithm::Es256,
        Algorithm::Es384 => wit::Algorithm::Es384,
        Algorithm::Es512 => wit::Algorithm::Es512,
        Algorithm::EdDsa => wit::Algorithm::Eddsa,
    }
}

fn verdict(verdict: Verdict) -> wit::Verdict {
    wit::Verdict {
        action: match verdict.action {
            Action::Pass(forward) => wit::Action::Pass(self::forward(forward)),
            Action::Rewrite(forward) => wit::Action::Rewrite(self::forward(forward)),
            Action::Redirect(reply) => wit::Action::Redirect(self::reply(reply)),
            Action::Respond(reply) => wit::Action::Respond(self::reply(reply)),
        },
        rule: verdict.rule,
        kind: kind(verdict.kind),
        reason: verdict.reason,
        subject: verdict.subject,
    }
}

fn forward(forward: Forward) -> wit::Forward {
    wit::Forward {
        target: forward.target,
        upstream: forward.upstream,
        request: forward.request.into_iter().map(edit).collect(),
        cookie: forward.cookie,
        response: forward.response.into_iter().map(edit).collect(),
        status: forward.status,
    }
}

fn edit(edit: HeaderEdit) -> wit::HeaderEdit {
    match edit {
        HeaderEdit::Set(header) => wit::HeaderEdit::Set(header.into_parts()),
        HeaderEdit::Append(header) => wit::HeaderEdit::Append(header.into_parts()),
        HeaderEdit::Remove(name) => wit::HeaderEdit::Remove(name),
    }
}

fn reply(reply: Reply) -> wit::Reply {
    let headers = reply.headers.into_iter().map(Header::into_parts).collect();
    wit::Reply { status: reply.status, headers, body: reply.body }
}

fn kind(kind: Kind) -> wit::RequestKind {
    match kind {
        Kind::Navigation => wit::RequestKind::Navigation,
        Kind::FormPost => wit::RequestKind::FormPost,
        Kind::Rsc => wit::RequestKind::Rsc,
        Kind::Prefetch => wit::RequestKind::Prefetch,
        Kind::Data => wit::RequestKind::Data,
        Kind::Action => wit::RequestKind::Action,
        Kind::Fetch => wit::RequestKind::Fetch,
        Kind::WebSocket => wit::RequestKind::Websocket,
        Kind::EventStream => wit::RequestKind::EventStream,
        Kind::SubResource => wit::RequestKind::SubResource,
        Kind::Preflight => wit::RequestKind::Preflight,
    }
}

pub(super) fn trace(lines: Vec<TraceLine>) -> Vec<wit::TraceLine> {
    lines.into_iter().map(line).collect()
}

fn line(line: TraceLine) -> wit::TraceLine {
    wit::TraceLine {
        stage: match line.stage {
            Stage::Received => wit::Stage::Received,
            Stage::Canonical => wit::Stage::Canonical,
            Stage::View => wit::Stage::View,
            Stage::Kind => wit::Stage::Kind,
            Stage::Guard => wit::Stage::Guard,
            Stage::Route => wit::Stage::Route,
            Stage::Session => wit::Stage::Session,
            Stage::Requirement => wit::Stage::Requirement,
            Stage::Answer => wit::Stage::Answer,
        },
        outcome: match line.outcome {
            Outcome::Info => wit::Outcome::Info,
            Outcome::Yes => wit::Outcome::Yes,
            Outcome::No => wit::Outcome::No,
        },
        subject: line.subject,
        detail: line.detail,
    }
}

pub(super) fn linted(linted: Linted) -> wit::Linted {
    wit::Linted {
        findings: linted.findings.into_iter().map(diagnostic).collect(),
        undecided: u32::try_from(linted.undecided).unwrap_or(u32::MAX),
    }
}

pub(super) fn test_result(result: CaseResult) -> wit::TestResult {
    wit::TestResult {
        name: result.case.text,
        at: label(result.case.span, String::new()),
        passed: result.passed,
        expected: result.expected,
        actual: result.actual,
        trace: trace(result.trace),
    }
}
