#include "terrazzo/raster/expression_program.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <variant>

namespace terrazzo::raster::expressions {
namespace {

// Python gives up near this depth of its own stack.
constexpr int deepest = 480;

struct Array {
  NumberType type;
  bool masked;  // a masked array of numpy, not a plain one
  std::uint32_t block;
};

using Value = std::variant<Scalar, Array, const FunctionFacts*>;

Error not_supported(std::string_view ufunc) {
  return unexpected(
      "ufunc '{}' not supported for the input types, and the inputs could not be safely "
      "coerced to any supported types according to the casting rule ''safe''",
      ufunc);
}

void check_operand(const Value& value) {
  if (std::holds_alternative<const FunctionFacts*>(value))
    throw unexpected("a function cannot be an operand");
}

bool is_masked(const Value& value) {
  const Array* array = std::get_if<Array>(&value);
  return array != nullptr && array->masked;
}

NumberType natural(const Value& value) {
  if (const Array* array = std::get_if<Array>(&value)) return array->type;
  return natural_type(std::get<Scalar>(value));
}

// numpy.result_type, or what the operator makes of it.
NumberType common(const Value& a, const Value& b, std::string_view op = "") {
  const Array* x = std::get_if<Array>(&a);
  const Array* y = std::get_if<Array>(&b);
  if ((x == nullptr) == (y == nullptr)) return promote(natural(a), natural(b));
  const Scalar& number = std::get<Scalar>(x == nullptr ? a : b);
  const NumberType type = x == nullptr ? y->type : x->type;
  if (op == "Mod" || op == "Pow" || op == "BitAnd" || op == "BitOr")
    return promote_signed(type, number);
  return promote(type, number);
}

bool same(const Scalar& a, const Scalar& b) {
  return a.kind == b.kind && a.integer == b.integer &&
         std::bit_cast<std::uint64_t>(a.real) == std::bit_cast<std::uint64_t>(b.real);
}

class Compiler {
 public:
  Compiler(const Syntax& syntax,
           const std::map<std::string, NumberType, std::less<>>& operands, Shape shape)
      : syntax_(syntax), types_(operands), shape_(shape) {
    for (const auto& [name, type] : operands) program_.operands.push_back(name);
    blocks_ = static_cast<std::uint32_t>(program_.operands.size());
    // Only setmask() can show what lies under the masks of its second argument.
    keep_ = std::ranges::any_of(syntax.nodes,
                                [](const Node& node) { return node.word == "setmask"; });
  }

  Program run() {
    const Value value = visit(syntax_.root, 0);
    const Array* array = std::get_if<Array>(&value);
    if (array == nullptr) throw invalid("expression does not return an array");
    program_.result = array->block;
    program_.type = array->type;
    share_blocks();
    return std::move(program_);
  }

 private:
  Value visit(NodeId id, int depth) {
    if (depth > deepest) throw unexpected("maximum recursion depth exceeded");
    const Node& node = syntax_.nodes[id];
    if (const auto fault = fault_of(syntax_, node)) throw *fault;
    switch (node.kind) {
      case Node::Kind::name:
        return name(node.word);
      case Node::Kind::number:
        return node.number;
      case Node::Kind::unary:
        return unary_of(node.word, visit(node.children[0], depth + 1));
      case Node::Kind::call:
        return call(node, depth);
      default:
        break;
    }
    const Value left = visit(node.children[0], depth + 1);
    const Value right = visit(node.children[1], depth + 1);
    check_operand(left);
    check_operand(right);
    if (node.kind == Node::Kind::compare) return comparison(node.word, left, right);
    return arithmetic(node.word, left, right);
  }

  Value name(std::string_view word) {
    if (const auto found = types_.find(word); found != types_.end()) {
      const auto index = std::distance(types_.begin(), found);
      return Array{found->second, true, static_cast<std::uint32_t>(index)};
    }
    if (const Scalar* constant = find_constant(word)) return *constant;
    if (const FunctionFacts* function = find_function(word)) return function;
    throw invalid("unrecognized name '{}' in expression", word);
  }

  Value call(const Node& node, int depth) {
    const Value function = visit(node.children[0], depth + 1);
    check_callable(function);
    const FunctionFacts& facts = *std::get<const FunctionFacts*>(function);
    std::vector<Value> arguments;
    for (std::size_t i = 1; i < node.children.size(); ++i)
      arguments.push_back(visit(node.children[i], depth + 1));
    std::ranges::for_each(arguments, check_operand);
    return apply(facts.name, arguments);
  }

