// Two symbols of our own in the place of newer ones of the C and C++ libraries, so that the addon loads wherever Node does.
#include <new>

// std::shared_ptr asks glibc whether the process has one thread only, by a variable that came with glibc 2.32. Here is one that
// always says no.
#if defined(__linux__)
extern "C" __attribute__((visibility("hidden"))) char __libc_single_threaded;
char __libc_single_threaded = 0;
#endif

// Containers call this function (here by its mangled name) for invalid lengths. libstdc++ has it since GCC 11.
#if defined(__linux__) && defined(__GLIBCXX__)
extern "C" __attribute__((visibility("hidden"), noreturn)) void _ZSt28__throw_bad_array_new_lengthv();
void _ZSt28__throw_bad_array_new_lengthv() { throw std::bad_alloc(); }
#endif
