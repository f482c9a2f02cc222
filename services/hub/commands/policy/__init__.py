"""``policy``: what a checkout must collect, what other settings would do, and what came of those in force."""

from services.hub.commands.policy.figures import exceptions_policy, report_policy, what_if_policy
from services.hub.commands.policy.in_force import set_policy, show_policy

__all__ = ["exceptions_policy", "report_policy", "set_policy", "show_policy", "what_if_policy"]
