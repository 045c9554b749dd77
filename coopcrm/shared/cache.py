"""Django's cache in Redis with one client for a process: it builds another with two hundred entries for every call."""

from __future__ import annotations

from django.core.cache.backends import redis


class OneClient(redis.RedisCacheClient):
    """Keeps the client of each pool; clients are safe to share between threads."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._clients: dict[int, object] = {}

    def get_client(self, key=None, *, write=False):
        pool = self._get_connection_pool(write)
        client = self._clients.get(id(pool))
        if client is None:
            client = self._clients[id(pool)] = self._client(connection_pool=pool)
        return client


class RedisCache(redis.RedisCache):
    """The cache of ``settings.CACHES``."""

    def __init__(self, server, params) -> None:
        super().__init__(server, params)
        self._class = OneClient
