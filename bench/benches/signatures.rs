//! A signature of each algorithm under a key that is known, and what preparing a key costs: the host by aws-lc, the guest as a
//! library, and the guest in the component.
#![expect(clippy::expect_used, reason = "a bench that cannot start must say so")]

use criterion::{Criterion, criterion_group, criterion_main};
use portcullis::contract::{SignQuestion, VerifyQuestion};
use portcullis::gate::{Signer, Verifier};
use portcullis_gate::signature::Signatures;
use portcullis_tests::signatures::{inside, one_each, signing_key};
use std::hint::black_box;

/// As long as the signing input of a session token.
const MESSAGE: [u8; 400] = [b'x'; 400];

fn verify(criterion: &mut Criterion) {
    let (host, mut guest, mut inside) = (Verifier::new(), Signatures::new(), inside());
    for asked in one_each(&MESSAGE) {
        let mut group = criterion.benchmark_group(asked.algorithm.name());
        let question: VerifyQuestion = asked.to_host();
        assert!(inside.verify(&question).expect("the component answers"), "the signature is good");
        group.bench_function("host", |bencher| bencher.iter(|| host.verify(black_box(&question))));
        group.bench_function("guest, native", |bencher| {
            bencher.iter(|| guest.verify(asked.algorithm, black_box(&asked.key), &asked.message, &asked.signature));
        });
        group.bench_function("guest, component", |bencher| {
            bencher.iter(|| inside.verify(black_box(&question)).expect("the component answers"));
        });
        group.finish();
    }
}

/// What a key costs the first time: an instance that has seen 64 others has forgotten it.
fn prepare(criterion: &mut Criterion) {
    let mut inside = inside();
    for asked in one_each(&MESSAGE).iter().filter(|asked| !asked.algorithm.is_symmetric()) {
        // Nothing but the key: a signature of no bytes is refused at once.
        let mut question = VerifyQuestion { signature: Vec::new(), message: Vec::new(), ..asked.to_host() };
        let mut number = 0_u64;
        criterion.bench_function(&format!("prepare/{}", asked.algorithm.name()), |bencher| {
            bencher.iter(|| {
                number += 1;
                let portcullis::contract::VerifyKey::Jwk(text) = &mut question.key else { return };
                let end = text.rfind('}').expect("a JWK is an object");
                let start = text.find(",\"t\":").unwrap_or(end);
                text.replace_range(start.., &format!(",\"t\":{number}}}"));
                let _no = inside.verify(&question).expect("the component answers");
            });
        });
    }
}

fn sign(criterion: &mut Criterion) {
    let (host, mut guest, mut inside) = (Signer::new(), Signatures::new(), inside());
    let question = SignQuestion { key: signing_key(), message: MESSAGE.to_vec() };
    let mut group = criterion.benchmark_group("sign ES256");
    group.bench_function("host", |bencher| bencher.iter(|| host.answer(black_box(&question))));
    group.bench_function("guest, native", |bencher| {
        bencher.iter(|| guest.sign(black_box(&question.key), &question.message).expect("the key signs"));
    });
    group.bench_function("guest, component", |bencher| {
        bencher.iter(|| inside.sign(black_box(&question)).expect("the component answers").expect("the key signs"));
    });
    group.finish();
}

criterion_group!(benches, verify, prepare, sign);
criterion_main!(benches);
