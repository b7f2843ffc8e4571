# Compiles the kernels, SOURCE, with NVCC into FOLDER:
#   kernels.fatbin  machine code, compressed, for drivers of the toolkit's line. Code for x.0 runs on every device x.y.
#   kernels.ptx     text that older drivers compile, and newer ones for devices that are newer than the toolkit
#   resources.txt   what ptxas says of the kernels in that text
#   kernel_symbols.h  the symbol of each kernel, by its name
#   kernels.d       the files they are made of
# Contraction would fuse operations that the formulas round one by one.
set(FLAGS -std=c++17 -O3 -DADABELIEF_SET=cuda --expt-relaxed-constexpr -fmad=false -ftz=false -prec-div=true -prec-sqrt=true)

execute_process(COMMAND ${NVCC} --help OUTPUT_VARIABLE help COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${NVCC} --list-gpu-code OUTPUT_VARIABLE known COMMAND_ERROR_IS_FATAL ANY)
foreach(architecture 75 80 90 100 120)
  if(known MATCHES "sm_${architecture}\n")
    list(APPEND CODE -gencode=arch=compute_${architecture},code=sm_${architecture})
  endif()
endforeach()
if(help MATCHES "--compress-mode")
  list(APPEND CODE -compress-mode=size)
endif()
execute_process(COMMAND ${NVCC} ${FLAGS} ${CODE} --threads 2 -fatbin -o ${FOLDER}/kernels.fatbin ${SOURCE}
  COMMAND_ERROR_IS_FATAL ANY)

# PTX 6.4 is what drivers of CUDA 10.1 read. nvcc writes its own version there, and remarks that it has not; whether it has all
# else is for ptxas to say.
execute_process(COMMAND ${NVCC} ${FLAGS} -arch=compute_75 -ptx -o ${FOLDER}/newest.ptx ${SOURCE} -MD -MF ${FOLDER}/kernels.d
  -MT ${FOLDER}/kernels.fatbin COMMAND_ERROR_IS_FATAL ANY)
file(READ ${FOLDER}/newest.ptx ptx)
string(REGEX REPLACE "\n\\.version [0-9.]+\n" "\n.version 6.4\n" ptx "${ptx}")
string(REGEX REPLACE "\n[\t ]*\\.pragma \"used_bytes_mask[^\n]*" "" ptx "${ptx}")
file(WRITE ${FOLDER}/kernels.ptx "${ptx}")
get_filename_component(bin ${NVCC} REALPATH)
get_filename_component(bin ${bin} DIRECTORY)
find_program(PTXAS ptxas HINTS ${bin} REQUIRED)
execute_process(COMMAND ${PTXAS} -arch=sm_75 -v -o ${FOLDER}/kernels.cubin ${FOLDER}/kernels.ptx
  ERROR_FILE ${FOLDER}/resources.txt COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE ${FOLDER}/newest.ptx)

# The symbols, demangled: "void adabelief::device::update<3, 0>(adabelief::Launch)" is the kernel "update<3, 0>".
find_program(CXXFILT c++filt HINTS ${bin} REQUIRED)
string(REGEX MATCHALL "\\.entry [A-Za-z0-9_]+\\(" entries "${ptx}")
list(TRANSFORM entries REPLACE "\\.entry |\\(" "")
string(REPLACE ";" "\n" entries "${entries}")
file(WRITE ${FOLDER}/symbols.txt "${entries}\n")
execute_process(COMMAND ${CXXFILT} INPUT_FILE ${FOLDER}/symbols.txt OUTPUT_VARIABLE names COMMAND_ERROR_IS_FATAL ANY)
file(REMOVE ${FOLDER}/symbols.txt)
string(REPLACE "\n" ";" symbols "${entries}")
string(REGEX REPLACE "(void )?adabelief::device::" "" names "${names}")
string(REGEX REPLACE "\\(adabelief::Launch\\)" "" names "${names}")
string(STRIP "${names}" names)
string(REPLACE "\n" ";" names "${names}")
set(text "// Written by make_image.cmake.\n#pragma once\n\nstruct KernelSymbol {\n  const char *name, *symbol;\n};\n\nconstexpr KernelSymbol kernel_symbols[] = {\n")
foreach(name symbol IN ZIP_LISTS names symbols)
  string(APPEND text "    {\"${name}\", \"${symbol}\"},\n")
endforeach()
file(WRITE ${FOLDER}/kernel_symbols.h "${text}};\n")
