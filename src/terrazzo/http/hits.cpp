#include "terrazzo/http/hits.hpp"

#include <utility>

#include "terrazzo/http/transfer.hpp"

namespace terrazzo::http {
namespace {

using Clock = Context::Clock;

// Of the budget at the beginning; pictures have 3.
constexpr double weight = 0.5;

// Whose page asks decides on headers of the answer.
std::string key_of(std::string_view target, std::string_view origin) {
  std::string key;
  key.reserve(origin.size() + 1 + target.size());
  return key.append(origin).append("\n").append(target);
}

ReadyAnswer counted(std::shared_ptr<const std::string> head, Body body,
                    const Metrics::Row& row, Clock::time_point start) {
  Metrics::count(row, std::chrono::duration<double>(Clock::now() - start).count());
  return {std::move(head), std::move(body)};
}

}  // namespace

Hits::Hits(Budget& budget)
    : known_(budget.max_bytes() / 8), seat_(budget.add("answers", weight, known_)) {}

void Hits::remember(const Request& request, Known known) {
  const std::string key = key_of(request.target, request.header("origin"));
  const auto size = [](const Known& k) {
    return sizeof k + k.picture->memory() + k.etag.size() + k.found.size() +
           k.not_modified.size();
  };
  known_.erase(key);
  known_.get_or_make(key, [&] { return std::move(known); }, size);
}

std::optional<ReadyAnswer> Hits::find(const RequestView& request) {
  const auto start = Clock::now();
  if (request.method != "GET" && request.method != "HEAD") return std::nullopt;
  if (!request.header("range").empty()) return std::nullopt;
  const auto known = known_.find(key_of(request.target, request.header("origin")));
  if (!known || !known->picture->still_holds()) return std::nullopt;
  if (is_known(request.header("if-none-match"), known->etag))
    return counted({known, &known->not_modified}, {}, known->counts_not_modified, start);
  auto bytes = known->picture->bytes();
  if (!bytes) return std::nullopt;
  return counted({known, &known->found}, std::move(bytes), known->counts_found, start);
}

}  // namespace terrazzo::http
