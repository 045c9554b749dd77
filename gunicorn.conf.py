"""Hooks of the web server: its processes count their requests in one folder, which lives as long as the server."""

import os
import shutil
import tempfile

os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="coopcrm-metrics-"))


def child_exit(server, worker) -> None:
    """Keep the counts of a process that has ended, not its gauges."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server) -> None:
    """Leave nothing behind."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
