"""The desk that staff work at: case-bound search, decisions, erasure, all audited."""

from reid.desk.desk import Desk, Found
from reid.desk.erasure import Tidied
from reid.desk.parsed_description import UNKNOWN, Filters, LatestQuery, ParsedDescription
from reid.desk.pictures import PictureKeys
from reid.desk.reach import Reach, radius, reachable
from reid.desk.sites import SiteAnswer, search_sites

__all__ = [
    "UNKNOWN",
    "Desk",
    "Filters",
    "Found",
    "LatestQuery",
    "ParsedDescription",
    "PictureKeys",
    "Reach",
    "SiteAnswer",
    "Tidied",
    "radius",
    "reachable",
    "search_sites",
]
