#include "terrazzo/raster/reduce.hpp"

#include <algorithm>
#include <cmath>

#include "terrazzo/raster/reduce_samples.hpp"
#include "terrazzo/raster/reduce_weighted.hpp"

namespace terrazzo::raster {
namespace {

using Row = std::span<const std::byte>;
using Valid = std::span<const std::uint8_t>;

template <class T>
const T* values(Row row) {
  return reinterpret_cast<const T*>(row.data());
}

bool all_valid(Valid valid) {
  return std::ranges::find(valid, std::uint8_t{0}) == valid.end();
}

// The upper left pixel of each larger one; as GDAL, rounded where sizes are odd.
template <class T>
class Nearest final : public RowReducer {
 public:
  explicit Nearest(const PixelRows& image)
      : image_(image),
        rows_(reduced(image.rows)),
        row_(reduced(image.cols) * image.samples),
        valid_(image.masked ? reduced(image.cols) : 0) {
    for (std::size_t i = 0; i < reduced(image.cols); ++i)
      cols_.push_back(middle(i, image.cols));
  }

  void add(Row row, Valid valid, const Out& out) override {
    const bool wanted = next_ < rows_ && middle(next_, image_.rows) == at_;
    ++at_;
    if (!wanted) return;
    ++next_;
    const T* from = values<T>(row);
    for (std::size_t i = 0; i < cols_.size(); ++i) {
      std::copy_n(from + cols_[i] * image_.samples, image_.samples,
                  &row_[i * image_.samples]);
      if (image_.masked) valid_[i] = valid.empty() ? 1 : valid[cols_[i]];
    }
    out(std::as_bytes(std::span{row_}), valid_);
  }

 private:
  static std::size_t middle(std::size_t i, std::size_t size) {
    const double step = static_cast<double>(size) / static_cast<double>(reduced(size));
    const auto at = static_cast<std::size_t>(0.5 + static_cast<double>(i) * step);
    return std::min(at, size - 1);
  }

  PixelRows image_;
  std::size_t rows_;
  std::size_t at_ = 0;    // row of the image
  std::size_t next_ = 0;  // row that is made
  std::vector<std::size_t> cols_;
  std::vector<T> row_;
  std::vector<std::uint8_t> valid_;
};

// Means of 2 x 2 pixels.
template <class T>
class Half final : public RowReducer {
 public:
  explicit Half(const PixelRows& image)
      : image_(image),
        rule_(image),
        sums_(image.cols * image.samples),
        row_(image.cols / 2 * image.samples),
        valid_(image.masked ? image.cols / 2 : 0) {}

  void add(Row row, Valid valid, const Out& out) override {
    upper_is_held_ = !upper_is_held_;
    if (upper_is_held_) {
      upper_.assign(row.begin(), row.end());
      upper_valid_.assign(valid.begin(), valid.end());
      return;
    }
    const bool all_count =
        rule_.only_masks_hide() && all_valid(upper_valid_) && all_valid(valid);
    if (all_count && add_plainly(values<T>(upper_), values<T>(row)))
      std::ranges::fill(valid_, std::uint8_t{1});
    else
      add_carefully(row, valid);
    out(std::as_bytes(std::span{row_}), valid_);
  }

 private:
  using Sum = SumOf<T>;

  // False: a sample is NaN.
  bool add_plainly(const T* upper, const T* lower) {
    for (std::size_t i = 0; i < sums_.size(); ++i)
      sums_[i] = static_cast<Sum>(Sum{upper[i]} + Sum{lower[i]});
    switch (image_.samples) {
      case 1:
        join<1>();
        break;
      case 3:
        join<3>();
        break;
      case 4:
        join<4>();
        break;
      default:
        join_any();
    }
    if (rule_.has_nodata())
      for (T& value : row_) value = rule_.kept_apart(value);
    if constexpr (std::is_floating_point_v<T>)
      return std::ranges::none_of(row_, [](T value) { return std::isnan(value); });
    return true;
  }

  template <std::size_t samples>
  void join() {
    const std::size_t cols = image_.cols / 2;
    for (std::size_t col = 0; col < cols; ++col)
      for (std::size_t s = 0; s < samples; ++s)
        row_[col * samples + s] = mean_of_four<T>(sums_[2 * col * samples + s],
                                                  sums_[(2 * col + 1) * samples + s]);
  }

  void join_any() {
    const std::size_t samples = image_.samples;
    for (std::size_t col = 0; col < image_.cols / 2; ++col)
      for (std::size_t s = 0; s < samples; ++s)
        row_[col * samples + s] = mean_of_four<T>(sums_[2 * col * samples + s],
                                                  sums_[(2 * col + 1) * samples + s]);
  }

  void add_carefully(Row lower, Valid lower_valid) {
    const T* rows[] = {values<T>(upper_), values<T>(lower)};
    const Valid masks[] = {upper_valid_, lower_valid};
    for (std::size_t col = 0; col < image_.cols / 2; ++col) {
      const T* pixels[4];
      bool shown[4];
      for (std::size_t i = 0; i < 4; ++i) {
        const std::size_t at = 2 * col + i % 2;
        pixels[i] = rows[i / 2] + at * image_.samples;
        shown[i] = rule_.shows(pixels[i], masks[i / 2], at);
      }
      if (!valid_.empty())
        valid_[col] = shown[0] || shown[1] || shown[2] || shown[3] ? 1 : 0;
      for (std::size_t s = 0; s < image_.samples; ++s)
        row_[col * image_.samples + s] = mean(pixels, shown, s);
    }
  }

  T mean(const T* const* pixels, const bool* shown, std::size_t sample) const {
    Sum sum{};
    int count = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      if (!rule_.counts(pixels[i][sample], shown[i], sample)) continue;
      sum = static_cast<Sum>(sum + Sum{pixels[i][sample]});
      ++count;
    }
    return count == 0 ? rule_.fill() : rule_.kept_apart(mean_of<T>(sum, count));
  }

  PixelRows image_;
  SampleRule<T> rule_;
  std::vector<Sum> sums_;
  std::vector<T> row_;
  std::vector<std::uint8_t> valid_;
  std::vector<std::byte> upper_;
  std::vector<std::uint8_t> upper_valid_;
  bool upper_is_held_ = false;
};

}  // namespace

std::unique_ptr<RowReducer> row_reducer(const PixelRows& image, Reduction how) {
  return with_type(image.type, [&]<class T>(T) -> std::unique_ptr<RowReducer> {
    if (how == Reduction::nearest) return std::make_unique<Nearest<T>>(image);
    const bool even = image.rows % 2 == 0 && image.cols % 2 == 0;
    if (how == Reduction::average && even) return std::make_unique<Half<T>>(image);
    return std::make_unique<WeightedReducer<T>>(image, how);
  });
}

}  // namespace terrazzo::raster
