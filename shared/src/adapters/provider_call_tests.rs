use bytes::Bytes;

use super::*;
use crate::adapters::scripted::{PausedClock, SameByte, ScriptedTransport, answer};
use crate::ports::transport::TransportError;

fn limits() -> CallLimits {
    CallLimits { call_timeout: Duration::from_secs(10), ..CallLimits::default() }
}

fn request() -> ProviderRequest {
    ProviderRequest {
        method: http::Method::POST,
        url: "https://bank.example/transfers/ach".to_owned(),
        headers: vec![("idempotency-key".to_owned(), "pay_1:1".to_owned())],
        body: Bytes::from_static(b"{}"),
        timeout: Duration::from_secs(10),
    }
}

fn caller(transport: &Arc<ScriptedTransport>, clock: &Arc<PausedClock>, limits: CallLimits) -> ProviderCaller {
    ProviderCaller::new(transport.clone(), clock.clone(), Arc::new(SameByte(0xff)), limits)
}

#[tokio::test]
async fn every_try_repeats_the_same_request() {
    let script = [answer(503, ""), Err(TransportError::TimedOut), answer(200, "done")];
    let (transport, clock) = (ScriptedTransport::new(script), PausedClock::new());

    let result = caller(&transport, &clock, limits()).call(&request(), clock.deadline_in(60)).await.unwrap();

    assert_eq!(result.response.body, Bytes::from_static(b"done"));
    assert!(result.earlier_outcome_unknown);
    assert_eq!(transport.sent(), vec![request(), request(), request()]);
}

#[tokio::test]
async fn what_may_have_happened_is_known_of_every_failure() {
    let broken = || Err(TransportError::Broken("while sending".to_owned()));
    for (tries, outcome_unknown) in [
        ([answer(429, ""), answer(429, ""), answer(429, "")], false),
        ([answer(429, ""), answer(408, ""), answer(429, "")], true),
        ([answer(500, ""), answer(429, ""), answer(429, "")], true),
        ([answer(429, ""), answer(429, ""), broken()], true),
        ([answer(429, ""), answer(429, ""), Err(TransportError::TimedOut)], true),
    ] {
        let (transport, clock) = (ScriptedTransport::new(tries), PausedClock::new());
        let failure = caller(&transport, &clock, limits()).call(&request(), clock.deadline_in(60)).await.unwrap_err();
        assert_eq!(failure.outcome_unknown, outcome_unknown, "{failure}");
    }
}

#[tokio::test]
async fn an_answer_that_is_no_outage_is_not_tried_again() {
    for status in [200, 301, 400, 401, 403, 404] {
        let (transport, clock) = (ScriptedTransport::new([answer(status, "")]), PausedClock::new());
        let result = caller(&transport, &clock, limits()).call(&request(), clock.deadline_in(60)).await.unwrap();
        assert_eq!((result.response.status, result.earlier_outcome_unknown), (status, false));
    }
}

#[tokio::test]
async fn nothing_is_sent_that_could_outlast_the_deadline() {
    let (transport, clock) = (ScriptedTransport::new([]), PausedClock::new());

    let failure = caller(&transport, &clock, limits()).call(&request(), clock.deadline_in(9)).await.unwrap_err();

    assert!(!failure.outcome_unknown);
    assert!(transport.sent().is_empty());
}

#[tokio::test]
async fn a_try_that_no_longer_fits_is_left_out() {
    let (transport, clock) = (ScriptedTransport::new([answer(500, "")]), PausedClock::new());
    let long_pause = CallLimits { first_pause: Duration::from_secs(4), ..limits() };

    let failure = caller(&transport, &clock, long_pause).call(&request(), clock.deadline_in(11)).await.unwrap_err();

    assert!(failure.outcome_unknown);
    assert_eq!(transport.sent().len(), 1);
}

#[tokio::test]
async fn the_rate_limit_spaces_the_calls() {
    let (transport, clock) = (ScriptedTransport::new((0..5).map(|_| answer(200, ""))), PausedClock::new());
    let caller = caller(&transport, &clock, CallLimits { max_calls_per_second: 2, ..limits() });
    let deadline = clock.deadline_in(60);
    for _ in 0..5 {
        caller.call(&request(), deadline).await.unwrap();
    }
    assert_eq!(clock.elapsed_now(), Timestamp::UNIX_EPOCH + Duration::from_secs(2));
}

#[tokio::test]
async fn a_call_that_cannot_wait_for_its_turn_takes_nobody_elses() {
    let (transport, clock) = (ScriptedTransport::new((0..2).map(|_| answer(200, ""))), PausedClock::new());
    let caller = caller(&transport, &clock, CallLimits { max_calls_per_second: 1, ..limits() });
    caller.call(&request(), clock.deadline_in(60)).await.unwrap();

    caller.call(&request(), clock.deadline_in(10)).await.unwrap_err();
    caller.call(&request(), clock.deadline_in(11)).await.unwrap();

    assert_eq!(transport.sent().len(), 2);
}

#[test]
fn a_refused_turn_stays_free_and_idle_time_is_not_saved_up() {
    let rate = RateLimit::new(1);
    let now = Timestamp::UNIX_EPOCH;
    assert_eq!(rate.take_turn(now, |_| true), Some(Duration::ZERO));
    assert_eq!(rate.take_turn(now, |wait| wait.is_zero()), None);
    let later = now + Duration::from_secs(5);
    assert_eq!(rate.take_turn(later, |_| true), Some(Duration::ZERO));
    assert_eq!(rate.take_turn(later, |_| true), Some(Duration::from_secs(1)));
}
