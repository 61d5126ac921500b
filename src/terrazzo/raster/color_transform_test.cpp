#include "terrazzo/raster/color_transform.hpp"

#include <array>
#include <cmath>
#include <limits>

#include <algorithm>

#include <doctest/doctest.h>

#include "terrazzo/base/error.hpp"

using terrazzo::raster::ColorTransform;

namespace {

using Picture = std::vector<std::vector<double>>;  // by band

Picture transformed(std::string_view text, Picture picture) {
  std::vector<std::span<double>> bands(picture.begin(), picture.end());
  ColorTransform::parse(text, picture.size()).apply(bands);
  return picture;
}

std::vector<double> grey(std::string_view text, std::vector<double> values) {
  return transformed(text, {std::move(values)})[0];
}

void check_close(const std::vector<double>& got, const std::vector<double>& want) {
  REQUIRE(got.size() == want.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    CHECK(got[i] == doctest::Approx(want[i]).epsilon(1e-12));
}

std::string refusal(std::string_view text, std::size_t bands) {
  try {
    ColorTransform::parse(text, bands);
  } catch (const terrazzo::Error& error) {
    CHECK(error.kind() == terrazzo::ErrorKind::invalid_input);
    return error.message();
  }
  return "";
}

const std::vector<double> ramp{0, 0.1, 0.25, 0.5, 0.8, 1};

}  // namespace

TEST_CASE("gamma brightens above 1 and darkens below") {
  check_close(grey("gamma 1 2", {0, 0.25, 1}), {0, 0.5, 1});
  check_close(grey("gamma r 0.5", {0, 0.5, 1}), {0, 0.25, 1});
}

// Numbers of rio-color's formula, evaluated by numpy.
TEST_CASE("sigmoidal adds contrast about its bias, and takes it away below 0") {
  check_close(grey("sigmoidal 1 6 0.5", ramp),
              {0, 0.0394927827263762, 0.14914645207033284, 0.5, 0.8956798609037933, 1});
  check_close(grey("sigmoidal 1 15 0.3", ramp),
              {0, 0.036844756316692436, 0.3132850293583976, 0.9520737802045699,
               0.9994689073456631, 1});
  check_close(grey("sigmoidal 1 -4 0.5", ramp),
              {0, 0.14611597718400715, 0.2995042092864968, 0.5, 0.7467288766033878, 1});
  check_close(grey("sigmoidal 1 5 0", ramp), {0, 0.24824154977542956, 0.5621241486044827,
                                              0.8597925669097833, 0.9771068409226045, 1});
  CHECK(grey("sigmoidal 1 0 0.5", ramp) == ramp);
}

// Numbers of the formulas of color-operations, evaluated by numpy.
TEST_CASE("saturation scales chroma") {
  const Picture picture{
      {0.2, 0.9, 0, 1, 0.01}, {0.4, 0.1, 0, 1, 0.02}, {0.6, 0.05, 0, 1, 0.03}};
  const Picture half = transformed("saturation 0.5", picture);
  check_close(half[0],
              {0.32362129750443913, 0.7124512892812306, 0, 1, 0.014298328824312022});
  check_close(half[1],
              {0.3936198611934099, 0.34943364260879406, 0, 1, 0.019299099674475986});
  check_close(half[2], {0.49367955173198014, 0.2670860988884298, 0, 0.9999671040117993,
                        0.02429663542872201});
  const Picture more = transformed("saturation 1.5", picture);
  check_close(more[0], {0, 1, 0, 1, 0.005702895575688111});
  check_close(more[1], {0.407963368529057, 0, 0, 1, 0.020702470125523967});
}

TEST_CASE("operations apply in order, to the bands they name, whatever the case") {
  const Picture got =
      transformed("GAMMA Rb 2, gamma 2 0.5 sigmoidal rgb 0 0", {{0.25}, {0.5}, {0.25}});
  CHECK(got[0][0] == doctest::Approx(0.5));
  CHECK(got[1][0] == doctest::Approx(0.25));
  CHECK(got[2][0] == doctest::Approx(0.5));
}

TEST_CASE("what is missing stays missing and all else ends in 0..1") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const char* text :
       {"saturation 3", "saturation -2", "gamma rgb 1e300", "sigmoidal rgb 5000 1",
        "sigmoidal rgb -1000 0.5", "sigmoidal rgb -30 0, saturation 100, gamma g 0.001",
        "saturation 1e999", "saturation -1e200", "saturation 6e126, saturation 6",
        "sigmoidal rgb inf 0.5", "sigmoidal rgb -1e999 0.5", "sigmoidal rgb 1e-300 0.5",
        "sigmoidal rgb -1e-300 0.5"}) {
    CAPTURE(text);
    const Picture got =
        transformed(text, {{nan, 0, 1, 0.3}, {0.5, 0, 1, 0.2}, {0.7, 0, 1, 0}});
    CHECK(std::isnan(got[0][0]));
    for (std::size_t band = 0; band < 3; ++band)
      for (std::size_t i = band == 0 ? 1 : 0; i < 4; ++i)
        CHECK((got[band][i] >= 0 && got[band][i] <= 1));
  }
}

