#include <algorithm>
#include <limits>
#include <numbers>

#include "terrazzo/raster/expression_program.hpp"

namespace terrazzo::raster::expressions {
namespace {

constexpr FunctionFacts functions[] = {{"where", 3, 2},
                                       {"getmask", 1, 1},
                                       {"setmask", 2, 1},
                                       {"masked_equal", 2, 2},
                                       {"masked_greater", 2, 2},
                                       {"masked_greater_equal", 2, 2},
                                       {"masked_inside", 3, 4},
                                       {"masked_invalid", 1, 2},
                                       {"masked_less", 2, 2},
                                       {"masked_less_equal", 2, 2},
                                       {"masked_not_equal", 2, 2},
                                       {"masked_outside", 3, 4},
                                       {"masked_where", 2, 2},
                                       {"minimum", 2, 1},
                                       {"maximum", 2, 1},
                                       {"abs", 1, 1},
                                       {"mod", 1, 1},
                                       {"sqrt", 1, 4},
                                       {"log", 1, 12},
                                       {"log10", 1, 15},
                                       {"exp", 1, 10},
                                       {"sin", 1, 20},
                                       {"cos", 1, 20},
                                       {"tan", 1, 40},
                                       {"sinh", 1, 25},
                                       {"cosh", 1, 25},
                                       {"tanh", 1, 25},
                                       {"arcsin", 1, 20},
                                       {"arccos", 1, 20},
                                       {"arctan", 1, 25},
                                       {"arcsinh", 1, 30},
                                       {"arccosh", 1, 30},
                                       {"arctanh", 1, 30}};

constexpr std::pair<std::string_view, Scalar> constants[] = {
    {"pi", Scalar::of_real(std::numbers::pi, false)},
    {"nan", Scalar::of_real(std::numeric_limits<double>::quiet_NaN(), false)},
    {"inf", Scalar::of_real(std::numeric_limits<double>::infinity(), false)},
    {"nomask", Scalar::of_boolean(false, true)}};

bool known_operator(const Node& node) {
  using Words = std::initializer_list<std::string_view>;
  const auto one_of = [&](Words words) {
    return std::ranges::find(words, node.word) != words.end();
  };
  if (node.kind == Node::Kind::unary) return one_of({"USub", "Invert"});
  if (node.kind == Node::Kind::compare)
    return one_of({"Eq", "NotEq", "Lt", "LtE", "Gt", "GtE"});
  if (node.kind != Node::Kind::binary) return true;
  return one_of({"Add", "Sub", "Mult", "Div", "Mod", "Pow", "BitAnd", "BitOr"});
}

}  // namespace

const FunctionFacts* find_function(std::string_view name) noexcept {
  const auto* found = std::ranges::find(functions, name, &FunctionFacts::name);
  return found == std::end(functions) ? nullptr : found;
}

const Scalar* find_constant(std::string_view name) noexcept {
  for (const auto& [word, value] : constants)
    if (word == name) return &value;
  return nullptr;
}

std::optional<Error> fault_of(const Syntax& syntax, const Node& node) {
  if (node.kind == Node::Kind::refused)
    return invalid("{} not allowed in expressions", node.word);
  if (node.chained) return invalid("chained comparisons are not supported");
  if (!known_operator(node))
    return invalid("{} operator {} not allowed in expressions",
                   node.kind == Node::Kind::unary    ? "unary"
                   : node.kind == Node::Kind::binary ? "binary"
                                                     : "comparison",
                   node.word);
  if (node.kind != Node::Kind::call) return {};
  const Node& function = syntax.nodes[node.children[0]];
  const FunctionFacts* facts =
      function.kind == Node::Kind::name ? find_function(function.word) : nullptr;
  const std::size_t got = node.children.size() - 1;
  if (facts != nullptr && got != facts->arguments)
    return invalid("wrong number of arguments for function {} (got {}, expected {})",
                   facts->name, got, facts->arguments);
  return {};
}

}  // namespace terrazzo::raster::expressions
