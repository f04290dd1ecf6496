//! Autopay does what its person allowed, and no more: debits under a permission in force, from the account that it names; amounts under
//! the caps and what is owed; one payment of a card at a time; checks for the right card; a check stopped when its money is lost.

use jiff::{SignedDuration, Timestamp, ToSpan as _};

use crate::bank::{Kind, Transfer, text, time};
use crate::calendar;
use crate::evidence::{Account, Caps, Card, CommandKind, Permission, Person};
use crate::facts::Facts;
use crate::finding::Findings;
use crate::money::dollars;
use crate::reported::Item;

/// A debit outside the agreed range is announced this many calendar days before.
const NOTICE_DAYS: i64 = 10;

/// How old a card's balance may be when it is decided on, and some time to decide.
const READING_AGE: SignedDuration = SignedDuration::from_mins(36 * 60 + 10);

/// What a stop may wait for: a bank that is down, a check that is still being made.
const STOP_WITHIN: SignedDuration = SignedDuration::from_hours(48);

/// A payment that autopay made for a card, in the order of time.
struct Paid<'f> {
    payment: &'f Item,
    debits: Vec<&'f Transfer>,
    checks: Vec<&'f Transfer>,
}

pub(super) fn check(facts: &Facts<'_>, findings: &mut Findings<'_>) {
    for person in &facts.evidence.asked.persons {
        for card in &person.cards {
            let payments = payments_of(facts, card);
            for (number, paid) in payments.iter().enumerate() {
                permitted(facts, person, card, paid, findings);
                under_caps(facts, card, &payments[..=number], findings);
                one_at_a_time(facts, card, &payments[..number], paid.payment, findings);
                stopped(facts, paid, findings);
            }
        }
    }
    for payment in facts.payments.values().filter(|payment| payment.batch.is_none()) {
        let is_listed =
            facts.evidence.told.card_payments.iter().any(|told| text(&told.payment, "payment_id") == Some(&payment.id));
        findings.unless(is_listed, &payment.id, || "is listed with no card".to_owned());
    }
}

/// Without refunds.
fn payments_of<'f>(facts: &'f Facts<'_>, card: &Card) -> Vec<Paid<'f>> {
    let listed = facts.evidence.told.card_payments.iter().filter(|told| told.card_id == card.card_id);
    let own = listed.filter(|told| text(&told.payment, "refund_of").is_none());
    let known = own.filter_map(|told| facts.payments.get(text(&told.payment, "payment_id")?));
    let mut payments: Vec<Paid<'_>> = known
        .map(|payment| Paid {
            payment,
            debits: payment.funding.iter().flat_map(|funding| facts.transfers_of(funding)).collect(),
            checks: facts.transfers_of(&payment.id).filter(|transfer| transfer.kind == Kind::Check).collect(),
        })
        .collect();
    payments.sort_by_key(|paid| paid.payment.created_at);
    payments
}

fn permitted(facts: &Facts<'_>, person: &Person, card: &Card, paid: &Paid<'_>, findings: &mut Findings<'_>) {
    let (payment, id) = (paid.payment, &paid.payment.id);
    findings.unless(payment.payer == person.person_id, id, || "pays a card of somebody else".to_owned());
    for check in &paid.checks {
        let is_it = check.message.contains(&card.card_number) && card.card_number.ends_with(&card.mask);
        findings.unless(is_it, id, || "names another card on its letter".to_owned());
    }
    let owed = owed_at(facts, card, payment.created_at);
    findings.unless(payment.cents <= owed, id, || {
        format!("pays {}, and at most {} was owed", dollars(payment.cents), dollars(owed))
    });
    for debit in &paid.debits {
        let in_force: Vec<_> = card
            .permissions
            .iter()
            .filter(|permission| {
                let ended = permission.until.and_then(|until| until.checked_add(slack(facts)).ok());
                permission.from <= debit.created_at && ended.is_none_or(|ended| debit.created_at <= ended)
            })
            .filter(|permission| is_from(facts, debit, permission))
            .collect();
        findings.unless(!in_force.is_empty(), id, || format!("was pulled at {} without permission", debit.created_at));
        let is_agreed = in_force.iter().any(|permission| {
            let is_in_range = (permission.least_cents..=permission.most_cents).contains(&debit.cents);
            let announced_on = calendar::eastern_day(permission.from);
            let can_be_announced =
                announced_on.saturating_add(NOTICE_DAYS.days()) <= calendar::eastern_day(debit.created_at);
            is_in_range || can_be_announced
        });
        findings.unless(is_agreed || in_force.is_empty(), id, || {
            format!("pulls {}, which is outside the agreed range and cannot have been announced", dollars(debit.cents))
        });
    }
}

