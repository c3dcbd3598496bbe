# The front door. Every target works from a fresh clone on a bare Debian 12 (as root, or with sudo).
#
#   make quickstart   install what is missing, build, run the joint search on Fashion-MNIST
#   make test         the same set-up, then every test
#   make build        build/dha and the plugins below build/plugins/
#   make bench        measure (bench/, docs/measured.md)
#   make gpu-check    everything that needs a CUDA card: tests, comparisons, speed
#   make profile      where the time of a training step goes, by operator (PROBE=next, batch or plain)
#   make fuzz         feed every reader with damaged files for ten minutes
#   make table1-check run one step of every file of examples/table1 on small stand-ins of the data
#   make nb201-search search the space of NAS-Bench-201 on CIFAR-10 by four methods and five seeds: hours; may be stopped and resumed
#   make table1-small compare all systems of the paper's Table 1 on 10,000 images of CIFAR-10: hours; may be stopped and resumed
#   make soak         kill a small run a hundred times and compare what it ends in; run the whole quickstart for its accuracy
#   make install PREFIX=/usr/local
#
# WERROR=ON turns warnings into errors. LIBTORCH_ROOT=/path uses another LibTorch of the pinned version.
SHELL := /bin/bash
PREFIX ?= /usr/local
BUILD ?= build
PRESET ?= release
WERROR ?=
JOBS ?= $(shell nproc)
PROBE ?= batch

.PHONY: all setup configure build test quickstart bench profile gpu-check fuzz table1-check table1-small nb201-search soak install format clean

all: build

setup:
	@scripts/setup $(SETUP)

configure: setup
	@cmake --preset $(PRESET) -B $(BUILD) $(if $(WERROR),-DDHA_WERROR=$(WERROR)) > $(BUILD).configure.log 2>&1 \
	  || { cat $(BUILD).configure.log; exit 1; }
	@mv $(BUILD).configure.log $(BUILD)/configure.log

build: configure
	@cmake --build $(BUILD) -j $(JOBS) --target dha-programs

test: SETUP = --for-tests
test: configure
	@cmake --build $(BUILD) -j $(JOBS)
	@scripts/unpack-data
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

quickstart: build
	@$(BUILD)/dha run examples/quickstart.json

bench: configure
	@cmake --build $(BUILD) -j $(JOBS)
	@scripts/unpack-data
	@bench/run $(BUILD)

gpu-check: configure
	@cmake --build $(BUILD) -j $(JOBS) --target dha-programs image_kernel_test
	@python3 -B bench/gpu_check.py $(BUILD)

profile: configure
	@cmake --build $(BUILD) -j $(JOBS) --target joint_step
	@$(BUILD)/bench-programs/joint_step --profile $(PROBE)

fuzz: configure
	@cmake -B $(BUILD) -DDHA_FUZZ_LIMIT=max_total_time=600 > /dev/null
	@trap 'cmake -B $(BUILD) -DDHA_FUZZ_LIMIT=runs=5000 > /dev/null' EXIT; \
	  ctest --test-dir $(BUILD) -L fuzz -j $(JOBS) --output-on-failure

table1-check: build
	@python3 -B bench/table1_check.py $(BUILD)

table1-small: build
	@scripts/unpack-data
	@python3 -B bench/table1_small.py $(BUILD) runs/table1-small

nb201-search: build
	@scripts/unpack-data
	@python3 -B bench/nb201_search.py $(BUILD) runs/nb201-search

soak: build
	@DHA_KILLS=100 DHA_BUILD_DIR=$(abspath $(BUILD)) DHA_SOURCE_DIR=$(CURDIR) python3 -B tests/cli/kill_test.py -v
	@DHA_WHOLE_QUICKSTART=1 DHA_BUILD_DIR=$(abspath $(BUILD)) DHA_SOURCE_DIR=$(CURDIR) python3 -B tests/cli/quickstart_test.py -v

install: build
	@cmake --install $(BUILD) --prefix $(PREFIX)

format:
	@git ls-files '*.hpp' '*.cpp' '*.h' | xargs clang-format -i

clean:
	rm -rf $(BUILD)
