#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "terrazzo/http/server.hpp"
#include "terrazzo/maps/maps.hpp"

namespace terrazzo::http {

// Counts requests and tells them in Prometheus' text format. Safe from any thread.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  // route: a name of the route table, so that there are few.
  void count(std::string_view route, int status, double seconds);

  // Everything counted, and how caches, server and process are at this moment.
  std::string text(const maps::CacheFigures& cache,
                   const std::optional<ServerFigures>& server);

  static constexpr std::string_view type = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace terrazzo::http