/// It pulls from the account that was named, of the kind that it was, or from what that account's bank says to use instead.
fn is_from(facts: &Facts<'_>, debit: &Transfer, permission: &Permission) -> bool {
    let Permission { account, account_type, .. } = permission;
    let is_corrected = |end: &Account| facts.has_correction(account) && facts.is_corrected(account, end);
    let is_named = |end: &Account| end == account && debit.account_type == *account_type;
    debit.external_account.as_ref().is_some_and(|end| is_named(end) || is_corrected(end))
}

fn slack(facts: &Facts<'_>) -> SignedDuration {
    SignedDuration::from_secs(i64::from(facts.evidence.terms.lease_seconds))
}

/// The most that was owed while a reading of that time was fresh.
fn owed_at(facts: &Facts<'_>, card: &Card, at: Timestamp) -> i64 {
    let oldest = at.checked_sub(READING_AGE).unwrap_or(Timestamp::MIN);
    let real = facts.evidence.asked.real_cards.iter().find(|real| real.key == card.real);
    let known = real.into_iter().flat_map(|real| &real.owed).filter(|balance| balance.at <= at);
    let standing = known.clone().rfind(|balance| balance.at <= oldest);
    let later = known.filter(|balance| balance.at > oldest);
    standing.into_iter().chain(later).map(|balance| balance.cents).max().unwrap_or_default()
}

/// The last of the payments, with those before it that reached the issuer.
fn under_caps(facts: &Facts<'_>, card: &Card, payments: &[Paid<'_>], findings: &mut Findings<'_>) {
    let Some((Paid { payment, .. }, before)) = payments.split_last() else { return };
    let caps = caps_at(facts, card, payment.created_at);
    let day = calendar::eastern_day(payment.created_at);
    let counted = before.iter().filter(|paid| paid.checks.iter().any(|check| check.is_live())).map(|paid| paid.payment);
    let on_day = counted.clone().filter(|other| calendar::eastern_day(other.created_at) == day);
    let in_month =
        counted.filter(|other| calendar::eastern_day(other.created_at).first_of_month() == day.first_of_month());
    let sum = |others: &mut dyn Iterator<Item = &Item>| payment.cents + others.map(|other| other.cents).sum::<i64>();
    let (on_day, in_month) = (sum(&mut on_day.into_iter()), sum(&mut in_month.into_iter()));
    let of = |read: fn(&Caps) -> Option<i64>| caps.iter().map(|caps| read(caps)).collect::<Vec<_>>();
    let limits = [
        ("payment", of(|caps| caps.payment_cents), payment.cents),
        ("day", of(|caps| caps.day_cents), on_day),
        ("month", of(|caps| caps.month_cents), in_month),
    ];
    for (what, caps, total) in limits {
        let is_under = caps.is_empty() || caps.iter().any(|most| most.is_none_or(|most| total <= most));
        findings
            .unless(is_under, &payment.id, || format!("makes {} and is above the cap of its {what}", dollars(total)));
    }
}

/// Those that may have stood then: an answer comes a moment after its effect.
fn caps_at<'c>(facts: &Facts<'_>, card: &'c Card, at: Timestamp) -> Vec<&'c Caps> {
    let soon = at.checked_add(slack(facts)).unwrap_or(at);
    let standing = card.caps.iter().rfind(|caps| caps.from <= at);
    let coming = card.caps.iter().filter(|caps| caps.from > at && caps.from <= soon);
    standing.into_iter().chain(coming).collect()
}

