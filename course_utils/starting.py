"""What matplotlib says of its own folders and fonts as it starts: no part of a lesson's page.

In a home that cannot be written it takes a temporary folder by itself, and no student can do anything about it.
Loading this room is enough; it comes before matplotlib.
"""

import logging


def is_worth_saying(record: logging.LogRecord) -> bool:
    """Whether a warning of matplotlib's is about anything but its own folders and its list of fonts."""
    return record.funcName != "_get_config_or_cache_dir" and "font cache" not in str(record.msg)


for _name in ("matplotlib", "matplotlib.font_manager"):
    logging.getLogger(_name).addFilter(is_worth_saying)
