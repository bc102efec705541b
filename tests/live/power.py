"""A disk whose power fails: what was not synced is gone. An ext4 file system on a loop device, and its shutdown."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
from pathlib import Path

SHUTDOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN of Linux, ``_IOR('X', 125, __u32)``."""

NO_LOG_FLUSH = 2
"""... with EXT4_GOING_FLAGS_NOLOGFLUSH: not even the journal is written any more."""


class Disk:
    """A small disk in a file."""

    def __init__(self, folder: Path, megabytes: int = 128) -> None:
        self.place = folder / "disk"
        self._image = folder / "disk.img"
        self.place.mkdir(parents=True)
        with self._image.open("wb") as file:
            file.truncate(megabytes << 20)
        _run("mkfs.ext4", "-q", "-F", str(self._image))

    def up(self) -> None:
        """Mount it; what its journal has is played back."""
        _run("mount", "-o", "loop", str(self._image), str(self.place))

    def cut(self) -> None:
        """The power fails: from now on nothing reaches the disk, and everything that is tried fails."""
        folder = os.open(self.place, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(folder)

    def down(self) -> None:
        """Unmount it, once nobody has a file open there."""
        subprocess.run(["umount", str(self.place)], check=False, capture_output=True)


def is_possible(folder: Path) -> bool:
    """Whether this machine lets us: that needs root, loop devices, ext4."""
    try:
        disk = Disk(folder, 16)
        disk.up()
    except (OSError, subprocess.CalledProcessError):
        return False
    try:
        disk.cut()
    except OSError:
        return False
    finally:
        disk.down()
    return True


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
