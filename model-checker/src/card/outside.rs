//! What persons said and what the bank did, and what must never be of it. Nothing here asks the domain.

use super::bank::{Code, Status, Transfer};
use super::table::{Call, Part, Table};
use super::{BILL, CardWorld, Cards, DAYS, HOLDS};
use shared::domain::leg::Kind;

/// Presentments of one bill that brought the issuer nothing.
const PRESENTMENTS_MAX: usize = 3;

/// From the notice of a debit outside the range to the debit.
const NOTICE_DAYS: i64 = 10;

/// What a person has said, and what was told them.
#[derive(Clone, Debug, Default)]
struct Words {
    /// Counts whatever changes what may be debited.
    said: u32,
    /// Counts what they agreed to.
    agreement: u32,
    /// The most of one debit that needs no notice; nothing where they revoked.
    most: Option<i64>,
    /// The most in a month.
    cap: Option<i64>,
    /// A debit of theirs came back as not authorized, and nobody has looked into it.
    is_blocked: bool,
    /// What they sent us by wire.
    wired: i64,
    /// How debits ended for good, and under which agreement.
    ends: Vec<(Code, u32)>,
    /// The day of a notice and its amount.
    announced: Option<(usize, i64)>,
}

/// What a person had said when a payment was opened, and whether they canceled it.
#[derive(Clone, Debug)]
struct Opened {
    said: u32,
    agreement: u32,
    is_canceled: bool,
    /// That its debit came back was heard.
    is_lost: bool,
    /// An operator sees to what becomes of it.
    is_seen_to: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Outside {
    words: Vec<Words>,
    opened: Vec<Opened>,
    /// That the bank account is closed was heard.
    is_closed: bool,
    /// By bill: the day on which it was paid by hand.
    by_hand: [Option<usize>; 2],
    broken: Option<String>,
}

impl Outside {
    pub(super) fn new(persons: usize) -> Self {
        Self {
            words: vec![Words::default(); persons],
            opened: Vec::new(),
            is_closed: false,
            by_hand: [None; 2],
            broken: None,
        }
    }

    pub(super) fn words_said(&self) -> i64 {
        self.words.iter().map(|words| i64::from(words.said)).sum()
    }

    pub(super) fn words_of(&self, holder: usize) -> u32 {
        self.words[holder].said
    }

    pub(super) fn agreed(&mut self, holder: usize, most: i64) {
        let words = &mut self.words[holder];
        (words.said, words.agreement) = (words.said + 1, words.agreement + 1);
        (words.most, words.announced) = (Some(most), None);
    }

    pub(super) fn revoked(&mut self, holder: usize) {
        let words = &mut self.words[holder];
        words.said += 1;
        (words.most, words.announced) = (None, None);
    }

    pub(super) fn capped(&mut self, holder: usize, most: i64) {
        self.words[holder].said += 1;
        self.words[holder].cap = Some(most);
    }

    pub(super) fn canceled(&mut self, life: usize) {
        self.opened[life].is_canceled = true;
    }

    pub(super) fn seen_to(&mut self, life: usize) {
        self.opened[life].is_seen_to = true;
    }

    pub(super) fn is_an_operators(&self, life: usize) -> bool {
        self.opened[life].is_seen_to
    }

    /// Answers whether it had not been paid by hand before.
    pub(super) fn pays_by_hand(&mut self, bill: usize, day: usize) -> bool {
        let is_first = self.by_hand[bill].is_none();
        self.by_hand[bill].get_or_insert(day);
        is_first
    }

    pub(super) const fn by_hand(&self, bill: usize) -> Option<usize> {
        self.by_hand[bill]
    }

    pub(super) fn repaid(&mut self, holder: usize, cents: i64) {
        self.words[holder].wired += cents;
    }

    pub(super) fn wired(&self, holder: usize) -> i64 {
        self.words[holder].wired
    }

    pub(super) fn unblocked(&mut self, holder: usize) {
        self.words[holder].is_blocked = false;
    }

    pub(super) fn ends_cleared(&mut self, holder: usize) {
        self.words[holder].ends.clear();
    }

