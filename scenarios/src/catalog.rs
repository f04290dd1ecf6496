//! Every scenario by name, with what must come of it.

use futures::future::LocalBoxFuture;
use shared::domain::autopay::review::Action;

use crate::error::{Played, ScenarioError};
use crate::outcome::Outcome;
use crate::simulation::Simulation;
use crate::stories;

pub(crate) type Play = for<'a> fn(&'a mut Simulation) -> LocalBoxFuture<'a, Played<()>>;

/// One scenario.
#[derive(Clone, Copy)]
pub struct Scenario {
    pub name: &'static str,
    /// In one sentence.
    pub about: &'static str,
    pub(crate) play: Play,
    pub expected: Expected,
}

/// The end that a person would call right.
#[derive(Clone, Copy, Debug)]
pub struct Expected {
    pub action: Action,
    /// What the decision pays or announces, in cents.
    pub cents: Option<i64>,
    /// The state of the last payment to an issuer.
    pub payment: Option<&'static str>,
    /// The state of its funding, with the return code where there is one.
    pub funding: Option<&'static str>,
    /// The bank's status of the check, and where its letter is.
    pub check: Option<(&'static str, &'static str)>,
    /// Kinds of notices beyond those of every set-up, each as often as it must be told, in the order of their names.
    pub notices: &'static [&'static str],
    /// Reasons of what an operator has to look at.
    pub attention: &'static [&'static str],
    /// What persons owe in the end, in cents.
    pub receivable: i64,
}

impl Expected {
    /// Nothing is paid.
    pub(crate) const NOTHING: Self = Self {
        action: Action::Skip,
        cents: None,
        payment: None,
        funding: None,
        check: None,
        notices: &[],
        attention: &[],
        receivable: 0,
    };

    /// One payment arrives at the issuer.
    pub(crate) const fn paid(cents: i64) -> Self {
        Self {
            action: Action::Pay,
            cents: Some(cents),
            payment: Some("completed"),
            funding: Some("available"),
            check: Some(("settled", "delivered")),
            notices: &["check_cashed", "check_mailed", "payment_started"],
            ..Self::NOTHING
        }
    }
}

impl std::fmt::Debug for Scenario {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Scenario({})", self.name)
    }
}

/// Every scenario, in the order in which they are best read.
pub fn all() -> impl Iterator<Item = &'static Scenario> {
    stories::SCENARIOS.iter().copied().flatten()
}

pub fn find(name: &str) -> Option<&'static Scenario> {
    all().find(|scenario| scenario.name == name)
}

impl Scenario {
    /// Plays it on a system of its own. Fails where it does not end as it must.
    pub async fn play(&self) -> Result<Outcome, ScenarioError> {
        let mut simulation = Simulation::start()?;
        self.play_on(&mut simulation).await
    }

    /// The same on a system that the caller keeps, to look into it afterwards.
    pub async fn play_on(&self, simulation: &mut Simulation) -> Result<Outcome, ScenarioError> {
        (self.play)(simulation).await?;
        simulation.settle().await?;
        let outcome = simulation.outcome(self.name).await?;
        let differences = self.expected.differences(&outcome);
        if differences.is_empty() {
            return Ok(outcome);
        }
        let standing = simulation.standing()?;
        Err(ScenarioError::wrong(format!("it ended otherwise: {}\n{standing}", differences.join("; "))))
    }
}

/// Told at every set-up, and no news to a scenario.
const OF_EVERY_SETUP: &str = "authorization_given";

impl Expected {
    fn differences(&self, outcome: &Outcome) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |what: &str, expected: String, found: String| {
            if expected != found {
                differences.push(format!("{what} is {found}, not {expected}"));
            }
        };
        let decision = outcome.decision.as_ref();
        compare(
            "action",
            format!("{:?}", Some(self.action)),
            format!("{:?}", decision.map(|decision| decision.action)),
        );
        let amount = decision.and_then(|decision| decision.amount).map(|amount| amount.get());
        compare("amount", format!("{:?}", self.cents), format!("{amount:?}"));
        let payment = outcome.payment.as_ref().map(|payment| payment.state.as_str());
        compare("payment", format!("{:?}", self.payment), format!("{payment:?}"));
        let funding = outcome.funding.as_ref().map(|funding| {
            let code = funding.return_code.as_ref().map(|code| format!(" {code}")).unwrap_or_default();
            format!("{}{code}", funding.state)
        });
        compare("funding", format!("{:?}", self.funding), format!("{:?}", funding.as_deref()));
        let check = outcome.check.as_ref().map(|check| {
            let word = |text: &Option<String>| text.clone().unwrap_or_default();
            (word(&check.status), word(&check.delivery_status))
        });
        let expected = self.check.map(|(status, letter)| (status.to_owned(), letter.to_owned()));
        compare("check", format!("{expected:?}"), format!("{check:?}"));
        let mut notices: Vec<&str> = outcome.notices.iter().map(|notice| notice.kind.as_str()).collect();
        notices.retain(|kind| *kind != OF_EVERY_SETUP);
        notices.sort_unstable();
        compare("notices", format!("{:?}", self.notices), format!("{notices:?}"));
        let mut attention: Vec<&str> = outcome.attention.iter().map(|flag| flag.reason.as_str()).collect();
        attention.sort_unstable();
        compare("attention", format!("{:?}", self.attention), format!("{attention:?}"));
        compare("receivable", self.receivable.to_string(), outcome.ledger.receivable.get().to_string());
        differences
    }
}
