//! From text to policy: 10, 100 and 1,000 routes, as a native function and in the component.
#![expect(clippy::expect_used, reason = "a bench that cannot start must say so")]

use criterion::{Criterion, criterion_group, criterion_main};
use portcullis_bench::{NOW, policy};
use portcullis_gate::Gate;
use portcullis_gate::config::Format;
use portcullis_tests::engine::component;
use portcullis_tests::sign::Signer;
use portcullis_tests::world::World;
use std::hint::black_box;

fn load(criterion: &mut Criterion) {
    let signer = Signer::new();
    let mut group = criterion.benchmark_group("load");
    group.sample_size(20);
    for routes in [10, 100, 1_000] {
        let policy = policy(&signer, routes);
        let text = policy.toml();
        group.bench_function(format!("native/{routes} routes"), |bencher| {
            bencher.iter(|| Gate::load(black_box(&text), Format::Toml).expect("the policy loads"));
        });
        // The whole way to the first decision: machine code from the cache, `load`, `start`, a first instance.
        let world = World::at(NOW);
        group.bench_function(format!("component/{routes} routes"), |bencher| {
            bencher.iter(|| component::load(black_box(&policy), &world).expect("the policy loads"));
        });
    }
    group.finish();
}

criterion_group!(benches, load);
criterion_main!(benches);
