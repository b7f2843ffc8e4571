#!/usr/bin/env bash
# Installs Debian's packages for what CI builds and tests beyond this machine's own platform, as far as they are missing.
set -euo pipefail
packages=(
  clang-format clang-14 clang-16                                                        # other compilers
  clang-19 lld-19 wasi-libc libc++-19-dev-wasm32 libclang-rt-19-dev-wasm32              # WebAssembly
  g++-mingw-w64-x86-64-posix wine64                                                     # Windows
  g++-aarch64-linux-gnu qemu-user-static                                                # arm64
  patchelf musl                                                                         # musl
  openmpi-bin mpich python3-mpi4py                                                      # MPI
  chromium                                                                              # browsers
)
missing=()
for package in "${packages[@]}"; do
  dpkg-query --show --showformat='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0
echo "Installing ${missing[*]}"
if ! (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}") >/dev/null; then
  echo "SKIPPED, not installed: what needs these packages says so below, and is skipped too"
fi
