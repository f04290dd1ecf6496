//! Rent: what a lease charges and when, when a debit has to leave so that the landlord has the money in time, and what a payment pays.
//!
//! Guarantees: due dates are computed from the due day of the lease, never from the due date before; the periods of a lease neither
//! overlap nor leave a day out; a whole period costs the whole rent; the schedule depends on the lease alone, not on when it is computed.
//! Limit: no law is in the code. Grace periods, late fees and where a deposit lies are parameters of the lease.

pub mod allocation;
pub mod arrival;
pub mod due_day;
pub mod late;
pub mod proration;
pub mod schedule;
pub mod shares;
