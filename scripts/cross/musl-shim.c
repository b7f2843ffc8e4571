// What musl lacks of the functions that Debian's libstdc++ and libgcc take from glibc. Debian has none made for musl: with these the
// ones for glibc serve, for tests.
#include <stddef.h>

unsigned long getrandom(void* into, size_t length, unsigned flags);
size_t strftime_l(char* text, size_t length, const char* format, const void* time, void* locale);

unsigned arc4random(void) {
  unsigned value = 0;
  getrandom(&value, sizeof value, 0);
  return value;
}
size_t __strftime_l(char* text, size_t length, const char* format, const void* time, void* locale) {
  return strftime_l(text, length, format, time, locale);
}
int __cxa_thread_atexit_impl(void (*run)(void*), void* object, void* library) {
  (void)run, (void)object, (void)library;
  return 0;
}
int _dl_find_object(void* address, void* result) {  // not found: the unwinder asks dl_iterate_phdr
  (void)address, (void)result;
  return -1;
}
char __libc_single_threaded = 0;
int __cpu_indicator_init(void) { return 0; }
unsigned __cpu_model[4];
