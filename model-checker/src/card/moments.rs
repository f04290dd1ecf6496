//! Where a search begins: moments of a life that went well, or not quite, until then.

use shared::domain::autopay::card::Card;
use shared::domain::autopay::real_account::RealAccount;

use super::actions::{Action, Answer, Range, perform};
use super::bank::{Code, Status, now};
use super::books::Books;
use super::item::Item;
use super::outside::Outside;
use super::table::{Holder, Table};
use super::{CardWorld, Cards, Holders, persons, stored};

/// A moment in the life of the first person's payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Everybody has agreed, and nothing is opened.
    Agreed,
    /// The debit has been sent, and its bank's day has begun.
    Debited,
    /// It has come back twice for want of money, and was presented a third time.
    PresentedThrice,
    /// It has settled, and its hold is over.
    Held,
    /// The check is in the mail.
    Mailed,
    /// The check came back by mail and was stopped: an operator is asked.
    CheckCameBack,
    /// The check is cashed.
    Cashed,
    /// The person canceled, and their money is on its way back.
    Refunded,
}

impl Moment {
    pub const ALL: [Moment; 8] = [
        Moment::Agreed,
        Moment::Debited,
        Moment::PresentedThrice,
        Moment::Held,
        Moment::Mailed,
        Moment::CheckCameBack,
        Moment::Cashed,
        Moment::Refunded,
    ];

    /// An index of the days.
    pub(super) const fn day(self) -> usize {
        match self {
            Moment::Agreed => 0,
            Moment::Debited => 1,
            Moment::Held => 2,
            Moment::Mailed | Moment::CheckCameBack | Moment::Cashed | Moment::Refunded => 3,
            Moment::PresentedThrice => 6,
        }
    }

    fn way(self) -> Vec<Action> {
        use Action as A;
        let accepted = A::Call(0, Answer::Accepts);
        let debited = [A::Review(0), A::Advance(0), accepted, A::TimePasses];
        let told = |position, status| [A::TransferMoves(position, status), A::Event(position, status)];
        let settled = told(0, Status::Settled);
        let held = [debited.as_slice(), &settled, &[A::TimePasses]].concat();
        let mailed = [held.as_slice(), &[A::Advance(0), accepted, A::TimePasses]].concat();
        let short = |position| told(position, Status::Returned(Code::R01));
        match self {
            Moment::Agreed => Vec::new(),
            Moment::Debited => debited.to_vec(),
            Moment::Held => held,
            Moment::Cashed => [mailed.as_slice(), &told(1, Status::Cashed)].concat(),
            Moment::Mailed => mailed,
            Moment::CheckCameBack => {
                let back = [A::LetterComesBack(1), A::Advance(0)];
                [mailed.as_slice(), &back, &told(1, Status::Stopped)].concat()
            }
            Moment::Refunded => {
                let back = [A::Cancel(0), A::Advance(0), A::Advance(1), accepted, A::TimePasses];
                [held.as_slice(), &back].concat()
            }
            Moment::PresentedThrice => {
                let again = [A::Advance(0), A::TimePasses, A::Advance(0), accepted, A::TimePasses];
                let last = [A::Advance(0), A::TimePasses, A::TimePasses, A::Advance(0), accepted, A::TimePasses];
                [debited.as_slice(), &short(0), &again, &short(1), &last].concat()
            }
        }
    }
}

/// The state at the world's moment.
pub(super) fn reach(world: &CardWorld) -> Cards {
    let mut cards = first(world);
    for action in world.moment.way() {
        let has_happened = perform(world, &mut cards, action);
        assert!(has_happened, "{action:?} does not happen on the way to {:?}", world.moment);
    }
    cards
}

fn first(world: &CardWorld) -> Cards {
    let holders = (0..world.persons()).map(|holder| holder_of(world, holder));
    let mut number = RealAccount::new(stored::number());
    let holders: Vec<Holder> = holders.collect();
    for holder in &holders {
        number.bank_accounts.insert(holder.account.id, holder.person.id);
    }
    let table = Table { holders, number: Item::new(number), lives: Vec::new() };
    let outside = Outside::new(world.persons());
    let mut cards = Cards { day: 0, table, held: None, calls: Vec::new(), transfers: Vec::new(), outside };
    for holder in 0..world.persons() {
        persons::agree(&mut cards, holder, Range::Wide);
    }
    cards
}

fn holder_of(world: &CardWorld, holder: usize) -> Holder {
    let card = if world.holders == Holders::TwoWithAnAccount { holder } else { 0 };
    let reading = stored::reading(0, Vec::new(), now(0));
    Holder {
        person: Item::new(stored::person(holder, now(0))),
        card: Item::new(Card { reading: Some(reading), ..stored::card(holder, card) }),
        account: Item::new(stored::bank_account(holder)),
        books: Books::default(),
    }
}
