"""The service, as systemd and its own commands know it."""

import json
import os
import pathlib
import pwd
import socket
import time

from guest import SLOW, done, is_open, run, within

UNIT = pathlib.Path("/etc/systemd/system/limen.service")
# The unit that runs rpicam-vid.
MODULES = "limen-camera.service"
# Of the unit, and of src/service.rs.
WATCHDOG, STALLED, TIMEOUT_STOP = 6, 3, 5
# The networks are read from the disk; then frames must come.
START = 20 * SLOW


def show(what):
    return done("systemctl", "show", "-P", what, "limen").strip()


def is_active():
    return run("systemctl", "is-active", "limen").stdout == "active\n"


def process():
    """Its folder in /proc."""
    return pathlib.Path("/proc") / show("MainPID")


def processes():
    """All of its user's."""
    owner = pwd.getpwnam("limen").pw_uid
    numbered = (folder for folder in pathlib.Path("/proc").iterdir() if folder.name.isdigit())
    return [folder for folder in numbered if folder.stat().st_uid == owner]


def thread(name):
    """Its folder in /proc."""
    tasks = (process() / "task").iterdir()
    return next(task for task in tasks if (task / "comm").read_text() == f"{name}\n")


def open_files():
    return {os.readlink(file) for file in (process() / "fd").iterdir()}


def status():
    """What the daemon says of itself; the exit code says whether a part fails."""
    return json.loads(run("limen", "status", "--json").stdout)


def start():
    """Starts it and waits until its gallery is in force."""
    done("systemctl", "start", "limen")
    assert within(START, lambda: status()["people"] == 1), "no gallery"


def unlock():
    """Opens the door for half a minute."""
    with socket.socket(socket.AF_UNIX) as control:
        control.connect("/run/limen/control.sock")
        control.sendall(b'{"v":1,"command":"unlock","seconds":30}\n')
        assert b'"ok":true' in control.recv(4096)
    assert within(SLOW, is_open), "the door does not open"


def start_and_unlock():
    start()
    assert within(START, lambda: status()["frames"] > 3), "no frames"
    unlock()


def comes_back(after):
    """Waits until another process than this one is ready."""
    return within(START, lambda: is_active() and process() not in (after, pathlib.Path("/proc/0")))


class Journal:
    """What is said from now on."""

    def __init__(self):
        self.begun = time.time()

    def text(self):
        done("journalctl", "--sync")
        since = f"--since=@{self.begun}"
        return done("journalctl", "--no-pager", "--output=short-monotonic", "--unit=limen*", since)

    def messages(self):
        """What was said, line for line, without the times and process ids before it: they are numbers as well."""
        return [line.split("]: ", 1)[1].strip() for line in self.text().splitlines() if "]: " in line]

    def line(self, words):
        """The first message with these words."""
        return next((message for message in self.messages() if words in message), None)

    def comes_to_say(self, words, limit):
        return within(limit, lambda: self.line(words))