/// While a payment is open no second one is made, but for what it leaves of a bill: together they are no more than what is owed.
fn one_at_a_time(facts: &Facts<'_>, card: &Card, earlier: &[Paid<'_>], later: &Item, findings: &mut Findings<'_>) {
    let state_of = |earlier: &Item| {
        let before = facts.moves_of(&earlier.id).iter().take_while(|step| step.at <= later.created_at);
        before.last().map_or("", |step| step.state.as_str())
    };
    let is_open = |paid: &&Paid<'_>| matches!(state_of(paid.payment), "unprocessed" | "submitting" | "processing");
    let open: Vec<&Item> = earlier.iter().filter(is_open).map(|paid| paid.payment).collect();
    let Some(first) = open.first() else { return };
    let is_for_bill = |item: &Item| {
        let mut told = facts.evidence.told.card_payments.iter();
        let own = told.find(|told| text(&told.payment, "payment_id") == Some(&item.id));
        own.and_then(|told| text(&told.payment, "reason")).is_some_and(|reason| reason.starts_with("The bill is "))
    };
    // One review may have made both at once.
    let is_beside = later.created_at == first.created_at && is_for_bill(first);
    findings.unless(is_for_bill(later) || is_beside, &later.id, || {
        format!("was made while {} of the same card was {}", first.id, state_of(first))
    });
    let together = later.cents + open.iter().map(|open| open.cents).sum::<i64>();
    let owed = owed_at(facts, card, later.created_at);
    findings.unless(together <= owed, &later.id, || {
        format!("makes {} with what was open, and at most {} was owed", dollars(together), dollars(owed))
    });
}

