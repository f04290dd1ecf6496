//! Checks that do not pay as they should.

use futures::FutureExt as _;
use futures::future::LocalBoxFuture;
use shared::domain::autopay::review::Action;
use shared::domain::leg::State;
use simulators::column::{Control, MailStatus};

use super::household::{check_id, delivered, issued, mailed, pass_threshold, pay_otherwise, set_up_usual};
use crate::catalog::{Expected, Scenario};
use crate::error::Played;
use crate::simulation::Simulation;
use crate::simulation::standing::Standing;

/// The debit was good, and the check did not pay.
const NOT_PAID: Expected = Expected {
    action: Action::Pay,
    cents: Some(165_500),
    payment: Some("returned"),
    funding: Some("available"),
    ..Expected::NOTHING
};

pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "check-returned-by-mail",
        about: "The letter comes back: the check is stopped, and an operator is to look after the address.",
        play: returned_by_mail,
        expected: Expected {
            check: Some(("stopped", "returned_to_sender")),
            notices: &["attention_raised", "check_mailed", "check_returned_by_mail", "payment_started"],
            attention: &["check_undeliverable"],
            ..NOT_PAID
        },
    },
    Scenario {
        name: "check-never-cashed",
        about: "Nobody cashes the check in 180 days: it is void, and the money goes back to the bank account.",
        play: never_cashed,
        expected: Expected {
            check: Some(("stopped", "delivered")),
            notices: &["card_held_back", "check_mailed", "check_voided", "payment_started", "refund_sent"],
            ..NOT_PAID
        },
    },
    Scenario {
        name: "check-cashed-for-another-amount",
        about: "The check is presented for another amount: the bank does not pay it.",
        play: cashed_for_another_amount,
        expected: Expected {
            check: Some(("second_return", "delivered")),
            notices: &["attention_raised", "check_mailed", "check_other_amount", "payment_started"],
            attention: &["presented_for_other_amount"],
            ..NOT_PAID
        },
    },
];

fn is_back(standing: &Standing) -> bool {
    standing.payment().is_some_and(|payment| payment.leg.state == State::Returned)
}

fn returned_by_mail(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        pass_threshold(simulation)?;
        issued(simulation).await?;
        let transfer_id = check_id(&mailed(simulation).await?)?;
        simulation.let_days_pass(2).await?;
        simulation.providers.tell_bank(Control::MoveMail { transfer_id, to: MailStatus::ReturnedToSender })?;
        simulation.until("the check is stopped", is_back).await?;
        Ok(())
    }
    .boxed_local()
}

fn never_cashed(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        pass_threshold(simulation)?;
        issued(simulation).await?;
        delivered(simulation).await?;
        // The issuer lost it; Ann has paid her bill otherwise.
        pay_otherwise(simulation, "3155.00")?;
        simulation.until("the check is void", is_back).await?;
        let is_refunded = |now: &Standing| now.refunds.iter().any(|refund| refund.leg.state == State::Completed);
        simulation.until("the money is back in the bank account", is_refunded).await?;
        Ok(())
    }
    .boxed_local()
}

fn cashed_for_another_amount(simulation: &mut Simulation) -> LocalBoxFuture<'_, Played<()>> {
    async {
        set_up_usual(simulation).await?;
        pass_threshold(simulation)?;
        issued(simulation).await?;
        let transfer_id = check_id(&delivered(simulation).await?)?;
        let altered = Control::CashCheck { transfer_id, amount: Some(185_500), beats_stop: false };
        simulation.providers.tell_bank(altered)?;
        simulation.until("the bank has refused it for good", is_back).await?;
        Ok(())
    }
    .boxed_local()
}
