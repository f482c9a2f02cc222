"""Why a row of a file was refused, in words for whoever has the file before them; contracts keep field and rule."""

from typing import Final

from contracts.customers.importing import RowResult

_RULES: Final = {
    "email": "an email address such as anna@example.com, one in the cell",
    "phone": "a phone number that is in use in its country; of another country with + and that country's number",
    "phone-without-extension": "a phone number without an extension",
    "country-with-phones": "a country that has phones, by its code (ISO 3166-1)",
    "code": "a code of 1 to 64 printable characters without blanks at its ends",
    "birth-date": "a day of birth that the calendar has, not to come and not before 1880",
    "date": "a day that the calendar has",
    "postcode": "a postcode of letters, digits, blanks and hyphens",
    "country": "a country by its code (ISO 3166-1)",
    "language": "a language by its code (ISO 639-1)",
    "link": "an address in the web such as https://example.com",
    "handle-without-blank": "a name without blanks",
    "tag-without-comma": "a tag without a comma",
    "vat-number": "a VAT number with a right check digit",
    "vat-number-with-country": "a VAT number that begins with its country",
    "vat-number-needed": "for trade within the EU a VAT number",
    "custom-field": "a custom field of the shop; --make-fields makes those that are missing",
    "text": "a text of at most 1000 characters",
    "integer": "a whole number",
    "decimal": "a number such as 12.50",
    "boolean": "yes or no",
    "choice": "one of the field's choices",
    "list-of-text": "at most 100 texts",
    "code-active-or-blocked": "a code that is not active and blocked at once",
    "placeholder-holds-nothing": "nothing, for a placeholder stands for nobody",
}
_CODES: Final = {
    "customer-incomplete": "the shop keeps no customer without it ([customers] minimum)",
    "code-taken": "another customer has that code",
    "customer-erased": "they were erased, and do not come back by a file",
    "possible-duplicate": "somebody on file may be the same person",
    "group-name-taken": "another group has that name",
    "revision-conflict": "the customer was changed here since the file was written",
}
"""What codes say that come without a rule."""
_AT_MOST: Final = "at-most-"


def rule_in_words(rule: str | None, code: str | None = None) -> str | None:
    """A rule of the contract in words; where a refusal has none, what its code says."""
    if not rule:
        return _CODES.get(code or "")
    if rule.startswith(_AT_MOST):
        return f"at most {rule.removeprefix(_AT_MOST)} together with what is on file"
    return _RULES.get(rule, rule)


def why(result: RowResult) -> str | None:
    """The rule, and who may be the same person, by what: so that somebody can look whether it is."""
    like = ", ".join(
        f"{each.name} {each.customer_id} has the same {' and '.join(each.matched).replace('_', ' ')}"
        for each in result.duplicates
    )
    rule = rule_in_words(result.rule, None if like else result.code)
    return "; ".join(filter(None, (rule, like))) or None
