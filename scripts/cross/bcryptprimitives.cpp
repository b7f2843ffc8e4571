// A library of Windows that Wine 8 lacks: programs in Rust, such as Jest's resolver, take their random numbers from it.
#include <windows.h>

#include <ntsecapi.h>

extern "C" __declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE into, SIZE_T length) {
  return RtlGenRandom(into, static_cast<ULONG>(length));
}
