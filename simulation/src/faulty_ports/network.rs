//! The network to the providers, and what it does to a call.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use shared::ports::clock::Clock;
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};

use super::FaultyPort;
use crate::fault_injector::{FaultInjector, Refusal, Stray, key_of};
use crate::faults::Fault;

/// Refusals that end a payment, and refusals that are about us.
const ABOUT_PAYEE: [&str; 3] =
    ["transfer_invalid_destination_account", "invalid_account_structure", "routing_number_not_found"];
const ABOUT_US: [&str; 4] =
    ["transfer_non_sufficient_fund", "limit_exceeded", "feature_not_enabled", "a_code_that_nobody_knows"];

/// What becomes of one call.
enum Fate {
    Goes,
    /// Answered by somebody in between, without the provider.
    Answered(u16, String),
    /// The provider acts, and then something else is answered.
    ActsThenFails(u16),
    NeverArrives,
    ActsInSilence,
    ArrivesLater(Duration),
    Slow(Duration),
}

#[async_trait]
impl Transport for FaultyPort<dyn Transport> {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        self.crash.effect().await;
        let what = told(&request);
        let fate =
            self.crash.fault_injector.as_ref().map_or(Fate::Goes, |fault_injector| fate(fault_injector, &request));
        let key = key_of(&request).map(str::to_owned);
        let sent_order = self.crash.recorder.as_ref().map_or(0, |recorder| recorder.next_order());
        let (answer, call) = self.meet(fate, request, sent_order).await;
        match &answer {
            Ok(answered) => self.crash.tell(format_args!("{what} -> {}", answered.status)),
            Err(error) => self.crash.tell(format_args!("{what} -> {error}")),
        }
        // The provider acted, and the process may never learn of it.
        self.crash.effect().await;
        if let Some(recorder) = &self.crash.recorder {
            recorder.heard(call);
            recorder.answered(key.as_deref(), answer.as_ref().ok().map(|answered| answered.status));
        }
        answer
    }
}

type Exchanged = Result<ProviderResponse, TransportError>;

impl FaultyPort<dyn Transport> {
    /// What comes of the call, and its place among those that reached the bank.
    async fn meet(&self, fate: Fate, request: ProviderRequest, sent_order: u64) -> (Exchanged, Option<usize>) {
        let answered = |status, body: String| Ok(ProviderResponse { status, headers: Vec::new(), body: body.into() });
        match fate {
            Fate::Goes => self.reach(request, sent_order).await,
            Fate::Answered(status, body) => (answered(status, body), None),
            // Whatever the provider said is lost on its way back.
            Fate::ActsThenFails(status) => (answered(status, String::new()), self.reach(request, sent_order).await.1),
            Fate::NeverArrives => (Err(TransportError::Broken("the connection broke".to_owned())), None),
            Fate::ActsInSilence => (Err(TransportError::TimedOut), self.reach(request, sent_order).await.1),
            Fate::ArrivesLater(after) => {
                if let Some(fault_injector) = &self.crash.fault_injector {
                    fault_injector.send_astray(Stray {
                        arrives_at: later(now(fault_injector), after),
                        sent_order,
                        request,
                    });
                }
                (Err(TransportError::TimedOut), None)
            }
            Fate::Slow(time) => {
                if let Some(clock) =
                    self.crash.fault_injector.as_ref().and_then(|fault_injector| fault_injector.clock.clone())
                {
                    clock.pause(time).await;
                }
                self.crash.give_way().await;
                self.reach(request, sent_order).await
            }
        }
    }

    async fn reach(&self, request: ProviderRequest, sent_order: u64) -> (Exchanged, Option<usize>) {
        let Some(recorder) = &self.crash.recorder else { return (self.port.exchange(request).await, None) };
        if request.url.ends_with("/accounts/balance/get") {
            recorder.asked_balance(&request);
        }
        let answer = self.port.exchange(request.clone()).await;
        let call = recorder.called(&request, sent_order, answer.as_ref().ok().map(|answered| answered.status));
        (answer, call)
    }
}

fn now(fault_injector: &FaultInjector) -> Timestamp {
    fault_injector.clock.as_ref().map_or(Timestamp::UNIX_EPOCH, |clock| Clock::business_now(&**clock))
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| time.checked_add(by).ok()).unwrap_or(time)
}

