r"""Ids, codes and times. Whoever creates a thing makes its id, so that a repeated message makes nothing twice.

Patterns end with ``$(?!\n)``: in Python a bare ``$`` lets one line break through. They name digits
as ``[0-9]``, since ``\d`` takes the digits of every script. Both read alike in JSON Schema.
"""

from typing import Annotated, NewType

from msgspec import Meta

UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$(?!\n)"
SEGMENT_PATTERN = r"^[a-z0-9-]{1,64}$(?!\n)"

Uuid = Annotated[str, Meta(pattern=UUID_PATTERN, description="A UUID in lower case; version 7 sorts by time.")]
Segment = Annotated[str, Meta(pattern=SEGMENT_PATTERN, description="A topic segment: a-z, 0-9 and hyphens.")]
Timestamp = Annotated[
    str,
    Meta(
        pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z$(?!\n)",
        description="A time in UTC, ISO 8601 with a Z.",
    ),
]
Day = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)", description="A business day, ISO 8601.")]
Version = Annotated[str, Meta(pattern=r"^[0-9A-Za-z.+-]{0,40}$(?!\n)", description="A version of software.")]
Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{32,128}$(?!\n)", description="A hash of content, hexadecimal.")]
Symbology = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,32}$(?!\n)", description="A kind of barcode.")]
ReceiptNumber = Annotated[
    str, Meta(pattern=r"^[a-z0-9-]{1,80}$(?!\n)", description="Register, series and number: 'till-1-000123'.")
]

SaleId = NewType("SaleId", Uuid)
LineItemId = NewType("LineItemId", Uuid)
TenderId = NewType("TenderId", Uuid)
RedemptionId = NewType("RedemptionId", Uuid)
DecisionId = NewType("DecisionId", Uuid)
CustomerId = NewType("CustomerId", Uuid)
StaffId = NewType("StaffId", Uuid)
PrintJobId = NewType("PrintJobId", Uuid)
ScanId = NewType("ScanId", Uuid)
EventId = NewType("EventId", Uuid)

RegisterId = NewType("RegisterId", Segment)
"""A register's id is its login."""
DeviceId = NewType("DeviceId", Segment)
ItemCode = NewType(
    "ItemCode",
    Annotated[
        str,
        Meta(
            pattern=r"^[A-Za-z0-9._-]{1,40}$(?!\n)",
            description="An item's code: up to 40 letters, digits, points, underscores and hyphens.",
        ),
    ],
)
TaxClassCode = NewType(
    "TaxClassCode",
    Annotated[
        str,
        Meta(pattern=r"^[a-z0-9_]{1,40}$(?!\n)", description="A tax class: up to 40 of a-z, 0-9 and underscores."),
    ],
)
CountryCode = NewType(
    "CountryCode",
    Annotated[str, Meta(pattern=r"^[A-Z]{2}$(?!\n)", description="ISO 3166-1 alpha-2, two capitals such as FI")],
)
CurrencyCode = NewType(
    "CurrencyCode",
    Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217, three capitals such as EUR")],
)
