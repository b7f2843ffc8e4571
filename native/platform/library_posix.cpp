#include <dlfcn.h>

#include "library.h"

namespace adabelief {

namespace {

// Since glibc 2.34 these have a newer version in libc itself. The old names load wherever Node does.
#if defined(__x86_64__) && defined(__GLIBC__)
__asm__(".symver dlopen,dlopen@GLIBC_2.2.5");
__asm__(".symver dlsym,dlsym@GLIBC_2.2.5");
__asm__(".symver dlerror,dlerror@GLIBC_2.2.5");
#elif defined(__aarch64__) && defined(__GLIBC__)
__asm__(".symver dlopen,dlopen@GLIBC_2.17");
__asm__(".symver dlsym,dlsym@GLIBC_2.17");
__asm__(".symver dlerror,dlerror@GLIBC_2.17");
#endif

}  // namespace

void* open_library(const char* name, std::string& why) {
  void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  if (library) return library;
  const char* error = dlerror();
  why = error ? error : name;
  return nullptr;
}

void* find_symbol(void* library, const char* name) { return dlsym(library, name); }

#if defined(__APPLE__)
void stay_loaded() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&stay_loaded), &info)) dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}
#else
void stay_loaded() {}  // the linker's option -z nodelete says so
#endif

}  // namespace adabelief
