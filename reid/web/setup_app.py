"""The app of the first run: it sets a venue up, and ends when the desk begins."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from reid.core.errors import AccessError, ReidError
from reid.web.app import HERE, templates
from reid.web.rights import SETUP_RIGHTS, check_rights
from reid.web.routes import first_run
from reid.web.security import RequestGuard
from reid.web.setup import Setup, show


def create_setup(setup: Setup) -> FastAPI:
    """Make the app that sets a venue up."""
    app = FastAPI(title="reid", docs_url=None, redoc_url=None, openapi_url=None)
    setup.pages = templates()
    app.state.setup = setup
    app.include_router(first_run.router)
    check_rights(app, SETUP_RIGHTS)
    app.mount("/static", StaticFiles(directory=HERE / "static"), name="static")
    app.add_middleware(RequestGuard, tls=setup.tls, hosts=None)
    for kind in (ReidError, HTTPException, RequestValidationError, Exception):
        app.add_exception_handler(kind, _explained)
    return app


async def _explained(request: Request, error: Exception) -> Response:
    if isinstance(error, AccessError):
        return show(request, "setup_closed.html", 403)
    if isinstance(error, HTTPException):
        return show(request, "setup_closed.html", error.status_code)
    said = str(error) if isinstance(error, ReidError) else type(error).__name__
    return HTMLResponse(said.replace("<", "&lt;"), 400 if isinstance(error, ReidError) else 500)
