//! What to list at Column, and the paths and query strings for it.

use jiff::Timestamp;

use super::answers::PageCursor;

/// Items per page: the most that Column gives (Column documentation, pagination).
const PAGE_ITEMS: u32 = 100;

/// ACH transfers or checks of one of our accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferQuery {
    pub bank_account_id: String,
    /// Created at this moment or later.
    pub created_from: Timestamp,
    /// Created at this moment or earlier; absent for no end.
    pub created_until: Option<Timestamp>,
    /// Goes on after a page.
    pub older_than: Option<PageCursor>,
}

/// Events that were sent as webhooks, for the poll that closes gaps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventQuery {
    /// Created at this moment or later: the last watermark less an overlap.
    pub created_from: Timestamp,
    /// Created at this moment or earlier.
    pub created_until: Timestamp,
    /// Goes on after a page.
    pub older_than: Option<PageCursor>,
}

/// Which list of transfers is asked.
#[derive(Clone, Copy)]
pub(super) enum TransferFamily {
    Ach,
    Checks,
}

impl TransferQuery {
    pub(super) fn path(&self, family: TransferFamily) -> String {
        let account = escaped(&self.bank_account_id);
        let list = match family {
            TransferFamily::Ach => "ach",
            TransferFamily::Checks => "checks",
        };
        let page = page(self.created_from, self.created_until, self.older_than.as_ref());
        format!("/transfers/{list}?bank_account_id={account}&{page}")
    }
}

impl EventQuery {
    pub(super) fn path(&self) -> String {
        format!("/events/webhook?{}", page(self.created_from, Some(self.created_until), self.older_than.as_ref()))
    }
}

pub(super) fn accounts_path(entity_id: &str, older_than: Option<&PageCursor>) -> String {
    format!("/bank-accounts?entity_id={}&limit={PAGE_ITEMS}{}", escaped(entity_id), start_of_page(older_than))
}

fn start_of_page(older_than: Option<&PageCursor>) -> String {
    older_than.map(|cursor| format!("&starting_after={}", escaped(&cursor.0))).unwrap_or_default()
}

fn page(created_from: Timestamp, created_until: Option<Timestamp>, older_than: Option<&PageCursor>) -> String {
    let until = created_until.map(|until| format!("&created.lte={}", escaped(&until.to_string()))).unwrap_or_default();
    let start = start_of_page(older_than);
    format!("limit={PAGE_ITEMS}&created.gte={}{until}{start}", escaped(&created_from.to_string()))
}

/// An id as one segment of a path or one value of a query, so that no stored text can reach another call.
pub(super) fn escaped(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut escaped, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            escaped.push_str(&hex::encode_upper([byte]));
        }
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_cannot_leave_its_segment() {
        assert_eq!(escaped("acht_2AbC"), "acht_2AbC");
        assert_eq!(escaped("../x?y=1"), "%2E%2E%2Fx%3Fy%3D1");
    }
}
