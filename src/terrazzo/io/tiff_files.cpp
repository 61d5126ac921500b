#include "terrazzo/io/tiff_files.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "terrazzo/base/files.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/io/tiff_header.hpp"
#include "terrazzo/raster/warp_grid.hpp"

namespace terrazzo::io {
namespace {

// What a file that is not on this machine was found to be is believed for a while.
constexpr auto believed_for = std::chrono::seconds{60};
// A server that does not answer takes so much of a request that might do without it, and
// is asked again that much later.
constexpr auto waited_for = std::chrono::seconds{5};
constexpr auto believed_on_for = std::chrono::seconds{10};

constexpr std::size_t header_bytes = std::size_t{64} << 20U;

// Of a budget's share at the beginning; encoded pictures have 3.
constexpr double weight = 1;
constexpr std::size_t most_seen = 100'000;

bool is_remote(const std::string& uri) { return !local_path(uri); }

std::string short_name(const std::string& uri) {
  return uri.substr(uri.find_last_of('/') + 1);
}

// Throws unsupported: it begins as no TIFF does.
void check_magic(const ByteSource& source, const std::string& name,
                 const Context& context) {
  std::array<std::byte, 4> magic{};
  if (source.size() >= magic.size()) {
    const Piece piece{0, magic};
    source.read({&piece, 1}, context);
  }
  const auto is = [&](char order, int first, int second) {
    return magic[0] == std::byte(order) && magic[1] == std::byte(order) &&
           ((magic[2] == std::byte(first) && magic[3] == std::byte(second)));
  };
  if (is('I', 42, 0) || is('I', 43, 0) || is('M', 0, 42) || is('M', 0, 43)) return;
  throw failure(ErrorKind::unsupported, "'{}' is not a TIFF", name);
}

std::string key_of(const std::string& uri, const std::string& generation) {
  return uri + '\n' + generation;
}

// Of classes, in the file that GDAL keeps beside a raster and reads best itself.
bool has_names_beside(const std::string& path) {
  constexpr std::size_t most = std::size_t{1} << 20U;
  const std::string beside = path + ".aux.xml";
  std::error_code ignored;
  if (!std::filesystem::exists(beside, ignored)) return false;
  try {
    const std::string text = read_file(beside, most);
    return text.find("<CategoryNames>") != text.npos ||
           text.find("<GDALRasterAttributeTable") != text.npos;
  } catch (const Error&) {  // what cannot be read names nothing
    return false;
  }
}

}  // namespace

TiffFiles::TiffFiles(const TiffOptions& options)
    : headers_(options.headers),
      disk_(options.disk),
      least_bytes_(header_bytes / std::max<std::size_t>(options.open_files, 1)),
      files_(header_bytes),
      now_(options.now) {
  if (options.budget) seat_ = options.budget->add("headers", weight, files_);
}

TiffFiles::File TiffFiles::open(const std::string& uri, const Context& context) {
  if (!is_remote(uri)) return open_now(uri, context);
  if (auto file = trusted(uri)) return file;
  return flights_.get_or_make(
      uri, [&] { return open_remote(uri, context); },
      [](const OpenTiff&) { return never_kept; }, context);
}

TiffFiles::File TiffFiles::open_anew(const std::string& uri, const Context& context) {
  return open_now(uri, context);
}

Generation TiffFiles::generation(const std::string& uri, const Context& context) {
  if (auto lately = believed(uri)) return *lately;
  const auto before = seen(uri);
  Context patience = context;
  if (before && !before->text.empty())
    patience.deadline = std::min(context.deadline, Context::Clock::now() + waited_for);
  try {
    const File file = open(uri, patience);
    return believed(uri).value_or(Generation{file->source->generation(), now_()});
  } catch (const Error& error) {
    using enum ErrorKind;
    const ErrorKind kind = error.kind();
    if (kind == unsupported || kind == corrupt_data) return believe(uri, {});
    if (kind == unavailable || kind == timeout)
      if (auto before_that = believed_on(uri)) return *before_that;
    throw;
  }
}

TiffFiles::File TiffFiles::open_remote(const std::string& uri, const Context& context) {
  if (auto file = trusted(uri)) return file;  // whoever was before us has just asked
  if (headers_ && !seen(uri))
    if (auto file = open_kept(uri, context)) return file;
  return open_now(uri, context);
}

// Null: no header is kept, or none that can be used.
TiffFiles::File TiffFiles::open_kept(const std::string& uri, const Context& context) {
  const auto bytes = headers_->find(uri);
  if (!bytes) return nullptr;
  try {
    TiffHeader header = unpacked(*bytes);
    auto source = cached(reopen_bytes(uri, header.pin), uri, disk_);
    if (source->size() != header.file_size) return nullptr;
    context.check();
    const std::string key = key_of(uri, source->generation());
    auto file = files_.get_or_make(
        key,
        [&] {
          return opened(std::move(source), uri, geotiff_of(std::move(header.file)));
        },
        [&](const OpenTiff& tiff) { return bytes_of(tiff); }, context);
    believe(uri, file->source->generation());
    return file;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::corrupt_data && error.kind() != ErrorKind::unsupported)
      throw;
    log::debug("a kept header is not used", {{"file", uri}, {"reason", error.message()}});
    return nullptr;
  }
}

