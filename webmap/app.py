"""The web application: pages, map tiles and the API."""

from __future__ import annotations

from flask import Blueprint, Flask
from flask_openapi import APIBlueprint, Info, OpenAPI, SecurityScheme
from sqlalchemy import Engine

from geogrid.actions.district import District, open_district
from geogrid.domain.profiles import Profile
from geogrid.settings import Settings
from geogrid.store.session import make_engine
from webmap import (
    account_pages,
    admin_keys,
    admin_people,
    api,
    api_docs,
    assessment,
    audit_page,
    bundles,
    desk,
    enterprises,
    event_page,
    figures,
    follow,
    health,
    home,
    hotline,
    imports,
    ledger,
    lists_page,
    login_pages,
    mediator,
    mediator_papers,
    officer,
    orders,
    recast,
    teams_page,
    tiles,
    unplaced,
    wall_door,
    window,
)
from webmap.api.base import Refusal, refuse_query
from webmap.compression import install_compression
from webmap.errors import install_errors
from webmap.headers import install_headers
from webmap.installation import EXTENSION, Installation
from webmap.language import install_language
from webmap.limits import install_allowances, install_limits
from webmap.loopback import LOOPBACK
from webmap.navigation import install_navigation
from webmap.roles import install_roles
from webmap.signed_in import install_signed_in
from webmap.static_files import install_static_files
from webmap.tls import tls_of
from webmap.token import read_or_make_factor_key, read_or_make_token

# Every module of the application that answers requests: add a line to add a page.
BLUEPRINTS: tuple[Blueprint, ...] = (
    home.blueprint,
    imports.blueprint,
    unplaced.blueprint,
    recast.blueprint,
    figures.blueprint,
    tiles.blueprint,
    bundles.blueprint,
    desk.blueprint,
    event_page.blueprint,
    orders.blueprint,
    window.blueprint,
    follow.blueprint,
    api.blueprint,
    api_docs.blueprint,
    officer.blueprint,
    health.blueprint,
    login_pages.blueprint,
    account_pages.blueprint,
    wall_door.blueprint,
    admin_keys.blueprint,
    admin_people.blueprint,
    lists_page.blueprint,
    hotline.blueprint,
    enterprises.blueprint,
    teams_page.blueprint,
    audit_page.blueprint,
    assessment.blueprint,
    ledger.blueprint,
    mediator.blueprint,
    mediator_papers.blueprint,
)


def create_app(settings: Settings, *, engine: Engine | None = None, district: District | None = None) -> Flask:
    """Return the application for ``settings``; tests may hand in an ``engine`` and a ``district`` of their own.

    Raises
    ------
    SetupError
        where the profile is broken or the write token is readable by others.
    """
    app = OpenAPI(
        "webmap",
        info=Info(title="geogrid", version="1", description=api_docs.ABOUT),
        security_schemes={"token": SecurityScheme(type="http", scheme="bearer")},
        validation_error_callback=refuse_query,
        validation_error_status=400,
        validation_error_model=Refusal,
        doc_ui=False,
        static_folder=None,
    )
    # A page of another site whose name was pointed at this machine must not read the API: only these host names are served.
    tls = tls_of(settings)
    app.config.update(TRUSTED_HOSTS=[*LOOPBACK, *(tls.hosts() if tls else ())], PROVIDE_AUTOMATIC_OPTIONS=True)
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    engine = engine or make_engine(settings)
    # Compiling an edition reads through connections of its own: requests that wait for it may hold all the others.
    district = district or open_district(settings, make_engine(settings))
    token = read_or_make_token(settings.var_dir)
    app.extensions[EXTENSION] = Installation(settings, engine, district, token, read_or_make_factor_key(settings.var_dir))
    install_language(app, settings.language or district.profile.language)
    install_headers(app, settings.stream_port)
    install_limits(app)
    install_allowances(app)
    install_roles(app)
    install_errors(app)
    install_signed_in(app)
    install_navigation(app)
    install_static_files(app)
    install_compression(app)
    _register(app, district.profile)
    return app


def _register(app: OpenAPI, profile: Profile) -> None:
    for blueprint in BLUEPRINTS:
        if isinstance(blueprint, APIBlueprint):
            app.register_api(blueprint)
        else:
            app.register_blueprint(blueprint)

    @app.context_processor
    def district() -> dict[str, Profile]:
        return {"profile": profile}
