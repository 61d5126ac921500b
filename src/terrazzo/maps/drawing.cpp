#include "terrazzo/maps/drawing.hpp"

#include <algorithm>

#include "terrazzo/base/stages.hpp"
#include "terrazzo/io/png.hpp"
#include "terrazzo/raster/color_transform.hpp"
#include "terrazzo/raster/label.hpp"

namespace terrazzo::maps {
namespace {

using io::Bytes;
using Bands = std::span<const Image* const>;

constexpr std::string_view empty_as_terracotta = "png";

io::EncodeOptions options_of(const Settings& settings) {
  return {.deflate_level = settings.png_compress_level,
          .quality = settings.picture_quality};
}

const raster::ColorTable& table_of(const raster::Colormaps& colormaps,
                                   const std::string& name) {
  const raster::ColorTable* table = colormaps.find(name);
  if (table == nullptr) throw invalid("Encountered invalid color map {}", name);
  return *table;
}

// 256 colours, the first transparent.
std::vector<Color> palette_of(std::span<const Color> colors) {
  std::vector<Color> palette(256, Color{0, 0, 0, 0});
  std::ranges::copy(colors, palette.begin() + 1);
  return palette;
}

std::string colormap_key(const raster::Colormaps& colormaps,
                         const std::optional<std::string>& name) {
  if (!name) return "|grey";
  const raster::ColorTable* table = colormaps.find(*name);
  if (table == nullptr) return fmt::format("|no {}", *name);  // drawing it will say so
  const std::string_view bytes{reinterpret_cast<const char*>(table->data()),
                               sizeof(*table)};
  return fmt::format("|{}:{}", *name, digest(bytes));
}

std::string classes_key(const ExplicitColors& colors) {
  std::string key = "|explicit";
  for (const auto& [value, c] : colors)
    key += fmt::format(",{}:{}.{}.{}.{}", value, c.r, c.g, c.b, c.a);
  return key;
}

io::Drawing draw_classes(const Image& image, const ExplicitColors& classes) {
  std::vector<double> values;
  std::vector<Color> colors;
  for (const auto& [value, color] : classes) {
    values.push_back(value);
    colors.push_back(color);
  }
  io::Drawing drawing;
  drawing.rows = image.rows();
  drawing.cols = image.cols();
  raster::label(image, 0, values, drawing.planes.emplace_back(image.pixels()));
  drawing.palette = palette_of(colors);
  return drawing;
}

// All bands as 0..1, transformed; NaN where there is nothing.
std::vector<std::vector<double>> scaled(Bands bands, const Look& look,
                                        const Context& context) {
  std::vector<std::vector<double>> out;
  std::vector<std::span<double>> views;
  for (std::size_t i = 0; i < bands.size(); ++i) {
    raster::scale(*bands[i], 0, look.ranges[i], out.emplace_back(bands[i]->pixels()));
    views.emplace_back(out.back());
  }
  if (look.transform)
    raster::ColorTransform::parse(*look.transform, bands.size()).apply(views, context);
  return out;
}

void stretch(const Image& band, const Look& look, std::size_t i, Bytes& out) {
  if (look.in_one_step) return raster::stretch_once(band, 0, look.ranges[i], out);
  raster::stretch(band, 0, look.ranges[i], out);
}

io::Drawing draw(Bands bands, const Look& look, const raster::Colormaps& colormaps,
                 const Context& context) {
  if (look.classes) return draw_classes(*bands.front(), *look.classes);
  io::Drawing drawing;
  drawing.rows = bands.front()->rows();
  drawing.cols = bands.front()->cols();
  if (look.colormap) drawing.palette = palette_of(table_of(colormaps, *look.colormap));
  drawing.planes.resize(bands.size());
  const auto planes =
      look.transform ? scaled(bands, look, context) : std::vector<std::vector<double>>{};
  for (std::size_t i = 0; i < bands.size(); ++i) {
    drawing.planes[i].resize(bands[i]->pixels());
    if (look.transform)
      raster::to_bytes(planes[i], bands[i]->valid(), drawing.planes[i]);
    else
      stretch(*bands[i], look, i, drawing.planes[i]);
  }
  return drawing;
}

io::DeepDrawing draw_deep(Bands bands, const Look& look, const Context& context) {
  io::DeepDrawing drawing{.rows = bands.front()->rows(), .cols = bands.front()->cols()};
  const auto planes = scaled(bands, look, context);
  for (std::size_t i = 0; i < bands.size(); ++i)
    raster::to_words(planes[i], bands[i]->valid(),
                     drawing.planes.emplace_back(bands[i]->pixels()));
  return drawing;
}

}  // namespace

const io::PictureFormat& format_of(const std::string& name) {
  const io::PictureFormat* format = io::find_picture_format(name);
  if (format == nullptr)
    throw failure(ErrorKind::not_found, "no picture format is called '{}'; there are: {}",
                  name, io::picture_format_names());
  return *format;
}

void check_look(const Look& look, const io::PictureFormat& format) {
  if (format.draw != nullptr) return;
  if (look.colormap || look.classes)
    throw invalid(
        "the format {} has no colour maps; leave the colours out, or ask for png",
        format.name);
  if (look.transform && format.write != nullptr)
    throw invalid("the format {} holds values; leave color_transform out, or ask for png",
                  format.name);
}

std::string describe_look(const Look& look, const io::PictureFormat& format,
                          const Maps::State& state) {
  std::string key = fmt::format("|{}", format.name);
  if (format.write != nullptr) return key;
  const Settings& settings = state.settings;
  key += fmt::format("|{}|{}", settings.png_compress_level, settings.picture_quality);
  for (const auto& [low, high] : look.ranges) key += fmt::format("|{},{}", low, high);
  key += look.classes ? classes_key(*look.classes)
                      : colormap_key(state.colormaps, look.colormap);
  return key + fmt::format("|{}", look.transform.value_or("-"));
}

std::string encoded(const io::Values& values, const Look& look,
                    const io::PictureFormat& format, const Maps::State& state,
                    const Context& context) {
  const io::EncodeOptions options = options_of(state.settings);
  if (format.write == nullptr && format.draw_deep == nullptr) {
    const io::Drawing drawing = draw(values.bands, look, state.colormaps, context);
    const StageTimer timer{context.stages, Stage::encode};
    return format.draw(drawing, options);
  }
  const StageTimer timer{context.stages, Stage::encode};
  if (format.write != nullptr) return format.write(values);
  return format.draw_deep(draw_deep(values.bands, look, context), options);
}

std::string empty_picture(const TileSize& size, const io::PictureFormat& format,
                          const Maps::State& state) {
  if (format.name == empty_as_terracotta) {
    const auto [width, height] = state.settings.default_tile_size;
    return io::png_empty(static_cast<std::size_t>(height),
                         static_cast<std::size_t>(width));
  }
  const std::size_t pixels = size.rows * size.cols;
  const io::EncodeOptions options = options_of(state.settings);
  if (format.draw_deep != nullptr)
    return format.draw_deep({size.rows, size.cols, {std::vector<std::uint16_t>(pixels)}},
                            options);
  io::Drawing drawing;
  drawing.rows = size.rows;
  drawing.cols = size.cols;
  drawing.planes.emplace_back(pixels);
  return format.draw(drawing, options);
}

}  // namespace terrazzo::maps