/// A check that is out when its money is lost, or its person cancels it, is stopped while it can be.
fn stopped(facts: &Facts<'_>, paid: &Paid<'_>, findings: &mut Findings<'_>) {
    // Nothing automatic happens while somebody is asked.
    if paid.payment.history.iter().any(|step| step.attention.is_some()) {
        return;
    }
    let canceled = facts.done(CommandKind::CancelPayment, &paid.payment.id).and_then(|command| command.answered_at);
    for check in &paid.checks {
        // What came back before was presented again, and the check rests on the last.
        let before = paid.debits.iter().filter(|debit| debit.created_at <= check.created_at);
        let debit = before.max_by_key(|debit| debit.created_at).filter(|debit| debit.was_settled());
        let lost = debit.and_then(|debit| facts.known_gone(debit));
        let Some(wished_at) = lost.into_iter().chain(canceled).min() else { continue };
        let object = facts.evidence.bank.checks.iter().find(|object| text(object, "id") == Some(&check.id));
        let left = object.and_then(|object| time(object, "pending_deposit_at")).or(check.back_at);
        let until = wished_at.max(check.created_at).checked_add(STOP_WITHIN).unwrap_or(Timestamp::MAX);
        let could_be_stopped = left.unwrap_or(facts.evidence.gathered_at) > until;
        let path = format!("/transfers/checks/{}/stop-payment", check.id);
        let was_asked = facts.evidence.bank.calls.iter().any(|call| call.path == path);
        findings.unless(!could_be_stopped || was_asked, &paid.payment.id, || {
            format!("should have had {} stopped since {wished_at}", check.id)
        });
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::evidence::{Card, Evidence, ToldCardPayment};
    use crate::sample::{
        CARD, CARD_FUNDING, CARD_PAYMENT, account, at, findings_of, found_one, good, spoiled, told, transfer,
    };

    fn card(evidence: &mut Evidence) -> &mut Card {
        &mut evidence.asked.persons[0].cards[0]
    }

    #[test]
    fn a_payment_that_was_allowed_is_fine() {
        assert!(findings_of("permitted", &good()).is_empty());
    }

    #[test]
    fn a_debit_without_permission_after_its_end_or_of_another_account_is_found() {
        found_one("permitted", CARD_PAYMENT, "without permission", |evidence| card(evidence).permissions.clear());
        found_one("permitted", CARD_PAYMENT, "without permission", |evidence| {
            card(evidence).permissions[0].until = Some(at("2026-03-02T18:01:00Z"));
        });
        found_one("permitted", CARD_PAYMENT, "without permission", |evidence| {
            card(evidence).permissions[0].account = account("80000009");
        });
    }

    #[test]
    fn a_debit_outside_the_range_that_cannot_have_been_announced_is_found() {
        found_one("permitted", CARD_PAYMENT, "outside the agreed range", |evidence| {
            card(evidence).permissions[0].most_cents = 3_999;
        });
        let found = spoiled("permitted", |evidence| {
            card(evidence).permissions[0].most_cents = 3_999;
            card(evidence).permissions[0].from = at("2026-02-20T00:00:00Z");
        });
        assert!(found.is_empty(), "{found:#?}");
    }

    #[test]
    fn more_than_is_owed_is_found() {
        found_one("permitted", CARD_PAYMENT, "at most 39.99 was owed", |evidence| {
            evidence.asked.real_cards[0].owed[0].cents = 3_999;
        });
    }

    #[test]
    fn a_letter_that_names_another_card_is_found() {
        found_one("permitted", CARD_PAYMENT, "names another card", |evidence| {
            card(evidence).card_number = "4000000000000010".to_owned();
        });
        found_one("permitted", CARD_PAYMENT, "names another card", |evidence| {
            card(evidence).mask = "0010".to_owned();
        });
    }

    #[test]
    fn each_cap_holds() {
        let over = |what: &str, lower: fn(&mut Card)| {
            found_one("permitted", CARD_PAYMENT, &format!("above the cap of its {what}"), |evidence| {
                lower(card(evidence))
            });
        };
        over("payment", |card| card.caps[0].payment_cents = Some(3_999));
        over("day", |card| card.caps[0].day_cents = Some(3_999));
        over("month", |card| card.caps[0].month_cents = Some(3_999));
    }

    /// A second payment of the card, made at this time, with all that belongs to it.
    fn pay_again(evidence: &mut Evidence, moment: &str) {
        let mut again = told(evidence, CARD_PAYMENT).clone();
        again.item["payment_id"] = json!("pay_l2");
        again.item["created_at"] = json!(moment);
        again.item["amount"] = json!("25.00");
        again.item["funding_id"] = json!("fnd_l2");
        evidence.told.payments.push(again);
        let payment = json!({ "payment_id": "pay_l2" });
        evidence.told.card_payments.push(ToldCardPayment { card_id: CARD.to_owned(), payment });
    }

    #[test]
    fn a_second_payment_counts_against_the_caps_of_day_and_month() {
        let found = spoiled("permitted", |evidence| {
            pay_again(evidence, "2026-03-02T19:00:00Z");
            evidence.moves.retain(|step| step.id != CARD_PAYMENT);
        });
        assert!(found[0].what.contains("makes 65.00 and is above the cap of its day"), "{found:#?}");
        found_one("permitted", "pay_l2", "makes 65.00 and is above the cap of its month", |evidence| {
            pay_again(evidence, "2026-03-10T19:00:00Z");
            card(evidence).caps[0].month_cents = Some(6_499);
        });
    }

    #[test]
    fn a_second_payment_while_the_first_is_open_is_found() {
        found_one("permitted", "pay_l2", "was made while pay_l1 of the same card was processing", |evidence| {
            evidence.asked.real_cards[0].owed[0].cents = 10_000;
            pay_again(evidence, "2026-03-06T12:00:00Z");
        });
    }

    #[test]
    fn a_bill_that_is_paid_beyond_what_is_owed_is_found() {
        found_one("permitted", "pay_l2", "makes 65.00 with what was open, and at most 40.00 was owed", |evidence| {
            pay_again(evidence, "2026-03-06T12:00:00Z");
            let own = evidence.told.card_payments.last_mut().unwrap();
            own.payment["reason"] = json!("The bill is due on 2026-03-20.");
        });
    }

    #[test]
    fn a_payment_of_a_card_of_somebody_else_or_of_none_is_found() {
        found_one("permitted", CARD_PAYMENT, "pays a card of somebody else", |evidence| {
            told(evidence, CARD_PAYMENT).item["source_id"] = json!("per_2");
        });
        found_one("permitted", CARD_PAYMENT, "is listed with no card", |evidence| evidence.told.card_payments.clear());
    }

    /// The debit comes back late, while the check is in the mail, where it stays.
    fn lose_money(evidence: &mut Evidence) {
        transfer(evidence, CARD_FUNDING)["status"] = json!("RETURNED");
        let mut end = evidence.moves.iter().rfind(|step| step.id == CARD_FUNDING).unwrap().clone();
        end.state = "returned".to_owned();
        end.at = at("2026-03-10T13:00:00Z");
        evidence.moves.push(end);
        let check = transfer(evidence, CARD_PAYMENT);
        check["status"] = json!("issued");
        check["pending_deposit_at"] = json!(null);
    }

    #[test]
    fn a_check_whose_money_is_lost_is_stopped() {
        found_one("permitted", CARD_PAYMENT, "should have had tr_pay_l1 stopped", lose_money);
        let found = spoiled("permitted", |evidence| {
            lose_money(evidence);
            let mut stop = evidence.bank.calls[0].clone();
            stop.path = "/transfers/checks/tr_pay_l1/stop-payment".to_owned();
            evidence.bank.calls.push(stop);
        });
        assert!(found.is_empty(), "{found:#?}");
        let found = spoiled("permitted", |evidence| {
            lose_money(evidence);
            transfer(evidence, CARD_PAYMENT)["pending_deposit_at"] = json!("2026-03-10T14:00:00Z");
        });
        assert!(found.is_empty(), "too late to stop: {found:#?}");
    }
}
