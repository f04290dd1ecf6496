//! Rules of the ACH network: return codes, notifications of change, and what an entry's texts may hold.

pub mod account_correction;
pub mod notification_of_change;
pub mod return_codes;
pub mod text;
pub mod transliteration;
