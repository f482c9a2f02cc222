"""What of biip is needed, in a module of its own, so that it is loaded when it is needed."""

from biip import ParseError
from biip.gs1_application_identifiers import GS1ApplicationIdentifier
from biip.gs1_element_strings import GS1ElementString

__all__ = ["GS1ApplicationIdentifier", "GS1ElementString", "ParseError"]
