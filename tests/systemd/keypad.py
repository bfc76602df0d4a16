"""A keypad that the kernel makes up (uinput), under a name that it keeps."""

import fcntl
import os
import pathlib
import struct
import time

from guest import SLOW, done, within

LINK = pathlib.Path("/dev/input/by-id/usb-Keypad-event-kbd")
CONFIGURATION = f'[keypad]\ndevice = "{LINK}"\n'
# KEY_1 to KEY_9 are 2 to 10, KEY_0 is 11, KEY_ENTER 28.
KEYS = {str(digit): (digit + 9) % 10 + 2 for digit in range(10)} | {"\n": 28}
EVIOCGRAB = 0x40044590


class Keypad:
    def __init__(self):
        done("modprobe", "uinput")
        done("modprobe", "evdev")
        self.device = os.open("/dev/uinput", os.O_WRONLY)
        fcntl.ioctl(self.device, 0x40045564, 1)  # UI_SET_EVBIT, EV_KEY
        for code in KEYS.values():
            fcntl.ioctl(self.device, 0x40045565, code)  # UI_SET_KEYBIT
        # struct uinput_user_dev: a name, an id, and axes, of which there are none.
        os.write(self.device, struct.pack("80s4HI", b"Keypad", 3, 1, 1, 1, 0).ljust(1116, b"\0"))
        fcntl.ioctl(self.device, 0x5501)  # UI_DEV_CREATE
        assert within(5 * SLOW, self.find), "no device"
        done("udevadm", "settle")
        LINK.parent.mkdir(parents=True, exist_ok=True)
        LINK.unlink(missing_ok=True)
        LINK.symlink_to(self.node)

    def find(self):
        names = pathlib.Path("/sys/class/input").glob("event*/device/name")
        found = [name.parts[-3] for name in names if name.read_text() == "Keypad\n"]
        self.node = f"/dev/input/{found[0]}" if found else None
        return self.node and os.path.exists(self.node)

    def types(self, text, pause=0.05):
        for key in text:
            for value in (1, 0):
                for event in ((1, KEYS[key], value), (0, 0, 0)):
                    os.write(self.device, struct.pack("llHHi", 0, 0, *event))
            time.sleep(pause)

    def is_held_by_another(self):
        with open(self.node, "rb") as device:
            try:
                fcntl.ioctl(device, EVIOCGRAB, 1)
            except OSError:
                return True
            fcntl.ioctl(device, EVIOCGRAB, 0)
            return False

    def unplug(self):
        os.close(self.device)
