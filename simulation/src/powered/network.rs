//! The network to the providers, and what it does to a call.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use shared::ports::clock::Clock;
use shared::ports::transport::{ProviderRequest, ProviderResponse, Transport, TransportError};

use super::Powered;
use crate::faults::Fault;
use crate::weather::{Refusal, Stray, Weather, key_of};

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
impl Transport for Powered<dyn Transport> {
    async fn exchange(&self, request: ProviderRequest) -> Result<ProviderResponse, TransportError> {
        self.power.effect().await;
        let what = told(&request);
        let fate = self.power.weather.as_ref().map_or(Fate::Goes, |weather| fate(weather, &request));
        let key = key_of(&request).map(str::to_owned);
        let sent_order = self.power.witness.as_ref().map_or(0, |witness| witness.next_order());
        let (answer, call) = self.meet(fate, request, sent_order).await;
        match &answer {
            Ok(answered) => self.power.tell(format_args!("{what} -> {}", answered.status)),
            Err(error) => self.power.tell(format_args!("{what} -> {error}")),
        }
        // The provider acted, and the process may never learn of it.
        self.power.effect().await;
        if let Some(witness) = &self.power.witness {
            witness.heard(call);
            witness.answered(key.as_deref(), answer.as_ref().ok().map(|answered| answered.status));
        }
        answer
    }
}

type Exchanged = Result<ProviderResponse, TransportError>;

impl Powered<dyn Transport> {
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
                if let Some(weather) = &self.power.weather {
                    weather.send_astray(Stray { arrives_at: later(now(weather), after), sent_order, request });
                }
                (Err(TransportError::TimedOut), None)
            }
            Fate::Slow(time) => {
                if let Some(clock) = self.power.weather.as_ref().and_then(|weather| weather.clock.clone()) {
                    clock.pause(time).await;
                }
                self.power.give_way().await;
                self.reach(request, sent_order).await
            }
        }
    }

    async fn reach(&self, request: ProviderRequest, sent_order: u64) -> (Exchanged, Option<usize>) {
        let Some(witness) = &self.power.witness else { return (self.port.exchange(request).await, None) };
        if request.url.ends_with("/accounts/balance/get") {
            witness.asked_balance(&request);
        }
        let answer = self.port.exchange(request.clone()).await;
        let call = witness.called(&request, sent_order, answer.as_ref().ok().map(|answered| answered.status));
        (answer, call)
    }
}

fn now(weather: &Weather) -> Timestamp {
    weather.clock.as_ref().map_or(Timestamp::UNIX_EPOCH, |clock| Clock::business_now(&**clock))
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    SignedDuration::try_from(by).ok().and_then(|by| time.checked_add(by).ok()).unwrap_or(time)
}

fn fate(weather: &Weather, request: &ProviderRequest) -> Fate {
    if request.url.contains("plaid") {
        return fate_at_plaid(weather);
    }
    if !request.url.contains("column") {
        return Fate::Goes;
    }
    let is_send = request.method == http::Method::POST;
    let moves_money = is_send && (request.url.ends_with("/transfers/ach") || request.url.ends_with("/issue"));
    if weather.is_bank_silent() {
        return if moves_money && weather.is_one_in(3) { Fate::ActsInSilence } else { Fate::NeverArrives };
    }
    match weather.standing_refusal() {
        Some(Refusal::Status(status)) => return Fate::Answered(status, String::new()),
        Some(Refusal::Code(code)) if moves_money => return refusal(weather, &[code]),
        Some(Refusal::Code(_)) | None => {}
    }
    if moves_money && key_of(request).is_some_and(|key| weather.is_refused_next(key)) {
        return match weather.below(3) {
            0 => Fate::Answered(401, String::new()),
            1 => refusal(weather, &ABOUT_PAYEE),
            _ => refusal(weather, &ABOUT_US),
        };
    }
    // The bank refuses while an earlier send of the same is still on its way to it.
    if is_send
        && key_of(request).is_some_and(|key| weather.is_astray(key))
        && weather.strikes(Fault::StraySendAfterRefusal)
    {
        return refusal(weather, if weather.is_one_in(3) { &ABOUT_PAYEE } else { &ABOUT_US });
    }
    if weather.strikes(Fault::BankRateLimited) {
        return Fate::Answered(429, String::new());
    }
    if weather.strikes(Fault::BankErrorBefore) {
        return Fate::Answered(500, String::new());
    }
    if weather.strikes(Fault::BankErrorAfter) {
        return Fate::ActsThenFails(502);
    }
    if weather.strikes(Fault::BankSilentBefore) {
        return Fate::NeverArrives;
    }
    if weather.strikes(Fault::BankSilentAfter) {
        return Fate::ActsInSilence;
    }
    if weather.strikes(Fault::BankSlow) {
        return Fate::Slow(Duration::from_secs(weather.between(1, 9)));
    }
    if moves_money && weather.strikes(Fault::BankActedThenRefused) {
        if let Some(key) = key_of(request) {
            weather.refuse_next(key, weather.between(1, 4));
        }
        return Fate::ActsInSilence;
    }
    if moves_money && weather.strikes(Fault::StraySend) {
        return Fate::ArrivesLater(Duration::from_secs(weather.between(1, 7_200)));
    }
    if moves_money && weather.strikes(Fault::BankRefusedPayee) {
        return refusal(weather, &ABOUT_PAYEE);
    }
    if moves_money && weather.strikes(Fault::BankRefusedUs) {
        return match weather.below(3) {
            0 => Fate::Answered(401, String::new()),
            _ => refusal(weather, &ABOUT_US),
        };
    }
    Fate::Goes
}

fn fate_at_plaid(weather: &Weather) -> Fate {
    if weather.is_plaid_down() {
        return Fate::NeverArrives;
    }
    if !weather.strikes(Fault::PlaidFailed) {
        return Fate::Goes;
    }
    match weather.below(4) {
        0 => Fate::Answered(500, String::new()),
        1 => Fate::ActsThenFails(500),
        2 => Fate::NeverArrives,
        _ => Fate::ActsInSilence,
    }
}

fn refusal(weather: &Weather, codes: &[&str]) -> Fate {
    let code = weather.pick(codes).copied().unwrap_or_default();
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
