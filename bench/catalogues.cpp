// Times catalogues of many footprints:  terrazzo_catalogue_bench RECORDS URI…
// Each URI is of a catalogue that is not there yet; it stays.

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "terrazzo/catalog/catalog.hpp"

namespace terrazzo::bench {
namespace {

using catalog::Catalog;
using catalog::Query;
using catalog::Record;

constexpr std::size_t batch = 10'000;  // of one transaction
constexpr int repeats = 21;            // of a query; the median counts

double seconds_of(const auto& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// All over the earth, in rows of a thousand, each a bit over its neighbours.
Record record(std::size_t number, std::size_t rows) {
  const double west = static_cast<double>(number % 1000) * 0.36 - 180;
  const double step = 170.0 / static_cast<double>(rows);
  const double south = static_cast<double>(number / 1000) * step - 85;
  catalog::Metadata metadata;
  metadata.bounds = {west, south, west + 0.4, south + step * 1.2};
  const Box& box = metadata.bounds;
  metadata.convex_hull.rings = {{{box.west, box.south},
                                 {box.east, box.south},
                                 {box.east, box.north},
                                 {box.west, box.north},
                                 {box.west, box.south}}};
  return {{fmt::format("S{}", number % 3), "20240601", fmt::format("{:07}", number)},
          fmt::format("/data/frames/{:07}.tif", number),
          1,
          metadata};
}

void fill(Catalog& catalog, std::size_t records) {
  const std::size_t rows = (records + 999) / 1000;
  double inserting = 0;
  for (std::size_t at = 0; at < records; at += batch) {
    std::vector<Record> some;
    for (std::size_t i = at; i < std::min(at + batch, records); ++i)
      some.push_back(record(i, rows));
    inserting += seconds_of([&] { catalog.insert_all(some); });
  }
  fmt::print("  {:<28} {:>10.0f} footprints/s\n", "inserting",
             static_cast<double>(records) / inserting);
}

void time_query(const Catalog& catalog, const std::string& what, const Query& query) {
  std::vector<double> times;
  std::size_t found = 0;
  for (int i = 0; i < repeats; ++i)
    times.push_back(seconds_of([&] { found = catalog.find(query).size(); }));
  std::ranges::sort(times);
  fmt::print("  {:<28} {:>10.2f} ms, {} records\n", what, times[repeats / 2] * 1e3,
             found);
}

void run(const std::string& uri, std::size_t records) {
  fmt::print("{}\n", catalog::shown_uri(uri));
  catalog::create_catalog(uri, {{"sensor", ""}, {"date", ""}, {"frame", ""}});
  const auto catalog = catalog::open_catalog(uri);
  fill(*catalog, records);
  time_query(*catalog, "map view of a town",
             {.limit = 100, .bounds = Box{10, 10, 11, 11}});
  time_query(*catalog, "map view of a country",
             {.limit = 100, .bounds = Box{10, 10, 20, 20}});
  time_query(*catalog, "map view of the world",
             {.limit = 100, .bounds = Box{-180, -90, 180, 90}});
  time_query(*catalog, "page 1000", {.page = 1000, .limit = 100});
}

}  // namespace
}  // namespace terrazzo::bench

int main(int count, char** words) {
  using namespace terrazzo;
  try {
    if (count < 3) throw invalid("usage: terrazzo_catalogue_bench RECORDS URI…");
    for (int i = 2; i < count; ++i)
      bench::run(words[i], static_cast<std::size_t>(std::atoll(words[1])));
  } catch (const Error& e) {
    fmt::print(stderr, "error: {}\n", e.what());
    return error_facts(e.kind()).exit_code;
  }
  return 0;
}
