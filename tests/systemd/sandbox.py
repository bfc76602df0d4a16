"""What a program can do inside the unit's sandbox, and outside. Run as a program it tries everything and prints what
came of it."""

import errno
import fcntl
import json
import mmap
import os
import pathlib
import socket

from guest import CAMERA, CHIP, KIND, call, done
from service import UNIT


def ask_device(device, request, size):
    fcntl.ioctl(os.open(device, os.O_RDWR), request, bytes(size))


def write(path):
    open(path, "a").close()


def set_user_id():
    write("/var/lib/limen/mine")
    os.chmod("/var/lib/limen/mine", 0o4700)


ALLOWED = {
    "the camera": lambda: ask_device(CAMERA, 0x80685600, 104),  # VIDIOC_QUERYCAP
    "the GPIO chip": lambda: ask_device(CHIP, 0x8044B401, 68),  # GPIO_GET_CHIPINFO
    "the state folder": lambda: write("/var/lib/limen/mine"),
    "the run-time folder": lambda: write("/run/limen/mine"),
    "a local socket": lambda: socket.socket(socket.AF_UNIX),
}
# What its user may do elsewhere, and what it meets inside.
FORBIDDEN = {
    "another device": (lambda: os.open("/dev/another", os.O_RDONLY), errno.EPERM),
    "writing /etc": (lambda: write("/etc/everybodys"), errno.EROFS),
    "seeing /home": (lambda: os.listdir("/home"), errno.EACCES),
    "seeing /tmp": (lambda: os.stat("/tmp/everybodys"), errno.ENOENT),
    "seeing process 1": (lambda: os.stat("/proc/1"), errno.ENOENT),
    "an internet socket": (lambda: socket.socket(socket.AF_INET), errno.EAFNOSUPPORT),
    "a netlink socket": (lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW), errno.EAFNOSUPPORT),
    "ptrace": (lambda: call("ptrace", 0, 0, 0, 0), errno.EPERM),  # PTRACE_TRACEME
    "chown": (lambda: os.chown("/var/lib/limen", -1, -1), errno.EPERM),
    "sched_setaffinity": (lambda: os.sched_setaffinity(0, {0}), errno.EPERM),
    "a user namespace": (lambda: call("unshare", 0x10000000), errno.EPERM),  # CLONE_NEWUSER
    "personality": (lambda: call("personality", 0x0040000), errno.EPERM),  # ADDR_NO_RANDOMIZE
    "a set-user-ID file": (set_user_id, errno.EPERM),
    "writable code": (lambda: mmap.mmap(-1, 4096, prot=7), errno.EPERM),
}
# User Mode Linux has no programs on control groups, and they are what keeps devices away.
if KIND == "uml":
    del FORBIDDEN["another device"]

EXPECTED = dict.fromkeys(ALLOWED, 0) | {name: number for name, (_, number) in FORBIDDEN.items()}
OUTSIDE = """
[Service]
User=limen
SupplementaryGroups=video gpio input
StateDirectory=limen
RuntimeDirectory=limen
"""


def inside():
    """What the probe finds in the unit's sandbox: error numbers by name."""
    return probed("limen-inside", UNIT.read_text())


def outside():
    """What it finds as the same user without a sandbox."""
    return probed("limen-outside", OUTSIDE)


def probed(name, unit):
    """Runs the probe in place of the unit's program."""
    found = pathlib.Path(f"/run/{name}.json")
    probe = f"""
[Service]
Type=oneshot
Restart=no
WatchdogSec=0
ExecStart=
ExecStart=/usr/bin/python3 {__file__}
ExecReload=
ExecStopPost=
StandardOutput=truncate:{found}
"""
    pathlib.Path(f"/run/systemd/system/{name}.service").write_text(unit + probe)
    done("systemctl", "daemon-reload")
    done("systemctl", "start", name)
    return json.loads(found.read_text())


def in_words(found):
    return ", ".join(f"{name} {errno.errorcode.get(number, 'works')}" for name, number in found.items())


def attempted(attempt):
    """The error number that it ends with, in a process of its own."""
    child = os.fork()
    if child == 0:
        try:
            attempt()
            os._exit(0)
        except OSError as error:
            os._exit(error.errno)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    attempts = ALLOWED | {name: attempt for name, (attempt, _) in FORBIDDEN.items()}
    print(json.dumps({name: attempted(attempt) for name, attempt in attempts.items()}))
