#include "terrazzo/io/measured_strips.hpp"

#include <algorithm>
#include <utility>

#include "terrazzo/base/error.hpp"
#include "terrazzo/io/nodata.hpp"
#include "terrazzo/io/samples.hpp"

namespace terrazzo::io {
namespace {

// One sample of a strip's pixels, without its mask.
Image sample_of(const Strip& strip, const StripShape& shape, std::size_t sample) {
  Image image{shape.type, 1, strip.rows, shape.cols};
  const std::size_t size = size_of(shape.type);
  copy_sample(strip.values.data() + sample * size, shape.samples, image.bytes().data(), 1,
              image.pixels(), size);
  return image;
}

void hide_where_zero(const Image& alpha, Image& image) {
  with_type(alpha.type(), [&]<class T>(T) {
    const auto values = alpha.values<T>();
    for (std::size_t i = 0; i < values.size(); ++i)
      if (values[i] == T{}) image.valid()[i] = 0;
  });
}

}  // namespace

MeasuredStrips::MeasuredStrips(StripSource& from, std::vector<BandInfo> bands,
                               std::optional<std::size_t> alpha)
    : from_(from), bands_(std::move(bands)), alpha_(alpha) {
  if (bands_.size() != shape().samples)
    throw failure(ErrorKind::internal, "{} bands are told of {} samples", bands_.size(),
                  shape().samples);
  for (std::size_t i = 0; i < bands_.size(); ++i)
    pixels_.samples.emplace_back(shape().type);
}

void MeasuredStrips::read(std::size_t first, std::size_t rows, Strip& to,
                          const Context& context) {
  from_.read(first, rows, to, context);
  for (std::size_t sample = 0; sample < bands_.size(); ++sample)
    if (sample != alpha_) measure(sample, first, to);
}

void MeasuredStrips::measure(std::size_t sample, std::size_t first, const Strip& strip) {
  Image image = sample_of(strip, shape(), sample);
  if (!strip.valid.empty()) std::ranges::copy(strip.valid, image.valid().begin());
  if (alpha_) hide_where_zero(sample_of(strip, shape(), *alpha_), image);
  mask_nodata(image, bands_[sample]);
  pixels_.samples[sample].add(image);
  if (sample == 0) pixels_.hull.add(image, 0, static_cast<double>(first));
}

}  // namespace terrazzo::io
