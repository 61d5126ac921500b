# terrazzo_loads(<layer> <library> <macro>)
#
# The layer is compiled with the headers of an imported library, but not linked with it:
# <macro> is the name by which the layer loads it while the program runs, as "libx.so.1".
function(terrazzo_loads layer library macro)
  target_include_directories(terrazzo_${layer} SYSTEM PRIVATE
                             $<TARGET_PROPERTY:${library},INTERFACE_INCLUDE_DIRECTORIES>)
  get_target_property(file ${library} LOCATION)
  execute_process(COMMAND ${CMAKE_READELF} -d ${file} OUTPUT_VARIABLE entries
                  COMMAND_ERROR_IS_FATAL ANY)
  if(NOT entries MATCHES "\\(SONAME\\)[^[]*\\[([^]]+)\\]")
    message(FATAL_ERROR "${file} is no shared library with a name of its own")
  endif()
  target_compile_definitions(terrazzo_${layer} PRIVATE ${macro}="${CMAKE_MATCH_1}")
endfunction()
