#include "terrazzo/http/cors.hpp"

#include <algorithm>

#include <re2/re2.h>

#include "terrazzo/base/error.hpp"
#include "terrazzo/http/answer.hpp"
#include "terrazzo/http/text.hpp"

namespace terrazzo::http {
namespace {

constexpr std::string_view methods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT";
constexpr std::size_t longest_origin = 512;

bool is_pattern(std::string_view entry) {
  return entry.find_first_of("*\\]?$^[()") != std::string_view::npos;
}

std::unique_ptr<re2::RE2> pattern_of(std::string entry, std::string_view setting) {
  if (entry.ends_with(":*")) {
    entry.resize(entry.size() - 2);
    entry += "(:[0-9]+)?";
  }
  re2::RE2::Options options;
  options.set_case_sensitive(false);
  options.set_log_errors(false);
  auto pattern = std::make_unique<re2::RE2>(entry, options);
  if (!pattern->ok())
    throw invalid("{}: '{}' is not a regular expression: {}", setting, entry,
                  pattern->error());
  return pattern;
}

bool is_allowed_method(std::string_view method) {
  const std::string list = fmt::format(", {},", methods);
  return !method.empty() && method.find(',') == method.npos &&
         list.find(fmt::format(" {},", method)) != list.npos;
}

}  // namespace

struct OriginRules::Data {
  bool all = false;
  std::vector<std::string> literals;  // sorted
  std::vector<std::unique_ptr<re2::RE2>> patterns;
};

OriginRules::OriginRules(const std::vector<std::string>& entries,
                         std::string_view setting)
    : data_(std::make_unique<Data>()) {
  for (const std::string& entry : entries) {
    if (entry == "*") {
      data_->all = true;
    } else if (is_pattern(entry)) {
      data_->patterns.push_back(pattern_of(entry, setting));
    } else {
      data_->literals.push_back(entry);
    }
  }
  std::ranges::sort(data_->literals);
}

OriginRules::~OriginRules() = default;
OriginRules::OriginRules(OriginRules&&) noexcept = default;
OriginRules& OriginRules::operator=(OriginRules&&) noexcept = default;

bool OriginRules::allows(std::string_view origin) const {
  if (data_->all) return true;
  if (origin.size() > longest_origin) return false;
  const std::string lower = lower_case(origin);
  return std::ranges::any_of(
             data_->literals,
             [&](const auto& entry) { return lower_case(entry) == lower; }) ||
         std::ranges::any_of(data_->patterns, [&](const auto& pattern) {
           return re2::RE2::FullMatch(re2::StringPiece{origin.data(), origin.size()},
                                      *pattern);
         });
}

void OriginRules::apply(const Request& request, Response& response) const {
  const bool is_closed =
      !data_->all && data_->literals.empty() && data_->patterns.empty();
  if (is_closed) return;
  constexpr std::string_view allow_origin = "Access-Control-Allow-Origin";
  const std::string origin{request.header("origin")};
  // The answer depends on the origin, so a shared cache has to keep them apart.
  if (!origin.empty() || !data_->all) set_header(response, "Vary", "Origin");
  if (origin.empty()) {
    if (data_->all) {
      set_header(response, allow_origin, "*");
    } else {
      for (const std::string& entry : data_->literals)
        set_header(response, allow_origin, entry);
    }
  } else if (allows(origin)) {
    set_header(response, allow_origin, origin);
  } else {
    return;
  }
  const std::string asked = upper_case(request.header("access-control-request-method"));
  if (request.method != "OPTIONS" || !is_allowed_method(asked)) return;
  set_header(response, "Access-Control-Allow-Methods", std::string{methods});
  const auto headers = request.header("access-control-request-headers");
  if (!headers.empty())
    set_header(response, "Access-Control-Allow-Headers", std::string{headers});
}

}  // namespace terrazzo::http
