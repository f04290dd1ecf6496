//! The evidence, read and put in order once for all checks.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::bank::{Kind, Transfer, correction, split_key, text};
use crate::contents;
use crate::evidence::{Account, BankCall, Command, CommandKind, Evidence, Move, Order, PayrollFile, Row};
use crate::finding::Findings;
use crate::reported::Item;

#[derive(Debug)]
pub(crate) struct Facts<'a> {
    pub(crate) evidence: &'a Evidence,
    /// Oldest first.
    pub(crate) transfers: Vec<Transfer>,
    by_item: BTreeMap<String, Vec<usize>>,
    pub(crate) payments: BTreeMap<String, Item>,
    pub(crate) fundings: BTreeMap<String, Item>,
    /// What each batch stands for: the content that was approved, else the one that was stored last.
    pub(crate) files: BTreeMap<&'a str, &'a PayrollFile>,
    /// By what moved, in order.
    pub(crate) moves: BTreeMap<&'a str, Vec<&'a Move>>,
    /// Calls that make a transfer or check, by their key, in order.
    pub(crate) sends: BTreeMap<&'a str, Vec<&'a BankCall>>,
    /// What receiving banks said, ever: instead of the first account the second is to be used.
    corrections: Vec<(Account, Account)>,
}

impl<'a> Facts<'a> {
    pub(crate) fn read(evidence: &'a Evidence, findings: &mut Findings<'_>) -> Self {
        let bank = &evidence.bank;
        let ach = bank.ach_transfers.iter().map(|object| Transfer::of_ach(object, &bank.counterparties));
        let checks = bank.checks.iter().map(Transfer::of_check);
        let mut transfers = known(ach.chain(checks), "a transfer of the bank", findings);
        transfers.sort_by_key(|transfer| transfer.created_at);
        let mut by_item: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (position, transfer) in transfers.iter().enumerate() {
            by_item.entry(transfer.item.clone()).or_default().push(position);
        }
        let payments = evidence.told.payments.iter().map(|told| Item::of(told, false));
        let fundings = evidence.told.fundings.iter().map(|told| Item::of(told, true));
        let mut moves: BTreeMap<&str, Vec<&Move>> = BTreeMap::new();
        for known in &evidence.moves {
            moves.entry(&known.id).or_default().push(known);
        }
        let mut sends: BTreeMap<&str, Vec<&BankCall>> = BTreeMap::new();
        for call in &bank.calls {
            if let (true, Some(key)) = (call.is_send(), &call.idempotency_key) {
                sends.entry(key).or_default().push(call);
            }
        }
        Self {
            evidence,
            corrections: corrections(evidence, &transfers),
            transfers,
            by_item,
            payments: by_id(known(payments, "a payment", findings)),
            fundings: by_id(known(fundings, "a funding", findings)),
            files: contents::of(evidence),
            moves,
            sends,
        }
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.payments.values().chain(self.fundings.values())
    }

    pub(crate) fn item(&self, id: &str) -> Option<&Item> {
        self.payments.get(id).or_else(|| self.fundings.get(id))
    }

    /// Every transfer under a key of the item, oldest first.
    pub(crate) fn transfers_of(&self, item: &str) -> impl Iterator<Item = &Transfer> {
        self.by_item.get(item).into_iter().flatten().filter_map(|position| self.transfers.get(*position))
    }

    pub(crate) fn debits(&self) -> impl Iterator<Item = &Transfer> {
        self.transfers.iter().filter(|transfer| transfer.kind == Kind::Debit)
    }

    pub(crate) fn payouts(&self) -> impl Iterator<Item = &Transfer> {
        self.transfers.iter().filter(|transfer| transfer.is_payout())
    }

    /// The row of a payroll payment, with its file.
    pub(crate) fn row(&self, payment: &str) -> Option<(&'a PayrollFile, &'a Row)> {
        let (batch, number) = row_of(payment)?;
        let file = self.files.get(batch.as_str()).copied()?;
        let position = usize::try_from(number.checked_sub(1)?).ok()?;
        file.rows.get(position).map(|row| (file, row))
    }

