# One line each; what they need is in the README.
.PHONY: demo test fuzz faults lint bench dist completions

demo:          ## three throw-away control planes, two registered with the first and a supply chain changed, step by step
	@tests/demo/play

test:          ## all tests, on real control planes
	cargo test --locked

faults:        ## every command with every fault at every request; TAPMC_FAULTS_CASE=… repeats one case
	TAPMC_FAULTS=all cargo test --locked --test faults --test simulated

lint:          ## formatting, clippy
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings

bench:         ## the plugin beside the kubectl script, and on fleets; writes BENCHMARKS.md
	@benches/run

dist:          ## the archive for this platform, as krew installs it
	@krew/dist

completions:   ## makes completions/ anew
	@completions/generate

fuzz:          ## kubeconfigs of all sorts for ten minutes, others each time; `make test` tries the same ones for one
	TAPMC_FUZZ_SECONDS=600 TAPMC_FUZZ_SEED=$$(date +%s%N) cargo test --locked --test it -- fuzz:: --nocapture
