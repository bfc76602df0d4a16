"""limen's driver "rppal" on an emulated Raspberry Pi 3: what the pin does, seen from outside. See README.md."""

import signal
import sys
import time
from pathlib import Path

from machine import GPCLR0, GPFSEL1, GPSET0, Failed, Pi

# BCM 17; the fields of BCM 10 to 19 in GPFSEL1 have three bits.
PIN, BIT = 17, 1 << 17
FIELD, OUTPUT = 0b111 << 21, 0b001 << 21
# A test that takes longer than this many seconds has failed, on a busy host too.
LIMIT = 600
# Longer than any lease: a line that nobody drives is not let go of by then.
WATCHED = 4.0

CONFIGURATION = """
[recognition]
liveness = "off"
[door]
driver = "rppal"
pin = 17
active = "{active}"
external-pull = true
accept-photo-risk = true
[gallery]
file = "gallery.toml"
[audit]
# The emulation is slower than the 5 ms that a grant waits for its record.
on-audit-failure = "allow-and-alarm"
"""


def configure(pi: Pi, active: str):
    """Writes the configuration of a relay that this level switches on."""
    text = CONFIGURATION.format(active=active).replace('"', '\\"').replace("\n", "\\n")
    succeeds(pi, f'printf "{text}" >/etc/limen/limen.toml')


def succeeds(pi: Pi, command: str, user: str = "root") -> str:
    """Runs a command as this user, which must end well; gives what it printed."""
    status, text = run(pi, command, user)
    if status != 0:
        raise Failed(f"{command!r} ended with {status}: {text}")
    return text


def run(pi: Pi, command: str, user: str) -> tuple[int, str]:
    return pi.run(command if user == "root" else f"su {user} -c '{command}'")


def hold(condition: bool, what: str):
    """A statement of a test."""
    if not condition:
        raise Failed(f"does not hold: {what}")


def start_daemon(pi: Pi):
    """Starts the daemon as the service's user and waits until it holds the line."""
    pi.run("su limen -c 'exec limen run' &")
    pi.expect("ready: door locked by rppal BCM 17 \\(header pin 11\\)")


def is_locked(pi: Pi, active: str) -> bool:
    """Whether the pin is driven to the level that locks: an output, and at that level."""
    return pi.is_output(PIN) and pi.is_high(PIN) == (active == "low")


def is_unlocked(pi: Pi, active: str) -> bool:
    """Whether the pin is driven to the level that unlocks."""
    return pi.is_output(PIN) and pi.is_high(PIN) == (active == "high")


def unlocked_daemon(pi: Pi, active: str):
    """A running daemon in the middle of an unlock of 30 seconds."""
    configure(pi, active)
    hold(not pi.is_output(PIN), "the pin is no output before limen runs")
    start_daemon(pi)
    hold(is_locked(pi, active), "locked when the daemon is ready")
    succeeds(pi, "limen door test --seconds 30", "limen")
    hold(pi.becomes(lambda: is_unlocked(pi, active)), "unlocked when asked")


def locks_unlocks_and_locks(pi: Pi, active: str):
    configure(pi, active)
    start_daemon(pi)
    hold(is_locked(pi, active), "locked when the daemon is ready")
    succeeds(pi, "limen door test --seconds 3", "limen")
    hold(pi.becomes(lambda: is_unlocked(pi, active)), "unlocked when asked")
    hold(pi.becomes(lambda: is_locked(pi, active)), "locked when the time is over")


def told(pi: Pi) -> list[str]:
    """What the pin was told, in its order."""
    names = []
    for register, value in pi.writes():
        if register == GPSET0 and value & BIT:
            names.append("high")
        elif register == GPCLR0 and value & BIT:
            names.append("low")
        elif register == GPFSEL1:
            names.append("output" if value & FIELD == OUTPUT else "no output")
    return names


def drives_the_locked_level_before_the_pin_is_an_output(pi: Pi, active: str):
    locked, unlocked = ("low", "high") if active == "high" else ("high", "low")
    configure(pi, active)
    # Somebody left the latch at the level that unlocks: an output made first would open the door.
    latch = GPSET0 if active == "high" else GPCLR0
    succeeds(pi, f"devmem {0x3F200000 + latch:#x} 32 {BIT:#x}")
    hold(not pi.is_output(PIN), "the pin is no output before limen runs")
    pi.trace_writes()
    succeeds(pi, "limen door test --seconds 1", "limen")
    order = told(pi)
    hold(order[:2] == [locked, "output"], f"{locked}, then output: {order}")
    hold(order[2:].count(unlocked) == 1 and order[-1] == locked, f"one pulse, ending {locked}: {order}")
    hold("no output" not in order, f"stays an output: {order}")


def stays_unlocked_after_kill_9_until_limen_lock(pi: Pi, active: str):
    unlocked_daemon(pi, active)
    succeeds(pi, "killall -9 limen")
    succeeds(pi, "while pidof limen; do usleep 100000; done")
    hold(not pi.becomes(lambda: not is_unlocked(pi, active), WATCHED), "nobody locks after kill -9")
    hold("locked by rppal BCM 17" in succeeds(pi, "limen lock", "limen"), "limen lock says which line")
    hold(is_locked(pi, active), "locked by limen lock")


