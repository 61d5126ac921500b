#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/base/context.hpp"
#include "terrazzo/data/image.hpp"

namespace terrazzo::raster {

// "(v1 - v2) / (v1 + v2)": parsed once, run over images. The language and the masked
// arithmetic are those of Terracotta's /compute (numpy masked arrays: integers keep
// their type and wrap, division gives floats, what is masked or undefined stays masked).
// Immutable; safe from any thread.
class Expression {
 public:
  // Throws invalid_input with Terracotta's words for what is wrong with the text. What
  // stands behind an operand's name is checked later: Terracotta reports what it meets
  // first, and that may be that there is no such operand.
  static Expression parse(std::string_view text);

  // Names of operands that are used, sorted.
  const std::vector<std::string>& operands() const noexcept;
  // Throws invalid_input: the first thing wrong if there were operands of the names that
  // are `given`, as far as it can be told without their pixels. run() throws the same.
  void check(const std::function<bool(const std::string&)>& given) const;
  // Operations for each pixel; never less than 1.
  double cost_per_pixel() const noexcept;

  // All operands have the same shape; band 0 of each is used. Truth values come out as
  // uint8 0 and 1; NaN and infinite results are masked.
  // Throws invalid_input: an operand is missing ("unrecognized name 'v1' in expression"),
  // the result is not an image. timeout, cancelled: by `context`.
  // Cost: cost_per_pixel() x pixels; memory a few blocks beside the result.
  Image run(const std::map<std::string, const Image*, std::less<>>& operands,
            const Context& context = {}) const;

 private:
  struct Program;
  explicit Expression(std::shared_ptr<const Program> program)
      : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
};

}  // namespace terrazzo::raster
