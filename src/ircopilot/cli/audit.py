"""`ircopilot audit`: verify the audit log, show the key that it is verified by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ircopilot.settings import audit_settings, data_dir

out = Console(highlight=False)


def register(app: typer.Typer) -> None:
    """Hang the commands on the program."""
    audit = typer.Typer(no_args_is_help=True, help="The audit log, on the machine that runs the service.")
    audit.command("verify", epilog="Example:  ircopilot audit verify --org 'Example Ltd'")(verify)
    audit.command("public-key", epilog="Example:  ircopilot audit public-key > audit.pem")(show_public_key)
    app.add_typer(audit, name="audit")


def verify(
    org: Annotated[str, typer.Option("--org", help="Name or id of one organisation; all if left out.")] = "",
    public: Annotated[
        list[Path] | None, typer.Option("--public-key", help="PEM of a key that signed, instead of this machine's.")
    ] = None,
    copies: Annotated[
        Path | None, typer.Option("--copies", help="Checkpoints that were kept elsewhere, as JSON lines.")
    ] = None,
) -> None:
    """Look at every entry: any that was changed, taken out, added or reordered is named, and the exit code is 1."""
    from ircopilot.access.audit_checkpoints import read_copies
    from ircopilot.access.audit_keys import public_key, signer_of
    from ircopilot.access.audit_verify import verify_log
    from ircopilot.access.organisations import named_organisation
    from ircopilot.embedded.stack import running_stack
    from ircopilot.stores import open_stores
    from ircopilot.stores.postgres.audit import logged_organisations

    settings = audit_settings()
    keys = [public_key(p) for p in public] if public else [signer_of(settings, make=False).public]
    kept = copies or settings.copies_file
    wrong = 0
    with running_stack(data_dir()) as urls, open_stores(urls) as stores:
        database = stores.database
        found = [named_organisation(database, org).org_id] if org else logged_organisations(database)
        for org_id in found:
            seen = verify_log(stores.stores_for(org_id).database, org_id, keys, read_copies(kept, org_id))
            wrong += not seen.holds
            said = "holds" if seen.holds else "DOES NOT HOLD"
            out.print(
                f"{org_id}  {seen.entries} entries, {seen.checkpoints} checkpoints, {seen.unsigned} not signed yet: {said}"
            )
            for finding in seen.findings:
                out.print(f"  {finding}", markup=False)
    if wrong:
        raise typer.Exit(1)


def show_public_key() -> None:
    """Print the public key that this machine's checkpoints are verified by; keep it elsewhere."""
    from ircopilot.access.audit_keys import signer_of

    print(signer_of(audit_settings()).public_pem(), end="")
