"""The key that vouchers' codes are made with: the hub's digest key, which no database and no backup of one holds."""

from pathlib import Path

from services.customers.model.vouchers import code_hash, code_of


class VoucherCodes:
    """Makes codes from vouchers' ids; the key is read when the first one is wanted."""

    def __init__(self, data: Path) -> None:
        self._file = data / "secrets" / "digest.key"

    def code_of(self, voucher_id: str) -> str:
        """The code of a voucher, as it is printed."""
        return code_of(voucher_id, self._file.read_bytes())

    def hash_of(self, voucher_id: str) -> bytes:
        """What is kept of a voucher's code."""
        return code_hash(self.code_of(voucher_id))
