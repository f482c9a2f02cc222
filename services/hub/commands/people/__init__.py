"""``staff``: who works here, what their roles may do, what they sold."""

from services.hub.commands.people.roles import role_staff
from services.hub.commands.people.sales import report_staff
from services.hub.commands.people.staff_list import (
    add_owner_staff,
    add_staff,
    edit_staff,
    erase_staff,
    export_staff,
    list_staff,
)

__all__ = [
    "add_owner_staff",
    "add_staff",
    "edit_staff",
    "erase_staff",
    "export_staff",
    "list_staff",
    "report_staff",
    "role_staff",
]
