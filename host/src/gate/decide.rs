//! The loop of a decision: call, answer the questions, call again.

use super::calls;
use super::documents;
use super::{BodySource, Decision, Failure, Gate, NoBody, pack};
use crate::contract::{
    Answer, Answered, Asked as GuestAsked, BodyQuestion, Explained, Question, RequestHead, Step, Verdict,
};

/// Rounds for one request (contract of `decide`). The deepest honest chain has 8: body, a token renewed, discovery, key set,
/// signature, the call that the body asks for, an assertion to sign, verdict.
const ROUNDS: usize = 12;
/// Questions of one round: a token for each provider, each with a key set.
const QUESTIONS: usize = 32;
/// Bytes of a request body that a policy can ask for.
const BODY: usize = 1 << 20;

pub(super) async fn decide(gate: &Gate, head: &RequestHead, body: &mut impl BodySource) -> Result<Decision, Failure> {
    let mut answers = Vec::new();
    let packed = (!gate.plain).then(|| pack(head));
    for _ in 0..ROUNDS {
        let step = gate.pool.call(|instance| match &packed {
            Some(packed) => instance.decide_packed(packed, &answers),
            None => instance.decide(head, &answers),
        });
        match step? {
            Step::Verdict(verdict) => return gate.bounds.check(verdict),
            Step::Questions(asked) => answer(gate, asked, World { body, calls: true }, &mut answers).await?,
        }
    }
    Err(Failure::Rounds)
}

pub(super) async fn explain(gate: &Gate, head: &RequestHead, persona: Option<&str>) -> Result<Explained, Failure> {
    let mut answers = Vec::new();
    for _ in 0..ROUNDS {
        let explained = gate.pool.call(|instance| instance.explain(head, &answers, persona))?;
        let Explained { step, trace } = explained.map_err(Failure::Nonsense)?;
        match step {
            Step::Verdict(verdict) => {
                gate.bounds.check(Verdict::clone(&verdict))?;
                return Ok(Explained { step: Step::Verdict(verdict), trace });
            }
            Step::Questions(asked) => {
                answer(gate, asked, World { body: &mut NoBody, calls: false }, &mut answers).await?;
            }
        }
    }
    Err(Failure::Rounds)
}

/// What of the world a request may reach.
struct World<'a, B> {
    body: &'a mut B,
    /// A call may change something: only a real request makes one.
    calls: bool,
}

/// Something that is waited for.
enum Flight {
    Document(documents::Waiting),
    Call(calls::Waiting),
}

/// Answer one round. Signatures are checked on the spot; fetches of different addresses, and calls, run side by side.
async fn answer<B: BodySource>(
    gate: &Gate,
    asked: Vec<GuestAsked>,
    world: World<'_, B>,
    answers: &mut Vec<Answered>,
) -> Result<(), Failure> {
    if asked.is_empty() || asked.len() > QUESTIONS {
        return Err(Failure::Nonsense(format!("{} questions in one step", asked.len())));
    }
    let known = answers.len();
    let mut flights = Vec::new();
    for GuestAsked { id, question } in asked {
        if answers.iter().take(known).any(|answered| answered.id == id) {
            return Err(Failure::Nonsense(format!("question {id} is asked again after its answer")));
        }
        let answer = match question {
            Question::Verify(question) => Answer::Verify(gate.verifier.verify(&question)),
            Question::Document(question) => match gate.documents.ask(&question) {
                documents::Asked::Now(answer) => answer,
                documents::Asked::Later(waiting) => {
                    flights.push((id, Flight::Document(waiting)));
                    continue;
                }
            },
            Question::Call(_) if !world.calls => Answer::Failed("no calls are made to explain".to_owned()),
            Question::Call(question) => match gate.calls.ask(&question) {
                calls::Asked::Now(answer) => answer,
                calls::Asked::Later(waiting) => {
                    flights.push((id, Flight::Call(waiting)));
                    continue;
                }
            },
            Question::Body(question) => prefix(question, world.body).await,
            Question::Sign(question) => gate.signer.answer(&question),
        };
        answers.push(Answered { id, answer });
    }
    for (id, waiting) in flights {
        let answer = match waiting {
            Flight::Document(waiting) => waiting.answer().await,
            Flight::Call(waiting) => waiting.answer().await,
        };
        answers.push(Answered { id, answer });
    }
    Ok(())
}

async fn prefix(question: BodyQuestion, body: &mut impl BodySource) -> Answer {
    let limit = usize::try_from(question.limit).unwrap_or(BODY).min(BODY);
    match body.prefix(limit).await {
        Ok(Some(bytes)) if bytes.len() <= limit => Answer::Body(bytes.into()),
        Ok(_) => Answer::TooLarge,
        Err(why) => Answer::Failed(why),
    }
}