  void check_callable(const Value& value) const {
    if (const Scalar* scalar = std::get_if<Scalar>(&value))
      throw unexpected("cannot unpack non-iterable {} object", python_name(*scalar));
    if (!std::holds_alternative<Array>(value)) return;
    if (shape_.rows < 3)
      throw unexpected("not enough values to unpack (expected 3, got {})", shape_.rows);
    throw unexpected("too many values to unpack (expected 3)");
  }

  Value apply(std::string_view function, const std::vector<Value>& arguments) {
    const Value& first = arguments[0];
    if (function == "where") return where(first, arguments[1], arguments[2]);
    if (function == "setmask") return set_mask(first, arguments[1]);
    if (function == "masked_where") return masked_where(first, arguments[1]);
    if (function == "masked_inside") return masked_range(true, arguments);
    if (function == "masked_outside") return masked_range(false, arguments);
    if (function == "minimum" || function == "maximum")
      return extreme(function, first, arguments[1]);
    if (function.starts_with("masked_") && arguments.size() == 2)
      return masked_compare(function, first, arguments[1]);
    const Array* array = std::get_if<Array>(&first);
    if (array == nullptr) return of_scalar(function, std::get<Scalar>(first));
    if (function == "getmask")
      return emit(get_mask_kernel(), {*array}, NumberType::boolean, false);
    if (function == "masked_invalid") return masked_invalid(*array);
    if (function == "abs")
      return emit(unary_kernel("abs", array->type), {*array}, array->type, array->masked);
    if (function == "mod") throw unexpected_mod();
    const NumberType type = promote(array->type, NumberType::float16);
    const Array x = cast(*array, type);
    return emit(function_kernel(function, type, x.masked), {x}, type, x.masked);
  }

  static Error unexpected_mod() {
    return unexpected(
        "remainder() takes from 2 to 3 positional arguments but 1 were given");
  }

  static Value of_scalar(std::string_view function, const Scalar& value) {
    if (function == "getmask") return Scalar::of_boolean(false, true);
    if (function == "mod") throw unexpected_mod();
    if (function == "masked_invalid")
      throw unexpected("a single number cannot be masked");
    if (function == "abs") {
      Scalar out = value;
      out.numpy = true;
      if (value.number() < 0) out = unary("USub", out);
      return out;
    }
    std::vector<double> x(block_size, value.number());
    std::vector<double> y(block_size);
    std::vector<std::uint8_t> valid(block_size, 1);
    std::vector<std::uint8_t> valid_out(block_size);
    const Source source{x.data(), valid.data()};
    function_kernel(function, NumberType::float64, false)(
        {&source, 1}, {y.data(), valid_out.data()}, 1);
    return Scalar::of_real(y[0], true);
  }

  Value unary_of(const std::string& op, const Value& a) {
    check_operand(a);
    const Array* array = std::get_if<Array>(&a);
    if (array == nullptr) return unary(op, std::get<Scalar>(a));
    const Kernel kernel = unary_kernel(op, array->type);
    if (kernel == nullptr && op == "Invert") throw not_supported("invert");
    if (kernel == nullptr) unary("USub", Scalar::of_boolean(false, true));  // throws
    return emit(kernel, {*array}, array->type, array->masked);
  }

  Value arithmetic(const std::string& op, const Value& a, const Value& b) {
    const Scalar* number = std::get_if<Scalar>(&a);
    if (number != nullptr && std::holds_alternative<Scalar>(b))
      return binary(op, *number, std::get<Scalar>(b));
    NumberType type = common(a, b, op);
    if (op == "Div" && !is_real(type)) type = NumberType::float64;
    if ((op == "Mod" || op == "Pow") && type == NumberType::boolean)
      type = NumberType::int8;
    const bool masked = is_masked(a) || is_masked(b);
    const Kernel kernel = arithmetic_kernel(op, type, masked);
    if (kernel == nullptr) throw no_arithmetic(op);
    const Array x = as(a, type);
    const Array out = emit(kernel, {x, as(b, type)}, type, masked);
    if (!keep_ || !masked || !leaves_left(op, type)) return out;
    const bool lossy = op == "Div" && number != nullptr && type != NumberType::float64;
    return restore(out, lossy ? constant(Scalar::of_integer(0, false), type) : x);
  }