    /// The payment of a person that this one gives back.
    pub(crate) fn refund_of(&self, payment: &str) -> Option<&'a str> {
        let lines = &self.evidence.told.card_payments;
        let line = lines.iter().find(|told| text(&told.payment, "payment_id") == Some(payment))?;
        text(&line.payment, "refund_of")
    }

    pub(crate) fn commands(&self, kind: CommandKind) -> impl Iterator<Item = &'a Command> {
        self.evidence.asked.commands.iter().filter(move |command| command.kind == kind)
    }

    /// The first time that this was asked of it with success.
    pub(crate) fn done(&self, kind: CommandKind, about: &str) -> Option<&'a Command> {
        self.commands(kind).find(|command| command.about == about && command.succeeded())
    }

    /// When a refund of what is left of a batch was last asked for with success.
    /// When the refund of what is left of a payer's money in a batch was asked for last, and not withheld because the payer owes.
    pub(crate) fn last_refund_asked(&self, batch: &str, payer: &str) -> Option<Order> {
        let asked = self.commands(CommandKind::Refund).filter(|command| command.about == batch && command.succeeded());
        let is_withheld = |command: &&Command| {
            let withheld = command.answer["withheld"].as_array().into_iter().flatten();
            withheld.into_iter().any(|of| of["source_id"] == payer)
        };
        let asked = asked.filter(|command| !is_withheld(command));
        asked.map(|command| command.order).max()
    }

    pub(crate) fn moves_of(&self, id: &str) -> &[&'a Move] {
        self.moves.get(id).map_or(&[], Vec::as_slice)
    }

    /// Whether a receiving bank has said that `end` is to be used instead of `account`, at once or step by step.
    pub(crate) fn is_corrected(&self, account: &Account, end: &Account) -> bool {
        let mut known = vec![account];
        let mut next = 0;
        while let Some(current) = known.get(next).copied() {
            let of_it = self.corrections.iter().filter(|(was, _)| was == current);
            known.extend(of_it.map(|(_, new)| new).filter(|new| !known.contains(new)).collect::<Vec<_>>());
            next += 1;
        }
        known.contains(&end)
    }

    /// Whether a bank has ever said anything about this account, or said that it is to be used.
    pub(crate) fn has_correction(&self, account: &Account) -> bool {
        self.corrections.iter().any(|(was, new)| was == account || new == account)
    }

    /// Since when the table says that the money of a debit is gone. One that was refused, and was there after all, is not.
    pub(crate) fn known_gone(&self, debit: &Transfer) -> Option<Timestamp> {
        let is_gone = |step: &&&Move| matches!(step.state.as_str(), "returned" | "failed");
        let of_attempt = self.moves_of(&debit.item).iter().filter(|step| step.attempt == debit.attempt);
        of_attempt.rev().take_while(is_gone).last().map(|step| step.at)
    }

    /// What a send's key names.
    pub(crate) fn sends_by_item(&self) -> impl Iterator<Item = (&'a str, u32, &[&'a BankCall])> {
        self.sends.iter().filter_map(|(key, calls)| {
            let (item, attempt) = split_key(key)?;
            Some((item, attempt, calls.as_slice()))
        })
    }
}

/// By the events, since a transfer shows only the last one.
fn corrections(evidence: &Evidence, transfers: &[Transfer]) -> Vec<(Account, Account)> {
    let bank = &evidence.bank;
    let objects = bank.events.iter().filter_map(|event| event.get("data")).chain(&bank.ach_transfers);
    let notified =
        objects.filter(|object| object.get("notification_of_changes").is_some_and(|change| !change.is_null()));
    let of = |object: &serde_json::Value| {
        let id = object.get("id")?.as_str()?;
        let end = transfers.iter().find(|transfer| transfer.id == id)?.external_account.clone()?;
        let new = correction(object, &end)?;
        Some((end, new))
    };
    let mut found: Vec<(Account, Account)> = notified.filter_map(of).collect();
    found.sort();
    found.dedup();
    found
}

/// The batch and row of `pay_{batch}-{shard}-{row}`.
pub(crate) fn row_of(payment: &str) -> Option<(String, u32)> {
    match payment.strip_prefix("pay_")?.split('-').collect::<Vec<_>>().as_slice() {
        [batch, _, row] => Some((format!("bat_{batch}"), row.parse().ok()?)),
        _ => None,
    }
}

/// A refund to a source: `pay_{batch}-refund-{source}-{number}`.
pub(crate) fn is_refund_of_batch(payment: &str) -> bool {
    payment.contains("-refund-")
}

fn known<T>(read: impl Iterator<Item = Option<T>>, what: &str, findings: &mut Findings<'_>) -> Vec<T> {
    let mut items = Vec::new();
    for item in read {
        match item {
            Some(item) => items.push(item),
            None => findings.add("the evidence", format!("{what} cannot be read")),
        }
    }
    items
}

fn by_id(items: Vec<Item>) -> BTreeMap<String, Item> {
    items.into_iter().map(|item| (item.id.clone(), item)).collect()
}

impl BankCall {
    /// Makes a transfer or check.
    pub(crate) fn is_send(&self) -> bool {
        self.method == "POST" && matches!(self.path.as_str(), "/transfers/ach" | "/transfers/checks/issue")
    }
}

impl Command {
    pub(crate) fn succeeded(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    /// It succeeded, or nobody knows.
    pub(crate) fn may_have_happened(&self) -> bool {
        self.succeeded() || self.status.is_none_or(|status| status >= 500)
    }
}
