"""A real daemon without sound, talked to in text, and all that it tells."""

import asyncio

from assistant.daemon import Daemon
from assistant.events import Asked
from assistant.store import FILE

PATIENCE_S = 60.0


class Talk:
    """A daemon, and all that it told."""

    def __init__(self, daemon):
        self.daemon, self.told = daemon, []
        daemon.observe(lambda name, data: self.told.append((name, data)))

    async def ask(self, text):
        """Return what the assistant said."""
        start = len(self.told)
        self.daemon.post(Asked(text))
        await self.seen("speaking_ended", start)
        await self.daemon.asleep()
        return next(d["heard"] for n, d in self.told[start:] if n == "speaking_ended")

    async def seen(self, name, start=0):
        """Wait until it is told."""
        while not any(n == name for n, _ in self.told[start:]):
            await asyncio.sleep(0.01)

    def pieces(self):
        return [data["piece"] for name, data in self.told if name == "text"]

    def went_out(self):
        return sum(name == "sent_out" for name, _ in self.told)


def live(settings, talk):
    """Run a daemon for as long as `talk` does; return what it returns."""

    async def main():
        daemon = Daemon(settings)
        daemon.store_path = settings.state_dir / FILE
        async with daemon:
            return await asyncio.wait_for(talk(Talk(daemon)), PATIENCE_S)

    return asyncio.run(main())
