//! Which call does what.

use super::Column;
use super::counterparties::get_institution;
use super::error::ApiError;
use super::idempotency::Made;
use crate::http::Request;

const LONGEST_IDEMPOTENCY_KEY: usize = 255;

impl Column {
    pub(crate) fn route(&mut self, request: &Request) -> Result<String, ApiError> {
        let segments: Vec<&str> = request.path.split('/').filter(|segment| !segment.is_empty()).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("POST", ["transfers", "ach"]) => self.once(request, |bank, key| bank.create_ach(request, key)),
            ("GET", ["transfers", "ach"]) => self.list_ach(request),
            ("GET", ["transfers", "ach", id]) => self.ach_position(id).map(|position| self.ach_json_now(position)),
            ("POST", ["transfers", "ach", id, "cancel"]) => {
                self.cancel_ach(id).map(|position| self.ach_json_now(position))
            }
            ("POST", ["transfers", "ach", id, "reverse"]) => {
                self.once(request, |bank, key| bank.reverse_ach(id, request, key))
            }
            (method, ["transfers", "checks", path @ ..]) => self.route_checks(method, path, request),
            ("GET", ["transfers"]) => self.list_transfers(request),
            ("POST", ["bank-accounts"]) => self.once(request, |bank, _| bank.create_bank_account(request)),
            ("GET", ["bank-accounts"]) => self.list_bank_accounts(request),
            ("GET", ["bank-accounts", id]) => self.get_bank_account(id),
            ("POST", ["bank-accounts", id, "account-numbers"]) => {
                self.once(request, |bank, _| bank.create_account_number(id, request))
            }
            ("GET", ["bank-accounts", id, "account-numbers"]) => self.list_account_numbers(id, request),
            ("GET", ["account-numbers", id]) => self.get_account_number(id),
            ("POST", ["entities", "business"]) => self.once(request, |bank, _| bank.create_business(request)),
            ("GET", ["entities"]) => self.list_entities(request),
            ("GET", ["entities", id]) => self.get_entity(id),
            ("POST", ["counterparties"]) => self.create_counterparty(request),
            ("GET", ["counterparties"]) => self.list_counterparties(request),
            ("GET", ["counterparties", id]) => self.get_counterparty(id),
            ("DELETE", ["counterparties", id]) => self.delete_counterparty(id),
            ("GET", ["institutions", routing_number]) => get_institution(routing_number),
            ("POST", ["simulate", "receive-wire"]) => self.receive_wire(request),
            ("POST", ["simulate", "deposit-issued-check"]) => self.deposit_issued_check(request),
            ("POST", ["simulate", "transfers", "ach", "settle"]) => self.simulate_ach_settlement(request),
            (method, path) => self.route_events(method, path, request),
        }
    }

    fn route_checks(&mut self, method: &str, path: &[&str], request: &Request) -> Result<String, ApiError> {
        match (method, path) {
            ("POST", ["issue"]) => self.once(request, |bank, key| bank.issue_check(request, key)),
            ("GET", []) => self.list_checks(request),
            ("GET", [id]) => self.check_position(id).map(|position| self.check_json_now(position)),
            ("POST", [id, "stop-payment"]) => self.stop_check(id).map(|position| self.check_json_now(position)),
            ("POST", [id, "return"]) => self.return_paid_check(id, request),
            ("GET", [id, "returns"]) => self.list_check_returns(id),
            _ => Err(ApiError::not_found("route")),
        }
    }

    fn route_events(&mut self, method: &str, path: &[&str], request: &Request) -> Result<String, ApiError> {
        match (method, path) {
            ("GET", ["events"]) => self.list_events(request, false),
            ("GET", ["events", "webhook"]) => self.list_events(request, true),
            ("GET", ["events", id]) => self.get_event(id),
            ("POST", ["webhook-endpoints" | "webhook_endpoints"]) => self.create_endpoint(request),
            ("GET", ["webhook-endpoints" | "webhook_endpoints"]) => Ok(self.list_endpoints()),
            ("GET", ["webhook-endpoints" | "webhook_endpoints", id]) => self.get_endpoint(id),
            ("PATCH", ["webhook-endpoints" | "webhook_endpoints", id]) => self.change_endpoint(id, request),
            ("DELETE", ["webhook-endpoints" | "webhook_endpoints", id]) => self.delete_endpoint(id),
            ("POST", ["webhook-endpoints" | "webhook_endpoints", id, "verify"]) => self.verify_endpoint(id, request),
            ("GET", ["webhook-deliveries" | "webhook_deliveries", "event", id]) => self.deliveries_of_event(id),
            _ => Err(ApiError::not_found("route")),
        }
    }

    /// Runs a creating request at most once per endpoint and idempotency key; only a success is remembered.
    fn once(
        &mut self,
        request: &Request,
        create: impl FnOnce(&mut Self, &str) -> Result<Made, ApiError>,
    ) -> Result<String, ApiError> {
        let Some(key) = request.header("idempotency-key").filter(|key| !key.is_empty()) else {
            let made = create(self, "")?;
            return Ok(self.write(made));
        };
        if key.len() > LONGEST_IDEMPOTENCY_KEY {
            return Err(ApiError::field("Idempotency-Key", "must have at most 255 characters"));
        }
        let made = match self.idempotency.replay(self.now, request, key) {
            Some(made) => made,
            None => {
                let made = create(self, key)?;
                self.idempotency.store(self.now, request, key, made.clone());
                made
            }
        };
        Ok(self.write(made))
    }

    fn write(&self, made: Made) -> String {
        match made {
            Made::Ach { transfer, steps } => self.ach_json(transfer, steps),
            Made::Check { check, steps } => self.check_json(check, steps),
            Made::Body(body) => body,
        }
    }
}
