// Times Terrazzo against GDAL in the same run:  terrazzo_bench
// [tiles|expressions|metadata|optimize|cogs|remote]…

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "benches.hpp"
#include "gdal_baseline.hpp"
#include "pairs.hpp"
#include "terrazzo/base/error.hpp"

int main(int count, char** words) {
  using namespace terrazzo;
  const std::vector<std::string_view> wanted(words + 1, words + count);
  const auto asked = [&](std::string_view name) {
    return wanted.empty() || std::ranges::find(wanted, name) != wanted.end();
  };
  try {
    if (wanted.size() == 5 && wanted[0] == "make_cog") {
      bench::make_cog(words[2], words[3], words[4], words[5]);
      return 0;
    }
    bench::set_up_baseline();
    bench::print_header();
    if (asked("tiles")) bench::tiles();
    if (asked("expressions")) bench::expressions();
    if (asked("metadata")) bench::metadata();
    if (asked("optimize")) bench::optimize();
    if (asked("cogs")) bench::color_cogs();
    if (asked("remote")) bench::remote();
  } catch (const Error& e) {
    fmt::print(stderr, "error: {}\n", e.what());
    return error_facts(e.kind()).exit_code;
  }
  return 0;
}
