# terrazzo_layer(<name> [NEEDS <layer>...] [LINKS <library>...] [PRIVATE <library>...]
#                [TESTS <library>...])
#
# A folder of src/terrazzo is one static library and, from its *_test.cpp files,
# one test program that links that library and the ones below it: a layer that
# reaches upwards does not link. tools/check_layers.py does the same for #includes.
# LINKS: seen in headers (JSON and fmt only); PRIVATE: used in .cpp files; TESTS: used in
# those of tests only.
# The target unit_tests is all of these test programs and nothing else.
add_custom_target(unit_tests)
function(terrazzo_layer name)
  cmake_parse_arguments(arg "" "" "NEEDS;LINKS;PRIVATE;TESTS" ${ARGN})
  set(dir ${PROJECT_SOURCE_DIR}/src/terrazzo/${name})
  file(GLOB headers CONFIGURE_DEPENDS ${dir}/*.hpp)
  file(GLOB sources CONFIGURE_DEPENDS ${dir}/*.cpp)
  file(GLOB tests CONFIGURE_DEPENDS ${dir}/*_test.cpp ${dir}/*/*_test.cpp)
  list(REMOVE_ITEM sources ${tests} "")
  list(TRANSFORM arg_NEEDS PREPEND terrazzo_)

  if(sources)
    set(scope PUBLIC)
    add_library(terrazzo_${name} STATIC ${sources})
    target_link_libraries(terrazzo_${name} PRIVATE terrazzo_flags ${arg_PRIVATE})
  else()
    set(scope INTERFACE)
    add_library(terrazzo_${name} INTERFACE)
  endif()
  target_sources(terrazzo_${name} ${scope} FILE_SET HEADERS
                 BASE_DIRS ${PROJECT_SOURCE_DIR}/src FILES ${headers})
  target_link_libraries(terrazzo_${name} ${scope} ${arg_NEEDS} ${arg_LINKS})

  if(tests AND BUILD_TESTING)
    add_executable(${name}_tests ${tests} $<TARGET_OBJECTS:terrazzo_test_main>)
    target_link_libraries(${name}_tests PRIVATE terrazzo_${name} terrazzo_flags ${arg_PRIVATE} ${arg_TESTS})
    target_include_directories(${name}_tests PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_compile_definitions(${name}_tests PRIVATE TERRAZZO_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
    add_test(NAME ${name} COMMAND ${name}_tests)
    add_dependencies(unit_tests ${name}_tests)
  endif()
endfunction()

# terrazzo_kinds(<layer> <folder> <Kind> <word>)
#
# Every file <layer>/<folder>/x.cpp must define `extern const <Kind> <word>_x;`, declared
# as a kind in <layer>/<word>.hpp. This writes the table that <word>_kinds() returns.
function(terrazzo_kinds layer folder kind word)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/terrazzo/${layer}/${folder}/*.cpp)
  list(FILTER files EXCLUDE REGEX "_test\\.cpp$")
  foreach(file IN LISTS files)
    get_filename_component(stem ${file} NAME_WE)
    string(APPEND declared "extern const ${kind} ${word}_${stem};\n")
    string(APPEND listed "    &${word}_${stem},\n")
  endforeach()
  set(table ${PROJECT_BINARY_DIR}/kinds/${layer}_${folder}.cpp)
  file(CONFIGURE OUTPUT ${table} CONTENT
"// Written by cmake/layers.cmake from the files of ${layer}/${folder}.
#include \"terrazzo/${layer}/${word}.hpp\"
namespace terrazzo::${layer} {
${declared}Kinds<${kind}> ${word}_kinds() {
  static constexpr const ${kind}* table[] = {
${listed}  };
  return table;
}
}  // namespace terrazzo::${layer}
" @ONLY)
  target_sources(terrazzo_${layer} PRIVATE ${files} ${table})
endfunction()
