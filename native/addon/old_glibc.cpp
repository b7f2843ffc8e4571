// std::shared_ptr asks glibc whether the process has one thread only, by a variable that came with glibc 2.32. Here is one of our
// own, which always says no: so the addon loads wherever Node does.
#if defined(__GLIBC__) || defined(__linux__)
extern "C" __attribute__((visibility("hidden"))) char __libc_single_threaded;
char __libc_single_threaded = 0;
#endif
