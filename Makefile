# Two commands: `make demo` and `make test` set up everything they need on a bare Debian 12 machine.
.PHONY: all setup build demo test check-format format tidy bench asan tsan install clean

JOBS := $(shell nproc)

all: build

setup:
	@tools/setup.sh

build: setup
	@[ -f build/build.ninja ] || cmake --preset release > /dev/null
	@cmake --build build --target qualm -j $(JOBS)

demo: build
	build/qualm demo

# Every test: unit, engine (runs libllama) and slow.
test: setup
	@[ -f build/build.ninja ] || cmake --preset release > /dev/null
	@cmake --build build -j $(JOBS)
	ctest --test-dir build -j $(JOBS) --output-on-failure --timeout 600

format:
	@tools/setup.sh dev
	git ls-files '*.cpp' '*.h' | xargs clang-format-14 -i

check-format:
	@tools/setup.sh dev
	git ls-files '*.cpp' '*.h' | xargs clang-format-14 --dry-run --Werror

tidy: build
	@tools/setup.sh dev
	git ls-files 'src/*.cpp' | xargs -P $(JOBS) -n 8 clang-tidy-14 --quiet -p build

asan tsan: setup
	@[ -f build/$@/build.ninja ] || cmake --preset $@ > /dev/null
	@cmake --build build/$@ -j $(JOBS)
	ctest --preset $@ -j $(JOBS)

bench:
	@tools/setup.sh peers
	@[ -f build/bench/build.ninja ] || cmake --preset bench > /dev/null
	@cmake --build build/bench -j $(JOBS)
	bench/run.sh

clean:
	rm -rf build
