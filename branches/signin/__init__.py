"""The one door: password, second factor, registered devices, sessions. ``docs/sign-in.md`` tells it in words."""
