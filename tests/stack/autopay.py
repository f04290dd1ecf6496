"""The second job through the deployed stack: from a link to a cashed check, with webhooks of Plaid and of the bank."""

import web
from payroll_file import cents
from steps import check, equal, step

BANK, ISSUER = "ins_2", "ins_3"
SUBJECT = "person@local"
# 63.1 % of 5,000.00 is owed after the purchase: 1,655.37 above 30 %.
PURCHASE, OWED_BEFORE, LIMIT, PAID = "2700.37", "455.00", "5000.00", "1655.37"
REMITTANCE = {
    "name": "Example Card Services",
    "address": {"line_1": "PO Box 100", "city": "Wilmington", "state": "DE", "postal_code": "19886"},
}
# Nobody made these: one of an algorithm that Plaid does not use, one of a key that it does not have.
FORGED = (
    "eyJhbGciOiJIUzI1NiIsImtpZCI6IjEiLCJ0eXAiOiJKV1QifQ.e30.AAAA",
    "eyJhbGciOiJFUzI1NiIsImtpZCI6IjAwMDAwMDAwLTAwMDAtNDAwMC04MDAwLTAwMDAwMDAwMDAwMSIsInR5cCI6IkpXVCJ9.e30." + "A" * 86,
)
# Calendar days, more than each takes: until a debit has settled and its hold is over; until a letter has arrived; until a check is paid.
HOLD_DAYS, MAIL_DAYS, CASH_DAYS = 10, 8, 4


def tell(world):
    with step("a person links a bank and a card, and puts the card on autopay"):
        card = set_up(world)
    with step("a forged webhook gets 401 and leaves nothing"):
        refuse_forged(world)
    with step("another person finds nothing of it"):
        refuse_others(world, card)
    with step("a purchase: Plaid's signed webhook becomes a debit"):
        payment = buy(world, card)
    with step("pulled, held, mailed as a check, delivered"):
        mail(world, card, payment)
    with step("cashed: the card's payment is complete, and the bank agrees"):
        cash(world, card, payment)


def set_up(world):
    """Answers the card's path."""
    path = f"/billers/{ISSUER}/remittance"
    world.ask("PUT", path, world.approver, 200, body=REMITTANCE)
    world.ask("POST", f"{path}/confirm", world.providers["operator_token"], 200, body=REMITTANCE)
    # The template gives the address that AWS would have; the emulator's is another.
    with world.time.nothing_runs():
        world.stack.set_variable("PLAID_WEBHOOK_URL", plaid_webhook(world))
    checking = {
        "key": "checking", "name": "Example Checking", "mask": "6789", "type": "depository", "subtype": "checking",
        "balances": {"available": "8000.00", "current": "8000.00"},
        "numbers": {"account": "000123456789", "routing": "021000021"},
    }  # fmt: skip
    card = {
        "key": "card", "name": "Everyday Card", "mask": "4421", "type": "credit", "subtype": "credit card",
        "balances": {"current": OWED_BEFORE, "limit": LIMIT}, "credit": {"is_overdue": False},
    }  # fmt: skip
    for institution, account in ((BANK, checking), (ISSUER, card)):
        link(world, institution, account)
    world.time.wait_quiet()
    (card,) = mine(world, "/cards")
    (bank_account,) = mine(world, "/bank-accounts")
    path = f"/cards/{card['card_id']}"
    chosen = {
        "bank_account_id": bank_account["bank_account_id"],
        "rule": {"threshold": 3000, "above_threshold": {"down_to": 3000}, "when_due": "minimum"},
        "card_number": "4111000001004421",
    }
    me(world, "PUT", f"{path}/autopay", 200, body=chosen)
    text = me(world, "GET", f"/authorization-text?card_id={card['card_id']}&least=1.00&most=2500.00", 200).json()
    agreed = {name: text[name] for name in ("text_version", "text_sha256", "bank_account_id", "range")}
    equal(me(world, "POST", f"{path}/authorization", 200, body=agreed).json()["missing"], [], "what is missing")
    world.time.wait_quiet()
    return path


def link(world, institution, account):
    control(world, "create-person", {"user_id": SUBJECT, "institution_id": institution, "accounts": [account]})
    token = me(world, "POST", "/link-tokens", 201, body={}).json()["link_token"]
    finished = control(world, "finish-link", {"link_token": token, "user_id": SUBJECT, "institution_id": institution})
    body = {"public_token": finished["public_token"], "holder_name": "Ann Example"}
    me(world, "POST", "/items", 201, body=body)


