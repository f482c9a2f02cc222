"""Run checkout: ``python -m services.checkout``."""

from services.checkout.service import checkout
from services.checkout.settings import CheckoutSettings
from services.runtime.run import run

if __name__ == "__main__":
    run(checkout, CheckoutSettings, "checkout")
