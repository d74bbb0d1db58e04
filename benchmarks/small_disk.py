"""A small ext4 file system of its own, in an image: its device counts what it is told to write.

Mounting takes root.
"""

import itertools
import subprocess
from pathlib import Path

SECTOR = 512
TRIES = 200
"""Copies that were disturbed by a write, after which the writer is held for one."""


class SmallDisk:
    """Mounted at `folder` until `close`; the image is the file `image`."""

    def __init__(self, place, size=None, image=None):
        """Make one of `size` (as in 16M) in the folder `place`, or mount a copy of an `image`."""
        self.image, self.folder = place / "disk.img", place / "disk"
        self.folder.mkdir()
        if image is None:
            run("truncate", "-s", size, self.image)
            run("mkfs.ext4", "-q", self.image)
        else:
            self.image.write_bytes(image)
        run("mount", "-o", "loop", self.image, self.folder)
        device = Path(run("findmnt", "-no", "SOURCE", self.folder).strip())
        self._stat = Path("/sys/block", device.name, "stat")

    def written(self):
        """Return how many bytes the device was told to write, after all that waits was."""
        run("sync", "-f", self.folder)
        return int(self._stat.read_text().split()[6]) * SECTOR

    def as_it_is(self, hold):
        """Return what is on the device now: not what programs have written, and it still holds.

        A copy takes milliseconds, in which nothing may be written. Where the writer leaves none, as
        on a busy machine, ``hold()`` stops it.
        """
        for tries in itertools.count():
            if tries == TRIES:
                hold()
            before = self._activity()
            image = self.image.read_bytes()
            if before is not None and before == self._activity():
                return image

    def _activity(self):
        """Return how many writes and flushes there were; None while one is under way."""
        fields = self._stat.read_text().split()
        return None if int(fields[8]) else (fields[4], fields[15])

    def close(self):
        run("umount", self.folder)


def run(*command):
    """Run a command; return what it wrote."""
    done = subprocess.run([*map(str, command)], check=True, capture_output=True, text=True)
    return done.stdout
