#include "library.h"
#include "windows.h"

namespace adabelief {

namespace {

std::wstring wide(const char* text) {
  const int length = MultiByteToWideChar(CP_UTF8, 0, text, -1, nullptr, 0);
  if (length <= 1) return {};
  std::wstring result(static_cast<std::size_t>(length), L'\0');
  MultiByteToWideChar(CP_UTF8, 0, text, -1, result.data(), length);
  result.pop_back();  // the zero at the end
  return result;
}

}  // namespace

void* open_library(const char* name, std::string& why) {
  const std::wstring path = wide(name);
  const bool in_folder = path.find_first_of(L"\\/") != std::wstring::npos;
  const DWORD where = in_folder ? LOAD_WITH_ALTERED_SEARCH_PATH : LOAD_LIBRARY_SEARCH_SYSTEM32;
  HMODULE library = LoadLibraryExW(path.c_str(), nullptr, where);
  if (!library) why = std::string(name) + ": Windows error " + std::to_string(GetLastError());
  return reinterpret_cast<void*>(library);
}

void* find_symbol(void* library, const char* name) {
  return reinterpret_cast<void*>(GetProcAddress(static_cast<HMODULE>(library), name));
}

void stay_loaded() {
  HMODULE self;
  GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_PIN | GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                     reinterpret_cast<LPCWSTR>(&stay_loaded), &self);
}

}  // namespace adabelief