TiffFiles::File TiffFiles::open_now(const std::string& uri, const Context& context) {
  auto file = file_of(open_bytes(uri, context), uri, context);
  if (is_remote(uri)) believe(uri, file->source->generation());
  return file;
}

TiffFiles::File TiffFiles::file_of(std::shared_ptr<const ByteSource> source,
                                   const std::string& uri, const Context& context) {
  const std::string key = key_of(uri, source->generation());
  return files_.get_or_make(
      key, [&] { return parse(cached(std::move(source), uri, disk_), uri, context); },
      [&](const OpenTiff& tiff) { return bytes_of(tiff); }, context);
}

TiffFiles::File TiffFiles::parse(std::shared_ptr<const ByteSource> source,
                                 const std::string& uri, const Context& context) {
  check_magic(*source, short_name(uri), context);
  try {
    if (const auto path = local_path(uri); path && has_names_beside(*path))
      throw failure(ErrorKind::unsupported,
                    "names of classes stand in a file beside this TIFF");
    TiffHeader header{source->pin(), source->size(), read_tiff(*source, context)};
    const bool keeps = headers_ && !header.pin.empty();
    const auto bytes = keeps ? packed(header) : std::vector<std::byte>{};
    auto file = opened(std::move(source), uri, geotiff_of(std::move(header.file)));
    if (keeps) headers_->keep(uri, bytes);
    return file;
  } catch (Error& error) {
    error.note("opening '{}'", uri);
    throw;
  }
}

TiffFiles::File TiffFiles::opened(std::shared_ptr<const ByteSource> source,
                                  const std::string& uri, GeoTiff file) {
  const auto tiff = std::make_shared<OpenTiff>();
  tiff->id = ++last_id_;
  tiff->source = std::move(source);
  tiff->name = short_name(uri);
  tiff->file = std::move(file);
  if (tiff->file.info.crs) tiff->world_width = raster::world_width(*tiff->file.info.crs);
  return tiff;
}

std::size_t TiffFiles::bytes_of(const OpenTiff& tiff) const {
  return std::max(tiff.file.tiff.bytes + tiff.source->memory(), least_bytes_);
}

// What a remote file was found to be, however long ago.
std::optional<Generation> TiffFiles::seen(const std::string& uri) {
  const std::lock_guard lock{seen_lock_};
  const auto at = seen_.find(uri);
  return at == seen_.end() ? std::nullopt : std::optional{at->second};
}

// The same, if it was lately.
std::optional<Generation> TiffFiles::believed(const std::string& uri) {
  auto found = seen(uri);
  return found && now_() < found->until ? found : std::nullopt;
}

// The same, if its server cannot tell now; it will be asked a little later.
std::optional<Generation> TiffFiles::believed_on(const std::string& uri) {
  const std::lock_guard lock{seen_lock_};
  const auto at = seen_.find(uri);
  if (at == seen_.end() || at->second.text.empty()) return std::nullopt;
  at->second.until = std::max(at->second.until, now_() + believed_on_for);
  return at->second;
}

Generation TiffFiles::believe(const std::string& uri, const std::string& text) {
  const std::lock_guard lock{seen_lock_};
  if (seen_.size() >= most_seen) seen_.clear();
  return seen_[uri] = {text, now_() + believed_for};
}

// A remote file that was looked at lately; null: it was not, or is no longer kept.
TiffFiles::File TiffFiles::trusted(const std::string& uri) {
  const auto lately = believed(uri);
  return lately ? files_.find(key_of(uri, lately->text)) : nullptr;
}

}  // namespace terrazzo::io
