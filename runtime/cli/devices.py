"""``plantwright devices`` and ``broker-files``: which device may send for which asset, and the broker's files."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from db.errors import NotFound
from db.plant import devices, names
from runtime.cli.command_line import Database, DataDir, connected, console, given, needing, shown_errors, warn
from runtime.settings import InvalidSettings
from workorder_core.plant.new_names import NameKind, slips

app = typer.Typer(help="Which devices may publish for which assets.", no_args_is_help=True)
Device = Annotated[str, typer.Argument(help="the device's user name at the broker")]


@app.command(name="list")
def list_bound(database: Database = None) -> None:
    """List the devices with their assets."""
    with shown_errors(), connected(database) as conn:
        bound = devices.bindings(conn).assets
    if not bound:
        console.print("no device is bound, so any device may publish for any asset: plantwright devices bind …")
        return
    table = Table("device", "assets")
    for device, assets in bound.items():
        table.add_row(device, ", ".join(sorted(assets)))
    console.print(table)


@app.command()
def bind(
    device: Device, assets: Annotated[list[str], typer.Argument(help="<site>/<asset>")], database: Database = None
) -> None:
    """Bind a device to assets: from now on their readings are accepted from it alone, on plantwright/as/<device>/…"""
    with shown_errors():
        _check(device, assets)
        with connected(database) as conn:
            doubts = [*names.new(conn, NameKind.DEVICE, [device]), *names.new(conn, NameKind.ASSET, assets)]
            devices.bind(conn, device, assets, actor=_actor(), at=datetime.now(UTC))
    topics = ", ".join(f"plantwright/as/{device}/{asset}" for asset in assets)
    console.print(f"{device} is bound and publishes on {topics}; an engine that runs knows it within seconds")
    warn(f"the {each.kind} {each.name!r} is new; did you mean {' or '.join(each.alike)}?" for each in slips(doubts))


@app.command()
def unbind(
    device: Device,
    assets: Annotated[list[str] | None, typer.Argument(help="<site>/<asset>; default: all of the device's")] = None,
    database: Database = None,
) -> None:
    """Remove a device's bindings, all or some."""
    with shown_errors(), connected(database) as conn:
        try:
            gone = devices.unbind(conn, device, assets or [], actor=_actor(), at=datetime.now(UTC))
        except NotFound:
            gone = []
    console.print(f"{len(gone)} bindings of {device} are gone")
    raise typer.Exit(0 if gone else 1)


def broker_files(
    folder: Annotated[Path, typer.Argument(help="where to write them; existing files are kept")],
    host: Annotated[list[str] | None, typer.Option(help="name or address of the broker; repeatable")] = None,
    device: Annotated[
        list[str] | None, typer.Option(help="NAME, or NAME=SITE/ASSET,… to publish on the assets' own topics too")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="how long the certificates are valid")] = 825,
) -> None:
    """Create certificates for a plant, and mosquitto's password, access and configuration files."""
    from runtime.broker import files as making

    with shown_errors():
        wanted: dict[str, list[str]] = {}
        for each in device or []:
            name, _, assets = each.partition("=")
            wanted[name] = [asset for asset in assets.split(",") if asset]
            _check(name, wanted[name])
        said = making.make(folder, hosts=host or [], devices=wanted, days=days)
    console.print(said)


def broker_url(data_dir: DataDir = None) -> None:
    """Print the URL, with its password, at which devices on this machine publish to the running embedded broker."""
    with shown_errors():
        settings = needing(given(None, None, data_dir), "broker")
    print(settings.broker)


def _check(device: str, assets: list[str]) -> None:
    try:
        devices.check(device, assets)
    except devices.InvalidBinding as error:
        raise InvalidSettings(str(error)) from None


def _actor() -> str:
    return f"person:{getpass.getuser()}"
