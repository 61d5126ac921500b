#pragma once
// Reduction by weights: parts of pixels, or kernels wider than a pixel.

#include <cmath>
#include <deque>
#include <vector>

#include "terrazzo/raster/reduce_samples.hpp"

namespace terrazzo::raster {

// Pixels first.. of a row or column and their weights, whose sum is 1.
struct Taps {
  std::size_t first = 0;
  std::vector<double> weights{};
};

// One for each of reduced(size) pixels; their ends never go back.
std::vector<Taps> taps_of(std::size_t size, Reduction how);

template <class T>
class WeightedReducer final : public RowReducer {
 public:
  WeightedReducer(const PixelRows& image, Reduction how)
      : image_(image),
        rule_(image),
        least_weight_(how == Reduction::cubic ? 0.1 : 1e-9),
        rows_(taps_of(image.rows, how)),
        cols_(taps_of(image.cols, how)),
        row_(cols_.size() * image.samples),
        valid_(image.masked ? cols_.size() : 0) {}

  void add(std::span<const std::byte> row, std::span<const std::uint8_t> valid,
           const Out& out) override {
    for (; next_ < rows_.size() && rows_[next_].first <= at_; ++next_) begin(next_);
    weigh(reinterpret_cast<const T*>(row.data()), valid);
    for (Sums& sums : open_) accumulate(sums);
    ++at_;
    while (!open_.empty() && end_of(open_.front()) <= at_) {
      finish(open_.front());
      out(std::as_bytes(std::span{row_}), valid_);
      spare_.push_back(std::move(open_.front()));
      open_.pop_front();
    }
  }

 private:
  struct Sums {  // of one row that is made
    std::size_t row = 0;
    std::vector<double> values{};
    std::vector<double> weights{};
  };

  std::size_t end_of(const Sums& sums) const {
    return rows_[sums.row].first + rows_[sums.row].weights.size();
  }

  void begin(std::size_t row) {
    Sums sums;
    if (!spare_.empty()) {
      sums = std::move(spare_.back());
      spare_.pop_back();
    }
    sums.row = row;
    sums.values.assign(image_.cols * image_.samples, 0);
    sums.weights.assign(image_.cols * image_.samples, 0);
    open_.push_back(std::move(sums));
  }

  // The row as numbers, 0 with weight 0 where a sample does not count.
  void weigh(const T* row, std::span<const std::uint8_t> valid) {
    numbers_.resize(image_.cols * image_.samples);
    weights_.resize(numbers_.size());
    for (std::size_t col = 0; col < image_.cols; ++col) {
      const T* pixel = row + col * image_.samples;
      const bool shown = rule_.shows(pixel, valid, col);
      for (std::size_t s = 0; s < image_.samples; ++s) {
        const bool counts = rule_.counts(pixel[s], shown, s);
        numbers_[col * image_.samples + s] = counts ? static_cast<double>(pixel[s]) : 0;
        weights_[col * image_.samples + s] = counts ? 1 : 0;
      }
    }
  }

  void accumulate(Sums& sums) const {
    const double weight = rows_[sums.row].weights[at_ - rows_[sums.row].first];
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      sums.values[i] += weight * numbers_[i];
      sums.weights[i] += weight * weights_[i];
    }
  }

  void finish(const Sums& sums) {
    const std::size_t samples = image_.samples;
    for (std::size_t col = 0; col < cols_.size(); ++col) {
      bool any = false;
      for (std::size_t s = 0; s < samples; ++s) {
        double value = 0;
        double weight = 0;
        for (std::size_t k = 0; k < cols_[col].weights.size(); ++k) {
          const std::size_t i = (cols_[col].first + k) * samples + s;
          value += cols_[col].weights[k] * sums.values[i];
          weight += cols_[col].weights[k] * sums.weights[i];
        }
        const bool counts = weight > least_weight_;
        any = any || counts;
        row_[col * samples + s] =
            counts ? rule_.kept_apart(rounded<T>(value / weight)) : rule_.fill();
      }
      if (!valid_.empty()) valid_[col] = any ? 1 : 0;
    }
  }

  PixelRows image_;
  SampleRule<T> rule_;
  double least_weight_;
  std::vector<Taps> rows_;
  std::vector<Taps> cols_;
  std::size_t at_ = 0;    // row of the image
  std::size_t next_ = 0;  // row that is begun next
  std::deque<Sums> open_;
  std::vector<Sums> spare_;
  std::vector<double> numbers_;
  std::vector<double> weights_;
  std::vector<T> row_;
  std::vector<std::uint8_t> valid_;
};

}  // namespace terrazzo::raster
