"""The web server's entry."""

import os

from coopcrm import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "coopcrm.settings")
os.environ.setdefault("COOPCRM_ROLE", "web")
embedded.attach()

from django.core.wsgi import get_wsgi_application  # noqa: E402 - the role is chosen first

application = get_wsgi_application()

from coopcrm.shared.database import refuse_unsafe_start  # noqa: E402

refuse_unsafe_start()
