#include "terrazzo/formats/gdal_session.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <utility>

#include "terrazzo/formats/gdal_library.hpp"

namespace terrazzo::formats {
namespace {

constexpr std::size_t most_messages = 8;

constexpr std::array process_options{
    std::pair{"GDAL_DISABLE_READDIR_ON_OPEN", "EMPTY_DIR"},
    std::pair{"GDAL_TIFF_INTERNAL_MASK", "YES"},
    std::pair{"GDAL_HTTP_CONNECTTIMEOUT", "10"},
    std::pair{"GDAL_HTTP_TIMEOUT", "60"},
    std::pair{"GDAL_HTTP_LOW_SPEED_TIME", "20"},
    std::pair{"GDAL_HTTP_LOW_SPEED_LIMIT", "100"},
    std::pair{"GDAL_HTTP_MAX_RETRY", "2"},
    std::pair{"GDAL_HTTP_RETRY_DELAY", "0.5"},
};

constexpr std::array remote_schemes{
    std::pair{std::string_view{"s3://"}, std::string_view{"/vsis3/"}},
    std::pair{std::string_view{"gs://"}, std::string_view{"/vsigs/"}},
    std::pair{std::string_view{"az://"}, std::string_view{"/vsiaz/"}},
    std::pair{std::string_view{"http://"}, std::string_view{"/vsicurl/http://"}},
    std::pair{std::string_view{"https://"}, std::string_view{"/vsicurl/https://"}},
};

void collect(CPLErr level, CPLErrorNum, const char* message) {
  if (level < CE_Failure) return;
  static_cast<GdalErrors*>(CPLGetErrorHandlerUserData())->add(message);
}

std::string lower_case(std::string_view text) {
  std::string lower{text};
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  });
  return lower;
}

}  // namespace

int goes_on(double /*done*/, const char* /*message*/, void* context) noexcept {
  return static_cast<const Context*>(context)->has_ended() ? 0 : 1;
}

void* progress_data(const Context& context) noexcept {
  return const_cast<Context*>(&context);
}

void set_up_gdal() {
  static std::once_flag done;
  std::call_once(done, [] {
    load_gdal();
    CPLSetErrorHandler(CPLQuietErrorHandler);
    for (const auto& [key, value] : process_options)
      if (CPLGetConfigOption(key, nullptr) == nullptr) CPLSetConfigOption(key, value);
    GDALAllRegister();
  });
}

GdalWords::GdalWords(std::initializer_list<std::string_view> words)
    : words_(words.begin(), words.end()) {}

char** GdalWords::list() {
  list_.clear();
  for (std::string& word : words_) list_.push_back(word.data());
  list_.push_back(nullptr);
  return list_.data();
}

void CloseDataset::operator()(void* dataset) const noexcept { GDALClose(dataset); }

GdalErrors::GdalErrors() {
  CPLPushErrorHandlerEx(collect, this);
  CPLErrorReset();
}

GdalErrors::~GdalErrors() { CPLPopErrorHandler(); }

void GdalErrors::add(const char* message) noexcept {
  if (messages_.size() >= most_messages) return;
  try {
    messages_.emplace_back(message);
  } catch (...) {  // out of memory inside a C callback: the message is lost
    return;
  }
}

bool GdalErrors::mention(std::initializer_list<std::string_view> words) const {
  return std::ranges::any_of(messages_, [&](const std::string& message) {
    const std::string text = lower_case(message);
    return std::ranges::any_of(words, [&](std::string_view word) {
      return text.find(lower_case(word)) != std::string::npos;
    });
  });
}

Error GdalErrors::explain(Error error) const {
  for (const std::string& message : messages_) error.note("GDAL said: {}", message);
  return error;
}

ThreadOption::ThreadOption(const char* key, const char* value) : key_(key) {
  const char* before = CPLGetThreadLocalConfigOption(key, nullptr);
  was_set_ = before != nullptr;
  if (was_set_) before_ = before;
  CPLSetThreadLocalConfigOption(key, value);
}

ThreadOption::~ThreadOption() {
  CPLSetThreadLocalConfigOption(key_, was_set_ ? before_.c_str() : nullptr);
}

std::string gdal_path(const std::string& uri) {
  if (uri.empty()) throw invalid("a raster needs a path or a URL");
  if (uri.find('\0') != std::string::npos)
    throw invalid("a path cannot hold a NUL character");
  for (const auto& [scheme, prefix] : remote_schemes)
    if (uri.starts_with(scheme))
      return std::string{prefix}.append(uri.substr(scheme.size()));
  if (uri.starts_with("file://")) return uri.substr(7);
  if (uri.starts_with("/vsistdin"))
    throw failure(ErrorKind::unsupported,
                  "rasters cannot be read from a terminal or pipe");
  return uri;
}

bool is_virtual(std::string_view path) { return path.starts_with("/vsi"); }

bool is_remote(std::string_view path) {
  constexpr std::array<std::string_view, 10> prefixes{
      "/vsicurl", "/vsis3",    "/vsigs",   "/vsiaz",      "/vsiadls",
      "/vsioss",  "/vsiswift", "/vsihdfs", "/vsiwebhdfs", "/vsistdin"};
  return std::ranges::any_of(prefixes,
                             [&](auto prefix) { return path.starts_with(prefix); });
}

std::string short_name(std::string_view uri) {
  while (uri.size() > 1 && uri.ends_with('/')) uri.remove_suffix(1);
  const std::size_t slash = uri.rfind('/');
  return std::string{slash == std::string_view::npos ? uri : uri.substr(slash + 1)};
}

}  // namespace terrazzo::formats
