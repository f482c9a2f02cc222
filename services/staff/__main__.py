"""Run the staff service: ``python -m services.staff``."""

from services.runtime.run import run
from services.staff.service import staff
from services.staff.settings import StaffSettings

if __name__ == "__main__":
    run(staff, StaffSettings, "staff")