    /// What was opened, and what was announced, since the last time.
    pub(super) fn apply(&mut self, table: &Table, day: usize) {
        for life in table.lives.iter().skip(self.opened.len()) {
            let words = &self.words[life.holder];
            let (said, agreement) = (words.said, words.agreement);
            self.opened.push(Opened { said, agreement, is_canceled: false, is_lost: false, is_seen_to: false });
        }
        for (holder, words) in table.holders.iter().zip(&mut self.words) {
            if let (Some(announced), None) = (&holder.card.announced, words.announced) {
                words.announced = Some((day, announced.amount.get()));
            }
        }
    }

    /// The bank's word has arrived.
    pub(super) fn heard(&mut self, table: &Table, transfer: &Transfer, status: Status) {
        let Status::Returned(code) = status else { return };
        if transfer.part != Part::Debit {
            return;
        }
        let holder = table.lives[transfer.life].holder;
        let agreement = self.opened[transfer.life].agreement;
        self.opened[transfer.life].is_lost = true;
        let words = &mut self.words[holder];
        match code {
            Code::R01 => {}
            Code::R02 => self.is_closed = true,
            Code::R10 => {
                words.is_blocked = true;
                words.ends.push((code, agreement));
                if words.agreement == agreement {
                    words.most = None;
                }
            }
            Code::R24 => words.ends.push((code, agreement)),
        }
    }

