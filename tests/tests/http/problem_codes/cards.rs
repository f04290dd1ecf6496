//! Codes about linked institutions, cards and autopay.

use super::Code;

pub(super) const CODES: &[Code] = &[
    Code::new(
        "authorization_text_differs",
        409,
        "The text has changed since it was read.",
        "Read the text again and agree to that.",
    )
    .with(&["text_version"]),
    Code::new(
        "bank_account_differs",
        409,
        "Another bank account is chosen than the one that was agreed to.",
        "Read the text again.",
    ),
    Code::new(
        "bank_account_not_chosen",
        409,
        "No bank account is chosen to pay from.",
        "Choose one: `PUT /cards/{card_id}/autopay`.",
    ),
    Code::new(
        "bank_account_unusable",
        409,
        "The bank account cannot be used now.",
        "Choose another one of the person's.",
    ),
    Code::new(
        "cannot_tell_cards_apart",
        409,
        "Two cards of one link cannot be told apart, so neither is paid.",
        "Link the institution with one of them alone.",
    ),
    Code::new(
        "card_has_payments",
        409,
        "Payments were made for this card.",
        "Say it of the other card, which then goes on as this one.",
    ),
    Code::new(
        "card_looks_like_another",
        409,
        "The card looks like one that was linked before.",
        "Say which it is: `PUT /cards/{card_id}/identity`.",
    ),
    Code::new(
        "card_number_changed_too_often",
        409,
        "The card number was changed too often while payments are on their way.",
        "Wait until they are settled.",
    ),
    Code::new(
        "card_number_invalid",
        422,
        "This is not a card number.",
        "Enter the 12 to 19 digits as they stand on the card.",
    ),
    Code::new(
        "card_number_of_another_card",
        422,
        "The number ends otherwise than the card that was linked.",
        "Enter the number of that card.",
    ),
    Code::new(
        "card_number_of_other_card",
        409,
        "Another card of the person has this number.",
        "Say that they are the same: `PUT /cards/{card_id}/identity`.",
    ),
    Code::new(
        "cards_joined",
        409,
        "The cards were said to be the same, and it went on with another one since.",
        "Take that back first.",
    ),
    Code::new(
        "holder_address_invalid",
        422,
        "The address cannot be printed on a check.",
        "Correct what `detail` names.",
    ),
    Code::new(
        "holder_name_invalid",
        422,
        "The name cannot be the bank's name of an account holder.",
        "Enter the name as the bank knows it.",
    ),
    Code::new(
        "item_needs_repair",
        409,
        "The institution asks the person to log in.",
        "Open Link in update mode, with a token for a repair.",
    ),
    Code::new("item_over", 409, "The link is over.", "Link the institution anew."),
    Code::new(
        "link_again",
        409,
        "What Link handed over is used up or too old.",
        "Open Link again, and send what it hands over at once.",
    ),
    Code::new(
        "payment_not_cashed",
        409,
        "The check was not cashed, so no issuer can have credited it.",
        "Wait until it is cashed.",
    ),
    Code::new(
        "plaid_unavailable",
        503,
        "The institution cannot be asked now.",
        "Send the same request again after `Retry-After` seconds.",
    ),
    Code::new("public_token_invalid", 422, "This is no public token.", "Send it as Link handed it over."),
    Code::new(
        "redirect_uri_invalid",
        422,
        "The address cannot be one to come back to.",
        "Send one that `detail` describes.",
    ),
    Code::new("rule_invalid", 422, "The rule cannot be.", "Correct what `detail` names."),
    Code::new("two_cards", 409, "The link shows these as two cards, so they are two.", "Leave them as two."),
    Code::new(
        "unlike_cards",
        409,
        "The two cards differ too much to be one.",
        "Give the number that was entered for the other one, or leave them as two.",
    ),
];
