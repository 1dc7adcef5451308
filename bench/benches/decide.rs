//! One decision: native and in the component, instance reused and fresh, token known and new, 10 to 1,000 routes.
#![expect(clippy::expect_used, reason = "a bench that cannot start must say so")]

use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};
use portcullis_bench::{NOW, page, policy, token};
use portcullis_tests::engine::{Component, Door, Engine, Native, Request};
use portcullis_tests::sign::Signer;
use portcullis_tests::world::World;
use serde_json::json;
use std::hint::black_box;

/// More tokens than any cache of verified tokens holds, so that each one is new when its turn comes again.
const MANY: usize = 20_000;

/// Time inside the decision alone, without making the head and reading the answer.
fn bench<'a>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    door: &mut dyn Door,
    mut request: impl FnMut() -> &'a Request,
) {
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|times| {
            (0..times).map(|_| door.ask(black_box(request())).expect("no HTTP in between").took).sum()
        });
    });
}

fn one(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, door: &mut dyn Door, request: &Request) {
    bench(group, name, door, || request);
}

fn workloads(criterion: &mut Criterion, group: &str, engine: &dyn Engine, isolate: bool) {
    let signer = Signer::new();
    let mut group = criterion.benchmark_group(group);
    for routes in [10, 100, 1_000] {
        let mut policy = policy(&signer, routes);
        if isolate && let Some(document) = policy.document.as_object_mut() {
            document.insert("proxy".to_owned(), json!({ "isolation": "request" }));
        }
        let mut door = engine.open(&policy, &World::at(NOW)).expect("the policy loads");
        let known = token(&signer, 0);
        let door = door.as_mut();
        one(&mut group, &format!("stranger to sign-in/{routes} routes"), door, &page("/product/1k", None));
        one(&mut group, &format!("public page/{routes} routes"), door, &page("/pub/1k", None));
        one(&mut group, &format!("known token/{routes} routes"), door, &page("/product/1k", Some(&known)));
        if routes == 10 {
            let requests: Vec<Request> =
                (0..MANY).map(|number| page("/product/1k", Some(&token(&signer, number)))).collect();
            let mut turn = requests.iter().cycle();
            bench(&mut group, "new token, ES256/10 routes", door, || turn.next().expect("a cycle has no end"));
        }
    }
    group.finish();
}

fn decide(criterion: &mut Criterion) {
    workloads(criterion, "native", &Native, false);
    workloads(criterion, "component, instance reused", &Component, false);
    workloads(criterion, "component, instance fresh", &Component, true);
}

criterion_group!(benches, decide);
criterion_main!(benches);
