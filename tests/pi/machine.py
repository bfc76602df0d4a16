"""The emulated Raspberry Pi 3: a serial line to type commands on, and its GPIO registers as seen from outside."""

import json
import os
import re
import selectors
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

# Where the block lies on a Pi 3, and registers of it (BCM2835 ARM Peripherals, chapter 6).
GPIO = 0x3F200000
GPFSEL1, GPSET0, GPCLR0, GPLEV0 = 0x04, 0x1C, 0x28, 0x34
# Seconds that booting and a command may take on a busy host.
BOOT, COMMAND = 300.0, 180.0
# root may write registers by /dev/mem, for what was there before limen; limen's own user may not.
KERNEL_ARGUMENTS = "console=ttyS1,115200 panic=-1 quiet loglevel=1 iomem=relaxed"


class Failed(Exception):
    """Something is not as expected."""


class Pi:
    """One machine, from power-up until the end of its `with`."""

    def __init__(self, kernel: Path, initrd: Path):
        self._folder = tempfile.TemporaryDirectory()
        self._socket = Path(self._folder.name, "monitor")
        self._trace = Path(self._folder.name, "trace")
        self._said = bytearray()
        self._qemu = subprocess.Popen(
            ["qemu-system-aarch64", "-M", "raspi3b", "-display", "none", "-no-reboot"]
            + ["-kernel", kernel / "vmlinuz", "-dtb", kernel / "dtb", "-initrd", initrd]
            + ["-append", KERNEL_ARGUMENTS, "-serial", "null", "-serial", "stdio"]
            + ["-qmp", f"unix:{self._socket},server=on,wait=off", "-D", self._trace],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> "Pi":
        return self

    def __exit__(self, *_):
        self._qemu.kill()
        self._qemu.wait()
        self._folder.cleanup()

    def boot(self):
        """Waits until commands are taken."""
        self.expect("ready for commands", BOOT)
        monitor = socket.socket(socket.AF_UNIX)
        monitor.settimeout(COMMAND)
        monitor.connect(str(self._socket))
        self._monitor = monitor.makefile("rw")
        self._monitor.readline()
        self._ask("qmp_capabilities")

    @property
    def said(self) -> str:
        """Everything that came on the serial line."""
        return self._said.decode(errors="replace").replace("\r", "")

    def expect(self, pattern: str, patience: float = COMMAND, begin: int = 0) -> re.Match:
        """Waits for a text on the serial line, from position `begin` on."""
        deadline = time.monotonic() + patience
        with selectors.DefaultSelector() as selector:
            selector.register(self._qemu.stdout, selectors.EVENT_READ)
            while not (found := re.compile(pattern, re.M).search(self.said, begin)):
                if not selector.select(max(deadline - time.monotonic(), 0)):
                    raise Failed(f"{pattern!r} did not come within {patience:.0f} s")
                some = os.read(self._qemu.stdout.fileno(), 65536)
                if not some:
                    raise Failed("the machine went off")
                self._said += some
        return found

    def run(self, command: str, patience: float = COMMAND) -> tuple[int, str]:
        """Types a line of shell; gives its exit status and what it printed."""
        begin = len(self.said)
        self._qemu.stdin.write(command.encode() + b"\n")
        self._qemu.stdin.flush()
        end = self.expect(r"^<(\d+)>\n", patience, begin)
        return int(end[1]), self.said[begin : end.start()].strip()

    def register(self, offset: int) -> int:
        """A register of the GPIO block, read by QEMU's monitor."""
        answer = self._ask("human-monitor-command", {"command-line": f"xp /1wx {GPIO + offset:#x}"})
        return int(answer.split(":")[1], 16)

    def is_output(self, pin: int) -> bool:
        """Whether GPFSEL1 has the pin, one of 10 to 19, as an output."""
        return self.register(GPFSEL1) >> 3 * (pin - 10) & 0b111 == 0b001

    def is_high(self, pin: int) -> bool:
        """The pin's level in GPLEV0, which the emulation keeps while the pin is an input."""
        return bool(self.register(GPLEV0) >> pin & 1)

    def becomes(self, state: Callable[[], bool], patience: float = COMMAND) -> bool:
        """Whether the registers come to such a state within the time."""
        deadline = time.monotonic() + patience
        while not state():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def trace_writes(self):
        """From now on every write to a register is kept."""
        self._ask("trace-event-set-state", {"name": "memory_region_ops_write", "enable": True})

    def writes(self) -> list[tuple[int, int]]:
        """The traced writes to the GPIO block in their order: the register's offset, and the value."""
        line = r"memory_region_ops_write .* addr (0x\w+) value (0x\w+) size 4 name 'bcm2835_gpio'"
        return [(int(at, 16) - GPIO, int(value, 16)) for at, value in re.findall(line, self._trace.read_text())]

    def _ask(self, command: str, arguments: dict | None = None):
        json.dump({"execute": command, "arguments": arguments or {}}, self._monitor)
        self._monitor.flush()
        for line in self._monitor:
            answer = json.loads(line)
            if "error" in answer:
                raise Failed(f"QEMU refuses {command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]
        raise Failed("QEMU has ended")
