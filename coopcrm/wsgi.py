"""The web server's entry."""

import gc
import os

from coopcrm import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coopcrm.settings")
os.environ.setdefault("COOPCRM_ROLE", "web")
embedded.attach()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - the role is chosen first

application = get_wsgi_application()

from coopcrm.shared.database import refuse_unsafe_start  # noqa: E402

refuse_unsafe_start()

# What is loaded stays for the life of the process: it is not looked through for garbage, and what a page leaves behind
# (some ten thousand objects) is looked through once and not fifty times.
gc.collect()
gc.freeze()
gc.set_threshold(10_000, 20, 20)