  // Does numpy.ma put the left operand under the masks of the result?
  static bool leaves_left(std::string_view op, NumberType type) {
    if (op == "Pow") return !is_real(type);
    return op == "Add" || op == "Sub" || op == "Mult" || op == "Div";
  }

  static Error no_arithmetic(std::string_view op) {
    if (op == "BitAnd") return not_supported("bitwise_and");
    if (op == "BitOr") return not_supported("bitwise_or");
    return unexpected(
        "numpy boolean subtract, the `-` operator, is not supported, use the "
        "bitwise_xor, "
        "the `^` operator, or the logical_xor function instead.");
  }

  Value comparison(const std::string& op, const Value& a, const Value& b) {
    const Scalar* x = std::get_if<Scalar>(&a);
    const Scalar* y = std::get_if<Scalar>(&b);
    if (x != nullptr && y != nullptr)
      return Scalar::of_boolean(compare(op, *x, *y), x->numpy || y->numpy);
    return compared(op, a, b);
  }

  Array compared(std::string_view op, const Value& a, const Value& b) {
    const NumberType type = common(a, b);
    const Array x = as(a, type);
    const Array y = as(b, type);
    const bool masked = is_masked(a) || is_masked(b);
    const Array out = emit(compare_kernel(op, type), {x, y}, NumberType::boolean, masked);
    if (!keep_ || !masked || (op != "Eq" && op != "NotEq")) return out;
    return emit(restore_equal_kernel(op), {out, x, y}, NumberType::boolean, true);
  }

  Value extreme(std::string_view op, const Value& a, const Value& b) {
    const Scalar* x = std::get_if<Scalar>(&a);
    const Scalar* y = std::get_if<Scalar>(&b);
    if (x != nullptr && y != nullptr) {
      const bool first =
          x->number() != x->number() || compare(op == "minimum" ? "LtE" : "GtE", *x, *y);
      Scalar out = first ? *x : *y;
      if (x->kind == Scalar::Kind::real || y->kind == Scalar::Kind::real)
        out = Scalar::of_real(out.number(), true);
      out.numpy = true;
      return out;
    }
    const NumberType type = common(a, b);
    const bool masked = is_masked(a) || is_masked(b);
    return emit(arithmetic_kernel(op, type, masked), {as(a, type), as(b, type)}, type,
                masked);
  }

  Value where(const Value& condition, const Value& x, const Value& y) {
    const Scalar* flag = std::get_if<Scalar>(&condition);
    const bool numbers =
        std::holds_alternative<Scalar>(x) && std::holds_alternative<Scalar>(y);
    if (flag != nullptr && numbers) {
      Scalar out = std::get<Scalar>(flag->truth() ? x : y);
      out.numpy = true;
      return out;
    }
    const NumberType type = common(x, y);
    return emit(where_kernel(type), {truth(condition), as(x, type), as(y, type)}, type,
                true);
  }

  Value set_mask(const Value& value, const Value& mask) {
    const Array* array = std::get_if<Array>(&value);
    if (array == nullptr) return no_array_to_mask(value, mask);
    return emit(set_mask_kernel(array->type), {truth(mask), *array}, array->type, true);
  }

  Value no_array_to_mask(const Value& value, const Value& mask) const {
    if (std::holds_alternative<Array>(mask))
      throw unexpected("Mask and data not compatible: data size is 1, mask size is {}.",
                       shape_.rows * shape_.cols);
    if (std::get<Scalar>(mask).truth())
      throw unexpected("a single number cannot be masked");
    Scalar out = std::get<Scalar>(value);
    out.numpy = true;
    return out;
  }

  Value masked_where(const Value& condition, const Value& value) {
    const Array* array = std::get_if<Array>(&value);
    if (array == nullptr && std::holds_alternative<Array>(condition))
      throw unexpected(
          "Inconsistent shape between the condition and the input (got ({}, {}) and ())",
          shape_.rows, shape_.cols);
    if (array == nullptr) return no_array_to_mask(value, condition);
    return masked(truth(condition), *array);
  }

  Array masked(const Array& condition, const Array& value) {
    return emit(masked_where_kernel(value.type), {condition, value}, value.type, true);
  }

  Array masked_invalid(const Array& value) {
    const Array wrong =
        emit(is_invalid_kernel(value.type), {value}, NumberType::boolean, value.masked);
    return masked(wrong, value);
  }

