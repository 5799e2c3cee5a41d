"""Pages to print that need no running app."""

from html import escape
from typing import Final

from reid.desk.policy import Policy
from reid.web.translations import words

_PAGE: Final = """<!doctype html>
<html lang="{language}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{name}</title><style>
@page {{ size: A4 portrait; margin: 15mm }}
body {{ font: 22pt/1.4 system-ui, sans-serif; color: #16202e; margin: 0; text-align: center }}
svg {{ width: 62mm; margin: 12mm auto 8mm }}
h1 {{ font-size: 34pt; margin: 0 0 8mm }}
p {{ margin: 0 8mm 6mm }}
small {{ font-size: 13pt; color: #45536b }}
</style></head><body>
<svg viewBox="0 0 24 24" fill="none" stroke="#16202e" stroke-width="1.4" role="img"
 aria-label="camera"><path d="M3 7.5 15 4l2 6.5-12 3.5zM17 8l4-1 .8 3-4 1M7 13.5V20M4 20h6"/></svg>
<h1>{name}</h1><p>{text}</p><p><small>{who}</small></p></body></html>
"""


def sign_page(policy: Policy) -> str:
    """Return a warning sign with the venue's own text, as a page to print."""
    who = " · ".join(part for part in (policy.venue.controller, policy.venue.contact) if part)
    text = policy.signs.text or words().translator(policy.venue.language)("sign.text")
    return _PAGE.format(
        language=escape(policy.venue.language),
        name=escape(policy.venue.name),
        text=escape(text),
        who=escape(who),
    )
