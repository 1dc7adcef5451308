use portcullis_tests::engine::{Component, Engine, Policy, Request};
use portcullis_tests::sign::Signer;
use portcullis_tests::world::World;
use serde_json::json;
fn main() {
    let signer = Signer::new();
    for (name, session, isolate) in [
        ("no session reused", false, false),
        ("session reused", true, false),
        ("no session fresh", false, true),
        ("session fresh", true, true),
    ] {
        for n in [1usize, 100, 1000] {
            let texts = portcullis_bench::lists::routes(n);
            let rules: Vec<_> = texts.iter().enumerate().map(|(i, t)| json!({"id": format!("r{i}"), "pattern": t, "require": if session && i % 2 == 0 {"session"} else {"public"}})).collect();
            let mut policy = if session {
                portcullis_bench::site(&signer, rules)
            } else {
                Policy::new(json!({"version":1,"default":"public","route":rules}))
            };
            if isolate {
                policy.document.as_object_mut().unwrap().insert("proxy".into(), json!({"isolation":"request"}));
            }
            let mut door = Component.open(&policy, &World::at(portcullis_bench::NOW)).unwrap();
            let reqs: Vec<Request> =
                portcullis_bench::lists::paths(&texts).iter().map(|p| portcullis_bench::page(p, None)).collect();
            let mut best = f64::MAX;
            for _ in 0..15 {
                let mut sum = 0.0;
                let mut k = 0;
                for _ in 0..40 {
                    for r in &reqs {
                        sum += door.ask(r).unwrap().took.as_secs_f64();
                        k += 1;
                    }
                }
                best = f64::min(best, sum / k as f64 * 1e6);
            }
            println!("{name} {n}: {best:.2} us");
        }
    }
}
