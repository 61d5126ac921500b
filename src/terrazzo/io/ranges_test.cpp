#include "terrazzo/io/ranges.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace terrazzo;
using namespace terrazzo::io;

namespace {

constexpr MergeRules rules{.most_gap = 10, .most_length = 100};

// Pieces of a file, with room for their bytes.
struct Asked {
  explicit Asked(std::vector<std::pair<std::uint64_t, std::size_t>> stretches) {
    for (const auto& [offset, length] : stretches) room.emplace_back(length, '.');
    for (std::size_t i = 0; i < room.size(); ++i)
      pieces.push_back({stretches[i].first, std::as_writable_bytes(std::span{room[i]})});
  }
  std::vector<std::string> room;
  std::vector<Piece> pieces;
};

using Spans = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

// Offset and end of each request.
Spans spans_of(std::vector<std::pair<std::uint64_t, std::size_t>> stretches) {
  const Asked asked{std::move(stretches)};
  Spans out;
  for (const RangeRequest& request : merged(asked.pieces, rules))
    out.emplace_back(request.offset, request.end());
  return out;
}

}  // namespace

TEST_CASE("pieces are sorted and merged over small gaps only") {
  CHECK(spans_of({{50, 5}, {0, 10}, {20, 10}}) == Spans{{0, 30}, {50, 55}});
  CHECK(spans_of({{0, 10}, {21, 10}}) == Spans{{0, 10}, {21, 31}});
  CHECK(spans_of({}) == Spans{});
  CHECK(spans_of({{7, 0}}) == Spans{});
}

TEST_CASE("pieces that overlap are asked for once") {
  CHECK(spans_of({{0, 40}, {5, 10}, {30, 20}, {0, 40}}) == Spans{{0, 50}});
}

TEST_CASE("no request is longer than the limit, long pieces are cut") {
  CHECK(spans_of({{0, 60}, {60, 41}}) == Spans{{0, 60}, {60, 101}});
  CHECK(spans_of({{0, 60}, {60, 40}}) == Spans{{0, 100}});
  CHECK(spans_of({{5, 230}}) == Spans{{5, 105}, {105, 205}, {205, 235}});
}

TEST_CASE("scattered in any portions, every piece gets its bytes") {
  std::string file(300, ' ');
  for (std::size_t i = 0; i < file.size(); ++i) file[i] = static_cast<char>('0' + i % 75);
  for (const std::size_t portion : {1UL, 7UL, 64UL, 1000UL}) {
    CAPTURE(portion);
    Asked asked{{{3, 150}, {250, 50}, {0, 20}, {10, 1}, {140, 30}, {9, 0}}};
    for (const RangeRequest& request : merged(asked.pieces, rules))
      for (std::uint64_t at = request.offset; at < request.end(); at += portion) {
        const auto length = std::min<std::uint64_t>(portion, request.end() - at);
        scatter(request, at, std::as_bytes(std::span{file}).subspan(at, length));
      }
    for (std::size_t i = 0; i < asked.pieces.size(); ++i)
      CHECK(asked.room[i] == file.substr(asked.pieces[i].offset, asked.room[i].size()));
  }
}

TEST_CASE("bytes beside the request are left alone") {
  Asked asked{{{10, 5}}};
  const std::string bytes = "0123456789abcdefghij";
  const auto requests = merged(asked.pieces, rules);
  REQUIRE(requests.size() == 1);
  scatter(requests[0], 8, std::as_bytes(std::span{bytes}));
  CHECK(asked.room[0] == "23456");
}

TEST_CASE("a piece past the end is the file's fault") {
  const Asked good{{{90, 10}, {100, 0}}};
  check_inside(good.pieces, 100);
  const std::vector<Asked> bad{Asked{{{91, 10}}}, Asked{{{101, 0}}},
                               Asked{{{UINT64_MAX, 2}}}};
  for (const Asked& asked : bad)
    CHECK_THROWS_WITH_AS(check_inside(asked.pieces, 100),
                         doctest::Contains("ends at 100"), Error);
}
