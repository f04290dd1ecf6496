use std::collections::BTreeSet;
use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

use super::address::{AddressRule, UrlFault, check_url, may_call};
use super::delivery::{Delivery, DeliveryState, SendFailure, WAIT_MINUTES};
use super::endpoint::{Endpoint, EndpointSecret, EndpointState, FAILING_HOURS_MAX, Health, NewEndpoint};
use super::event::{Event, EventData, EventType};
use super::signature::{secret_text, sign};
use super::{ENDPOINTS_MAX, WebhookRefusal};
use crate::domain::ids::{BatchId, ItemId, PaymentId, WebhookEndpointId};
use crate::domain::leg::{Leg, Reason, State};
use crate::domain::money::Cents;

fn now() -> Timestamp {
    "2026-03-02T15:00:00Z".parse().unwrap()
}

fn hours(count: i64) -> SignedDuration {
    SignedDuration::from_hours(count)
}

fn secret(made_at: Timestamp) -> EndpointSecret {
    EndpointSecret { sealed_secret: format!("sealed at {made_at}"), made_at, ends_at: None }
}

fn asked(url: &str) -> NewEndpoint {
    NewEndpoint { url: url.to_owned(), description: None, event_types: BTreeSet::from([EventType::PaymentReturned]) }
}

fn endpoint(number: u128) -> Endpoint {
    let id = WebhookEndpointId::new(Uuid::from_u128(number));
    Endpoint::new(id, asked(&format!("https://example.com/{number}")), secret(now()), now())
}

fn returned() -> Event {
    let id = ItemId::Payment(PaymentId::Row { batch: BatchId::new(Uuid::from_u128(7)), row: 3 });
    let mut leg = Leg { state: State::Returned, ..Leg::new() };
    leg.reason = Some(Reason::Returned("R03".to_owned()));
    let data = EventData::of_item(id, Cents::new(590_907), &leg, Some(State::Completed));
    Event::new(EventType::PaymentReturned, "an occasion", now(), data)
}

