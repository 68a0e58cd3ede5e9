"""Why an account is suspended or enabled, in the words people choose from."""

SUSPEND_REASONS = {
    "non_payment": "Non-payment",
    "spam": "Spam or nuisance calls",
    "fair_use": "Fair use",
    "customer_request": "Asked for by the customer",
    "other": "Other (see the note)",
}
ENABLE_REASONS = {
    "paid": "Paid",
    "payment_plan": "Payment plan agreed",
    "mistake": "Suspended by mistake",
    "other": "Other (see the note)",
}
DEACTIVATE_REASONS = {
    "customer_request": "Asked for by the customer",
    "moved": "Moved to another provider",
    "non_payment": "Non-payment",
    "fraud": "Fraud or abuse",
    "other": "Other (see the note)",
}
REASON_WORDS = SUSPEND_REASONS | ENABLE_REASONS | DEACTIVATE_REASONS
"""Every reason that an account's history may have."""
NOTE_LIMIT = 2000


def check_grounds(reason: str | None, note: str | None, reasons: dict[str, str]) -> str | None:
    """What is missing for a change of status, as a sentence. None when reason and note are enough."""
    if reason not in reasons:
        return "Choose a reason."
    if reason == "other" and not (note or "").strip():
        return "Write the reason in the note."
    if note and len(note) > NOTE_LIMIT:
        return f"The note has {len(note):,} characters. It can have at most {NOTE_LIMIT:,}."
    return None
