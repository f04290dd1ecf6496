//! Whether to pay, and how much.

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use shared::domain::autopay::review::Action;

use super::household::{
    CARD, CardAccount, ENOUGH, WIDE_RANGE, book_on_card, buy, cashed, delivered, issued, opened, pass_threshold,
    pay_to_the_end, set_up, set_up_usual, settled, shown, spend,
};
use crate::catalog::{Expected, Scenario};
use crate::error::{Played, ScenarioError};
use crate::simulation::Simulation;

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "happy-path",
        about: "A purchase lifts the balance to 63.1 % of the limit; it is paid down to 30 % by check.",
        play: happy_path,
        expected: Expected::paid(165_500),
    },
    Scenario {
        name: "below-threshold",
        about: "A purchase leaves the balance under 30 %: nothing is paid.",
        play: below_threshold,
        expected: Expected::NOTHING,
    },
    Scenario {
        name: "due-date-near",
        about: "The bill is nearly due: its minimum is paid although the balance is under 30 %.",
        play: due_date_near,
        expected: Expected::paid(3_500),
    },
    Scenario {
        name: "threshold-reached-while-payment-open",
        about: "Another purchase while a payment is open waits; the rest is paid once the first payment shows.",
        play: while_payment_open,
        expected: Expected {
            notices: &[
                "check_cashed",
                "check_cashed",
                "check_mailed",
                "check_mailed",
                "payment_started",
                "payment_started",
            ],
            ..Expected::paid(100_000)
        },
    },
    Scenario {
        name: "cashed-but-balance-old",
        about: "The check is cashed, but Plaid's balance is still the old one: it counts as on its way, and nothing is paid twice.",
        play: cashed_but_balance_old,
        expected: Expected::paid(165_500),
    },
    Scenario {
        name: "insufficient-bank-balance",
        about: "The bank account does not hold enough: nothing is pulled.",
        play: insufficient_bank_balance,
        expected: Expected { notices: &["card_needs"], ..Expected::NOTHING },
    },
    Scenario {
        name: "limit-unknown",
        about: "The issuer tells no limit: there is no share of it to stay under.",
        play: limit_unknown,
        expected: Expected { notices: &["card_needs"], ..Expected::NOTHING },
    },
    Scenario {
        name: "two-cards-one-bank-account",
        about: "Two cards are above 30 %, and the bank account bears only one of the payments.",
        play: two_cards,
        expected: Expected {
            notices: &["card_needs", "check_cashed", "check_mailed", "payment_started"],
            ..Expected::paid(165_500)
        },
    },
    Scenario {
        name: "amount-outside-authorized-range",
        about: "The amount is outside the agreed range: it is announced, and pulled ten days later.",
        play: outside_range,
        expected: Expected {
            notices: &["check_cashed", "check_mailed", "debit_announced", "payment_started"],
            ..Expected::paid(165_500)
        },
    },
];

fn happy_path(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        pass_threshold(simulation)?;
        opened(simulation).await?;
        pay_to_the_end(simulation).await
    }
    .boxed_local()
}

fn below_threshold(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        buy(simulation, CARD.key, "500.00")?;
        simulation.let_days_pass(3).await
    }
    .boxed_local()
}

fn due_date_near(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        let card = CardAccount { due_on: "2026-03-27", ..CARD };
        set_up(simulation, ENOUGH, &[card], WIDE_RANGE).await?;
        opened(simulation).await?;
        pay_to_the_end(simulation).await
    }
    .boxed_local()
}

fn while_payment_open(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        pass_threshold(simulation)?;
        opened(simulation).await?;
        buy(simulation, CARD.key, "1000.00")?;
        settled(simulation).await?;
        only_payments(simulation, 1)?;
        spend(simulation, "1655.00")?;
        issued(simulation).await?;
        delivered(simulation).await?;
        cashed(simulation).await?;
        book_on_card(simulation, CARD.key, 0)?;
        simulation.until("a second payment is opened", |now| now.payments.len() == 2).await?;
        pay_to_the_end(simulation).await
    }
    .boxed_local()
}

fn cashed_but_balance_old(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        const SIX_DAYS: u32 = 6 * 24 * 3600;
        set_up_usual(simulation).await?;
        pass_threshold(simulation)?;
        settled(simulation).await?;
        issued(simulation).await?;
        delivered(simulation).await?;
        cashed(simulation).await?;
        book_on_card(simulation, CARD.key, SIX_DAYS)?;
        simulation.let_days_pass(5).await?;
        only_payments(simulation, 1)?;
        shown(simulation).await?;
        simulation.let_days_pass(1).await?;
        only_payments(simulation, 1)
    }
    .boxed_local()
}

fn insufficient_bank_balance(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up(simulation, "1000.00", &[CARD], WIDE_RANGE).await?;
        pass_threshold(simulation)?;
        simulation.let_days_pass(3).await
    }
    .boxed_local()
}

fn limit_unknown(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up(simulation, ENOUGH, &[CardAccount { limit: None, ..CARD }], WIDE_RANGE).await?;
        pass_threshold(simulation)?;
        simulation.let_days_pass(3).await
    }
    .boxed_local()
}

fn two_cards(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        const SECOND: CardAccount = CardAccount { key: "second card", mask: "8765", ..CARD };
        set_up(simulation, "2500.00", &[CARD, SECOND], WIDE_RANGE).await?;
        pass_threshold(simulation)?;
        opened(simulation).await?;
        buy(simulation, SECOND.key, "2700.00")?;
        settled(simulation).await?;
        only_payments(simulation, 1)?;
        pay_to_the_end(simulation).await?;
        only_payments(simulation, 1)
    }
    .boxed_local()
}

fn outside_range(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up(simulation, ENOUGH, &[CARD], ("1.00", "500.00")).await?;
        pass_threshold(simulation)?;
        let announced = |now: &crate::simulation::standing::Standing| now.has_notice("debit_announced");
        simulation.until("the debit is announced", announced).await?;
        simulation.let_days_pass(9).await?;
        only_payments(simulation, 0)?;
        opened(simulation).await?;
        if !simulation.standing()?.reviews.iter().any(|review| review.action == Action::Announce) {
            return Err(ScenarioError::wrong("the review that announced the debit is not kept"));
        }
        pay_to_the_end(simulation).await
    }
    .boxed_local()
}

/// So many payments have been opened, and no more.
pub(super) fn only_payments(simulation: &Simulation, count: usize) -> Played<()> {
    let standing = simulation.standing()?;
    if standing.payments.len() == count {
        return Ok(());
    }
    Err(ScenarioError::wrong(format!("{} payments were opened, not {count}: {standing}", standing.payments.len())))
}
