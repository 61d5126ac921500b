#include "terrazzo/raster/expression.hpp"

#include <cmath>
#include <fstream>
#include <limits>
#include <optional>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace terrazzo;
using raster::Expression;
using Operands = std::map<std::string, const Image*, std::less<>>;

namespace {

template <class T>
Image image_of(const std::vector<T>& values,
               const std::vector<std::uint8_t>& valid = {}) {
  Image image(element_type<T>(), 1, 1, values.size());
  std::copy(values.begin(), values.end(), image.values<T>().begin());
  std::copy(valid.begin(), valid.end(), image.valid().begin());
  return image;
}

std::string refusal(std::string_view text, const Operands& operands) {
  try {
    Expression::parse(text).run(operands);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::invalid_input);
    return error.message();
  }
  return "";
}

// The reference file and the operands it speaks of: 3 x 4 pixels.
struct Reference {
  nlohmann::json json;
  std::map<std::string, Image> images;
  Operands operands;

  Reference() {
    std::ifstream file(TERRAZZO_SOURCE_DIR "/tests/reference/expressions.json");
    REQUIRE(file.good());
    json = nlohmann::json::parse(file);
    for (const auto& [name, operand] : json["operands"].items())
      operands[name] = &images.emplace(name, image(operand)).first->second;
  }

  static Image image(const nlohmann::json& operand) {
    ElementType type = ElementType::uint8;
    while (name_of(type) != operand["type"])
      type = static_cast<ElementType>(static_cast<int>(type) + 1);
    Image out(type, 1, 3, 4);
    with_type(type, [&](auto one) {
      using T = decltype(one);
      for (std::size_t i = 0; i < 12; ++i) {
        out.values<T>()[i] = number<T>(operand["values"][i]);
        out.valid()[i] = operand["masked"][i] == 0 ? 1 : 0;
      }
    });
    return out;
  }

  template <class T>
  static T number(const nlohmann::json& value) {
    if (!value.is_string()) return value.get<T>();
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (value == "nan") return static_cast<T>(std::nan(""));
    return static_cast<T>(value == "inf" ? infinity : -infinity);
  }
};

// How far a result may be from numpy's, which has its own exp() and sin() for float32.
double tolerance(const std::string& text, const std::string& type) {
  if (type == "float16") return 2e-3;
  if (type == "float32") return 2e-5;
  for (const char* function : {"sqrt(", "exp(", "log", "sin", "cos", "tan"})
    if (text.find(function) != std::string::npos) return 2e-5;
  return 1e-12;
}

template <class T>
bool agrees(T got, const nlohmann::json& want, double relative) {
  if constexpr (std::is_integral_v<T>) return got == want.get<T>();
  const auto x = static_cast<double>(got);
  const double y = want.get<double>();
  return std::abs(x - y) <= relative * std::max(std::abs(x), std::abs(y)) + 1e-300;
}

// Empty: as the reference has it.
std::string difference(const std::string& text, const Image& got,
                       const nlohmann::json& want) {
  std::string type = want[0];
  const double relative = tolerance(text, type);
  if (type == "bool") type = "uint8";
  if (type == "float16") type = "float32";
  if (name_of(got.type()) != type) return fmt::format("has type {}", name_of(got.type()));
  for (std::size_t i = 0; i < 12; ++i) {
    const nlohmann::json& one = want[i + 1];
    if ((got.valid()[i] == 0) != one.is_null()) return fmt::format("mask of pixel {}", i);
    if (one.is_null()) continue;
    std::string wrong;
    with_type(got.type(), [&](auto tag) {
      const auto value = got.values<decltype(tag)>()[i];
      if (!agrees(value, one, relative)) wrong = fmt::format("pixel {} is {}", i, +value);
    });
    if (!wrong.empty()) return wrong;
  }
  return "";
}

}  // namespace

TEST_CASE("expressions give what numpy's masked arrays give") {
  const Reference reference;
  int compared = 0;
  for (const auto& one : reference.json["cases"]) {
    if (one[1].is_string()) continue;
    CAPTURE(one.dump());
    const std::string text = one[0];
    std::optional<Image> got;
    CHECK_NOTHROW(got = Expression::parse(text).run(reference.operands));
    if (got) CHECK(difference(text, *got, one[1]) == "");
    ++compared;
  }
  CHECK(compared > 500);
}

TEST_CASE("what is not allowed is refused in the words of Terracotta") {
  const Reference reference;
  const std::string unexpected = "unexpected error while evaluating expression: ";
  for (const auto& one : reference.json["cases"]) {
    if (!one[1].is_string()) continue;
    CAPTURE(one.dump());
    const std::string got = refusal(one[0].get<std::string>(), reference.operands);
    const std::string want = one[1];
    // What numpy itself says is not promised word for word.
    if (want.starts_with(unexpected))
      CHECK(got.starts_with(unexpected));
    else
      CHECK(got == want);
  }
}

TEST_CASE("of several faults the first in order of evaluation is reported") {
  const Image v1 = image_of<std::uint8_t>({1, 2});
  const Operands operands{{"v1", &v1}};
  CHECK(refusal("open([1])", operands) == "unrecognized name 'open' in expression");
  CHECK(refusal("[1] + foo", operands) == "List not allowed in expressions");
  CHECK(refusal("v2 + [1]", operands) == "unrecognized name 'v2' in expression");
  CHECK(refusal("v2 ^ [1]", operands) ==
        "binary operator BitXor not allowed in expressions");
}

