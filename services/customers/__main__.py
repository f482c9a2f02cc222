"""Run the customers service: ``python -m services.customers``."""

from services.customers.service import customers
from services.customers.settings import CustomersSettings
from services.runtime.run import run

if __name__ == "__main__":
    run(customers, CustomersSettings, "customers")