def active_high_is_low_high_and_low_again(pi: Pi):
    locks_unlocks_and_locks(pi, "high")


def active_low_is_high_low_and_high_again(pi: Pi):
    locks_unlocks_and_locks(pi, "low")


def active_high_is_driven_low_before_it_is_an_output(pi: Pi):
    drives_the_locked_level_before_the_pin_is_an_output(pi, "high")


def active_low_is_driven_high_before_it_is_an_output(pi: Pi):
    drives_the_locked_level_before_the_pin_is_an_output(pi, "low")


def active_high_stays_on_after_kill_9_until_limen_lock(pi: Pi):
    stays_unlocked_after_kill_9_until_limen_lock(pi, "high")


def active_low_stays_on_after_kill_9_until_limen_lock(pi: Pi):
    stays_unlocked_after_kill_9_until_limen_lock(pi, "low")


def sigterm_locks_and_leaves_the_pin_an_output(pi: Pi):
    unlocked_daemon(pi, "high")
    succeeds(pi, "killall limen")
    pi.expect("stopped: door locked")
    hold(is_locked(pi, "high"), "locked, and still an output")


def door_test_that_is_told_to_end_locks_first(pi: Pi):
    configure(pi, "high")
    pi.run("su limen -c 'exec limen door test --seconds 30' &")
    hold(pi.becomes(lambda: is_unlocked(pi, "high")), "unlocked")
    succeeds(pi, "killall limen")
    pi.expect("interrupted; locked again")
    hold(is_locked(pi, "high"), "locked, and still an output")


def who_is_not_in_group_gpio_is_told_so_and_moves_nothing(pi: Pi):
    configure(pi, "high")
    pi.trace_writes()
    status, text = run(pi, "limen door test", "visitor")
    hold(status == 3, f"exit code 3, not {status}")
    hold("/dev/gpio" in text and "permission denied" in text, f"names the device: {text}")
    hold("group gpio (usermod -aG gpio USER)" in text, f"names group and remedy: {text}")
    hold(told(pi) == [] and not pi.is_output(PIN), "the pin is as it was")
    succeeds(pi, "sed -i 's/^gpio:.*/&,visitor/' /etc/group")
    hold("read back both times" in succeeds(pi, "limen door test", "visitor"), "with the group it works")
    hold(is_locked(pi, "high"), "locked afterwards")


def a_kernel_without_gpiomem_is_told_to_take_the_other_driver(pi: Pi):
    configure(pi, "high")
    succeeds(pi, "rmmod gpiomem")
    status, text = run(pi, "limen door test", "limen")
    hold(status == 3 and "/dev/gpiomem" in text and "gpiochip" in text, f"names file and remedy: {status}, {text}")


def a_photograph_goes_through_the_whole_pipeline(pi: Pi):
    begun = time.monotonic()
    command = "limen --gallery /etc/limen/gallery.toml identify /etc/limen/obama2.jpg"
    status, text = pi.run(command, LIMIT)
    hold(status == 0 and "obama2.jpg: obama " in text, f"recognised: {status}, {text}")
    print(f"        two photographs took {time.monotonic() - begun:.0f} s of emulation, which is no Pi's time")


TESTS = [
    active_high_is_low_high_and_low_again,
    active_low_is_high_low_and_high_again,
    active_high_is_driven_low_before_it_is_an_output,
    active_low_is_driven_high_before_it_is_an_output,
    active_high_stays_on_after_kill_9_until_limen_lock,
    active_low_stays_on_after_kill_9_until_limen_lock,
    sigterm_locks_and_leaves_the_pin_an_output,
    door_test_that_is_told_to_end_locks_first,
    who_is_not_in_group_gpio_is_told_so_and_moves_nothing,
    a_kernel_without_gpiomem_is_told_to_take_the_other_driver,
    a_photograph_goes_through_the_whole_pipeline,
]


def passes(test, kernel: Path, initrd: Path) -> bool:
    """Runs a test on a machine of its own, and prints its line."""
    begun = time.monotonic()
    pi = Pi(kernel, initrd)
    signal.alarm(LIMIT)
    try:
        with pi:
            pi.boot()
            test(pi)
    except (Failed, OSError) as failure:
        print(f"FAILED  {test.__name__}: {failure}")
        print("\n".join(f"        {line}" for line in pi.said.splitlines()), flush=True)
        return False
    finally:
        signal.alarm(0)
    print(f"ok      {test.__name__} ({time.monotonic() - begun:.0f} s)", flush=True)
    return True


def out_of_time(*_):
    raise Failed(f"took longer than {LIMIT} s")


def main(kernel: str, initrd: str, part: str) -> int:
    signal.signal(signal.SIGALRM, out_of_time)
    chosen = [test for test in TESTS if part in test.__name__]
    passed = sum(passes(test, Path(kernel), Path(initrd)) for test in chosen)
    print(f"{passed} passed, {len(chosen) - passed} failed")
    return 0 if chosen and passed == len(chosen) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