TEST_CASE("a picture cannot have what is malformed or meant for other bands") {
  for (const char* text : {"",
                           "hue",
                           "hue 5",
                           "gamma",
                           "gamma 1",
                           "gamma 1 abc",
                           "gamma 1 -1",
                           "gamma 1 0",
                           "gamma g 1.5",
                           "gamma 12 2",
                           "gamma 0 2",
                           "gamma x 2",
                           "gamma 1 nan",
                           "sigmoidal 1 5",
                           "sigmoidal 1 5 1.1",
                           "sigmoidal 1 5 -0.1",
                           "saturation 0.5",
                           "saturation",
                           " gamma 1 2",
                           "gamma 1 2 ",
                           "gamma 1 2,  gamma 1 2",
                           "gamma 1 1__0",
                           "gamma 1 1.5.2",
                           "gamma 1 +-2",
                           "gamma 1 0x10",
                           "gamma 1 2 x"}) {
    CAPTURE(text);
    CHECK(refusal(text, 1) == "Invalid color transform");
  }
  for (const char* text : {"gamma 4 2", "gaama rgb 1.5", "gamma 0", "saturation abc"}) {
    CAPTURE(text);
    CHECK(refusal(text, 3) == "Invalid color transform");
  }
}

TEST_CASE("numbers are read as Python reads them") {
  for (const char* text :
       {"gamma 1 1_0", "gamma 1 +2", "gamma 1 .5", "gamma 1 2.", "gamma 1 inf",
        "gamma 1 1e3", "gamma 1 1e999", "gamma 1 1,5", "gamma 1 2 3 4"}) {
    CAPTURE(text);
    CHECK(refusal(text, 1) == "");
  }
}

TEST_CASE("a transform has at most 16 operations") {
  std::string text;
  for (int i = 0; i < 16; ++i) text += "gamma 1 1.1 ";
  text.pop_back();
  CHECK_NOTHROW(ColorTransform::parse(text, 1));
  CHECK_THROWS_AS(ColorTransform::parse(text + " gamma 1 1.1", 1), terrazzo::Error);
}

TEST_CASE("colours are not worked on for a caller who went away") {
  std::stop_source stop;
  stop.request_stop();
  std::vector<double> values(10, 0.5);
  const std::array bands{std::span{values}};
  CHECK_THROWS_WITH_AS(
      ColorTransform::parse("gamma 1 2", 1).apply(bands, {.stop = stop.get_token()}),
      doctest::Contains("the caller went away"), terrazzo::Error);
}

TEST_CASE("pictures of many pixels are worked on whole") {
  std::vector<double> values(100'001, 0.25);
  const std::array bands{std::span{values}};
  ColorTransform::parse("gamma 1 2", 1).apply(bands);
  CHECK(std::ranges::count(values, 0.5) == 100'001);
}
