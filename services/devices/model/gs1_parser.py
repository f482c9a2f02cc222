"""What of biip is needed, in a module of its own, so that it is loaded when it is needed."""

from biip import ParseError
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_messages import GS1Message

__all__ = ["GS1DigitalLinkURI", "GS1Message", "ParseError"]
