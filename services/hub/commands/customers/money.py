"""The store's currency, as the hub that runs has it: no command guesses one, and none takes another for it.

Never here: how amounts are written (``report_files.py``).
"""

from contracts.ids import CurrencyCode
from services.hub import running_hub
from services.hub.persons import Who
from services.hub.terminal import CommandRefused, data_folder


def store_currency(who: Who, named: str | None = None) -> CurrencyCode:
    """The currency of all balances.

    Raises:
        NoHub: none runs.
        CommandRefused: another one was named.
    """
    currency = running_hub.find(data_folder(who.data)).currency
    if named not in {None, currency}:
        raise CommandRefused(
            f"--currency {str(named)[:20]!r}: all balances of this store are in {currency}; leave out the columns of "
            "balances in another currency"
        )
    return currency
