//! What is known of a request before any rule is asked.

use super::Compiled;
use crate::next::{NextConfig, Reading, Seen};
use crate::request::{Authority, Cookies, Head, Kind, Refusal, Target, without_empty_segments};
use crate::trace::{Outcome, Stage, Trace};
use std::cell::OnceCell;

/// Made once, by [`Facts::read`].
#[derive(Debug)]
pub(crate) struct Facts<'a> {
    compiled: &'a Compiled,
    pub(super) head: &'a Head,
    pub(super) target: Target,
    pub(super) authority: Authority,
    pub(super) cookies: Cookies<'a>,
    pub(super) kind: Kind,
    /// With a Next.js app behind: all paths that are judged, the canonical one and what it stands for first.
    readings: Option<Vec<Reading>>,
    runs: OnceCell<bool>,
    /// Where this site is for browsers, if that can be told safely.
    origin: Option<String>,
}

/// Why no rule gets to see a request.
pub(crate) enum Turned {
    /// Refused.
    Away(Refusal),
    /// Sent to a clean spelling of the same path.
    Aside(String),
}

/// One path that rules are held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged<'a> {
    pub(crate) path: &'a str,
    /// It counts only if a route names it, since another reading stands for it.
    pub(crate) weak: bool,
}

impl<'a> Facts<'a> {
    pub(super) fn read(compiled: &'a Compiled, head: &'a Head) -> Result<Self, Turned> {
        let authority = Authority::parse(&head.authority).map_err(Turned::Away)?;
        let rules = compiled.policy().paths;
        let mut target = Target::parse_with(&head.target, rules).map_err(|refusal| {
            let elsewhere = rules.redirect_double_slash && refusal.reason == "empty-segment";
            match elsewhere.then(|| without_empty_segments(&head.target, rules)).flatten() {
                Some(location) => Turned::Aside(location),
                None => Turned::Away(refusal),
            }
        })?;
        let cookies = Cookies::parse(head.lines("cookie")).map_err(Turned::Away)?;
        if compiled.reads_authorization() && head.lines("authorization").nth(1).is_some() {
            let refusal = Refusal::bad("authorization-twice", "more than one `authorization` line");
            return Err(Turned::Away(refusal));
        }
        let mut readings = None;
        if let Some(next) = &compiled.policy().next {
            if let Some(query) = target.query().and_then(crate::next::without_private) {
                target = target.with_query(query);
            }
            readings = Some(all_readings(&next.config, &target));
        }
        let kind = Kind::of(head, &target);
        let origin = origin(compiled, head, &authority);
        Ok(Self { compiled, head, target, authority, cookies, kind, readings, runs: OnceCell::new(), origin })
    }

    /// `https://app.example.com`: what an absolute address of this site starts with. `None`: only the Host header says so,
    /// which is the client's word.
    pub(super) fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// Every path that rules are held against; the canonical one, or what stands for it, first.
    pub(super) fn readings(&self) -> impl Iterator<Item = Judged<'_>> {
        let views = self.target.views().iter().map(|view| view.path.as_str());
        let own = std::iter::once(self.target.path()).chain(views).map(|path| Judged { path, weak: false });
        let given = self.readings.iter().flatten().map(|reading| Judged { path: &reading.path, weak: reading.weak });
        // One of the two has members.
        own.filter(|_| self.readings.is_none()).chain(given)
    }

    /// The canonical path as rules are written for: below the base path of a Next.js app.
    pub(super) fn page(&self) -> &str {
        let path = self.target.path();
        self.compiled.policy().next.as_ref().and_then(|next| next.config.below_base(path)).unwrap_or(path)
    }

    /// Would the middleware of a Next.js app run for this request? Without `next.matcher` it always does.
    pub(super) fn runs(&self) -> bool {
        *self.runs.get_or_init(|| {
            let Some(next) = &self.compiled.policy().next else { return true };
            let Some(matcher) = &next.matcher else { return true };
            let seen =
                Seen { head: self.head, target: &self.target, cookies: &self.cookies, host: &self.authority.host };
            next.config.asked(self.target.path()).iter().any(|path| matcher.runs(path, &next.config, seen))
        })
    }

    pub(super) fn explain(&self, trace: &mut Trace) {
        trace.note(Stage::Canonical, Outcome::Info, || {
            (self.target.path_and_query(), format!("host {}", self.authority.host))
        });
        match &self.readings {
            None => {
                for view in self.target.views() {
                    trace.note(Stage::View, Outcome::Info, || (view.path.clone(), view.name.to_owned()));
                }
            }
            Some(readings) => {
                for reading in readings.iter().filter(|reading| reading.path != self.target.path()) {
                    trace.note(Stage::View, Outcome::Info, || (reading.path.clone(), reading.name.to_owned()));
                }
            }
        }
        if trace.enabled() && self.compiled.policy().next.as_ref().is_some_and(|next| next.matcher.is_some()) {
            let outcome = if self.runs() { Outcome::Yes } else { Outcome::No };
            trace.note(Stage::View, outcome, || {
                let detail = if self.runs() { "the middleware would run" } else { "the middleware would not run" };
                ("next.matcher".to_owned(), detail.to_owned())
            });
        }
        trace.note(Stage::Kind, Outcome::Info, || (self.kind.name().to_owned(), String::new()));
    }
}

/// The origin that the config names; on this very machine also the one that was asked.
fn origin(compiled: &Compiled, head: &Head, authority: &Authority) -> Option<String> {
    if !compiled.has_sessions {
        return None;
    }
    let local = matches!(authority.host.as_str(), "localhost" | "127.0.0.1" | "[::1]");
    let asked = || format!("{}://{}", head.scheme, head.authority);
    compiled.policy().proxy.public_origin.clone().or_else(|| local.then(asked))
}

/// The canonical path and every view, each with all that Next.js takes for the same page.
fn all_readings(config: &NextConfig, target: &Target) -> Vec<Reading> {
    let canonical = Reading { name: "canonical", path: target.path().to_owned(), weak: false };
    let views = target.views().iter().map(|view| Reading { name: view.name, path: view.path.clone(), weak: false });
    let mut all: Vec<Reading> = Vec::with_capacity(1);
    for reading in std::iter::once(canonical).chain(views).flat_map(|reading| config.readings(reading)) {
        match all.iter_mut().find(|known| known.path == reading.path) {
            // Who names it in its own right makes it count.
            Some(known) => known.weak &= reading.weak,
            None => all.push(reading),
        }
    }
    all
}
