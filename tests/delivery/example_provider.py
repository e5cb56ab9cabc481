"""The provider of the documentation's example, as the files an installed distribution consists of."""

from __future__ import annotations

from pathlib import Path

CODE = '''\
"""Writes each mail to a file in a folder, as an example of a provider."""

from pathlib import Path

from newsletter.delivery.providers.contract import ProviderGone
from newsletter.model import Outcome, Result


class Folder:
    substitutes = False  # it takes complete messages
    group = 10

    def __init__(self, folder, connections):
        self.folder = folder
        self.connections = connections

    def connect(self):
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ProviderGone(f"{self.folder} cannot be made: {error.strerror}.") from error
        return self

    def deliver(self, messages):
        for message in messages:
            (self.folder / message.delivery_id).write_bytes(message.content)
            yield Outcome(Result.ACCEPTED)

    def close(self):
        pass

    def already_carried(self, deliveries):
        return None  # a file may be half written


def open_folder(options, connections):
    return Folder(Path(options["folder"]), connections)
'''


def install(folder: Path, entry: str = "example = newsletter_example:open_folder", code: str = CODE) -> None:
    """Put the distribution into `folder`, as pip would."""
    metadata = folder / "newsletter_example-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: newsletter-example\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[newsletter.providers]\n{entry}\n")
    (folder / "newsletter_example.py").write_text(code)