def refuse_forged(world):
    before = world.stack.items()
    for verification in FORGED:
        headers = {"Plaid-Verification": verification, "Content-Type": "application/json"}
        body = b'{"webhook_type":"TRANSACTIONS","webhook_code":"SYNC_UPDATES_AVAILABLE","item_id":"1"}'
        equal(web.call("POST", plaid_webhook(world), body=body, headers=headers).status, 401, "a forged webhook")
    equal(world.stack.items(), before, "items of the table after forged webhooks")
    check(not any(map(world.stack.messages, world.time.queues)), "a forged webhook queued something")


def refuse_others(world, card):
    other = world.providers["other_person_token"]
    for path in (card, f"{card}/payments", f"{card}/reviews"):
        world.ask("GET", path, other, 404)
    world.ask("DELETE", f"{card}/authorization", other, 404)
    for path in ("/cards", "/bank-accounts", "/items"):
        equal(world.ask("GET", path, other, 200).json()["items"], [], f"what another person has in {path}")
    world.ask("GET", card, world.uploader, 403)


def buy(world, card):
    """Answers the payment that the webhook led to, once its debit is at the bank."""
    before = webhooks(world)
    control(world, "purchase", {"user_id": SUBJECT, "account": "card", "amount": PURCHASE, "name": "Example Shop"})
    world.time.wait_quiet()
    check(webhooks(world) > before, "Plaid sent no webhook, or none was taken")
    (payment,) = payments(world, card)
    equal((payment["amount"], payment["state"]), (PAID, "unprocessed"), "the payment")
    check("63.1 % of 5,000.00 is above 30 %" in payment["reason"], f"its reason: {payment['reason']}")
    (debit,) = at_bank(world, "ach", PAID)
    equal(debit["type"], "DEBIT", "what was sent")
    return payment["payment_id"]


def mail(world, card, payment):
    world.time.skip(HOLD_DAYS)
    (check_at_bank,) = at_bank(world, "checks", PAID)
    equal(check_at_bank["payee_address"]["line_1"], REMITTANCE["address"]["line_1"], "where the check goes")
    world.time.skip(MAIL_DAYS)
    (paid,) = payments(world, card)
    found = (paid["payment_id"], paid["state"], paid["check"])
    equal(found, (payment, "processing", {"status": "issued", "delivery_status": "delivered"}), "the check")
    # An issued check is money that is locked and not yet gone, with us and at the bank.
    locked = [name for name, of in accounts(world).items() if name.startswith("cash_locked") and of["balance"] != "0.00"]
    equal(len(locked), 1, "accounts with money locked for a check")
    equal(balances(world, check_at_bank)["locked_amount"], cents(PAID), "what the bank has locked")


def cash(world, card, payment):
    (check_at_bank,) = at_bank(world, "checks", PAID)
    web.call("POST", f"{world.bank}/__control/cash-check", body={"transfer_id": check_at_bank["id"]})
    world.time.skip(CASH_DAYS)
    (paid,) = payments(world, card)
    equal((paid["payment_id"], paid["state"], paid["check"]["status"]), (payment, "completed", "settled"), "the payment")
    left = {name: amount for name, amount in balances(world, check_at_bank).items() if amount}
    equal(left, {}, "what is left in the person's account at the bank")
    equal(world.transfers()["duplicate_keys_with_other_content"], 0, "keys sent with other content")


def plaid_webhook(world):
    return world.stack.url("PlaidWebhookEndpoint")


def me(world, method, path, expected, **request):
    return world.ask(method, path, world.providers["person_token"], expected, **request)


def mine(world, path):
    return me(world, "GET", path, 200).json()["items"]


def payments(world, card):
    return mine(world, f"{card}/payments")


def control(world, name, body):
    """What the person, their bank or their card's issuer do, where Plaid sees it."""
    answer = web.call("POST", f"{world.plaid}/__control/{name}", body=body)
    equal(answer.status, 200, f"Plaid's {name} ({answer.body[:300]!r})")
    return answer.json()


def webhooks(world):
    return web.call("GET", f"{world.plaid}/__control/counters").json()["deliveries"]["succeeded"]


def at_bank(world, family, amount):
    """The bank's transfers of that amount."""
    listed = web.call("GET", f"{world.bank}/transfers/{family}?limit=100", key=world.providers["column_api_key"]).json()
    name = "positive_pay_amount" if family == "checks" else "amount"
    return [transfer for transfer in listed["transfers"] if transfer[name] == cents(amount)]


def balances(world, transfer):
    path = f"/bank-accounts/{transfer['bank_account_id']}"
    return web.call("GET", f"{world.bank}{path}", key=world.providers["column_api_key"]).json()["balances"]


def accounts(world):
    return world.ask("GET", "/ledger/trial-balance", world.uploader, 200).json()["accounts"]
