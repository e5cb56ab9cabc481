"""`inline`: an HTML email file made elsewhere, with its CSS moved into style attributes."""

from __future__ import annotations

import click

from newsletter.cli.output import findings_json, json_option, print_findings, print_json
from newsletter.pipeline.inlining import inline_file, write_inlined


@click.command("inline")
@click.argument("file")
@click.option("--out", metavar="FILE", default="", help="Where to write it. Default: standard output.")
@json_option
def inline(file: str, out: str, as_json: bool) -> None:
    """Move the CSS of any HTML email into style attributes.

    FILE needs no workspace. Its words, doctype, comments and placeholders stay; what style attributes cannot say stays
    in <style>. Nothing is fetched: styles in linked files are not applied, and a finding says so. Writes ASCII.
    """
    inlined = inline_file(file)
    if out:
        write_inlined(inlined, out)
    if as_json:
        document: dict[str, object] = {
            "file": file,
            "out": out or None,
            "bytes_before": inlined.bytes_before,
            "bytes_after": inlined.bytes_after,
            "findings": findings_json(inlined.findings),
        }
        print_json(document if out else {**document, "html": inlined.html})
        return
    print_findings(inlined.findings)
    if out:
        click.echo(f"Wrote {out}: {inlined.bytes_before:,} bytes became {inlined.bytes_after:,}.", err=True)
    else:
        click.echo(inlined.html, nl=False)
