//! The checks, each in a module of its own; a finding bears its module's name.

mod agreed;
mod bank_status;
mod books;
mod by_batch;
mod by_two;
mod corrected;
mod corrections;
mod dead_letters;
mod deposits;
mod ends;
mod entries;
mod files;
mod four_eyes;
mod fund_isolation;
mod funded;
mod held;
mod histories;
mod identity;
mod institutions;
mod keys;
mod mapped;
mod open;
mod owed;
mod paid_once;
mod pauses;
mod permitted;
mod presented;
mod privacy;
mod proven;
mod reconciled;
mod recorded_first;
mod refused;
mod reports;
mod rows_once;
mod spoken;
mod states;
mod stopped;
mod stranded;
mod taken;
mod told_of;
mod unauthorized;
mod unfit;
mod unknown;
mod webhooks;

use crate::facts::Facts;
use crate::finding::{Finding, Findings};

type Check = fn(&Facts<'_>, &mut Findings<'_>);

/// Every check, by the name that its findings bear.
const ALL: [(&str, Check); 44] = [
    ("paid_once", paid_once::check),
    ("files", files::check),
    ("bank_status", bank_status::check),
    ("funded", funded::check),
    ("fund_isolation", fund_isolation::check),
    ("ends", ends::check),
    ("rows_once", rows_once::check),
    ("unknown", unknown::check),
    ("stranded", stranded::check),
    ("unauthorized", unauthorized::check),
    ("four_eyes", four_eyes::check),
    ("mapped", mapped::check),
    ("taken", taken::check),
    ("institutions", institutions::check),
    ("pauses", pauses::check),
    ("unfit", unfit::check),
    ("corrected", corrected::check),
    ("deposits", deposits::check),
    ("reports", reports::check),
    ("entries", entries::check),
    ("books", books::check),
    ("by_batch", by_batch::check),
    ("corrections", corrections::check),
    ("reconciled", reconciled::check),
    ("dead_letters", dead_letters::check),
    ("open", open::check),
    ("states", states::check),
    ("histories", histories::check),
    ("stopped", stopped::check),
    ("permitted", permitted::check),
    ("keys", keys::check),
    ("recorded_first", recorded_first::check),
    ("refused", refused::check),
    ("privacy", privacy::check),
    ("agreed", agreed::check),
    ("owed", owed::check),
    ("held", held::check),
    ("presented", presented::check),
    ("identity", identity::check),
    ("by_two", by_two::check),
    ("proven", proven::check),
    ("told_of", told_of::check),
    ("spoken", spoken::check),
    ("webhooks", webhooks::check),
];

pub(crate) fn run(facts: &Facts<'_>, found: &mut Vec<Finding>) {
    for (name, check) in ALL {
        check(facts, &mut Findings::of(name, found));
    }
}
