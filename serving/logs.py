"""Log lines as JSON, one object a line, with the trace id of the work that wrote them."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from serving.telemetry import current_trace_id


class JsonFormatter(logging.Formatter):
    """Formats records as JSON objects with time, level, logger, message, trace id and traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace_id := current_trace_id():
            line["trace_id"] = trace_id
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure(level: str) -> None:
    """Sends all logs from the given level up to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
