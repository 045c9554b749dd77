"""Log lines: one JSON object each, in UTC, with the request's id; no personal data, no control characters."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

from coopcrm.shared import acting

EXTRA_FIELDS = ("method", "route", "status", "milliseconds", "job", "order", "kind", "step", "count")
LONGEST_MESSAGE = 2000


class JsonFormatter(logging.Formatter):
    """Time, level, logger, message, request id and actor, plus the fields of ``EXTRA_FIELDS`` that are given."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:LONGEST_MESSAGE],
        }
        who = acting.current()
        if who.request_id:
            line["request_id"] = who.request_id
        if who.actor_id is not None:
            line["actor"] = who.actor_id
        for name in EXTRA_FIELDS:
            if (value := getattr(record, name, None)) is not None:
                line[name] = value
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
            line["trace"] = _places(record.exc_info[2])
        return json.dumps(line, ensure_ascii=True, default=str)


def _places(trace) -> list[str]:
    """Where an error arose, without the values it speaks of: those may be somebody's name or number."""
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{code.co_filename.rpartition('site-packages/')[2]}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-12:]