  Value masked_compare(std::string_view function, const Value& value,
                       const Value& limit) {
    constexpr std::pair<std::string_view, std::string_view> ops[] = {
        {"masked_equal", "Eq"},   {"masked_not_equal", "NotEq"},
        {"masked_less", "Lt"},    {"masked_less_equal", "LtE"},
        {"masked_greater", "Gt"}, {"masked_greater_equal", "GtE"}};
    const auto* found =
        std::ranges::find(ops, function, [](auto& op) { return op.first; });
    return masked_where(comparison(std::string(found->second), value, limit), value);
  }

  Value masked_range(bool inside, const std::vector<Value>& arguments) {
    const Scalar* low = std::get_if<Scalar>(&arguments[1]);
    const Scalar* high = std::get_if<Scalar>(&arguments[2]);
    if (low == nullptr || high == nullptr)
      throw unexpected(
          "The truth value of an array with more than one element is ambiguous. Use "
          "a.any() or a.all()");
    if (compare("Lt", *high, *low)) std::swap(low, high);
    const Value& value = arguments[0];
    const Value above = comparison(inside ? "GtE" : "Lt", value, *low);
    const Value below = comparison(inside ? "LtE" : "Gt", value, *high);
    return masked_where(arithmetic(inside ? "BitAnd" : "BitOr", above, below), value);
  }

  Array truth(const Value& value) { return as(value, NumberType::boolean); }

  Array as(const Value& value, NumberType type) {
    if (const Array* array = std::get_if<Array>(&value)) return cast(*array, type);
    return constant(std::get<Scalar>(value), type);
  }

  Array cast(const Array& array, NumberType type) {
    if (array.type == type) return array;
    return emit(cast_kernel(array.type, type), {array}, type, array.masked);
  }

  Array constant(const Scalar& value, NumberType type) {
    for (const Constant& known : program_.constants)
      if (known.type == type && same(known.value, value))
        return {type, false, known.block};
    program_.constants.push_back({blocks_, type, value});
    return {type, false, blocks_++};
  }

  Array restore(const Array& result, const Array& other) {
    return emit(restore_kernel(result.type), {result, other}, result.type, true);
  }

  Array emit(Kernel kernel, std::initializer_list<Array> in, NumberType type,
             bool masked) {
    Step step{.kernel = kernel, .out = blocks_};
    for (const Array& array : in) step.in[step.inputs++] = array.block;
    program_.steps.push_back(step);
    return {type, masked, blocks_++};
  }

  // Lets steps write where nothing is read any more.
  void share_blocks() {
    constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
    std::vector<std::uint32_t> place(blocks_, none);
    std::vector<std::size_t> last(blocks_, 0);
    for (std::size_t i = 0; i < program_.steps.size(); ++i)
      for (std::uint32_t k = 0; k < program_.steps[i].inputs; ++k)
        last[program_.steps[i].in[k]] = i;
    std::uint32_t used = 0;
    for (; used < program_.operands.size(); ++used) place[used] = used;
    for (Constant& one : program_.constants) one.block = place[one.block] = used++;
    const std::uint32_t fixed = used;
    std::vector<std::uint32_t> free;
    for (std::size_t i = 0; i < program_.steps.size(); ++i) {
      Step& step = program_.steps[i];
      std::uint32_t& out = place[step.out];
      out = free.empty() ? used++ : free.back();
      if (!free.empty()) free.pop_back();
      for (std::uint32_t k = 0; k < step.inputs; ++k) {
        const std::uint32_t block = step.in[k];
        step.in[k] = place[block];
        const bool seen = std::find(free.begin(), free.end(), place[block]) != free.end();
        if (last[block] == i && place[block] >= fixed && !seen)
          free.push_back(place[block]);
      }
      step.out = out;
    }
    program_.result = place[program_.result];
    program_.blocks = used;
  }

  const Syntax& syntax_;
  const std::map<std::string, NumberType, std::less<>>& types_;
  Shape shape_;
  Program program_;
  std::uint32_t blocks_ = 0;
  bool keep_ = false;
};

}  // namespace

Program program_of(const Syntax& syntax,
                   const std::map<std::string, NumberType, std::less<>>& operands,
                   Shape shape) {
  return Compiler(syntax, operands, shape).run();
}

}  // namespace terrazzo::raster::expressions
