"""The bridge as its operations see it: settings, the connection to the server, and what is made of results."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from hartmann.v1 import composition_pb2 as pb
from hartmann.v1 import notation_pb2
from hartmann_bridge import bodies, saving
from hartmann_bridge.leases import Leases
from hartmann_bridge.media import MediaAddresses
from hartmann_bridge.opener import Opener
from hartmann_bridge.previews import Engraver
from hartmann_bridge.recorded import RecordedCompositions
from hartmann_bridge.server_link import ServerLink
from hartmann_bridge.settings import SettingsStore
from hartmann_bridge.translation import id_of, to_json

FINGERPRINTS_KEPT = 5000


@dataclass(slots=True)
class Bridge:
    """Everything that one running bridge holds. Made inside the event loop; `close` it there."""

    store: SettingsStore
    media: MediaAddresses
    url: str
    version: str
    link: ServerLink = field(init=False)
    opener: Opener = field(default_factory=Opener)
    engraver: Engraver = field(default_factory=Engraver)
    leases: Leases = field(default_factory=Leases)
    recorded: RecordedCompositions = field(default_factory=RecordedCompositions)
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    saving_turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _handed_out: set[str] = field(default_factory=set)
    _fingerprints: OrderedDict[str, saving.Fingerprint] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.link = self._new_link()

    async def close(self) -> None:
        """Ends the worker and the connection."""
        self.closing.set()
        self.leases.close()
        await self.engraver.close()
        await self.link.close()

    async def reconnect(self) -> None:
        """Goes to the server that the settings name now; open streams go on there."""
        before, self.link = self.link, self._new_link()
        await before.close()

    async def get(self, name: str) -> pb.Composition:
        """Where a composition stands, asked of the server that the settings name now."""
        return await self.link.get(name)

    def events(self, name: str, after: int) -> AsyncGenerator[pb.CompositionEvent]:
        """Its events, likewise."""
        return self.link.events(name, after)

    async def shown(self, composition: pb.Composition) -> bodies.Composition:
        """A composition as JSON, with its saved files if there are any."""
        picture = self.media.of(f"compositions/{id_of(composition.name)}/picture.png")
        return to_json(composition, picture, await self._saved(composition))

    async def save_to_open(self, name: str, *, fresh: bool) -> bodies.Files:
        """Files that no editor has open yet, as far as the bridge can tell: MuseScore 3 answers a path that it has
        open already with a dialog that blocks it."""
        before = set(self._handed_out)
        files = await self.save(name, fresh=fresh)
        return await self.save(name, fresh=True) if str(files.musicxml) in before else files

    async def save(self, name: str, *, fresh: bool) -> bodies.Files:
        """Writes a finished composition's files, or finds them."""
        recorded = await self.recorded.get(self.link, name)
        picture = await self.link.picture(name)
        record = recorded.record(recorded.composition.title or "the picture")
        async with self.saving_turn:
            files = await asyncio.to_thread(
                saving.save, self.store.current.scores_folder, record, picture, fresh=fresh
            )
        self._handed_out.add(str(files.musicxml))
        return files

    async def _saved(self, composition: pb.Composition) -> bodies.Files | None:
        folder = self.store.current.scores_folder
        if composition.state != pb.COMPOSITION_STATE_SUCCEEDED:
            return None
        if not await asyncio.to_thread(saving.candidates, folder, composition.title):
            return None
        fingerprint = await self._fingerprint(composition.name)
        return await asyncio.to_thread(saving.find, folder, composition.title, fingerprint)

    async def _fingerprint(self, name: str) -> saving.Fingerprint:
        """Of a finished score's MusicXML, which never changes."""
        if name not in self._fingerprints:
            score = await self.link.score(name, notation_pb2.SCORE_FORMAT_MUSICXML)
            self._fingerprints[name] = saving.Fingerprint.of(score.content)
            while len(self._fingerprints) > FINGERPRINTS_KEPT:
                self._fingerprints.popitem(last=False)
        return self._fingerprints[name]

    def _new_link(self) -> ServerLink:
        settings = self.store.current
        return ServerLink(settings.server, settings.api_key.get_secret_value())
