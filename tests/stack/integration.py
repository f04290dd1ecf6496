"""What docs/integrate.md tells an operator, read from the page itself."""

import json
import pathlib

PAGE = pathlib.Path(__file__).parents[2] / "docs/integrate.md"


def webhook_events():
    """The bank's events to register."""
    _, _, rest = PAGE.read_text(encoding="utf-8").partition('"enabled_events": ')
    listed, _, _ = rest.partition("]")
    return json.loads(listed + "]")
