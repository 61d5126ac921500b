# Compiles share/colormaps/*.txt into the raster layer.
file(GLOB colormap_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/share/colormaps/*.txt)
set(colormap_source ${PROJECT_BINARY_DIR}/colormaps/built_in_colormaps.cpp)
set(colormap_tool ${PROJECT_SOURCE_DIR}/tools/embed_colormaps.py)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/colormaps)
add_custom_command(
  OUTPUT ${colormap_source}
  COMMAND Python3::Interpreter ${colormap_tool} ${colormap_source} ${colormap_files}
  DEPENDS ${colormap_tool} ${colormap_files} COMMENT "Embedding the colour maps")
target_sources(terrazzo_raster PRIVATE ${colormap_source})