fn fate(fault_injector: &FaultInjector, request: &ProviderRequest) -> Fate {
    if request.url.contains("plaid") {
        return fate_at_plaid(fault_injector);
    }
    if !request.url.contains("column") {
        return Fate::Goes;
    }
    let is_send = request.method == http::Method::POST;
    let moves_money = is_send && (request.url.ends_with("/transfers/ach") || request.url.ends_with("/issue"));
    if fault_injector.is_bank_silent() {
        return if moves_money && fault_injector.is_one_in(3) { Fate::ActsInSilence } else { Fate::NeverArrives };
    }
    match fault_injector.standing_refusal() {
        Some(Refusal::Status(status)) => return Fate::Answered(status, String::new()),
        Some(Refusal::Code(code)) if moves_money => return refusal(fault_injector, &[code]),
        Some(Refusal::Code(_)) | None => {}
    }
    if moves_money && key_of(request).is_some_and(|key| fault_injector.is_refused_next(key)) {
        return match fault_injector.below(3) {
            0 => Fate::Answered(401, String::new()),
            1 => refusal(fault_injector, &ABOUT_PAYEE),
            _ => refusal(fault_injector, &ABOUT_US),
        };
    }
    // The bank refuses while an earlier send of the same is still on its way to it.
    if is_send
        && key_of(request).is_some_and(|key| fault_injector.is_astray(key))
        && fault_injector.strikes(Fault::StraySendAfterRefusal)
    {
        return refusal(fault_injector, if fault_injector.is_one_in(3) { &ABOUT_PAYEE } else { &ABOUT_US });
    }
    if fault_injector.strikes(Fault::BankRateLimited) {
        return Fate::Answered(429, String::new());
    }
    if fault_injector.strikes(Fault::BankErrorBefore) {
        return Fate::Answered(500, String::new());
    }
    if fault_injector.strikes(Fault::BankErrorAfter) {
        return Fate::ActsThenFails(502);
    }
    if fault_injector.strikes(Fault::BankSilentBefore) {
        return Fate::NeverArrives;
    }
    if fault_injector.strikes(Fault::BankSilentAfter) {
        return Fate::ActsInSilence;
    }
    if fault_injector.strikes(Fault::BankSlow) {
        return Fate::Slow(Duration::from_secs(fault_injector.between(1, 9)));
    }
    if moves_money && fault_injector.strikes(Fault::BankActedThenRefused) {
        if let Some(key) = key_of(request) {
            fault_injector.refuse_next(key, fault_injector.between(1, 4));
        }
        return Fate::ActsInSilence;
    }
    if moves_money && fault_injector.strikes(Fault::StraySend) {
        return Fate::ArrivesLater(Duration::from_secs(fault_injector.between(1, 7_200)));
    }
    if moves_money && fault_injector.strikes(Fault::BankRefusedPayee) {
        return refusal(fault_injector, &ABOUT_PAYEE);
    }
    if moves_money && fault_injector.strikes(Fault::BankRefusedUs) {
        return match fault_injector.below(3) {
            0 => Fate::Answered(401, String::new()),
            _ => refusal(fault_injector, &ABOUT_US),
        };
    }
    Fate::Goes
}

fn fate_at_plaid(fault_injector: &FaultInjector) -> Fate {
    if fault_injector.is_plaid_down() {
        return Fate::NeverArrives;
    }
    if !fault_injector.strikes(Fault::PlaidFailed) {
        return Fate::Goes;
    }
    match fault_injector.below(4) {
        0 => Fate::Answered(500, String::new()),
        1 => Fate::ActsThenFails(500),
        2 => Fate::NeverArrives,
        _ => Fate::ActsInSilence,
    }
}

fn refusal(fault_injector: &FaultInjector, codes: &[&str]) -> Fate {
    let code = fault_injector.pick(codes).copied().unwrap_or_default();
    let body = serde_json::json!({ "type": "request_error", "code": code, "message": "refused", "details": {} });
    Fate::Answered(400, body.to_string())
}

/// Method and path, with the key of a call that has one. Query and body may hold numbers that are nobody's business.
fn told(request: &ProviderRequest) -> String {
    let target = request.url.split('?').next().unwrap_or_default();
    match key_of(request) {
        Some(key) => format!("{} {target} [{key}]", request.method),
        None => format!("{} {target}", request.method),
    }
}
