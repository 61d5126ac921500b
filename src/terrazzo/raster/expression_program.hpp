#pragma once
// An expression made into steps over blocks of pixels, for operands of given types.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/raster/expression_kernels.hpp"
#include "terrazzo/raster/expression_syntax.hpp"

namespace terrazzo::raster::expressions {

struct FunctionFacts {
  std::string_view name;
  std::size_t arguments;
  double cost;  // in additions
};

const FunctionFacts* find_function(std::string_view name) noexcept;
// null: no such constant.
const Scalar* find_constant(std::string_view name) noexcept;

// What is wrong with the node, not with its children, whatever the operands are: an
// invalid_input in Terracotta's words.
std::optional<Error> fault_of(const Syntax& syntax, const Node& node);

struct Step {
  Kernel kernel = nullptr;
  std::array<std::uint32_t, 3> in{};
  std::uint32_t inputs = 0;
  std::uint32_t out = 0;
};

struct Constant {
  std::uint32_t block = 0;
  NumberType type = NumberType::float64;
  Scalar value{};
};

// Numbers of blocks: first those of the operands, in their order; a step's `out` may be
// used again once nothing reads it any more.
struct Program {
  std::vector<std::string> operands;
  std::vector<Constant> constants;
  std::vector<Step> steps;
  std::uint32_t blocks = 0;
  std::uint32_t result = 0;
  NumberType type = NumberType::float64;
};

struct Shape {
  std::size_t rows = 0;
  std::size_t cols = 0;
};

// Follows Terracotta's order of evaluation, so that of several faults the same one is
// reported. `shape` is only for messages. Throws invalid_input.
Program program_of(const Syntax& syntax,
                   const std::map<std::string, NumberType, std::less<>>& operands,
                   Shape shape);

}  // namespace terrazzo::raster::expressions
