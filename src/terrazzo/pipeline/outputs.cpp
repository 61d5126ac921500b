#include "terrazzo/pipeline/outputs.hpp"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <span>
#include <vector>

#include "terrazzo/base/aside.hpp"
#include "terrazzo/base/files.hpp"

namespace terrazzo::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t stretch_bytes = std::uint64_t{8} << 20U;

std::string content_type_of(const fs::path& path) {
  const auto ending = path.extension();
  if (ending == ".tif" || ending == ".tiff") return "image/tiff";
  if (ending == ".geojson") return "application/geo+json";
  if (ending == ".zip") return "application/zip";
  return "application/octet-stream";
}

}  // namespace

bool is_in_a_store(std::string_view uri) {
  return uri.find("://") != std::string_view::npos;
}

void put_output(const fs::path& made, const std::string& uri, io::Acl acl,
                const Context& context) {
  if (is_in_a_store(uri)) {
    io::store_of(uri).put_file(
        uri, made, {.content_type = content_type_of(uri), .acl = acl}, context);
    return;
  }
  const fs::path path{uri};
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) throw output_failure(error.value(), path.parent_path());
  io::store_of(made.string()).set_acl(made.string(), acl, context);
  AsideFiles{path}.publish(made, true);
}

void remove_output(const std::string& uri, const std::string& outputs,
                   const Context& context) {
  if (is_in_a_store(uri)) {
    io::store_of(uri).remove(uri, context);
    return;
  }
  fs::path path{uri};
  std::error_code error;
  fs::remove(path, error);
  if (error) throw file_failure(error.value(), "removed", path);
  while (true) {
    path = path.parent_path();
    if (path.string().size() <= outputs.size() || !fs::remove(path, error)) return;
  }
}

void fetch_input(const std::string& uri, const fs::path& to, const Context& context) {
  const auto source = io::store_of(uri).open(uri, context);
  std::ofstream file{to, std::ios::binary};
  std::vector<std::byte> buffer(
      static_cast<std::size_t>(std::min(stretch_bytes, source->size())));
  for (std::uint64_t at = 0; at < source->size(); at += buffer.size()) {
    const auto size = static_cast<std::size_t>(
        std::min<std::uint64_t>(buffer.size(), source->size() - at));
    const io::Piece piece{at, std::span{buffer}.first(size)};
    source->read({&piece, 1}, context);
    file.write(reinterpret_cast<const char*>(buffer.data()),
               static_cast<std::streamsize>(size));
  }
  file.close();
  if (!file) throw output_failure(errno == 0 ? EIO : errno, to);
}

}  // namespace terrazzo::pipeline
