#include "terrazzo/jobs/keyed_files.hpp"

#include <map>

#include "terrazzo/base/files.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/base/pattern.hpp"
#include "terrazzo/base/text.hpp"
#include "terrazzo/catalog/words.hpp"

namespace terrazzo::jobs {
namespace {

namespace fs = std::filesystem;

// The names of files, never their folders: enough to find them, fit for anybody's eyes.
std::string both_names(const fs::path& a, const fs::path& b) {
  if (a.filename() != b.filename())
    return fmt::format("'{}' and '{}'", a.filename().string(), b.filename().string());
  return fmt::format("'{}/{}' and '{}/{}'", a.parent_path().filename().string(),
                     a.filename().string(), b.parent_path().filename().string(),
                     b.filename().string());
}

// The working directory is no pattern: its braces are only braces.
std::string absolute_pattern(const std::string& text) {
  if (text.empty()) throw invalid("the pattern is empty");
  std::string start;
  if (text.front() != '/') {
    for (const char c : fs::current_path().string() + "/")
      start += c == '{' || c == '}' ? std::string(2, c) : std::string{c};
  }
  return fs::path{start + text}.lexically_normal().string();
}

// "g\xfcnther.tif": bytes that are not ASCII as they are written in many languages.
std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c >= ' ' && c <= '~')
      text += c;
    else
      text += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return text;
}

// Takes out the paths that are not UTF-8; says how many, and returns that.
std::size_t take_unreadable(std::vector<fs::path>& paths) {
  std::string first;
  const std::size_t count = std::erase_if(paths, [&](const fs::path& path) {
    if (catalog::code_points(path.string())) return false;
    if (first.empty()) first = escaped(path.filename().string());
    return true;
  });
  if (count > 0)
    log::warning("files are left out: their paths are not UTF-8",
                 {{"count", count}, {"first", first}});
  return count;
}

}  // namespace

KeyedFiles find_keyed(const std::string& text) {
  const auto pattern = Pattern::parse(absolute_pattern(text));
  KeyedFiles result;
  result.names = pattern.names();
  std::map<catalog::Keys, fs::path> path_of;
  auto paths = files_like(pattern.glob());
  const std::size_t unreadable = take_unreadable(paths);
  for (const fs::path& path : paths) {
    const auto found = pattern.match(path.string());
    if (!found) continue;
    catalog::Keys keys;
    for (const auto& [name, value] : *found) keys.push_back(value);
    const auto [other, is_new] = path_of.emplace(keys, path);
    if (!is_new)
      throw invalid("duplicate keys: {} both have {}", both_names(other->second, path),
                    fmt::join(keys, "/"));
    result.files.push_back({path, std::move(keys)});
  }
  if (result.files.empty())
    throw failure(
        ErrorKind::not_found, "the pattern '{}' matches no files{}", shown(text),
        unreadable == 0 ? ""
                        : fmt::format(" but {} whose paths are not UTF-8", unreadable));
  return result;
}

}  // namespace terrazzo::jobs
