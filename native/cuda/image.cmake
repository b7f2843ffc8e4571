# The kernels as an image for NVIDIA's drivers, where nvcc is found: IMAGE_SOURCE becomes the file that has them, or none.
option(ADABELIEF_CUDA "Build the kernels for CUDA, where nvcc is found" ${ADABELIEF_CUDA_BY_DEFAULT})
set(IMAGE_SOURCE native/cuda/image_none.cpp)
if(ADABELIEF_CUDA AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
  find_program(ADABELIEF_NVCC nvcc HINTS ENV CUDA_HOME PATHS /usr/local/cuda PATH_SUFFIXES bin DOC "NVIDIA's compiler")
endif()
if(NOT ADABELIEF_NVCC)
  message(STATUS "CUDA: no kernels, for nvcc was not asked for or not found")
  return()
endif()

# An nvcc that does not go with the compiler beside it, or is too old, must not fail the build of a package that runs without it.
set(IMAGE_FOLDER ${CMAKE_BINARY_DIR}/cuda)
file(WRITE ${IMAGE_FOLDER}/tried.cu "#include <utility>\n__global__ void tried(const __grid_constant__ int) {}\n")
execute_process(COMMAND ${ADABELIEF_NVCC} -std=c++17 -arch=compute_75 -ptx -o ${IMAGE_FOLDER}/tried.ptx ${IMAGE_FOLDER}/tried.cu
  RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE words)
if(failed)
  message(WARNING "CUDA: no kernels, for ${ADABELIEF_NVCC} cannot compile them:\n${words}")
  return()
endif()
add_custom_command(OUTPUT ${IMAGE_FOLDER}/kernels.fatbin ${IMAGE_FOLDER}/kernels.ptx ${IMAGE_FOLDER}/kernel_symbols.h
  COMMAND ${CMAKE_COMMAND} -DNVCC=${ADABELIEF_NVCC} -DSOURCE=${CMAKE_SOURCE_DIR}/native/cuda/kernels.cu -DFOLDER=${IMAGE_FOLDER}
    -P ${CMAKE_SOURCE_DIR}/native/cuda/make_image.cmake
  DEPENDS ${CMAKE_SOURCE_DIR}/native/cuda/make_image.cmake native/cuda/kernels.cu
  DEPFILE ${IMAGE_FOLDER}/kernels.d
  COMMENT "Compiling the kernels for CUDA" VERBATIM)
set(IMAGE_SOURCE native/cuda/image_embedded.cpp)
set_source_files_properties(${IMAGE_SOURCE} PROPERTIES
  COMPILE_DEFINITIONS "ADABELIEF_IMAGE_FOLDER=\"${IMAGE_FOLDER}\";ADABELIEF_KERNEL_SYMBOLS=\"${IMAGE_FOLDER}/kernel_symbols.h\""
  OBJECT_DEPENDS "${IMAGE_FOLDER}/kernels.fatbin;${IMAGE_FOLDER}/kernels.ptx;${IMAGE_FOLDER}/kernel_symbols.h")
# One target makes them, for whatever uses them in any folder.
add_custom_target(cuda_image DEPENDS ${IMAGE_FOLDER}/kernels.fatbin)
