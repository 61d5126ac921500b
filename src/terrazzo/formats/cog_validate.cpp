#include <array>
#include <filesystem>
#include <string_view>

#include "terrazzo/formats/cog.hpp"
#include "terrazzo/formats/gdal_file.hpp"
#include "terrazzo/io/byte_source.hpp"
#include "terrazzo/io/cog_rules.hpp"

namespace terrazzo::formats {
namespace {

bool begins_as_tiff(const io::ByteSource& source) {
  std::array<std::byte, 4> magic{};
  if (source.size() < magic.size()) return false;
  const io::Piece piece{0, magic};
  source.read({&piece, 1});
  const std::string_view text{reinterpret_cast<const char*>(magic.data()), magic.size()};
  using namespace std::string_view_literals;
  return text == "II*\0"sv || text == "MM\0*"sv || text == "II+\0"sv || text == "MM\0+"sv;
}

CogReport no_tiff(const std::string& path) {
  open_dataset(path);  // throws: no raster at all
  CogReport report;
  report.errors.emplace_back("the file is not a GeoTIFF");
  return report;
}

}  // namespace

CogReport validate_cog(const std::string& uri, const Context& context) {
  set_up_gdal();
  const std::string path = gdal_path(uri);
  file_identity(path);  // throws: not there
  const bool here = !path.starts_with("/vsi");
  const auto source = io::open_bytes(here ? path : uri, context);
  if (!begins_as_tiff(*source)) return no_tiff(path);
  auto findings = io::check_cog(*source, context);
  CogReport report{.errors = std::move(findings.errors),
                   .warnings = std::move(findings.warnings)};
  std::error_code ignored;
  if (here && std::filesystem::exists(path + ".ovr", ignored))
    report.errors.emplace_back(
        "overviews are in an .ovr file; they should be in the file itself");
  report.valid = report.errors.empty();
  return report;
}

}  // namespace terrazzo::formats
