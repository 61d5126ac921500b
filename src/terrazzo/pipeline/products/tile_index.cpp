#include "terrazzo/base/aside.hpp"
#include "terrazzo/pipeline/pipeline.hpp"
#include "terrazzo/pipeline/shapefile.hpp"

namespace terrazzo::pipeline {
namespace {

struct TileIndexOptions {
  std::string to = "tile_index/{collection}";
  std::string crs = "EPSG:3857";
  Json columns = {{"location", "{uri}"}, {"src_srs", "{crs}"}, {"name", "{name}"}};

  void fields(auto& f) {
    f("to", to,
      "The name of the files among the outputs, without its ending, filled with "
      "{collection} and what attributes all its frames have in common.");
    f("crs", crs, "Of the outlines.", one_of({"EPSG:3857", "EPSG:4326"}));
    f("columns", columns,
      "The columns of the table and their values, filled with the attributes of a frame "
      "and with {uri}, {crs}, {name} and {collection}.");
  }
};

// As ArcGIS and MapServer read it.
constexpr std::string_view geographic =
    R"(GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,)"
    R"(298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]])";

std::string prj_of(const std::string& crs) {
  if (crs == "EPSG:4326") return std::string{geographic};
  return fmt::format(
      R"(PROJCS["WGS_1984_Web_Mercator_Auxiliary_Sphere",{},)"
      R"(PROJECTION["Mercator_Auxiliary_Sphere"],PARAMETER["False_Easting",0.0],)"
      R"(PARAMETER["False_Northing",0.0],PARAMETER["Central_Meridian",0.0],)"
      R"(PARAMETER["Standard_Parallel_1",0.0],PARAMETER["Auxiliary_Sphere_Type",0.0],)"
      R"(UNIT["Meter",1.0]])",
      geographic);
}

class TileIndex final : public Product {
 public:
  explicit TileIndex(const Options& options)
      : given_(options.read<TileIndexOptions>()),
        to_(template_of(options, "to", given_.to)),
        from_wgs84_(Crs::wgs84(), Crs::from(given_.crs)) {
    options.need_object("columns");
    for (const auto& [name, value] : given_.columns.items()) {
      if (!value.is_string())
        throw options.wrong("columns", "'columns' gives '{}' the value {}; it is a text",
                            name, value.dump());
      names_.push_back(name);
      values_.push_back(template_of(options, "columns", value.get<std::string>()));
    }
    try {
      (void)shapefile_of(names_, {});
    } catch (const Error& error) {
      throw options.wrong("columns", "'columns': {}", error.message());
    }
  }

  std::vector<OutputFile> make(const ProductInput& input) const override {
    std::vector<ShapeRow> rows;
    for (const auto& frame : input.frames) rows.push_back(row_of(frame));
    auto made = shapefile_of(names_, rows);
    const auto base = to_.fill(input.attributes);
    const auto stem = base.substr(base.rfind('/') + 1);
    const std::vector<ArchivedFile> files{{stem + ".shp", std::move(made.shp)},
                                          {stem + ".shx", std::move(made.shx)},
                                          {stem + ".dbf", std::move(made.dbf)},
                                          {stem + ".prj", prj_of(given_.crs)},
                                          {stem + ".cpg", "UTF-8\n"}};
    std::vector<OutputFile> outputs;
    const auto put = [&](const std::string& ending, const std::string& bytes) {
      const auto file = input.scratch.file("index" + ending);
      write_file(file, bytes);
      outputs.push_back({file, output_uri(input.outputs, base + ending)});
    };
    put("_idx.zip", zip_of(files));
    for (const ArchivedFile& file : files)
      put(file.name.substr(file.name.size() - 4), file.bytes);
    return outputs;
  }

 private:
  ShapeRow row_of(const catalog::Frame& frame) const {
    ShapeRow row{.polygon = frame.footprint};
    for (Ring& ring : row.polygon.rings) from_wgs84_(ring);
    const auto attributes = attributes_of(frame);
    for (const Template& value : values_) row.values.push_back(value.fill(attributes));
    return row;
  }

  TileIndexOptions given_;
  Template to_;
  Transform from_wgs84_;
  std::vector<std::string> names_;
  std::vector<Template> values_;
};

}  // namespace

extern const ProductKind product_tile_index;
const ProductKind product_tile_index{
    .name = "tile-index",
    .summary =
        "The frames of a collection as a shapefile, for MapServer, GDAL and GIS "
        "programs, and all its files in one archive (_idx.zip).",
    .schema = json_schema<TileIndexOptions>,
    .make = [](const Options& options) -> std::unique_ptr<const Product> {
      return std::make_unique<TileIndex>(options);
    },
};

}  // namespace terrazzo::pipeline
