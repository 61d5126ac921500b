
#include <array>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string_view>

#include "terrazzo/formats/cog.hpp"
#include "terrazzo/formats/gdal_file.hpp"
#include "terrazzo/formats/gdal_library.hpp"
#include "terrazzo/io/byte_source.hpp"
#include "terrazzo/io/cog_rules.hpp"

namespace terrazzo::formats {
namespace {

struct CloseFile {
  void operator()(VSILFILE* file) const noexcept { VSIFCloseL(file); }
};

// A file as GDAL reaches it: in all its stores and archives.
class GdalBytes final : public io::ByteSource {
 public:
  explicit GdalBytes(const std::string& path) : file_(VSIFOpenL(path.c_str(), "rb")) {
    if (!file_)
      throw failure(ErrorKind::not_found, "there is no file '{}'", short_name(path));
    VSIFSeekL(file_.get(), 0, SEEK_END);
    size_ = VSIFTellL(file_.get());
  }
  std::uint64_t size() const override { return size_; }
  const std::string& generation() const override { return generation_; }
  std::span<const std::byte> head() const override { return {}; }
  void read(std::span<const io::Piece> pieces, const Context& context) const override {
    const std::lock_guard lock{lock_};
    for (const io::Piece& piece : pieces) {
      context.check();
      if (VSIFSeekL(file_.get(), piece.offset, SEEK_SET) != 0 ||
          VSIFReadL(piece.to.data(), 1, piece.to.size(), file_.get()) != piece.to.size())
        throw failure(ErrorKind::corrupt_data, "{} bytes at position {} cannot be read",
                      piece.to.size(), piece.offset);
    }
  }

 private:
  mutable std::mutex lock_;
  std::unique_ptr<VSILFILE, CloseFile> file_;
  std::uint64_t size_ = 0;
  std::string generation_;
};

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
  set_up_gdal();
  open_dataset(path);  // throws: no raster at all
  CogReport report;
  report.errors.emplace_back("the file is not a GeoTIFF");
  return report;
}

}  // namespace

CogReport validate_cog(const std::string& uri, const Context& context) {
  const std::string path = gdal_path(uri);
  const bool here = !is_virtual(path);
  if (!here) set_up_gdal();
  file_identity(path);  // throws: not there
  const std::shared_ptr<const io::ByteSource> source =
      here ? io::open_bytes(path, context) : std::make_shared<GdalBytes>(path);
  if (!begins_as_tiff(*source)) return no_tiff(path);
  auto findings = io::check_cog(*source, {.reads_around_blocks = here}, context);
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
