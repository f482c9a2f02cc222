"""Run the devices service: ``python -m services.devices``."""

from services.devices.service import devices
from services.devices.settings import DevicesSettings
from services.runtime.run import run

if __name__ == "__main__":
    run(devices, DevicesSettings, "devices")
