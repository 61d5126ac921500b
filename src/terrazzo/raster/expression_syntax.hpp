#pragma once
// Python's expressions as text: tokens and a syntax tree. What an expression may not hold
// keeps only the name Python's `ast` module gives it, so that it can be refused by name.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/raster/expression_numbers.hpp"

namespace terrazzo::raster::expressions {

struct Token {
  enum class Kind : std::uint8_t { name, keyword, number, text, sign, line, end };

  Kind kind = Kind::end;
  std::string_view text{};
  Scalar number{};         // number
  bool imaginary = false;  // number
  bool too_large = false;  // number: an integer over 127 bits
  bool bytes = false;      // text
  bool formatted = false;  // text
};

// Ends with a token of Kind::end. `whole` is what the error names.
// Throws invalid_input "given string {whole} is not a valid expression".
std::vector<Token> tokens_of(std::string_view text, std::string_view whole);

Error not_valid(std::string_view whole);

using NodeId = std::uint32_t;

struct Node {
  enum class Kind : std::uint8_t { refused, name, number, unary, binary, compare, call };

  Kind kind = Kind::refused;
  std::string word{};  // the name; otherwise Python's class: "Subscript", "Add"
  std::vector<NodeId> children{};  // operands; call: the function, then its arguments
  Scalar number{};
  bool chained = false;     // compare: more than one operator
  bool assignable = false;  // may stand between `for` and `in`
};

struct Syntax {
  std::vector<Node> nodes;
  NodeId root = 0;
};

// The grammar of Python 3.11, `eval` mode. Linear in the text; recursion is bounded, and
// what is nested deeper is not valid. Throws invalid_input as tokens_of().
Syntax syntax_of(std::string_view text, std::string_view whole);

}  // namespace terrazzo::raster::expressions