    fn breaks(&mut self, what: String) {
        self.broken.get_or_insert(what);
    }
}

/// A call leaves: is it what its person agreed to, at this moment?
pub(super) fn judge_call(cards: &mut Cards, call: Call) {
    let problem = match call.part {
        Part::Debit => problem_of_debit(cards, call),
        Part::Payout => problem_of_payout(cards, call),
    };
    if let Some(problem) = problem {
        cards.outside.breaks(problem);
    }
}

fn problem_of_debit(cards: &Cards, call: Call) -> Option<String> {
    let life = &cards.table.lives[call.life];
    let (holder, amount, outside) = (life.holder, life.payment.amount.get(), &cards.outside);
    let (words, opened) = (&outside.words[holder], &outside.opened[call.life]);
    let says = |what: &str| Some(format!("a debit of {amount} leaves {what}"));
    if opened.is_canceled {
        return says("although its payment was canceled");
    }
    let Some(most) = words.most else { return says("although its person revoked") };
    if opened.said != words.said {
        return says("although its person has agreed to something else since it was opened");
    }
    let is_announced =
        words.announced.is_some_and(|(day, told)| amount <= told && DAYS[cards.day] - DAYS[day] >= NOTICE_DAYS);
    if amount > most && !is_announced {
        return says(&format!("although only {most} were agreed to"));
    }
    if words.cap.is_some_and(|cap| others_of(cards, call.life) + amount > cap) {
        return says("above the cap of its month");
    }
    if outside.is_closed {
        return says("of an account that is closed");
    }
    if words.is_blocked {
        return says("although one of its person's came back as not authorized");
    }
    let others = outside.words.iter().enumerate().filter(|(other, _)| *other != holder);
    let mut holding =
        others.filter(|(other, words)| words.is_blocked || cards.table.holders[*other].books.receivable() > 0);
    if let Some((other, _)) = holding.next() {
        return says(&format!("of an account for which person {other} has to answer first"));
    }
    held_by_end(words, opened.agreement, call).and_then(|code| says(&format!("although {code:?} ended the one before")))
}

/// What ended an earlier payment for good, and nothing has changed since that makes a difference.
fn held_by_end(words: &Words, agreement: u32, call: Call) -> Option<Code> {
    let holds = |(code, under): &&(Code, u32)| match code {
        Code::R10 => agreement <= *under,
        Code::R24 => true,
        Code::R01 | Code::R02 => false,
    };
    words.ends.iter().filter(|_| call.attempt == 1).find(holds).map(|(code, _)| *code)
}

/// What else was debited for the same person in the month and did not come back.
fn others_of(cards: &Cards, life: usize) -> i64 {
    let holder = cards.table.lives[life].holder;
    let is_other = |transfer: &&Transfer| {
        let other = &cards.table.lives[transfer.life];
        let is_given_back = other.payment.refunded_by().is_some();
        transfer.part == Part::Debit && transfer.life != life && other.holder == holder && !is_given_back
    };
    let live = cards.transfers.iter().filter(is_other).filter(|transfer| transfer.is_live());
    live.map(|transfer| transfer.amount).sum()
}

/// What is paid out was pulled before, long enough ago, and has not come back as far as was heard.
fn problem_of_payout(cards: &Cards, call: Call) -> Option<String> {
    let Some(funded_by) = cards.table.funded_by(call.life) else { return Some("a payout has no debit".to_owned()) };
    let says = |what: &str| Some(format!("money is paid out {what}"));
    if call.is_again && cards.outside.opened[call.life].is_canceled {
        return says("although its payment was canceled");
    }
    if cards.outside.wired(cards.table.lives[call.life].holder) > 0 {
        return None;
    }
    if cards.outside.opened[funded_by].is_lost && !is_brought_again(cards, funded_by) {
        return says("that was heard to have come back");
    }
    let settled_on = cards.transfers.iter().filter(|transfer| is_debit_of(transfer, funded_by));
    let settled_on = settled_on.filter_map(|transfer| transfer.settled_on).max();
    let is_held = settled_on.is_none_or(|day| DAYS[cards.day] - DAYS[day] < 2);
    if is_held { says("that may still come back for want of money") } else { None }
}

fn is_debit_of(transfer: &Transfer, life: usize) -> bool {
    transfer.part == Part::Debit && transfer.life == life
}

/// A debit that came back was presented again, and has not come back since.
fn is_brought_again(cards: &Cards, life: usize) -> bool {
    cards.transfers.iter().any(|transfer| is_debit_of(transfer, life) && transfer.status == Status::Settled)
}

/// A debit or check was made at the bank.
pub(super) fn judge_made(world: &CardWorld, cards: &mut Cards) {
    for bill in 0..cards.table.holders.len() {
        let of_bill = |transfer: &&Transfer| world.bill_of(cards.table.lives[transfer.life].holder) == bill;
        let all = || cards.transfers.iter().filter(of_bill);
        let debits = all().filter(|transfer| transfer.part == Part::Debit).count();
        let cashed = all().filter(|transfer| transfer.status == Status::Cashed).count();
        if debits.saturating_sub(cashed) > PRESENTMENTS_MAX {
            cards.outside.breaks(format!("a bill is presented {debits} times"));
            return;
        }
    }
    let out = cards.transfers.iter().filter(|transfer| transfer.is_live());
    let signed = out.map(|transfer| match transfer.kind {
        Kind::Funding => transfer.amount,
        Kind::Payout => -transfer.amount,
        Kind::Check => 0,
    });
    let debited: i64 = signed.sum();
    if debited > HOLDS {
        cards.outside.breaks(format!("{debited} are debited of an account that held {HOLDS}"));
    }
}

pub(super) fn violation(world: &CardWorld, cards: &Cards) -> Option<String> {
    let broken = cards.outside.broken.clone();
    let books = || cards.table.holders.iter().find_map(|holder| holder.books.violation());
    broken.or_else(books).or_else(|| paid_out_twice(cards)).or_else(|| bill_paid_twice(world, cards))
}

/// One debit's money leaves once: by a check, or as a refund.
fn paid_out_twice(cards: &Cards) -> Option<String> {
    for life in 0..cards.table.lives.len() {
        let is_its = |transfer: &&Transfer| cards.table.funded_by(transfer.life) == Some(life);
        let out = cards.transfers.iter().filter(|transfer| transfer.part == Part::Payout && transfer.is_live());
        let count = out.filter(is_its).count();
        if count > 1 {
            return Some(format!("the money of one debit is out {count} times"));
        }
    }
    None
}

/// What may still arrive at the issuer for one bill, and what is debited for it and may still succeed, is no more than the bill.
fn bill_paid_twice(world: &CardWorld, cards: &Cards) -> Option<String> {
    for bill in 0..cards.table.holders.len() {
        let of_bill = |transfer: &&Transfer| world.bill_of(cards.table.lives[transfer.life].holder) == bill;
        let live = || cards.transfers.iter().filter(of_bill).filter(|transfer| transfer.is_live());
        let checks: i64 = live().filter(|one| one.kind == Kind::Check).map(|one| one.amount).sum();
        if checks > BILL {
            return Some(format!("checks of {checks} are out for a bill of {BILL}"));
        }
        let goes_on = |one: &&Transfer| cards.table.lives[one.life].payment.leg.state.holds_money();
        let debits: i64 = live().filter(|one| one.part == Part::Debit).filter(goes_on).map(|one| one.amount).sum();
        if debits > BILL {
            return Some(format!("{debits} are debited at once for a bill of {BILL}"));
        }
    }
    None
}