TEST_CASE("what no operand can make right is refused before there are any") {
  for (const char* text : {"", "(v1", "v1.size", "not v1", "v1 < v2 < v3", "maximum(v1)",
                           "[0] * v1", "0", "sqrt", "where(1, 2, 3)", "1 / 0"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(Expression::parse(text), Error);
  }
}

TEST_CASE("an expression is checked against names alone, in order of evaluation") {
  const auto fault = [](const char* text) -> std::string {
    try {
      Expression::parse(text).check([](const std::string& name) { return name == "v1"; });
    } catch (const Error& error) {
      return error.message();
    }
    return "";
  };
  CHECK(fault("v1 + 1") == "");
  CHECK(fault("v1 + foo + bar") == "unrecognized name 'foo' in expression");
  CHECK(fault("v1 + [a]") == "List not allowed in expressions");
  CHECK(fault("v1 + a[0]") == "Subscript not allowed in expressions");
  CHECK(fault("dir(v1)") == "unrecognized name 'dir' in expression");
  CHECK(fault("(v1 + v2) ^ v1") == "binary operator BitXor not allowed in expressions");
}

TEST_CASE("an expression names its operands, sorted, and not what it knows itself") {
  const Expression expression =
      Expression::parse("where(nir > red, sqrt(nir) * pi, blue)");
  CHECK(expression.operands() == std::vector<std::string>{"blue", "nir", "red"});
  CHECK(Expression::parse("getmask(v1)").operands() == std::vector<std::string>{"v1"});
}

TEST_CASE("the cost grows with the operations, and functions cost more") {
  const auto cost = [](const char* text) {
    return Expression::parse(text).cost_per_pixel();
  };
  CHECK(cost("v1") == 1);
  CHECK(cost("(v1-v2)/(v1+v2)") > cost("v1-v2"));
  CHECK(cost("sin(v1)") > cost("v1+1"));
}

TEST_CASE("long and deep expressions work or are refused, and never overflow the stack") {
  const Image v1 = image_of<float>({1, 2});
  const Operands operands{{"v1", &v1}};
  const auto times = [](std::size_t count, std::string_view one) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += one;
    return out;
  };
  const std::size_t many = 20'000;
  for (const std::string& text :
       {times(many, "("), times(many, "-") + "v1", times(many, "not ") + "v1",
        times(many, "v1+") + "v1", times(many, "2**") + "v1",
        times(many, "lambda:") + "v1", times(many, "v1 if v1 else ") + "v1",
        times(many, "[") + times(many, "]"), times(many, "await ") + "v1",
        "v1" + times(many, "(1)"), "v1" + times(many, ".a"),
        times(400, "sqrt(") + "v1" + times(400, ")"), times(many, "f'{"),
        times(many, "{1:"), times(many, "9") + "*v1", "v1" + times(many, "\n")}) {
    const std::string got = refusal(text, operands);
    CHECK((got.empty() || got.find("not") != std::string::npos ||
           got.find("maximum recursion depth") != std::string::npos));
  }
  CHECK(refusal(times(400, "v1+") + "v1", operands) == "");
  CHECK(refusal(times(150, "(v1+") + "v1" + times(150, ")"), operands) == "");
}

TEST_CASE("every block of a large image is computed, the last short one too") {
  const std::size_t size = 1024 * 3 + 17;
  std::vector<std::uint16_t> a(size);
  std::vector<std::uint8_t> valid(size);
  for (std::size_t i = 0; i < size; ++i) {
    a[i] = static_cast<std::uint16_t>(i * 7);
    valid[i] = i % 11 != 0;
  }
  const Image v1 = image_of(a, valid);
  const Image got = Expression::parse("(v1 - 5) / (v1 + 5)").run({{"v1", &v1}});
  REQUIRE(got.type() == ElementType::float64);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const auto low = static_cast<std::uint16_t>(a[i] - 5);
    const auto high = static_cast<std::uint16_t>(a[i] + 5);
    const bool defined = valid[i] != 0 && high != 0;
    if ((got.valid()[i] != 0) != defined) ++wrong;
    if (defined && got.values<double>()[i] != low / static_cast<double>(high)) ++wrong;
  }
  CHECK(wrong == 0);
}

TEST_CASE("a negative exponent beyond the image's last pixel does not count") {
  const Image v1 = image_of<std::int16_t>({7, 8, 9});
  CHECK(Expression::parse("2 ** (v1 - 7)").run({{"v1", &v1}}).values<std::int16_t>()[2] ==
        4);
}

TEST_CASE("operands of different shapes are refused") {
  const Image v1 = image_of<float>({1, 2});
  const Image v2 = image_of<float>({1, 2, 3});
  CHECK_THROWS_AS(Expression::parse("v1 + v2").run({{"v1", &v1}, {"v2", &v2}}), Error);
}

TEST_CASE("an image without pixels gives one without pixels") {
  const Image v1(ElementType::uint8, 1, 0, 0);
  CHECK(Expression::parse("v1 / 2").run({{"v1", &v1}}).pixels() == 0);
}

TEST_CASE("a run stops when it is told to, and at its deadline") {
  const Image v1 = image_of<float>({1, 2});
  const Expression expression = Expression::parse("v1 + 1");
  Context late;
  late.deadline = Context::Clock::now() - std::chrono::seconds(1);
  std::stop_source source;
  source.request_stop();
  const Context stopped{.stop = source.get_token()};
  const auto kind = [&](const Context& context) {
    try {
      expression.run({{"v1", &v1}}, context);
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::internal;
  };
  CHECK(kind(late) == ErrorKind::timeout);
  CHECK(kind(stopped) == ErrorKind::cancelled);
}
