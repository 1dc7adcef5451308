//! Answers that are given again. Pure: time comes in as a number.

use super::Place;
use crate::contract::CallAnswer;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;
use tokio::time::Instant;

/// Answers kept at once. When there are more, the oldest go.
const MAX_ANSWERS: usize = 8192;
/// Bytes of the body of one that is kept.
const MAX_BODY: usize = 64 << 10;
/// Bytes of all bodies together.
const MAX_TOTAL: usize = 64 << 20;
/// The longest that an answer is kept.
const MAX_GRACE: Duration = Duration::from_secs(60);

/// Which answers a question wants to be kept, and for how long.
#[derive(Clone)]
pub(super) struct Wish {
    pub(super) grace: Duration,
    /// Bytes that stand in the body of such an answer.
    pub(super) keep: Vec<u8>,
}

impl Wish {
    fn wants(&self, answer: &CallAnswer) -> bool {
        !self.grace.is_zero()
            && (200..=299).contains(&answer.status)
            && answer.body.len() <= MAX_BODY
            && memchr::memmem::find(&answer.body, &self.keep).is_some()
    }
}

/// The answers that are kept.
#[derive(Default)]
pub(super) struct Kept {
    answers: HashMap<Place, (CallAnswer, Instant)>,
    /// Places in the order in which they were filled, with the end of their time. An answer that is kept for longer
    /// than those after it holds them back for [`MAX_GRACE`] at most, and in return nothing has to be sorted.
    order: VecDeque<(Place, Instant)>,
    bytes: usize,
}

impl Kept {
    pub(super) fn get(&self, place: &Place, now: Instant) -> Option<CallAnswer> {
        self.answers.get(place).filter(|(_, until)| now < *until).map(|(answer, _)| answer.clone())
    }

    /// Keep an answer if that is what was wished.
    pub(super) fn put(&mut self, place: Place, answer: &CallAnswer, wish: &Wish, now: Instant) {
        if !wish.wants(answer) {
            return;
        }
        self.remove(&place);
        while let Some((oldest, until)) = self.order.front().copied()
            && (until <= now || self.is_full(answer.body.len()))
        {
            self.order.pop_front();
            // The place may have been filled anew since.
            if self.answers.get(&oldest).is_some_and(|(_, held_until)| *held_until == until) {
                self.remove(&oldest);
            }
        }
        let until = now + wish.grace.min(MAX_GRACE);
        self.bytes += answer.body.len();
        self.answers.insert(place, (answer.clone(), until));
        self.order.push_back((place, until));
    }

    fn is_full(&self, more: usize) -> bool {
        self.order.len() >= MAX_ANSWERS || self.bytes + more > MAX_TOTAL
    }

    fn remove(&mut self, place: &Place) {
        if let Some((answer, _)) = self.answers.remove(place) {
            self.bytes -= answer.body.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(number: usize) -> Place {
        Place::of("http://a/", &number.to_string()).unwrap()
    }

    fn answer(status: u16, body: &[u8]) -> CallAnswer {
        CallAnswer { status, headers: Vec::new(), body: body.to_vec() }
    }

    fn wish(seconds: u64) -> Wish {
        Wish { grace: Duration::from_secs(seconds), keep: Vec::new() }
    }

    fn later(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn only_what_is_wished_is_kept() {
        let keep = |text: &str| Wish { keep: text.into(), ..wish(1) };
        for (wanted, status, wish) in [
            (true, 200, wish(1)),
            (true, 299, wish(1)),
            (true, 200, keep("ab")),
            (false, 200, wish(0)),
            (false, 199, wish(1)),
            (false, 304, wish(1)),
            (false, 500, keep("ab")),
            (false, 200, keep("ac")),
        ] {
            let (mut kept, now) = (Kept::default(), Instant::now());
            kept.put(place(0), &answer(status, b"xaby"), &wish, now);
            assert_eq!(kept.get(&place(0), now).is_some(), wanted, "{status}");
        }
        let (mut kept, now) = (Kept::default(), Instant::now());
        kept.put(place(0), &answer(200, &[0; MAX_BODY]), &wish(1), now);
        kept.put(place(1), &answer(200, &[0; MAX_BODY + 1]), &wish(1), now);
        assert!(kept.get(&place(0), now).is_some() && kept.get(&place(1), now).is_none());
    }

    #[test]
    fn an_answer_is_given_until_its_time_is_over() {
        let (mut kept, now) = (Kept::default(), Instant::now());
        kept.put(place(0), &answer(200, b"a"), &wish(10), now);
        kept.put(place(1), &answer(200, b"a"), &wish(3600), now);
        assert!(kept.get(&place(0), later(now, 9)).is_some() && kept.get(&place(0), later(now, 10)).is_none());
        assert!(kept.get(&place(1), later(now, 59)).is_some() && kept.get(&place(1), later(now, 60)).is_none());
    }

    #[test]
    fn what_is_over_is_swept_when_something_is_kept() {
        let (mut kept, now) = (Kept::default(), Instant::now());
        for number in 0..100 {
            kept.put(place(number), &answer(200, b"abc"), &wish(5), now);
        }
        assert_eq!((kept.answers.len(), kept.bytes), (100, 300));
        kept.put(place(0), &answer(200, b"new"), &wish(5), later(now, 6));
        assert_eq!((kept.answers.len(), kept.order.len(), kept.bytes), (1, 1, 3));
        assert_eq!(kept.get(&place(0), later(now, 6)), Some(answer(200, b"new")));
    }

    #[test]
    fn a_place_that_is_filled_anew_outlives_its_old_time() {
        let (mut kept, now) = (Kept::default(), Instant::now());
        kept.put(place(0), &answer(200, b"long"), &wish(60), now);
        kept.put(place(1), &answer(200, b"old"), &wish(1), now);
        kept.put(place(1), &answer(200, b"new"), &wish(60), later(now, 30));
        // The first is over, and the old time of the second with it.
        kept.put(place(2), &answer(200, b"other"), &wish(1), later(now, 61));
        assert_eq!(kept.get(&place(1), later(now, 61)), Some(answer(200, b"new")));
        assert_eq!((kept.answers.len(), kept.order.len(), kept.bytes), (2, 2, 8));
    }

    #[test]
    fn when_there_are_too_many_the_oldest_go() {
        let (mut kept, now) = (Kept::default(), Instant::now());
        for number in 0..MAX_ANSWERS + 10 {
            kept.put(place(number), &answer(200, b"a"), &wish(60), now);
        }
        assert_eq!((kept.answers.len(), kept.order.len(), kept.bytes), (MAX_ANSWERS, MAX_ANSWERS, MAX_ANSWERS));
        assert!(kept.get(&place(9), now).is_none() && kept.get(&place(10), now).is_some());
        let (mut kept, large) = (Kept::default(), answer(200, &[0; MAX_BODY]));
        for number in 0..MAX_TOTAL / MAX_BODY + 1 {
            kept.put(place(number), &large, &wish(60), now);
        }
        assert_eq!(kept.bytes, MAX_TOTAL);
        assert!(kept.get(&place(0), now).is_none() && kept.get(&place(1), now).is_some());
    }
}
