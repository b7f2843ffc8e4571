# NODE_LIBRARY: what an addon links on Windows to find Node's functions when it is loaded. cmake-js brings lists of them.
if(NOT MINGW)
  if(CMAKE_JS_NODELIB_DEF AND CMAKE_JS_NODELIB_TARGET)
    execute_process(COMMAND ${CMAKE_AR} /def:${CMAKE_JS_NODELIB_DEF} /out:${CMAKE_JS_NODELIB_TARGET} ${CMAKE_STATIC_LINKER_FLAGS})
  endif()
  set(NODE_LIBRARY)  # it is among CMAKE_JS_LIB
  return()
endif()

set(ADABELIEF_NODE_DEFS ${CMAKE_JS_NODELIB_DEF} CACHE STRING "Module definition files with the names of Node-API's functions")
set(list "NAME node.exe\nEXPORTS\n")
foreach(file IN LISTS ADABELIEF_NODE_DEFS)
  file(STRINGS ${file} names REGEX "^ *n[a-z]+_[a-z_0-9]+ *$")
  foreach(name IN LISTS names)
    string(APPEND list "${name}\n")
  endforeach()
endforeach()
file(WRITE ${CMAKE_BINARY_DIR}/node.def "${list}")
set(NODE_LIBRARY ${CMAKE_BINARY_DIR}/libnode.a)
execute_process(COMMAND ${CMAKE_DLLTOOL} --input-def ${CMAKE_BINARY_DIR}/node.def --output-delaylib ${NODE_LIBRARY}
  COMMAND_ERROR_IS_FATAL ANY)
