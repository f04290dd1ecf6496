//! What a failed call means: the condition did not hold, try again, or a defect.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::CancellationReason;

use super::attributes::{Item, text_of};
use crate::adapters::table_item::WRITER;
use crate::ports::table::TableError;

/// A failed write before it is known whose write the failed condition met.
#[derive(Debug)]
pub(super) enum WriteFailure {
    /// Conditions that did not hold: the position of each change, and the item that was in its way.
    Conditions(Vec<(usize, Option<Item>)>),
    /// Another write holds one of the items this instant. The same request may follow shortly.
    Conflict(String),
    Other(TableError),
}

/// The service names these when the same request may pass later.
const BUSY_CODES: [&str; 8] = [
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionInProgressException",
    // The role's short-lived key ran out between signing and arriving: the next request is signed with a new one.
    "ExpiredTokenException",
];
const BUSY_REASONS: [&str; 3] = ["ThrottlingError", "ProvisionedThroughputExceeded", "RequestLimitExceeded"];
const CONFLICT: &str = "TransactionConflict";
const CONDITION_FAILED: &str = "ConditionalCheckFailed";

impl WriteFailure {
    pub(super) fn of_put(error: &SdkError<PutItemError>) -> Self {
        if let Some(PutItemError::ConditionalCheckFailedException(failure)) = error.as_service_error() {
            return Self::Conditions(vec![(0, failure.item.clone())]);
        }
        Self::of_unconditional(error)
    }

    pub(super) fn of_transaction(error: &SdkError<TransactWriteItemsError>) -> Self {
        if let Some(TransactWriteItemsError::TransactionCanceledException(failure)) = error.as_service_error() {
            return Self::of_reasons(failure.cancellation_reasons());
        }
        Self::of_unconditional(error)
    }

    /// A failure that no condition has part in.
    pub(super) fn of_unconditional<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> Self {
        if error.code() == Some("TransactionConflictException") {
            return Self::Conflict("a transaction holds the item".to_owned());
        }
        Self::Other(of_call(error))
    }

    /// A conflict goes before a failed condition: the item in the way may be about to change.
    fn of_reasons(reasons: &[CancellationReason]) -> Self {
        let named =
            |codes: &[&str]| reasons.iter().find_map(|reason| reason.code().filter(|code| codes.contains(code)));
        if named(&[CONFLICT]).is_some() {
            return Self::Conflict("another transaction holds one of the items".to_owned());
        }
        if let Some(code) = named(&BUSY_REASONS) {
            return Self::Other(TableError::Unavailable(code.to_owned()));
        }
        let failed: Vec<_> = reasons
            .iter()
            .enumerate()
            .filter(|(_, reason)| reason.code() == Some(CONDITION_FAILED))
            .map(|(position, reason)| (position, reason.item.clone()))
            .collect();
        if !failed.is_empty() {
            return Self::Conditions(failed);
        }
        let texts: Vec<_> =
            reasons.iter().filter_map(CancellationReason::code).filter(|code| *code != "None").collect();
        Self::Other(TableError::Defect(format!("the transaction was canceled: {}", texts.join(", "))))
    }

    /// True when an item in the way bears our own token: an earlier try of this very call has won. One is proof for all, as the
    /// changes of one call are written together or not at all.
    pub(super) fn is_our_own_success(&self, writer: &str) -> bool {
        match self {
            Self::Conditions(failed) => {
                failed.iter().filter_map(|(_, item)| item.as_ref()).any(|item| text_of(item, WRITER) == Some(writer))
            }
            Self::Conflict(_) | Self::Other(_) => false,
        }
    }
}

/// A failed call that has no condition of its own: a read, or what remains of a write.
pub(super) fn of_call<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> TableError {
    match error {
        SdkError::ServiceError(context) => of_code(context.err()),
        SdkError::TimeoutError(_) => TableError::Unavailable("no answer within the time allowed".to_owned()),
        SdkError::DispatchFailure(failure) => TableError::Unavailable(
            failure.as_connector_error().map_or_else(|| "the request was not sent".to_owned(), ToString::to_string),
        ),
        SdkError::ResponseError(_) => TableError::Unavailable("the answer could not be read".to_owned()),
        SdkError::ConstructionFailure(_) | _ => TableError::Defect("the request could not be built".to_owned()),
    }
}

fn of_code(error: &impl ProvideErrorMetadata) -> TableError {
    // Without a code an intermediary answered, not the service.
    let Some(code) = error.code() else {
        return TableError::Unavailable("an answer without an error code".to_owned());
    };
    if BUSY_CODES.contains(&code) {
        TableError::Unavailable(code.to_owned())
    } else {
        TableError::Defect(format!("{code}: {}", error.message().unwrap_or("no message")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::AttributeValue;

    fn reason(code: &str) -> CancellationReason {
        CancellationReason::builder().code(code).build()
    }

    fn met(writer: &str) -> CancellationReason {
        CancellationReason::builder().code(CONDITION_FAILED).item(WRITER, AttributeValue::S(writer.to_owned())).build()
    }

    #[test]
    fn a_conflict_goes_before_a_failed_condition() {
        let failure = WriteFailure::of_reasons(&[reason(CONDITION_FAILED), reason(CONFLICT)]);
        assert!(matches!(failure, WriteFailure::Conflict(_)), "{failure:?}");
    }

    #[test]
    fn a_throttled_item_makes_the_write_retryable() {
        let failure = WriteFailure::of_reasons(&[reason(CONDITION_FAILED), reason("ThrottlingError")]);
        assert!(matches!(failure, WriteFailure::Other(TableError::Unavailable(_))), "{failure:?}");
    }

    #[test]
    fn the_failed_change_is_named_by_its_position() {
        let failure = WriteFailure::of_reasons(&[reason("None"), met("somebody"), reason("None")]);
        let WriteFailure::Conditions(failed) = &failure else { panic!("{failure:?}") };
        assert_eq!(failed.iter().map(|(position, _)| *position).collect::<Vec<_>>(), [1]);
        assert!(!failure.is_our_own_success("us"));
    }

    #[test]
    fn one_item_with_our_token_proves_that_our_transaction_won() {
        let failure = WriteFailure::of_reasons(&[reason(CONDITION_FAILED), met("us")]);
        assert!(failure.is_our_own_success("us"));
    }

    #[test]
    fn a_refused_item_is_a_defect() {
        let failure = WriteFailure::of_reasons(&[reason("None"), reason("ValidationError")]);
        assert!(matches!(failure, WriteFailure::Other(TableError::Defect(_))), "{failure:?}");
    }
}
