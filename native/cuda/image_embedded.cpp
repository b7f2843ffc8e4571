#include "image.h"

#include <algorithm>
#include <iterator>

#include ADABELIEF_KERNEL_SYMBOLS

#if defined(_WIN32)
#define ADABELIEF_CONSTANTS ".section .rdata,\"dr\"\n"
#define ADABELIEF_BACK ".text\n"
#else
#define ADABELIEF_CONSTANTS ".pushsection .rodata\n"
#define ADABELIEF_BACK ".popsection\n"
#endif

// The files as they are, each after a symbol; the text with a zero behind it.
__asm__(ADABELIEF_CONSTANTS
        ".balign 16\n"
        "adabelief_fatbin: .incbin \"" ADABELIEF_IMAGE_FOLDER
        "/kernels.fatbin\"\n"
        "adabelief_ptx: .incbin \"" ADABELIEF_IMAGE_FOLDER
        "/kernels.ptx\"\n"
        ".byte 0\n" ADABELIEF_BACK);

extern "C" const char adabelief_fatbin[], adabelief_ptx[];

namespace adabelief {

const Image& image() {
  static const Image embedded{adabelief_fatbin, adabelief_ptx};
  return embedded;
}

const char* kernel_symbol(const std::string& name) {
  const auto found = std::find_if(std::begin(kernel_symbols), std::end(kernel_symbols),
                                  [&](const KernelSymbol& kernel) { return name == kernel.name; });
  return found == std::end(kernel_symbols) ? nullptr : found->symbol;
}

}  // namespace adabelief
