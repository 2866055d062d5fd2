# Two commands: `make demo` and `make test` set up everything they need on a bare Debian 12 machine.
.PHONY: all setup build readme demo test package web check-format format tidy fuzz bench asan tsan clean

JOBS := $(shell nproc)

all: build

setup:
	@tools/setup.sh

build: setup
	@[ -f build/build.ninja ] || cmake --preset release > /dev/null
	@cmake --build build --target qualm -j $(JOBS)

readme: build
	tools/readme.sh

demo: build
	build/qualm demo

# Every test: the unit tests under ASan and UBSan, then those that run libllama, with the release
# build, then those of the page in Chromium. The last two (4 minutes and 1) are repeated where one of
# their files is newer than their last pass; remove build/*.passed to have them anyway. Tests with
# llama.cpp's own servers and with Vulkan are skipped, loudly, without `tools/setup.sh peers` and
# `tools/setup.sh vulkan`.
test: build asan
	@cmake --build build --target engine_tests -j $(JOBS)
	@if $(MAKE) -q --no-print-directory build/slow.passed; then \
	  echo "The tests that run libllama passed with these very programs and files: not repeated" \
	    "(rm build/slow.passed to repeat them)."; \
	else $(MAKE) --no-print-directory build/slow.passed; fi
	@$(MAKE) --no-print-directory build/web.passed

# The tarball and the .deb, in build/package, and a try of both in an empty root folder, and of the
# wheel in a new virtual environment.
package: build
	ctest --test-dir build --output-on-failure -L package
	@ls -sh build/package/*.tar.gz build/package/*.deb

# The page of the reports, from its sources; dist/page.html is committed.
web:
	@tools/setup.sh web
	tools/web.sh check
	tools/web.sh build

build/web.passed: $(shell find web -type f -not -path '*/node_modules/*') tests/report/golden
	@tools/setup.sh web
	ctest --test-dir build --output-on-failure -L web
	@touch $@

build/slow.passed: build/qualm $(filter-out %.cmake,$(wildcard build/tests/test_*)) \
    $(shell find models corpora tests fuzz/corpus -type f)
	ctest --test-dir build -j $(JOBS) --output-on-failure --timeout 600 -L 'engine|slow|servers|vulkan'
	@touch $@

format:
	@tools/setup.sh dev
	git ls-files '*.cpp' '*.h' | xargs clang-format-14 -i

check-format:
	@tools/setup.sh dev
	git ls-files '*.cpp' '*.h' | xargs clang-format-14 --dry-run --Werror

# What every figure and every untrusted byte goes through; all of src/ takes ten times as long. A
# folder is one source, as in the asan preset, so that each header is read once; some of the
# compiler's flags are g++'s own.
TIDY := base numeric evaluate formats
tidy: setup
	@tools/setup.sh dev
	@cmake --preset asan > /dev/null
	printf '%s\n' $(TIDY:%=build/asan/CMakeFiles/qualm_%.dir/Unity/unity_0_cxx.cxx) | \
	  xargs -P $(JOBS) -n 1 clang-tidy-19 --quiet -p build/asan \
	  --extra-arg=-Wno-unknown-warning-option --extra-arg=-Wno-unused-command-line-argument \
	  --extra-arg=-Wno-ignored-gch

# The unit tests under sanitizers. For `asan` each folder of src/ is one source, which halves the time
# and shows names that stand twice in a layer.
asan tsan: setup
	@[ -f build/$@/build.ninja ] || cmake --preset $@ > /dev/null
	@cmake --build build/$@ --target unit_tests -j $(JOBS)
	ctest --preset $@ -j $(JOBS)

# Each reader under libFuzzer, ASan and UBSan, for SECONDS; what is found there stays in build/.
SECONDS := 600
fuzz: setup
	@tools/setup.sh fuzz
	@[ -f build/fuzz-clang/build.ninja ] || cmake --preset fuzz > /dev/null
	fuzz/run.sh build/fuzz-clang $(SECONDS)

bench:
	@tools/setup.sh peers
	@[ -f build/bench/build.ninja ] || cmake --preset bench > /dev/null
	@cmake --build build/bench -j $(JOBS)
	bench/run.sh

clean:
	rm -rf build
