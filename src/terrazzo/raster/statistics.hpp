#pragma once
// What a catalogue keeps about the pixels of one band.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "terrazzo/data/geo.hpp"
#include "terrazzo/data/image.hpp"

namespace terrazzo::raster {

struct Statistics {
  double valid_percentage = 0;  // 0..100
  double low = 0;               // range of the valid values
  double high = 0;
  double mean = 0;
  double stdev = 0;                      // of the population
  std::array<double, 99> percentiles{};  // 1st..99th, linear between ranks
};

// Adds up blocks of one band in any order; memory is bounded whatever the image.
//
// Integers of 8 and 16 bits are counted exactly; wider types are kept exactly up to
// `exact_values` values and by a sketch beyond it, whose percentiles are within 0.5 %
// of rank. Not safe from several threads; merge() joins what threads made.
class StatisticsSum {
 public:
  explicit StatisticsSum(ElementType type,
                         std::size_t exact_values = std::size_t{1} << 24);
  ~StatisticsSum();
  StatisticsSum(StatisticsSum&&) noexcept;
  StatisticsSum& operator=(StatisticsSum&&) noexcept;

  // Band 0 of the block, where valid() is 1 and the value is finite.
  // Throws invalid_input: the block is of another type.
  void add(const Image& block);
  // Exact if both are and hold no more than `exact_values` together.
  // Throws invalid_input: the other is of another type.
  void merge(const StatisticsSum& other);

  // Throws corrupt_data: no pixel was valid.
  Statistics result() const;
  // Counts of `bins` equal steps from low to high of the valid values; `high` belongs to
  // the last step; values outside are left out. Beyond `exact_values` by the sketch.
  // Throws invalid_input: no bins, or low > high, or not finite.
  std::vector<std::uint64_t> histogram(double low, double high, std::size_t bins) const;

  struct State;

 private:
  std::unique_ptr<State> state_;
};

// The convex hull of the corners of the valid, finite pixels of band 0, in (col, row),
// gathered block by block in any order. Cost: the rows' ends; memory is bounded.
class HullSum {
 public:
  HullSum();
  // Where the block's first pixel lies in the whole image; `col_step` and `row_step` (>
  // 0) are the pixels of the whole image that one pixel of the block stands for.
  void add(const Image& block, double col, double row, double col_step = 1,
           double row_step = 1);
  void merge(const HullSum& other);
  // Closed, no three corners in line, counter-clockwise with col as x to the right and
  // row as y up (so clockwise on a north-up map); empty if nothing was valid.
  Ring result() const;

 private:
  std::vector<Point> points_;
};

}  // namespace terrazzo::raster
