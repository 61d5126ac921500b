#include "terrazzo/catalog/database_url.hpp"

#include <charconv>
#include <optional>

#include "terrazzo/base/error.hpp"
#include "terrazzo/base/text.hpp"
#include "terrazzo/catalog/words.hpp"

namespace terrazzo::catalog {
namespace {

constexpr std::string_view mark = "://";

Error malformed(std::string_view url, std::string_view what) {
  return invalid(
      "a URL of a database is as {0}://user:password@host:port/name, but {1}; other "
      "signs "
      "than letters and digits in its parts are written as %40 for @",
      url.substr(0, url.find(':')), what);
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto digits = text.substr(i + 1, 2);
    int value = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc{} || digits.size() != 2 || end != digits.data() + 2) return {};
    out += static_cast<char>(value);
    i += 2;
  }
  if (!is_text(out)) return {};
  return out;
}

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    out += plain ? std::string{c} : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

// user:password@host:port of a URL.
std::string_view authority_of(std::string_view url) {
  const auto rest = url.substr(url.find(mark) + mark.size());
  return rest.substr(0, rest.find_first_of("/?#"));
}

struct Reader {
  std::string_view url;

  std::string text(std::string_view part, std::string_view what) const {
    auto value = decoded(part);
    if (!value) throw malformed(url, fmt::format("its {} is not percent-encoded", what));
    return *value;
  }

  void login(DatabaseUrl& to, std::string_view part) const {
    const auto colon = part.find(':');
    to.user = text(part.substr(0, colon), "user");
    if (colon != std::string_view::npos)
      to.password = text(part.substr(colon + 1), "password");
  }

  void place(DatabaseUrl& to, std::string_view part) const {
    const bool bracketed = part.starts_with('[');
    const auto end = bracketed ? part.find(']') : part.find(':');
    if (bracketed && end == std::string_view::npos)
      throw malformed(url, "its host has no closing bracket");
    to.host = text(part.substr(bracketed ? 1 : 0, bracketed ? end - 1 : end), "host");
    if (to.host.empty()) throw malformed(url, "it has no host");
    if (end == std::string_view::npos) return;
    const auto rest = part.substr(bracketed ? end + 1 : end);
    if (rest.empty()) return;
    const auto digits = rest.substr(1);
    const auto [stop, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), to.port);
    if (rest.front() != ':' || error != std::errc{} ||
        stop != digits.data() + digits.size() || to.port < 1 || to.port > 65535)
      throw malformed(url, "its port is no number of 1 to 65535");
  }

  void options(DatabaseUrl& to, std::string_view query) const {
    for (const std::string_view option : split(query, '&')) {
      if (option.empty()) continue;
      const auto equals = option.find('=');
      if (equals == std::string_view::npos)
        throw malformed(url, "what follows its ? is not option=value");
      to.options.emplace_back(text(option.substr(0, equals), "option"),
                              text(option.substr(equals + 1), "option"));
    }
  }
};

}  // namespace

DatabaseUrl database_url(std::string_view url, int usual_port) {
  if (url.find(mark) == std::string_view::npos) throw malformed(url, "it has no ://");
  const Reader read{url};
  DatabaseUrl parts;
  parts.port = usual_port;
  const auto authority = authority_of(url);
  const auto at = authority.rfind('@');
  if (at != std::string_view::npos) read.login(parts, authority.substr(0, at));
  read.place(parts, at == std::string_view::npos ? authority : authority.substr(at + 1));
  auto path = url.substr(url.find(mark) + mark.size() + authority.size());
  const auto query = path.find('?');
  if (query != std::string_view::npos) read.options(parts, path.substr(query + 1));
  path = path.substr(0, query);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty()) throw malformed(url, "it has no name of a database");
  if (path.find('/') != std::string_view::npos)
    throw malformed(url, "it has more than one name of a database");
  parts.name = read.text(path, "name");
  return parts;
}

std::string with_login(std::string_view url, std::string_view user,
                       std::string_view password) {
  const bool is_server = url.find(mark) != std::string_view::npos &&
                         !url.starts_with("sqlite:") && !url.starts_with("s3:");
  if (!is_server || user.empty() || authority_of(url).find('@') != std::string_view::npos)
    return std::string{url};
  const auto start = url.find(mark) + mark.size();
  const std::string secret = password.empty() ? std::string{} : ':' + encoded(password);
  return fmt::format("{}{}{}@{}", url.substr(0, start), encoded(user), secret,
                     url.substr(start));
}

}  // namespace terrazzo::catalog