/// The example that the specification's reference libraries and documents share.
#[test]
fn the_specification_s_example_is_signed_as_it_says() {
    let signature = sign(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1_614_265_330,
        r#"{"test": 2432232314}"#,
    );
    assert_eq!(signature.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[test]
fn two_secrets_make_two_signatures() {
    let (new, old) = (secret_text(&[1; 32]), secret_text(&[2; 32]));
    let alone = |secret: &str| sign([secret], "evt_1", 1, "{}").unwrap();
    let both = sign([new.as_str(), old.as_str()], "evt_1", 1, "{}").unwrap();
    assert_eq!(both, format!("{} {}", alone(&new), alone(&old)));
    assert!(sign(["hunter2"], "evt_1", 1, "{}").is_err());
}

#[test]
fn a_delivery_is_tried_for_three_days_with_growing_waits() {
    assert!(WAIT_MINUTES.is_sorted());
    let mut delivery = Delivery::due(now());
    let (mut at, mut tries) = (now(), 0);
    while let Some(due_at) = delivery.due_at {
        at = due_at;
        delivery.tried(Err(SendFailure::TimedOut), at);
        tries += 1;
    }
    assert_eq!((delivery.state, tries, delivery.tries), (DeliveryState::GivenUp, 10, 10));
    let lasted = at.duration_since(now());
    assert!(hours(FAILING_HOURS_MAX) <= lasted && lasted < hours(76), "{lasted}");
}

#[test]
fn only_a_status_of_success_takes_an_event() {
    for (tried, state) in [
        (Ok(200), DeliveryState::Delivered),
        (Ok(204), DeliveryState::Delivered),
        (Ok(302), DeliveryState::Waiting),
        (Ok(410), DeliveryState::Waiting),
        (Ok(500), DeliveryState::Waiting),
        (Err(SendFailure::AddressRefused), DeliveryState::Waiting),
    ] {
        let mut delivery = Delivery::due(now());
        delivery.tried(tried, now());
        assert_eq!(delivery.state, state, "{tried:?}");
        assert_eq!(delivery.due_at.is_some(), state == DeliveryState::Waiting);
    }
}

#[test]
fn an_endpoint_that_fails_for_three_days_is_disabled() {
    let mut endpoint = endpoint(1);
    let later = |count| now() + hours(count);
    assert_eq!(endpoint.note_delivery(false, now()), Health::Changed);
    assert_eq!(endpoint.note_delivery(false, later(FAILING_HOURS_MAX - 1)), Health::AsBefore);
    assert_eq!(endpoint.note_delivery(true, later(FAILING_HOURS_MAX - 1)), Health::Changed);
    assert_eq!(endpoint.note_delivery(false, later(FAILING_HOURS_MAX)), Health::Changed);
    assert_eq!(endpoint.note_delivery(false, later(2 * FAILING_HOURS_MAX - 1)), Health::AsBefore);
    let since = later(FAILING_HOURS_MAX);
    assert_eq!(endpoint.note_delivery(false, later(2 * FAILING_HOURS_MAX)), Health::DisabledNow { since });
    assert!(!endpoint.takes(EventType::PaymentReturned), "nothing is sent to it");
    assert!(endpoint.keeps(EventType::PaymentReturned), "and everything is kept for it");
}

#[test]
fn after_a_rotation_two_secrets_sign_for_as_long_as_was_asked() {
    let mut endpoint = endpoint(1);
    for hour in [1, 2] {
        endpoint.rotate(secret(now() + hours(hour)), 24).unwrap();
    }
    let valid = |at| endpoint.valid_secrets(at).map(|secret| secret.made_at).collect::<Vec<_>>();
    assert_eq!(valid(now() + hours(2)), [now() + hours(2), now() + hours(1)], "the first one ended");
    assert_eq!(valid(now() + hours(26)), [now() + hours(2)]);
    let refused = endpoint.clone().rotate(secret(now()), 169);
    assert_eq!(refused, Err(WebhookRefusal::OverlapTooLong));
    endpoint.rotate(secret(now() + hours(3)), 0).unwrap();
    assert_eq!(endpoint.valid_secrets(now() + hours(3)).count(), 1, "a secret that leaked ends at once");
}

#[test]
fn the_limit_of_endpoints_is_told_where_they_are_explained() {
    let pages = [include_str!("../../../../docs/integrate.md"), include_str!("../../../../docs/openapi.json")];
    for text in pages {
        assert!(text.contains(&format!("at most {ENDPOINTS_MAX} endpoints")));
    }
}

#[test]
fn an_endpoint_is_made_once_and_not_without_limit() {
    let existing: Vec<Endpoint> = (1..=ENDPOINTS_MAX as u128).map(endpoint).collect();
    let same = asked("https://example.com/1").check(&existing[..1]);
    assert_eq!(same, Err(WebhookRefusal::SameUrl { endpoint_id: existing[0].id.to_string() }));
    let other = asked("https://example.com/new");
    assert_eq!(other.check(&existing[1..]), Ok(()));
    assert_eq!(other.check(&existing), Err(WebhookRefusal::TooManyEndpoints));
    let mut deleted = existing;
    deleted[0].delete();
    assert_eq!(other.check(&deleted), Ok(()));
    let nothing = NewEndpoint { event_types: BTreeSet::new(), ..other };
    assert_eq!(nothing.check(&[]), Err(WebhookRefusal::NoEventTypes));
}

#[test]
fn an_event_goes_to_those_who_take_its_type() {
    let mut others = endpoint(2);
    others.event_types = BTreeSet::from([EventType::BatchCompleted]);
    let mut disabled = endpoint(3);
    disabled.state = EndpointState::Disabled;
    let endpoints = [endpoint(1), others, disabled];
    let mut event = returned();
    event.address(&endpoints, now());
    assert_eq!(event.due_endpoints(now()), [endpoints[0].id]);
    assert_eq!(event.deliveries[&endpoints[2].id].state, DeliveryState::NotSent);
    event.tried(endpoints[0].id, Ok(500), now());
    event.schedule();
    assert_eq!(event.due_at, Some(now() + SignedDuration::from_mins(1)));

    let mut deleted = endpoints;
    deleted[0].delete();
    event.address(&deleted, now());
    event.schedule();
    assert_eq!((event.deliveries[&deleted[0].id].state, event.due_at), (DeliveryState::NotSent, None));
}

#[test]
fn an_event_says_what_came_back_and_why_without_a_name() {
    let body: serde_json::Value = serde_json::from_str(&returned().payload().unwrap()).unwrap();
    let batch = "00000000000000000000000000000007";
    let expected = json!({
        "type": "payment.returned",
        "timestamp": "2026-03-02T15:00:00Z",
        "data": {
            "object": "payment",
            "payment_id": format!("pay_{batch}-03-0000003"),
            "batch_id": format!("bat_{batch}"),
            "amount": "5909.07",
            "state": "returned",
            "previous_state": "completed",
            "attempt": 1,
            "reason": "returned:R03",
            "return_code": "R03",
        },
    });
    assert_eq!(body, expected);
}

#[test]
fn one_occasion_has_one_id() {
    let (first, again) = (returned(), returned());
    assert_eq!(first.id, again.id);
    let other = Event::new(first.event_type, "another occasion", first.at, first.data.clone());
    assert_ne!(first.id, other.id);
    let later = Event::new(first.event_type, "an occasion", first.at + hours(1), first.data.clone());
    assert!(first.id.to_string() < later.id.to_string(), "ids are in the order of time");
}

#[test]
fn each_type_is_called_the_same_everywhere() {
    for event_type in EventType::ALL {
        assert_eq!(serde_json::to_value(event_type).unwrap(), event_type.as_str());
    }
}

#[test]
fn a_plain_https_url_is_taken() {
    for url in [
        "https://example.com/webhooks",
        "https://example.com",
        "HTTPS://Hooks.Example.com:8443/a?b=c",
        "https://8.8.8.8/x",
        "https://[2606:4700::1111]/x",
        "https://[::ffff:8.8.8.8]/x",
        "https://xn--bcher-kva.example/x",
    ] {
        assert_eq!(check_url(url, AddressRule::PublicHttps), Ok(()), "{url}");
    }
}

#[test]
fn every_other_url_is_refused_with_its_reason() {
    let long = format!("https://example.com/{}", "x".repeat(2_048));
    let cases: [(&str, UrlFault); 34] = [
        (&long, UrlFault::TooLong),
        ("", UrlFault::Unreadable),
        ("example.com/x", UrlFault::Unreadable),
        ("/webhooks", UrlFault::Unreadable),
        ("https:///x", UrlFault::Unreadable),
        ("https://exa mple.com", UrlFault::Unreadable),
        ("https://example.com\\@127.0.0.1/", UrlFault::Unreadable),
        ("https://１２７.0.0.1/", UrlFault::Unreadable),
        ("http://example.com/x", UrlFault::NotHttps),
        ("ftp://example.com/x", UrlFault::NotHttps),
        ("http://127.0.0.1:3000/x", UrlFault::PrivateAddress),
        ("https://user:secret@example.com/x", UrlFault::Superfluous),
        ("https://example.com@127.0.0.1/x", UrlFault::Superfluous),
        ("https://example.com/x#y", UrlFault::Superfluous),
        ("https://localhost/x", UrlFault::PrivateAddress),
        ("https://printer.local/x", UrlFault::PrivateAddress),
        ("https://metadata.google.internal/x", UrlFault::PrivateAddress),
        ("https://intranet/x", UrlFault::Host),
        ("https://example.com./x", UrlFault::Host),
        ("https://example..com/x", UrlFault::Host),
        ("https://127.1/x", UrlFault::Host),
        ("https://2130706433/x", UrlFault::Host),
        ("https://0x7f000001/x", UrlFault::Host),
        ("https://0177.0.0.1/x", UrlFault::Host),
        ("https://%31%32%37.0.0.1/x", UrlFault::Unreadable),
        ("https://127.0.0.1/x", UrlFault::PrivateAddress),
        ("https://169.254.169.254/latest/meta-data", UrlFault::PrivateAddress),
        ("https://10.1.2.3/x", UrlFault::PrivateAddress),
        ("https://[::1]/x", UrlFault::PrivateAddress),
        ("https://[::ffff:127.0.0.1]/x", UrlFault::PrivateAddress),
        ("https://[::ffff:a9fe:a9fe]/x", UrlFault::PrivateAddress),
        ("https://[fd00:ec2::254]/x", UrlFault::PrivateAddress),
        ("https://[fe80::1]/x", UrlFault::PrivateAddress),
        ("https://example.com:0/x", UrlFault::Host),
    ];
    for (url, fault) in cases {
        assert_eq!(check_url(url, AddressRule::PublicHttps), Err(fault), "{url}");
    }
}

#[test]
fn a_laptop_may_call_itself_and_nothing_else_without_tls() {
    for url in ["http://127.0.0.1:9000/x", "http://localhost:9000/x", "http://[::1]:9000/x", "https://example.com"] {
        assert_eq!(check_url(url, AddressRule::LoopbackToo), Ok(()), "{url}");
    }
    for (url, fault) in [
        ("http://example.com/x", UrlFault::NotHttps),
        ("http://10.0.0.1/x", UrlFault::PrivateAddress),
        ("http://169.254.169.254/x", UrlFault::PrivateAddress),
    ] {
        assert_eq!(check_url(url, AddressRule::LoopbackToo), Err(fault), "{url}");
    }
}

#[test]
fn an_address_is_judged_by_what_it_is() {
    let public = ["8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "2606:4700::1111", "2a00::1", "64:ff9b::808:808"];
    let others = [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ];
    for (addresses, is_public) in [(public.as_slice(), true), (others.as_slice(), false)] {
        for text in addresses {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(may_call(address, AddressRule::PublicHttps), is_public, "{text}");
        }
    }
    for (text, is_taken) in [("127.0.0.1", true), ("::1", true), ("::ffff:127.0.0.1", true), ("10.0.0.1", false)] {
        assert_eq!(may_call(text.parse().unwrap(), AddressRule::LoopbackToo), is_taken, "{text}");
    }
}

proptest! {
    /// Whatever is taken, its host is an address that may be called or a name whose last label is no number.
    #[test]
    fn no_text_makes_the_check_fail_or_lets_a_private_address_through(text in "https?://[0-9a-fx.:@\\[\\]%]{0,24}/?") {
        if check_url(&text, AddressRule::PublicHttps).is_ok() {
            let host = text.trim_start_matches("https://").trim_end_matches('/');
            let host = host.rsplit_once("]:").map_or(host, |(host, _)| host);
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            if let Ok(address) = bare.parse::<IpAddr>() {
                prop_assert!(may_call(address, AddressRule::PublicHttps), "{}", text);
            }
        }
    }
}
