"""`ircopilot gateway`: the HTTP API as a process of its own."""

from __future__ import annotations

import contextlib
import gc
from typing import Annotated

import typer

from ircopilot.settings import data_dir, service_settings


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "gateway",
        epilog="Examples:  ircopilot gateway   ·   ircopilot gateway --address 0.0.0.0:7464   ·   "
        'curl -H "Authorization: Bearer $IRCOPILOT_API_KEY" http://127.0.0.1:7464/v1/incidents',
    )(gateway)


def gateway(
    address: Annotated[
        str, typer.Option(help="host:port instead of $IRCOPILOT_GATEWAY_ADDRESS; port 0 takes a free one.")
    ] = "",
) -> None:
    """Serve the HTTP API: evidence in, runs started and watched, reports out."""
    # What an import makes is no garbage: looking for some in it again and again was a fifth of the start.
    gc.disable()
    from ircopilot.domain.errors import Stopped
    from ircopilot.embedded.stack import running_stack
    from ircopilot.gateway.limits import gateway_limits
    from ircopilot.gateway.serve import serve_gateway

    gc.freeze()
    gc.enable()
    settings, limits = service_settings(), gateway_limits()
    if address:
        settings = settings.model_copy(update={"gateway_address": address})
    with running_stack(data_dir()) as urls, contextlib.suppress(Stopped):  # asked to stop: no failure
        serve_gateway(urls, settings, limits)
