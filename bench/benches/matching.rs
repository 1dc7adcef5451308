//! Routes alone and in whole decisions: 10, 100 and 1,000 routes as people write them, natively and in the component.
#![expect(clippy::expect_used, reason = "a bench that cannot start must say so")]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use portcullis_bench::{lists, open_site, page, site};
use portcullis_gate::pattern::{Dialect, Options, Pattern, PatternSet};
use portcullis_tests::engine::{Component, Engine, Native, Request};
use portcullis_tests::sign::Signer;
use portcullis_tests::world::World;
use serde_json::json;
use std::hint::black_box;

const PROTECTING: Options = Options { ignore_case: true, dot_all: true };

/// Which of all routes does a path hit?
fn set(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("routes alone");
    for routes in [10, 100, 1_000] {
        let texts = lists::routes(routes);
        let compile = |text: &String| Pattern::compile(Dialect::Pattern, text, PROTECTING).expect("a pattern");
        let set = PatternSet::new(texts.iter().map(compile).collect());
        let mut hits = Vec::new();
        let paths = lists::paths(&texts);
        group.bench_function(BenchmarkId::new("one of 20 paths", routes), |bencher| {
            let mut turn = paths.iter().cycle();
            bencher.iter(|| {
                set.matches(black_box(turn.next().expect("a cycle has no end")), &mut hits);
                hits.len()
            });
        });
    }
    group.finish();
}

/// A whole decision about a page view with ten headers and 1 KiB of cookies: where nobody needs a session, and where
/// every second route needs one that is not there.
fn decisions(criterion: &mut Criterion) {
    let signer = Signer::new();
    let doors: [(&str, &dyn Engine, bool); 3] =
        [("native", &Native, false), ("component", &Component, false), ("component, fresh instance", &Component, true)];
    let visits = doors.into_iter().flat_map(|door| [(door, false), (door, true)]);
    for ((name, engine, fresh), sessions) in visits {
        let with = if sessions { "sessions" } else { "all public" };
        let mut group = criterion.benchmark_group(format!("routes in a decision, {name}, {with}"));
        for routes in [1, 100, 1_000] {
            let texts = lists::routes(routes);
            let mut policy = match sessions {
                true => site(&signer, lists::rules(&texts, "session")),
                false => open_site(lists::rules(&texts, "public")),
            };
            if fresh && let Some(document) = policy.document.as_object_mut() {
                document.insert("proxy".to_owned(), json!({ "isolation": "request" }));
            }
            let mut door = engine.open(&policy, &World::at(portcullis_bench::NOW)).expect("the policy loads");
            let requests: Vec<Request> = lists::paths(&texts).iter().map(|path| page(path, None)).collect();
            group.bench_function(BenchmarkId::new("one of 20 paths", routes), |bencher| {
                let mut turn = requests.iter().cycle();
                bencher.iter_custom(|times| {
                    let mut next = || door.ask(black_box(turn.next().expect("a cycle has no end")));
                    (0..times).map(|_| next().expect("no HTTP in between").took).sum()
                });
            });
        }
        group.finish();
    }
}

/// 50 kB against every pattern of the corpora and the catastrophic ones; the slowest counts.
fn long_paths(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("50 kB");
    group.sample_size(10);
    for (text, unit) in lists::CATASTROPHIC {
        let pattern = Pattern::compile(Dialect::Pattern, text, PROTECTING).expect("a pattern");
        let path = format!("/{}", unit.repeat(50_000 / unit.len()));
        group.bench_function(*text, |bencher| bencher.iter(|| pattern.is_match(black_box(&path))));
    }
    group.finish();
}

criterion_group!(benches, set, decisions, long_paths);
criterion_main!(benches);
