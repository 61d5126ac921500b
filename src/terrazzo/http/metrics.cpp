#include "terrazzo/http/metrics.hpp"

#include <unistd.h>

#include <fstream>
#include <mutex>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace terrazzo::http {
namespace {

using prometheus::BuildCounter;
using prometheus::BuildGauge;
using prometheus::BuildHistogram;

// Seconds; a cached tile takes under a millisecond, a compute over big tiles seconds.
const prometheus::Histogram::BucketBoundaries duration_bounds{
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

// 0 where /proc is not there.
double resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  double total = 0;
  double resident = 0;
  statm >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

struct Metrics::Data {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests =
      BuildCounter()
          .Name("terrazzo_requests_total")
          .Help("Answered requests by route and status.")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& durations =
      BuildHistogram()
          .Name("terrazzo_request_duration_seconds")
          .Help("Time to answer a request once a thread has it.")
          .Register(registry);
  prometheus::Counter& cache_hits = counter("terrazzo_cache_hits_total", "Cache hits.");
  prometheus::Counter& cache_misses =
      counter("terrazzo_cache_misses_total", "Cache misses.");
  prometheus::Counter& rejected =
      counter("terrazzo_rejected_total",
              "Requests and connections answered with 503 because the queue was full or "
              "there were too many connections.");
  prometheus::Gauge& cache_bytes =
      gauge("terrazzo_cache_bytes", "Bytes held by the cache.");
  prometheus::Gauge& connections = gauge("terrazzo_connections", "Open connections.");
  prometheus::Gauge& in_flight = gauge(
      "terrazzo_requests_in_flight", "Requests waiting for a thread or being answered.");
  prometheus::Gauge& resident =
      gauge("process_resident_memory_bytes", "Resident memory in bytes.");
  std::mutex scrape;  // counters follow figures kept elsewhere: one scrape at a time

  prometheus::Counter& counter(const std::string& name, const std::string& help) {
    return BuildCounter().Name(name).Help(help).Register(registry).Add({});
  }
  prometheus::Gauge& gauge(const std::string& name, const std::string& help) {
    return BuildGauge().Name(name).Help(help).Register(registry).Add({});
  }
  static void follow(prometheus::Counter& counter, std::uint64_t total) {
    counter.Increment(std::max(0.0, static_cast<double>(total) - counter.Value()));
  }
};

Metrics::Metrics() : data_(std::make_unique<Data>()) {}
Metrics::~Metrics() = default;

void Metrics::count(std::string_view route, int status, double seconds) {
  const std::string name{route};
  data_->requests.Add({{"route", name}, {"status", std::to_string(status)}}).Increment();
  data_->durations.Add({{"route", name}}, duration_bounds).Observe(seconds);
}

std::string Metrics::text(const maps::CacheFigures& cache,
                          const std::optional<ServerFigures>& server) {
  const std::lock_guard lock{data_->scrape};
  Data::follow(data_->cache_hits, cache.hits);
  Data::follow(data_->cache_misses, cache.misses);
  data_->cache_bytes.Set(static_cast<double>(cache.bytes));
  data_->resident.Set(resident_bytes());
  if (server) {
    Data::follow(data_->rejected, server->rejected);
    data_->connections.Set(static_cast<double>(server->connections));
    data_->in_flight.Set(static_cast<double>(server->in_flight));
  }
  return prometheus::TextSerializer{}.Serialize(data_->registry.Collect());
}

}  // namespace terrazzo::http
