#include "terrazzo/raster/label.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>
#include <vector>

#include "terrazzo/base/error.hpp"

namespace terrazzo::raster {
namespace {

constexpr std::size_t most_labels = 255;

using Entry = std::pair<double, std::uint8_t>;

// Sorted by value, one entry a value.
template <class T>
std::vector<Entry> sorted_entries(std::span<const double> labels) {
  std::vector<Entry> entries;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double value = std::is_same_v<T, float>
                             ? static_cast<double>(static_cast<float>(labels[i]))
                             : labels[i];
    std::erase_if(entries, [&](const Entry& e) { return e.first == value; });
    entries.emplace_back(value, static_cast<std::uint8_t>(i + 1));
  }
  std::ranges::sort(entries);
  return entries;
}

std::uint8_t class_of(const std::vector<Entry>& entries, double value) {
  const auto found = std::ranges::lower_bound(entries, value, {}, &Entry::first);
  return found != entries.end() && found->first == value ? found->second
                                                         : std::uint8_t{0};
}

}  // namespace

void label(const Image& in, std::size_t band, std::span<const double> labels,
           std::span<std::uint8_t> out) {
  if (labels.size() > most_labels)
    throw invalid("{} classes are too many for one picture; there may be {}",
                  labels.size(), most_labels);
  with_type(in.type(), [&]<class T>(T) {
    const auto entries = sorted_entries<T>(labels);
    const auto values = in.values<T>(band);
    const auto valid = in.valid();
    for (std::size_t i = 0; i < values.size(); ++i)
      out[i] =
          valid[i] ? class_of(entries, static_cast<double>(values[i])) : std::uint8_t{0};
  });
}

}  // namespace terrazzo::raster
