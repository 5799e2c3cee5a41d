"""The staff web app: server-rendered pages with small scripts of our own, nothing from outside."""

from reid.web.app import create_app

__all__ = ["create_app"]
