# terrazzo_embed(<layer> <word> <folder>)
#
# Puts every file below <folder> into the layer's library: <word>_assets() of
# <layer>/assets.hpp returns them. A folder that is not there gives an empty list.
function(terrazzo_embed layer word folder)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${folder} ${folder}/*)
  set(number 0)
  foreach(file IN LISTS files)
    # The table holds a digest of the content, so a new content means a new table.
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/${file})
    file(SHA256 ${folder}/${file} digest)
    string(SUBSTRING ${digest} 0 16 digest)
    set(label terrazzo_${word}_asset_${number})
    string(APPEND texts "    \".globl ${label}\\n.globl ${label}_end\\n\"
    \"${label}: .incbin \\\"${folder}/${file}\\\"\\n${label}_end: .byte 0\\n\"\n")
    string(APPEND declared "extern \"C\" const char ${label}[];\nextern \"C\" const char ${label}_end[];\n")
    string(APPEND listed "      {\"${file}\", \"\\\"${digest}\\\"\", {${label}, static_cast<std::size_t>(${label}_end - ${label})}},\n")
    list(APPEND paths ${folder}/${file})
    math(EXPR number "${number} + 1")
  endforeach()
  set(source ${PROJECT_BINARY_DIR}/embedded/${layer}_${word}.cpp)
  if(number EQUAL 0)
    set(body "std::span<const Asset> ${word}_assets() { return {}; }")
  else()
    set(body "std::span<const Asset> ${word}_assets() {
  static const Asset table[] = {
${listed}  };
  return table;
}")
  endif()
  file(CONFIGURE OUTPUT ${source} CONTENT
"// Written by cmake/embed.cmake from the files of ${word}.
#include \"terrazzo/${layer}/assets.hpp\"
asm(\".section .rodata\\n\"
${texts}    \".previous\\n\");
${declared}namespace terrazzo::${layer} {
${body}
}  // namespace terrazzo::${layer}
" @ONLY)
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${paths}")
  target_sources(terrazzo_${layer} PRIVATE ${source})
endfunction()
