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
      counters("terrazzo_requests_total", "Answered requests by route and status.");
  prometheus::Family<prometheus::Histogram>& durations =
      BuildHistogram()
          .Name("terrazzo_request_duration_seconds")
          .Help("Time to answer a request once a thread has it.")
          .Register(registry);
  prometheus::Family<prometheus::Counter>& cache_hits =
      counters("terrazzo_cache_hits_total", "What was found in a cache.");
  prometheus::Family<prometheus::Counter>& cache_misses =
      counters("terrazzo_cache_misses_total", "What had to be made.");
  prometheus::Family<prometheus::Counter>& cache_joined =
      counters("terrazzo_cache_joined_total", "What another request was making already.");
  prometheus::Family<prometheus::Counter>& cache_evicted =
      counters("terrazzo_cache_evicted_total", "What went to make room.");
  prometheus::Counter& rejected =
      counter("terrazzo_rejected_total",
              "Requests and connections answered with 503 because the queue was full or "
              "there were too many connections.");
  prometheus::Family<prometheus::Gauge>& cache_bytes =
      gauges("terrazzo_cache_bytes", "Bytes held by a cache.");
  prometheus::Family<prometheus::Gauge>& cache_entries =
      gauges("terrazzo_cache_entries", "Values held by a cache.");
  prometheus::Family<prometheus::Gauge>& cache_budget =
      gauges("terrazzo_cache_budget_bytes", "Bytes that a cache may hold now.");
  prometheus::Gauge& connections = gauge("terrazzo_connections", "Open connections.");
  prometheus::Gauge& in_flight = gauge(
      "terrazzo_requests_in_flight", "Requests waiting for a thread or being answered.");
  prometheus::Gauge& resident =
      gauge("process_resident_memory_bytes", "Resident memory in bytes.");
  std::mutex scrape;  // counters follow figures kept elsewhere: one scrape at a time

  prometheus::Family<prometheus::Counter>& counters(const std::string& name,
                                                    const std::string& help) {
    return BuildCounter().Name(name).Help(help).Register(registry);
  }
  prometheus::Family<prometheus::Gauge>& gauges(const std::string& name,
                                                const std::string& help) {
    return BuildGauge().Name(name).Help(help).Register(registry);
  }
  prometheus::Counter& counter(const std::string& name, const std::string& help) {
    return counters(name, help).Add({});
  }
  prometheus::Gauge& gauge(const std::string& name, const std::string& help) {
    return gauges(name, help).Add({});
  }
  static void follow(prometheus::Counter& counter, std::uint64_t total) {
    counter.Increment(std::max(0.0, static_cast<double>(total) - counter.Value()));
  }
  void follow(const Budget::Share& share) {
    const prometheus::Labels label{{"cache", share.name}};
    follow(cache_hits.Add(label), share.figures.hits);
    follow(cache_misses.Add(label), share.figures.misses);
    follow(cache_joined.Add(label), share.figures.joined);
    follow(cache_evicted.Add(label), share.figures.evicted);
    cache_bytes.Add(label).Set(static_cast<double>(share.figures.bytes));
    cache_entries.Add(label).Set(static_cast<double>(share.figures.entries));
    cache_budget.Add(label).Set(static_cast<double>(share.figures.max_bytes));
  }
};

Metrics::Metrics() : data_(std::make_unique<Data>()) {}
Metrics::~Metrics() = default;

Metrics::Row Metrics::row(std::string_view route, int status) {
  const std::string name{route};
  Row row;
  row.requests =
      &data_->requests.Add({{"route", name}, {"status", std::to_string(status)}});
  row.durations = &data_->durations.Add({{"route", name}}, duration_bounds);
  return row;
}

void Metrics::count(const Row& row, double seconds) {
  static_cast<prometheus::Counter*>(row.requests)->Increment();
  static_cast<prometheus::Histogram*>(row.durations)->Observe(seconds);
}

std::string Metrics::text(const std::vector<Budget::Share>& caches,
                          const std::optional<ServerFigures>& server) {
  const std::lock_guard lock{data_->scrape};
  for (const Budget::Share& share : caches) data_->follow(share);
  data_->resident.Set(resident_bytes());
  if (server) {
    Data::follow(data_->rejected, server->rejected);
    data_->connections.Set(static_cast<double>(server->connections));
    data_->in_flight.Set(static_cast<double>(server->in_flight));
  }
  return prometheus::TextSerializer{}.Serialize(data_->registry.Collect());
}

}  // namespace terrazzo::http
