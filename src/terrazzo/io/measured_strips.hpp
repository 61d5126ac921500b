#pragma once
// What a pass over an image's rows shows of its pixels, while a file is made of them.

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "terrazzo/io/raster.hpp"
#include "terrazzo/io/strip.hpp"
#include "terrazzo/raster/statistics.hpp"

namespace terrazzo::io {

struct MeasuredPixels {
  std::vector<raster::StatisticsSum> samples{};  // of each; one of alpha is empty
  raster::HullSum hull{};                        // of the first sample's valid pixels
};

// The rows of another source, measured as they pass. A pixel counts where the mask shows
// it, where its own value is not nodata, and where alpha, if there is one, is not 0.
// Cost: a copy and a count of every value.
class MeasuredStrips final : public StripSource {
 public:
  // bands: of each sample. alpha: which sample that is.
  MeasuredStrips(StripSource& from, std::vector<BandInfo> bands,
                 std::optional<std::size_t> alpha);

  const StripShape& shape() const override { return from_.shape(); }
  void read(std::size_t first, std::size_t rows, Strip& to,
            const Context& context) override;

  // Of the rows that were read.
  MeasuredPixels take() { return std::move(pixels_); }

 private:
  void measure(std::size_t sample, std::size_t first, const Strip& strip);

  StripSource& from_;
  const std::vector<BandInfo> bands_;
  const std::optional<std::size_t> alpha_;
  MeasuredPixels pixels_{};
};

}  // namespace terrazzo::io
