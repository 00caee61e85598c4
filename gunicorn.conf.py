"""Gunicorn's settings; the address and the mode come from the same environment variables as the office's own."""

import logging
import os
from pathlib import Path
from types import FrameType

from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker

from config import Misconfigured, load  # the module itself must not be named here: gunicorn has a setting `config`

try:
    _settings = load(os.environ)
except Misconfigured as error:
    raise SystemExit(str(error)) from None


class _WithoutQueries(logging.Filter):
    """Cut the query string off addresses in the error log: a search may be a name or a phone number."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args)
        return True


class _OfficeLogger(Logger):
    """Gunicorn's logger, minus what people search for."""

    def setup(self, cfg: object) -> None:
        super().setup(cfg)
        self.error_log.addFilter(_WithoutQueries())


class _PatientWorker(ThreadWorker):
    """The gthread worker, ending on Ctrl+C as on SIGTERM: what runs is finished.

    Its own quick stop waits for a lock that the interrupted code may hold, and then hangs until it is killed.
    """

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        self.handle_exit(sig, frame)


bind = _settings["BIND"]
worker_class = _PatientWorker
workers = int(os.environ.get("WEB_CONCURRENCY", "") or len(os.sched_getaffinity(0)))
threads = 4
timeout = 60
graceful_timeout = 15
keepalive = 5
max_requests = 2000  # a worker is replaced now and then, not all of them at once
max_requests_jitter = 400
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - memory, for the heartbeat only
control_socket_disable = True
forwarded_allow_ips = ""  # X-Forwarded-* is the office's own business, by TRUSTED_PROXIES

logger_class = _OfficeLogger
loglevel = "info" if _settings["MODE"] == "production" else "warning"
errorlog = "-"
accesslog = "-" if _settings["MODE"] == "production" else None
access_log_format = "%(h)s %(t)s %(m)s %(U)s %(s)s %(B)s bytes %(M)s ms"  # %(U)s is the path without its query
