#pragma once
// TIFF's tags, named as in its specification, its technical notes, GeoTIFF and GDAL.

#include <cstdint>

namespace terrazzo::io::tag {

enum Number : std::uint16_t {
  new_subfile_type = 254,
  image_width = 256,
  image_length = 257,
  bits_per_sample = 258,
  compression = 259,
  photometric = 262,
  fill_order = 266,
  strip_offsets = 273,
  orientation = 274,
  samples_per_pixel = 277,
  rows_per_strip = 278,
  strip_byte_counts = 279,
  planar_configuration = 284,
  predictor = 317,
  color_map = 320,
  tile_width = 322,
  tile_length = 323,
  tile_offsets = 324,
  tile_byte_counts = 325,
  sub_ifds = 330,
  extra_samples = 338,
  sample_format = 339,
  jpeg_tables = 347,
  ycbcr_subsampling = 530,
  reference_black_white = 532,
  model_pixel_scale = 33550,
  model_tie_point = 33922,
  model_transformation = 34264,
  geo_key_directory = 34735,
  geo_double_params = 34736,
  geo_ascii_params = 34737,
  gdal_metadata = 42112,
  gdal_nodata = 42113,
  lerc_parameters = 50674,
};

}  // namespace terrazzo::io::tag
