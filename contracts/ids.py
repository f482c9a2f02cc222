"""Ids and codes. Whoever creates a thing makes its id, so that a repeated message makes nothing twice."""

from typing import Annotated, NewType

from msgspec import Meta

UUID_PATTERN = r"^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
SEGMENT_PATTERN = r"^[a-z0-9-]{1,64}$"

Uuid = Annotated[str, Meta(pattern=UUID_PATTERN, description="A UUID in lower case; version 7 sorts by time.")]
Segment = Annotated[str, Meta(pattern=SEGMENT_PATTERN, description="A topic segment: a-z, 0-9 and hyphens.")]

SaleId = NewType("SaleId", Uuid)
LineItemId = NewType("LineItemId", Uuid)
TenderId = NewType("TenderId", Uuid)
DecisionId = NewType("DecisionId", Uuid)
CustomerId = NewType("CustomerId", Uuid)
StaffId = NewType("StaffId", Uuid)
PrintJobId = NewType("PrintJobId", Uuid)
ScanId = NewType("ScanId", Uuid)
EventId = NewType("EventId", Uuid)

RegisterId = NewType("RegisterId", Segment)
"""A register's id is its login."""
DeviceId = NewType("DeviceId", Segment)
ItemCode = NewType("ItemCode", Annotated[str, Meta(pattern=r"^[A-Za-z0-9._-]{1,40}$")])
TaxClassCode = NewType("TaxClassCode", Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,40}$")])
CountryCode = NewType("CountryCode", Annotated[str, Meta(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2")])
CurrencyCode = NewType("CurrencyCode", Annotated[str, Meta(pattern=r"^[A-Z]{3}$", description="ISO 4217")])
