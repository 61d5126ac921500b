#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/http/server.hpp"
#include "terrazzo/maps/maps.hpp"

namespace terrazzo::http {

// Counts requests and tells them in Prometheus' text format. Safe from any thread.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  // Where answers of one route and status are counted; good as long as the Metrics.
  class Row {
    friend class Metrics;
    void* requests = nullptr;
    void* durations = nullptr;
  };

  // route: a name of the route table, so that there are few.
  Row row(std::string_view route, int status);
  static void count(const Row& row, double seconds);
  void count(std::string_view route, int status, double seconds) {
    count(row(route, status), seconds);
  }

  // Everything counted, and how caches, server and process are at this moment.
  std::string text(const std::vector<Budget::Share>& caches,
                   const std::optional<ServerFigures>& server);

  static constexpr std::string_view type = "text/plain; version=0.0.4; charset=utf-8";

 private:
  struct Data;
  std::unique_ptr<Data> data_;
};

}  // namespace terrazzo::http
