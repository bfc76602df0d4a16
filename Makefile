# limen: what to type. `make demo` and `make test` do all their own set-up.

CARGO ?= cargo
PREFIX ?= /usr/local
DESTDIR ?=
UNITDIR ?= /etc/systemd/system
BINARY ?= target/dist/limen

.PHONY: demo test test-devices test-systemd test-pi soak bench-peers liveness-clips demo-clip fuzz lint check-models check-recipe check-config \
	check-monitoring check-package deny advisories dist dist-gateway install install-gateway deb piuparts setup

demo: setup
	$(CARGO) run --locked --quiet -- demo

test: setup
	$(CARGO) test --locked --workspace

# The tests that need a camera and a GPIO chip, in a guest that has them.
test-devices: setup
	tests/devices/run

# The service under systemd, its sandbox and its watchdog, in two guests.
test-systemd: setup
	tests/systemd/run

# Faces that come and go and faults at random, in a guest: make soak MINUTES=30
soak: setup
	MINUTES=$(or $(MINUTES),30) tests/devices/run soak

# Every parser against what a fuzzer makes up, one after the other: make fuzz MINUTES=10
fuzz: setup
	MINUTES=$(or $(MINUTES),10) fuzz/run

# The driver "rppal" on an emulated Raspberry Pi 3, by an arm64 binary.
test-pi:
	tests/pi/run

# Beside other ways to recognise a face, on the same frames in turns, and instructions for each stage. Needs Python and its
# index; the first time dlib is compiled, half an hour.
bench-peers: setup
	benches/peers --out docs
	benches/instructions --out docs

lint: setup
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

# Heads, prints and screens before a camera, to measure liveness on: make liveness-clips DIR=clips ATTEMPTS=60 SEED=1
# [PART=fit|test] [SPECIES=print-bent,print-moved] [TRY=2] [FACES=a folder with a folder a person]
liveness-clips: setup
	@test -n "$(DIR)" || { echo 'name the folder to write to: make liveness-clips DIR=clips'; exit 2; }
	LIMEN_CLIPS="$(abspath $(DIR))" LIMEN_CLIPS_ATTEMPTS="$(ATTEMPTS)" LIMEN_CLIPS_SEED="$(SEED)" \
	LIMEN_CLIPS_PART="$(PART)" LIMEN_CLIPS_SPECIES="$(SPECIES)" LIMEN_CLIPS_UP="$(UP)" LIMEN_CLIPS_TRY="$(TRY)" \
	$(if $(FACES),LIMEN_FACES="$(abspath $(FACES))") \
	$(CARGO) test --locked --test limen -- --ignored --exact clips::write::write_liveness_clips --nocapture

# The head that turns in the demo, rendered from one of its photographs.
demo-clip: setup
	$(CARGO) test --locked --test limen -- --ignored --exact clips::write::write_the_head_of_the_demo

# The networks are the ones that were measured; offline.
check-models:
	cd models && sha256sum --check --quiet SHA256SUMS

# The recipe still builds them, byte for byte; also builds the ones that are not committed, and tests those. Needs Python
# and its index.
check-recipe: setup
	models/recipe/build --check
	models/recipe/build
	$(CARGO) test --locked --test limen networks

# Every shipped configuration, without the devices of a door.
check-config: setup
	for file in config/limen*.toml; do \
		$(CARGO) run --locked --quiet -- check --without-devices --config $$file || exit; \
	done

# Prometheus' own tool finds no mistake in the alerts, and their tests pass.
check-monitoring:
	monitoring/check

# Debian's lintian finds nothing wrong with a package of the program that is built for tests.
check-package: setup
	$(CARGO) build --locked --bins
	packaging/check

# Licences, sources and banned crates, by cargo-deny; no network.
deny:
	@$(CARGO) deny --version >/dev/null 2>&1 || { echo 'cargo-deny is missing; install it: cargo install --locked cargo-deny'; exit 2; }
	$(CARGO) deny --offline --locked check bans licenses sources

# Known vulnerabilities, by cargo-audit and a copy of https://github.com/rustsec/advisory-db: make advisories DB=FOLDER
advisories:
	@test -d "$(DB)" || { echo 'name the folder of the advisory database: make advisories DB=FOLDER'; exit 2; }
	@$(CARGO) audit --version >/dev/null 2>&1 || { echo 'cargo-audit is missing; install it: cargo install --locked cargo-audit'; exit 2; }
	$(CARGO) audit --no-fetch --db "$(DB)"

