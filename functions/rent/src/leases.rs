//! What a lease would charge.

use axum::Json;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use shared::domain::money::Cents;
use shared::domain::rent::due_day::DueDay;
use shared::domain::rent::proration::Proration;
use shared::domain::rent::schedule::{Charge, FirstDue, Periods, Rent, RentChange, Terms, TermsError};
use shared::http::body::JsonBody;
use shared::http::problem::{Problem, Refused};
use utoipa::ToSchema;

/// More versions of a rent than this are not listed.
const RENTS_MAX: usize = 600;

/// The terms of a lease, as far as its charges depend on them.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreviewedLease {
    /// The first day of the lease.
    #[schema(value_type = String, format = Date)]
    start: Date,
    /// The last day, included. Null where the lease runs from month to month.
    #[schema(value_type = Option<String>, format = Date)]
    end: Option<Date>,
    /// A day of the month from 1 to 31, or `last`. A month that is too short gives its last day.
    #[schema(value_type = Value)]
    due_day: DueDay,
    /// The rent a month, each from its first day. The first one counts from `start` or before.
    rents: Vec<Rent>,
    /// What a charge covers.
    #[serde(default)]
    periods: Periods,
    /// How a part of a period is charged.
    #[serde(default)]
    proration: Proration,
    /// When a first part is due whose due date lies before the lease.
    #[serde(default)]
    first: FirstDue,
    /// From when another rent counts.
    #[serde(default)]
    rent_change: RentChange,
    /// Charges are listed whose period begins on or before this day. Needed where the lease has no end.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = Date)]
    until: Option<Date>,
}

/// A charge of rent.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChargeView {
    /// The day on which it is due, local to the property.
    #[schema(value_type = String, format = Date)]
    due: Date,
    /// The first day that it covers.
    #[schema(value_type = String, format = Date)]
    from: Date,
    /// The last day that it covers.
    #[schema(value_type = String, format = Date)]
    to: Date,
    /// Dollars.
    #[schema(value_type = String)]
    amount: Cents,
}

/// The charges of a lease, by their periods.
#[derive(Serialize, ToSchema)]
pub(crate) struct Schedule {
    /// By their due dates.
    charges: Vec<ChargeView>,
}

impl From<Charge> for ChargeView {
    fn from(charge: Charge) -> Self {
        Self { due: charge.due, from: charge.from, to: charge.to, amount: charge.amount }
    }
}

/// Returns the whole schedule of a lease that does not exist yet. Nothing is stored.
#[utoipa::path(post, path = "/leases/preview", tag = "leases", request_body = PreviewedLease,
    responses((status = 200, body = Schedule), Refused),
    security(("bearer" = ["person"])))]
pub(crate) async fn preview(
    JsonBody { value: lease, .. }: JsonBody<PreviewedLease>,
) -> Result<Json<Schedule>, Problem> {
    if lease.rents.len() > RENTS_MAX {
        return Err(Problem::unprocessable("terms_invalid", format!("Name at most {RENTS_MAX} rents.")));
    }
    let terms = Terms {
        start: lease.start,
        end: lease.end,
        due_day: lease.due_day,
        rents: lease.rents,
        periods: lease.periods,
        proration: lease.proration,
        first: lease.first,
        rent_change: lease.rent_change,
    };
    let charges = terms.charges(lease.until).map_err(refusal)?;
    Ok(Json(Schedule { charges: charges.into_iter().map(ChargeView::from).collect() }))
}

fn refusal(error: TermsError) -> Problem {
    Problem::unprocessable("terms_invalid", format!("These terms make no schedule: {error}."))
}
