"""Run the policy service: ``python -m services.policy``."""

from services.policy.service import policy
from services.policy.settings import PolicyServiceSettings
from services.runtime.run import run

if __name__ == "__main__":
    run(policy, PolicyServiceSettings, "policy")
