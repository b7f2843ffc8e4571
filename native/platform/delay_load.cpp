// Node's functions on Windows are looked up in the program that is running, whatever its name: Electron and other hosts are not
// called node.exe. A host that keeps Node in a library calls that libnode.dll.
#include "windows.h"

#include <delayimp.h>

#include <cstring>

namespace {

FARPROC WINAPI find_host(unsigned event, PDelayLoadInfo load) {
  if (event != dliNotePreLoadLibrary || _stricmp(load->szDll, "node.exe") != 0) return nullptr;
  const HMODULE library = GetModuleHandleW(L"libnode.dll");
  return reinterpret_cast<FARPROC>(library ? library : GetModuleHandleW(nullptr));
}

}  // namespace

extern "C" {
decltype(__pfnDliNotifyHook2) __pfnDliNotifyHook2 = find_host;  // a constant in Microsoft's header
}
