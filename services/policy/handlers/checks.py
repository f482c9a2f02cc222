"""What policy answers about a sale, and what staff may say to it."""

from contracts.policy.checking import CheckAnswer, CheckCheckout, ListSkipReasons, SkipReasons
from services.policy.model.decision import decide
from services.policy.sentences import answer, skip_reasons
from services.policy.transactions import PolicyView


def check_checkout(query: CheckCheckout, view: PolicyView) -> CheckAnswer:
    """Say whether a sale may be paid as it stands; nothing is written, and no database is asked."""
    rulebook = view.rulebook
    return answer(decide(rulebook, query.facts), rulebook.settings, query.language, view.may_waive)


def list_skip_reasons(query: ListSkipReasons, view: PolicyView) -> SkipReasons:  # noqa: ARG001 - the same in every store
    """Tell why a prompt may be skipped, the most usual reason first."""
    return SkipReasons(skip_reasons(query.language))
