"""How the web server runs, in the demonstration, under measurement and in production alike.

A process takes no more connections than it can answer at once: who comes meanwhile is taken by a process that is free,
and nobody waits behind a long page while another process is idle. So connections are not kept open either; a browser
keeps them with the proxy that ends TLS.
"""

import os
import shutil
import tempfile

MOST_PROCESSES = 16

os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", tempfile.mkdtemp(prefix="coopcrm-metrics-"))

workers = int(os.environ.get("WEB_CONCURRENCY") or min(MOST_PROCESSES, 2 * (os.cpu_count() or 1)))
worker_class = "gthread"
threads = 2
worker_connections = threads
keepalive = 0
preload_app = True  # the processes share what they have loaded, and a new one starts at once
timeout = 60
graceful_timeout = 30
max_requests = 5000
max_requests_jitter = 500
control_socket_disable = True


def post_worker_init(worker) -> None:
    """Each process looks for itself under which role it works; the database may have been away at the start."""
    from coopcrm.shared.database import refuse_unsafe_start

    refuse_unsafe_start()


def child_exit(server, worker) -> None:
    """Keep the counts of a process that has ended, not its gauges."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server) -> None:
    """Leave nothing behind."""
    shutil.rmtree(os.environ["PROMETHEUS_MULTIPROC_DIR"], ignore_errors=True)
