//! What came of a scenario: as people and machines read it, and whether it is what must come.

use serde::Serialize;
use shared::domain::autopay::review::{Action, Review};
use shared::domain::ledger::{Account, AccountKind};
use shared::domain::leg::Leg;
use shared::domain::money::Cents;
use shared::operations::ledger;
use shared::ports::queue::QueueName;

use crate::error::{Played, ScenarioError};
use crate::simulation::Simulation;
use crate::simulation::standing::Standing;
use crate::timeline::Entry;

#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    pub scenario: String,
    /// The last review that paid or announced, else the last.
    pub decision: Option<DecisionTold>,
    pub timeline: Vec<Entry>,
    /// The last payment to an issuer.
    pub payment: Option<PaymentTold>,
    pub funding: Option<FundingTold>,
    pub check: Option<CheckTold>,
    pub notices: Vec<NoticeTold>,
    pub attention: Vec<AttentionTold>,
    pub ledger: LedgerTold,
}

#[derive(Clone, Debug, Serialize)]
pub struct DecisionTold {
    pub action: Action,
    pub amount: Option<Cents>,
    pub reason: String,
    /// As a percentage; absent where the limit is unknown.
    pub utilization_before: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PaymentTold {
    pub state: String,
    pub amount: Cents,
    /// Why it is not paid.
    pub reason: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct FundingTold {
    pub state: String,
    pub return_code: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct CheckTold {
    pub status: Option<String>,
    pub delivery_status: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct NoticeTold {
    pub to: String,
    pub kind: String,
    pub text: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct AttentionTold {
    pub id: String,
    pub reason: String,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct LedgerTold {
    pub debits: Cents,
    pub credits: Cents,
    /// What persons owe.
    pub receivable: Cents,
}

impl Simulation {
    /// How it ended. Fails where the books do not balance, or the bank has other figures than they.
    pub async fn outcome(&self, scenario: &str) -> Played<Outcome> {
        let standing = self.standing()?;
        let ledger = self.audited_ledger(&standing).await?;
        self.nothing_went_astray(&standing)?;
        let mut timeline = self.timeline(&standing).await?;
        timeline.push(Entry { at: self.now(), what: "ledger balanced".to_owned(), id: "ledger".to_owned() });
        Ok(Outcome {
            scenario: scenario.to_owned(),
            decision: decisive(&standing.reviews).map(decision),
            timeline,
            payment: standing.payment().map(|payment| PaymentTold {
                state: payment.leg.state.as_str().to_owned(),
                amount: payment.amount,
                reason: payment.leg.reason.as_ref().map(ToString::to_string),
            }),
            funding: standing.funding().map(|funding| FundingTold {
                state: funding.leg.state.as_str().to_owned(),
                return_code: return_code(&funding.leg),
            }),
            check: standing.payment().and_then(|payment| {
                let check = payment.check.as_ref()?;
                let delivery = check.delivery_status.as_ref();
                Some(CheckTold {
                    status: payment.leg.bank_status.clone(),
                    delivery_status: delivery.map(|status| status.as_str().to_owned()),
                })
            }),
            notices: notices(&standing),
            attention: attention(&standing),
            ledger,
        })
    }

    /// The books' sums, once they balance and every figure of the bank is one of theirs, to the cent.
    pub async fn audited_ledger(&self, standing: &Standing) -> Played<LedgerTold> {
        let books = ledger::trial_balance(&self.system).await?;
        if books.total.debits != books.total.credits {
            return Err(ScenarioError::wrong(format!("the books do not balance: {:?}", books.total)));
        }
        let mut receivable = 0;
        for person in &standing.persons {
            let balance = |kind| -> Played<i64> {
                let account = Account { kind, payer_id: person.id.to_string() }.to_string();
                let totals = books.accounts.get(&account).copied().unwrap_or_default();
                totals.balance().map(Cents::get).map_err(|overflow| ScenarioError::wrong(overflow.to_string()))
            };
            receivable += balance(AccountKind::Receivable)?;
            let Some(account_id) = &person.column_bank_account_id else { continue };
            let account = self.providers.bank_get(&format!("/bank-accounts/{account_id}"))?;
            let of_bank = |name: &str| account["balances"][name].as_i64().unwrap_or_default();
            let pairs = [
                (AccountKind::Cash, "available_amount"),
                (AccountKind::CashLocked, "locked_amount"),
                (AccountKind::DebitsInTransit, "pending_amount"),
            ];
            for (kind, name) in pairs {
                let (ours, theirs) = (balance(kind)?, of_bank(name));
                if ours != theirs {
                    let kind = kind.as_str();
                    return Err(ScenarioError::wrong(format!(
                        "{kind} is {ours} in the books and {theirs} at the bank"
                    )));
                }
            }
        }
        Ok(LedgerTold { debits: books.total.debits, credits: books.total.credits, receivable: Cents::new(receivable) })
    }

    fn nothing_went_astray(&self, standing: &Standing) -> Played<()> {
        let (written, handed_over) = (standing.notices.len(), self.told.sent().len());
        if written != handed_over {
            return Err(ScenarioError::wrong(format!("{written} notices were written and {handed_over} handed over")));
        }
        if self.providers.column.counters().duplicate_keys_with_other_content != 0 {
            return Err(ScenarioError::wrong("a key was sent twice with different content"));
        }
        for queue in [QueueName::Bulk, QueueName::Other] {
            if let Some(letter) = self.dead_letters(queue).first() {
                return Err(ScenarioError::wrong(format!("a message was given up: {letter}")));
            }
        }
        Ok(())
    }
}

fn decisive(reviews: &[Review]) -> Option<&Review> {
    let last = |action| reviews.iter().rev().find(|review| review.action == action);
    last(Action::Pay).or_else(|| last(Action::Announce)).or_else(|| reviews.last())
}

fn decision(review: &Review) -> DecisionTold {
    let utilization = review.figures.utilization.map(|share| share.to_string());
    DecisionTold {
        action: review.action,
        amount: review.amount,
        reason: review.reason.clone(),
        utilization_before: utilization.map(|text| text.trim_end_matches(" %").to_owned()),
    }
}

fn return_code(leg: &Leg) -> Option<String> {
    let reason = leg.reason.as_ref()?.to_string();
    reason.strip_prefix("returned:").map(str::to_owned)
}

fn notices(standing: &Standing) -> Vec<NoticeTold> {
    let told = standing.notices.iter().map(|notice| NoticeTold {
        to: notice.recipient.to_string(),
        kind: notice.kind.code().to_owned(),
        text: notice.text.clone(),
    });
    told.collect()
}

fn attention(standing: &Standing) -> Vec<AttentionTold> {
    let payments =
        standing.payments.iter().chain(&standing.refunds).map(|payment| (payment.id.to_string(), &payment.leg));
    let fundings = standing.fundings.iter().map(|funding| (funding.id.to_string(), &funding.leg));
    let flags = payments.chain(fundings).filter_map(|(id, leg)| Some((id, leg.attention.as_ref()?)));
    let flagged = flags.map(|(id, flag)| AttentionTold {
        id,
        reason: serde_json::to_value(flag.reason)
            .ok()
            .and_then(|code| code.as_str().map(str::to_owned))
            .unwrap_or_default(),
    });
    let blocks = standing.persons.iter().filter_map(|person| {
        let block = person.debit_block?;
        Some(AttentionTold { id: person.id.to_string(), reason: format!("debits_blocked:{}", block.return_code) })
    });
    flagged.chain(blocks).collect()
}
