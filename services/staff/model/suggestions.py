"""Whom a register suggests for the credit.

Pure: nothing here waits, stores or reads a clock.
"""

from collections.abc import Iterable, Sequence

from contracts.ids import StaffId
from contracts.staff import StaffMember
from contracts.staff.credit import StaffSuggestions, SuggestedStaff
from services.staff.model.names import words

SEARCH_FROM = 12
"""So many active staff members are too many to look through."""
MOST_FOUND = 20
MOST_LATELY = 5


def suggest(members: Iterable[StaffMember], lately: Sequence[StaffId], text: str) -> StaffSuggestions:
    """Those credited lately, newest first, then the others by name.

    Args:
        members: everybody on the list; who is not active is left out.
        lately: who was credited at the register, newest first.
        text: what was typed; each word of it begins a word of the name or of the short name.
    """
    active = sorted(
        (member for member in members if member.active), key=lambda member: (member.name.casefold(), member.staff_id)
    )
    ids = {member.staff_id for member in active}
    newest = [staff_id for staff_id in lately if staff_id in ids][:MOST_LATELY]
    wanted = words(text)
    found = [member for member in active if _matches(member, wanted)]
    found.sort(key=lambda member: newest.index(member.staff_id) if member.staff_id in newest else MOST_LATELY)
    return StaffSuggestions(
        staff=tuple(
            SuggestedStaff(member.staff_id, member.name, member.short_name, lately=member.staff_id in newest)
            for member in found[: MOST_FOUND if wanted else SEARCH_FROM]
        ),
        search_wanted=len(active) >= SEARCH_FROM,
    )


def _matches(member: StaffMember, wanted: Sequence[str]) -> bool:
    have = [*words(member.name), *words(member.short_name)]
    return all(any(word.startswith(each) for word in have) for each in wanted)
