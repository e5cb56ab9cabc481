"""`preview`: the studio in the browser."""

from __future__ import annotations

import webbrowser

import click

from newsletter.cli.output import workspace_of
from newsletter.pipeline.building import issue_id

_HOST = "127.0.0.1"


@click.command()
@click.argument("issue", default="")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Where to listen. Default: any free port.")
@click.option("--host", default=_HOST, show_default=True, help="Whom to answer; other than this machine only if told.")
@click.option("--open/--no-open", "opens", default=True, help="Whether to open the browser.")
@click.option("--editor", metavar="URL", help="What a place opens, with {path} and {line} in it. Default: VS Code.")
@click.pass_context
def preview(context: click.Context, issue: str, port: int, host: str, opens: bool, editor: str | None) -> None:
    """See what every profession reads, in the browser, as you write.

    Saving a file updates the page. What you see is what is sent. Ctrl-C ends it.
    """
    from newsletter.web.studio.guarding import is_loopback
    from newsletter.web.studio.serving import VSCODE, Served, serve

    name = issue_id(workspace_of(context), issue) if issue else ""

    def ready(served: Served) -> None:
        if not is_loopback(host):
            click.echo(f"Warning: everybody who reaches {host} and has the link can look at this workspace.", err=True)
        click.echo(f"The studio is open at {served.link(name)}\nCtrl-C ends it.")
        if opens:
            webbrowser.open(served.link(name))

    serve(lambda: workspace_of(context), host, port, ready, editor or VSCODE)
