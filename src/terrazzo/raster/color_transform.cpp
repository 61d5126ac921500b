#include "terrazzo/raster/color_transform.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>
#include <string>

#include "terrazzo/base/error.hpp"

namespace terrazzo::raster {
namespace {

constexpr double epsilon = std::numeric_limits<double>::epsilon();

// Each operation costs several powers a pixel; a picture needs a few.
constexpr std::size_t most_operations = 16;
constexpr std::size_t most_bands = 3;

// More changes nothing that can be seen, and what is computed with it stays finite.
constexpr double most_strength = 1e9;
constexpr std::size_t block_pixels = 16384;

using Words = std::vector<std::string>;

template <class... Args>
Error wrong(fmt::format_string<Args...> why, Args&&... args) {
  Error error = invalid("Invalid color transform");
  error.note("{}", fmt::format(why, std::forward<Args>(args)...));
  return error;
}

bool is_operation(std::string_view word) {
  return word == "gamma" || word == "sigmoidal" || word == "saturation";
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

std::string_view trimmed(std::string_view word) {
  while (!word.empty() && is_space(word.front())) word.remove_prefix(1);
  while (!word.empty() && is_space(word.back())) word.remove_suffix(1);
  return word;
}

// Each begins with the name of an operation, except perhaps the first. Two blanks in a
// row have an empty word between them.
std::vector<Words> operations_of(std::string_view text) {
  std::string plain;
  for (const char c : text)
    if (c != ',') plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  std::vector<Words> out;
  for (std::size_t start = 0; start <= plain.size();) {
    const std::size_t end = std::min(plain.find(' ', start), plain.size());
    const std::string_view word =
        trimmed(std::string_view(plain).substr(start, end - start));
    if (out.empty() || is_operation(word)) out.emplace_back();
    out.back().emplace_back(word);
    start = end + 1;
  }
  return out;
}

// As Python reads a float; NaN is refused.
double number(const std::string& word) {
  std::string digits = word.starts_with('+') ? word.substr(1) : word;
  for (std::size_t i = digits.find('_'); i != std::string::npos;
       i = digits.find('_', i)) {
    const auto is_digit = [&](std::size_t at) {
      return at < digits.size() && digits[at] >= '0' && digits[at] <= '9';
    };
    if (i == 0 || !is_digit(i - 1) || !is_digit(i + 1)) break;
    digits.erase(i, 1);
  }
  double value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  const bool doubled = word.starts_with('+') && digits.starts_with('-');
  if (error == std::errc::invalid_argument || stop != end || doubled ||
      digits.find('n') == 0 || digits.find("nan") == 1)
    throw wrong("'{}' is not a number", word);
  if (error == std::errc::result_out_of_range)
    value = digits.find("e-") == std::string::npos
                ? std::numeric_limits<double>::infinity()
                : 0;
  return digits.starts_with('-') && value > 0 ? -value : value;
}

// "rg" or "12": from 0, in order.
std::vector<std::size_t> bands_of(const std::string& word, std::size_t bands) {
  std::set<std::size_t> out;
  for (const char c : word) {
    const std::size_t letter = std::string_view("rgb").find(c);
    const std::size_t digit = std::string_view("123").find(c);
    const std::size_t band = std::min(letter, digit);
    if (band >= bands) throw wrong("there is no band '{}' among {}", c, bands);
    out.insert(band);
  }
  return {out.begin(), out.end()};
}

double held(double strength) {
  return std::clamp(strength, -most_strength, most_strength);
}

double sigmoidal(double value, double contrast, double bias) {
  const double start = 1 / (1 + std::exp(contrast * bias));
  const double end = 1 / (1 + std::exp(contrast * (bias - 1)));
  if (start == end) return value;  // next to no contrast
  if (contrast > 0) {
    const double here = 1 / (1 + std::exp(contrast * (bias - value)));
    return (here - start) / (end - start);
  }
  const double here = value * end - value * start + start;
  return (contrast * bias - std::log(1 / here - 1)) / contrast;
}

// CIE L*a*b* of D65 from sRGB with its own curve, and the rounded matrices of rio-color.
constexpr double delta = 6.0 / 29;
constexpr double intercept = 4.0 / 29;
constexpr double white_x = 0.95047;
constexpr double white_z = 1.08883;

double to_lab(double x) {
  if (x > delta * delta * delta) return std::cbrt(x);
  return x / (3 * delta * delta) + intercept;
}

double from_lab(double t) {
  return t > delta ? t * t * t : 3 * delta * delta * (t - intercept);
}

double linear(double shown) {
  return shown > 0.04045 ? std::pow((shown + 0.055) / 1.055, 2.4) : shown / 12.92;
}

double displayed(double value) {
  const double shown =
      value > 0.0031308 ? 1.055 * std::pow(value, 1 / 2.4) - 0.055 : 12.92 * value;
  return std::clamp(shown, 0.0, 1.0);
}

using Rgb = std::array<double, 3>;

// Chroma times `proportion`. Chroma is the length of (a, b), so both grow by it.
Rgb saturated(const Rgb& rgb, double proportion) {
  const double r = linear(rgb[0]);
  const double g = linear(rgb[1]);
  const double b = linear(rgb[2]);
  const double fx = to_lab((r * 0.4124 + g * 0.3576 + b * 0.1805) / white_x);
  const double fy = to_lab(r * 0.2126 + g * 0.7152 + b * 0.0722);
  const double fz = to_lab((r * 0.0193 + g * 0.1192 + b * 0.9505) / white_z);
  const double x = from_lab(fy + (fx - fy) * proportion) * white_x;
  const double y = from_lab(fy);
  const double z = from_lab(fy - (fy - fz) * proportion) * white_z;
  return {displayed(x * 3.2406 + y * -1.5372 + z * -0.4986),
          displayed(x * -0.9689 + y * 1.8758 + z * 0.0415),
          displayed(x * 0.0557 + y * -0.2040 + z * 1.0570)};
}

using Bands = std::span<const std::span<double>>;

template <class F>
void each(Bands bands, const std::vector<std::size_t>& chosen, F&& f) {
  for (const std::size_t band : chosen)
    for (double& value : bands[band])
      if (!std::isnan(value)) value = std::clamp(f(value), 0.0, 1.0);
}

}  // namespace

ColorTransform ColorTransform::parse(std::string_view text, std::size_t bands) {
  ColorTransform out;
  const auto operations = operations_of(text);
  if (operations.size() > most_operations)
    throw wrong("{} operations; at most {} are allowed", operations.size(),
                most_operations);
  for (const Words& words : operations) {
    if (!is_operation(words[0])) throw wrong("'{}' is no operation", words[0]);
    if (words.size() < 2) throw wrong("'{}' has no arguments", words[0]);
    const bool saturates = words[0] == "saturation";
    std::vector<double> numbers;
    for (std::size_t i = saturates ? 1 : 2; i < words.size(); ++i)
      numbers.push_back(number(words[i]));
    if (saturates) {
      if (bands != 3) throw wrong("saturation needs three bands");
      out.operations_.push_back(Saturation{held(numbers[0])});
      continue;
    }
    std::vector<std::size_t> chosen = bands_of(words[1], bands);
    if (chosen.empty()) continue;
    if (words[0] == "gamma") {
      if (numbers.empty() || !(numbers[0] > 0)) throw wrong("gamma must be over 0");
      out.operations_.push_back(Gamma{std::move(chosen), numbers[0]});
      continue;
    }
    if (numbers.size() < 2) throw wrong("sigmoidal needs a contrast and a bias");
    if (numbers[1] > 1 + epsilon || numbers[1] < -epsilon)
      throw wrong("the bias {} is outside 0..1", numbers[1]);
    out.operations_.push_back(Sigmoidal{std::move(chosen), held(numbers[0]), numbers[1]});
  }
  return out;
}

void ColorTransform::apply(Bands whole, const Context& context) const {
  std::array<std::span<double>, most_bands> block;
  const Bands bands = std::span{block}.first(whole.size());
  const auto run = [&](const auto& operation) {
    using T = std::decay_t<decltype(operation)>;
    if constexpr (std::is_same_v<T, Gamma>) {
      const double exponent = 1 / operation.gamma;
      each(bands, operation.bands,
           [&](double value) { return std::pow(value, exponent); });
    } else if constexpr (std::is_same_v<T, Sigmoidal>) {
      if (operation.contrast == 0) return;
      const double bias = operation.bias == 0 ? epsilon : operation.bias;
      each(bands, operation.bands,
           [&](double value) { return sigmoidal(value, operation.contrast, bias); });
    } else {
      for (std::size_t i = 0; i < bands[0].size(); ++i) {
        Rgb rgb{};
        for (std::size_t k = 0; k < 3; ++k)
          if (!std::isnan(bands[k][i])) rgb[k] = bands[k][i];
        rgb = saturated(rgb, operation.proportion);
        for (std::size_t k = 0; k < 3; ++k)
          if (!std::isnan(bands[k][i])) bands[k][i] = rgb[k];
      }
    }
  };
  const std::size_t pixels = whole.empty() ? 0 : whole[0].size();
  for (std::size_t begin = 0; begin < pixels; begin += block_pixels) {
    context.check();
    for (std::size_t k = 0; k < whole.size(); ++k)
      block[k] = whole[k].subspan(begin, std::min(block_pixels, pixels - begin));
    for (const Operation& operation : operations_) std::visit(run, operation);
  }
}

}  // namespace terrazzo::raster