# The small one for the door.
dist: setup
	$(CARGO) build --locked --profile dist -p limen

install:
	@test -x $(BINARY) && test -x $(BINARY)-lab || { echo 'run "make dist" first, as yourself'; exit 2; }
	install -D -m 0755 $(BINARY) $(DESTDIR)$(PREFIX)/bin/limen
# What measures; `limen` hands over to it.
	install -D -m 0755 $(BINARY)-lab $(DESTDIR)$(PREFIX)/bin/limen-lab
	install -D -m 0644 README.md $(DESTDIR)$(PREFIX)/share/doc/limen/README.md
	for unit in limen limen-camera; do \
		sed 's|/usr/local|$(PREFIX)|g' systemd/$$unit.service | \
			install -D -m 0644 /dev/stdin $(DESTDIR)$(UNITDIR)/$$unit.service || exit; \
	done
	install -D -m 0644 systemd/limen.sysusers $(DESTDIR)/usr/lib/sysusers.d/limen.conf
	install -D -m 0644 systemd/limen.tmpfiles $(DESTDIR)/usr/lib/tmpfiles.d/limen.conf
	test -n "$(DESTDIR)" || { systemd-sysusers limen.conf && systemd-tmpfiles --create limen.conf; }
# Never over a folder that is there: its group and its setgid bit let the service read what is enrolled.
	test -d $(DESTDIR)/etc/limen || install -d -m 2750 $(DESTDIR)/etc/limen
	for file in limen.toml gallery.toml; do \
		test -e $(DESTDIR)/etc/limen/$$file || install -m 0640 config/$$file $(DESTDIR)/etc/limen/$$file; \
	done
	test -n "$(DESTDIR)" || { chgrp limen /etc/limen/limen.toml /etc/limen/gallery.toml && systemctl daemon-reload; }

# The gateway, the only program with a network. The door does not need it.
dist-gateway:
	$(CARGO) build --locked --profile dist -p limen-gateway

install-gateway:
	@test -x $(BINARY)-gateway || { echo 'run "make dist-gateway" first, as yourself'; exit 2; }
	install -D -m 0755 $(BINARY)-gateway $(DESTDIR)$(PREFIX)/bin/limen-gateway
	sed 's|/usr/local|$(PREFIX)|g' systemd/limen-gateway.service | \
		install -D -m 0644 /dev/stdin $(DESTDIR)$(UNITDIR)/limen-gateway.service
	install -D -m 0644 systemd/limen-gateway.sysusers $(DESTDIR)/usr/lib/sysusers.d/limen-gateway.conf
	test -n "$(DESTDIR)" || systemd-sysusers limen-gateway.conf
	test -e $(DESTDIR)/etc/limen-gateway.toml || install -m 0640 config/gateway.toml $(DESTDIR)/etc/limen-gateway.toml
	test -n "$(DESTDIR)" || { chgrp limen-gateway /etc/limen-gateway.toml && systemctl daemon-reload; }

# The Debian package of the program for this machine's processor, or for a Pi: make deb ARCH=arm64
deb: dist
	$(if $(filter arm64,$(ARCH)),cross/build)
	packaging/deb $(if $(ARCH),--arch $(ARCH))

# Installs, removes and purges the package in a fresh Debian, as root: make piuparts [BEFORE=an older package, to upgrade it]
piuparts:
	packaging/piuparts "$$(ls -t target/deb/limen_*_"$$(dpkg --print-architecture)".deb | head -1)" $(BEFORE)

# libclang reads the kernel's camera header while the v4l crate is built.
setup:
	@if [ -n "$$LIBCLANG_PATH" ] || ls /usr/lib/llvm-*/lib/libclang.so* /usr/lib/llvm-*/lib/libclang-[0-9]*.so* 2>/dev/null | grep -q . \
		|| ldconfig -p 2>/dev/null | grep -q 'libclang\(-[0-9]*\)\?\.so'; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo 'installing libclang-dev'; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y libclang-dev >/dev/null; \
	else echo 'libclang is missing; install it: sudo apt install libclang-dev'; exit 2; fi
