"""The guest: its camera, its line, its clock, and the project, installed in it."""

import ctypes
import fcntl
import os
import pathlib
import shutil
import stat
import struct
import subprocess
import threading
import time

HERE = pathlib.Path(__file__).parent
ETC = pathlib.Path("/etc/limen")
CAMERA, CHIP, PIN = "/dev/video10", "/dev/gpiochip0", 17
LINE = pathlib.Path(f"/sys/devices/platform/gpio-sim.0/gpiochip0/sim_gpio{PIN}/value")
ASKED = dict(word.split("=", 1) for word in pathlib.Path("/proc/cmdline").read_text().split() if "=" in word)
KIND = ASKED["guest"]
# How many times longer than on a Pi anything may take: on a busy machine, on an emulated processor.
SLOW = {"uml": 3, "q35": 15}[KIND]

OF_LOOPBACK = f"""device = "{CAMERA}"
allow-virtual = true"""
# A record may take longer than its 5 ms here, which is nothing to find out about the unit.
CONFIGURATION = f"""
[camera]
{OF_LOOPBACK}
[recognition]
liveness = "off"
[door]
driver = "gpiochip"
chip-label = "gpio-sim"
pin = {PIN}
accept-photo-risk = true
[audit]
on-audit-failure = "allow-and-alarm"
"""

libc = ctypes.CDLL(None, use_errno=True)


def run(*command):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def done(*command):
    ran = run(*command)
    assert ran.returncode == 0, f"{' '.join(command)}: {ran.stdout}"
    return ran.stdout


def call(name, *arguments):
    """A function of the C library."""
    if getattr(libc, name)(*arguments) == -1:
        raise OSError(ctypes.get_errno(), name)


def within(limit, is_so):
    """Waits until it is so and returns the seconds that took; None if it does not become so."""
    start = time.monotonic()
    while not is_so():
        if time.monotonic() - start > limit:
            return None
        time.sleep(0.002)
    return time.monotonic() - start


def is_open():
    """The line, as the world outside sees it."""
    return LINE.read_text() == "1\n"


def is_locked():
    return not is_open()


class Camera:
    """Writes a picture into the loopback camera, fifteen times a second."""

    def __init__(self):
        self.device = os.open(CAMERA, os.O_RDWR)
        # VIDIOC_S_FMT of an output: 640x480 YUYV.
        form = struct.pack("I4xIIIIIII", 2, 640, 480, 0x56595559, 1, 1280, 640 * 480 * 2, 8)
        fcntl.ioctl(self.device, 0xC0D05605, form.ljust(208, b"\0"))
        self.show(None)
        threading.Thread(target=self.feed, daemon=True).start()

    def feed(self):
        while True:
            os.write(self.device, self.frame)
            time.sleep(1 / 15)

    def show(self, photograph):
        """Head and shoulders of somebody, or nobody."""
        luma, blue, red = planes(photograph)
        frame = bytearray(640 * 480 * 2)
        frame[0::2], frame[1::4], frame[3::4] = luma.tobytes(), blue.tobytes()[::2], red.tobytes()[::2]
        self.frame = bytes(frame)


class Module:
    """A camera module: a stand-in for rpicam-vid, at its place and root's, which writes a picture again and again."""

    PROGRAM, FOLDER = pathlib.Path("/usr/bin/rpicam-vid"), pathlib.Path("/usr/lib/stand-in")

    def __init__(self):
        self.FOLDER.mkdir()
        (self.FOLDER / "modules").write_text("0 : imx708 [4608x2592 10-bit RGGB] (/base/i2c@1/imx708@1a)\n")
        (self.FOLDER / "fault").write_text("none\n")
        self.show(None)
        self.PROGRAM.write_text((HERE / "rpicam-vid").read_text().replace("FOLDER", str(self.FOLDER)))
        self.PROGRAM.chmod(0o755)

    def show(self, photograph):
        luma, blue, red = planes(photograph)
        new = self.FOLDER / "new"
        new.write_bytes(b"".join([luma.tobytes(), *(band.reduce(2).tobytes() for band in (blue, red))]))
        new.rename(self.FOLDER / "frame")

    def remove(self):
        self.PROGRAM.unlink()
        shutil.rmtree(self.FOLDER)


def planes(photograph):
    """Luminance and the two colours of a picture of somebody, or nobody."""
    from PIL import Image  # Debian's, which the tests' host need not have.

    picture = Image.new("RGB", (640, 480), (90, 90, 120))
    if photograph:
        photo = Image.open(HERE / f"{photograph}.jpg").convert("RGB")
        side = min(photo.size)
        picture.paste(photo.crop((0, 0, side, side)).resize((480, 480)), (80, 0))
    return picture.convert("YCbCr").split()


def call_clock_synchronised(so):
    """adjtimex(2) with ADJ_STATUS and ADJ_MAXERROR; STA_UNSYNC is 0x40."""
    call("adjtimex", struct.pack("I4xqqqqi", 0x14, 0, 0, 0, 0, 0 if so else 0x40).ljust(208, b"\0"))


def hang(thread):
    """Stops one thread of a process for good; SIGSTOP would stop them all."""
    stopped = threading.Event()

    def trace():
        call("ptrace", 0x4206, thread, 0, 0)  # PTRACE_SEIZE
        call("ptrace", 0x4207, thread, 0, 0)  # PTRACE_INTERRUPT
        stopped.set()
        # Until it is gone (__WALL): its process cannot end before its tracer knows.
        while not os.WIFSIGNALED(os.waitpid(thread, 0x40000000)[1]):
            pass

    threading.Thread(target=trace, daemon=True).start()
    assert stopped.wait(5), "the thread cannot be stopped"


def prepare():
    """The devices that a Pi has, the project installed, a configuration, photographs as an administrator copies them."""
    # The group has to be there before the rule that names it.
    install()
    # Raspberry Pi OS has this rule.
    rule = 'SUBSYSTEM=="gpio", GROUP="gpio", MODE="0660"\n'
    pathlib.Path("/etc/udev/rules.d/60-gpio.rules").write_text(rule)
    (ETC / "limen.toml").write_text(CONFIGURATION)
    for photo in ("obama", "biden"):
        shutil.copy(HERE / f"{photo}.jpg", ETC)
    done("udevadm", "control", "--reload")
    load_devices()
    done("udevadm", "settle")
    # What everybody may use, for the sandbox to keep the service from.
    os.mknod("/dev/another", stat.S_IFBLK, os.stat("/").st_dev)
    pathlib.Path("/etc/everybodys").touch()
    pathlib.Path("/tmp/everybodys").touch()
    for path in ("/dev/another", "/etc/everybodys"):
        os.chmod(path, 0o666)


def install():
    """As README.md says; and once more, as for a newer version."""
    for _ in range(2):
        done("make", "-s", "-C", "/limen", "install", "BINARY=limen")


def load_devices():
    loopback = ("devices=1", "video_nr=10", "exclusive_caps=1", "card_label=Loopback")
    if KIND == "uml":
        done("insmod", str(HERE / "v4l2loopback.ko"), *loopback)
    else:
        done("modprobe", "gpio-sim")
        done("modprobe", "v4l2loopback", *loopback)
    configfs = pathlib.Path("/sys/kernel/config")
    if not (configfs / "gpio-sim").exists():
        done("mount", "-t", "configfs", "cfg", str(configfs))
    bank = configfs / "gpio-sim/door/bank"
    bank.mkdir(parents=True)
    (bank / "num_lines").write_text("32")
    (bank / "label").write_text("gpio-sim")
    (bank.parent / "live").write_text("1")
