#include "terrazzo/http/queries.hpp"

#include <cmath>
#include <span>

#include <doctest/doctest.h>

#include "terrazzo/http/text.hpp"

using namespace terrazzo;
using namespace terrazzo::http;

namespace {

const raster::Colormaps colormaps;
const QueryLimits limits{colormaps, 4096};

struct Case {
  std::string_view text;     // of the query, or of a JSON body
  std::string_view message;  // empty: it is fine
};

// What Terracotta's schemas say to these, by marshmallow 3.18.
// clang-format off
constexpr Case singleband_cases[] = {
    {R"q(stretch_range=[1,"a'b"])q", "{'stretch_range': {1: ['Percentile format is `p<digits>`']}}"},
    {"stretch_range=['p2','p98']", R"q({'_schema': ["Could not decode value ['p2','p98'] for stretch_range as JSON"]})q"},
    {R"q(stretch_range=["p2",)q", R"q({'_schema': ['Could not decode value ["p2", for stretch_range as JSON']})q"},
    {R"q(stretch_range=["it's")q", R"q({'_schema': ['Could not decode value ["it\'s" for stretch_range as JSON']})q"},
    {"stretch_range=[null,null]", ""},
    {"stretch_range=null", ""},
    {R"q(stretch_range=["5",1])q", "{'stretch_range': {0: ['Percentile format is `p<digits>`']}}"},
    {"stretch_range=[[1],{}]", "{'stretch_range': {0: ['Must be a string or a number'], 1: ['Must be a string or a number']}}"},
    {"stretch_range=[-Infinity,1e400]", "{'stretch_range': {0: ['Special numeric values (nan or infinity) are not permitted.'], 1: ['Special numeric values (nan or infinity) are not permitted.']}}"},
    {"stretch_range=[1,2]x", "{'_schema': ['Could not decode value [1,2]x for stretch_range as JSON']}"},
    {"stretch_range=+[1,2]+", ""},
    {"stretch_range=[01,2]", "{'_schema': ['Could not decode value [01,2] for stretch_range as JSON']}"},
    {"stretch_range=[1.,2]", "{'_schema': ['Could not decode value [1.,2] for stretch_range as JSON']}"},
    {"stretch_range=[%2B1,2]", "{'_schema': ['Could not decode value [+1,2] for stretch_range as JSON']}"},
    {"stretch_range=[1,2,]", "{'_schema': ['Could not decode value [1,2,] for stretch_range as JSON']}"},
    {R"q(stretch_range="a\u0062")q", "{'stretch_range': ['Not a valid list.']}"},
    {"stretch_range=true", "{'stretch_range': ['Not a valid list.']}"},
    {"stretch_range=[]", "{'stretch_range': ['Length must be 2.']}"},
    {"stretch_range=0", "{'stretch_range': ['Not a valid list.']}"},
    {R"q(stretch_range=["p2\n",1])q", ""},
    {R"q(stretch_range=["+p2",1])q", "{'stretch_range': {0: ['Percentile format is `p<digits>`']}}"},
    {R"q(stretch_range=["P2",1])q", "{'stretch_range': {0: ['Percentile format is `p<digits>`']}}"},
    {R"q(stretch_range=["",1])q", "{'stretch_range': {0: ['Percentile format is `p<digits>`']}}"},
    {"stretch_range=%C3%A9%5B", "{'_schema': ['Could not decode value é[ for stretch_range as JSON']}"},
    {"stretch_range=[1%0A", R"q({'_schema': ['Could not decode value [1\n for stretch_range as JSON']})q"},
    {"stretch_range=%09%E2%80%8B", R"q({'_schema': ['Could not decode value \t\u200b for stretch_range as JSON']})q"},
    {R"q(stretch_range=\[)q", R"q({'_schema': ['Could not decode value \\[ for stretch_range as JSON']})q"},
    {"tile_size=", "{'tile_size': ['Not a valid list.']}"},
    {"tile_size=[]", "{'tile_size': ['Length must be 2.']}"},
    {"tile_size=[null,1]", "{'tile_size': {0: ['Field may not be null.']}}"},
    {"tile_size=[1.9,true]", "{'tile_size': {1: ['Not a valid integer.']}}"},
    {R"q(tile_size=["12","+3+"])q", ""},
    {R"q(tile_size=["1.5",[1]])q", "{'tile_size': {0: ['Not a valid integer.'], 1: ['Not a valid integer.']}}"},
    {"tile_size=[NaN,Infinity]", "{'tile_size': {0: ['Not a valid integer.'], 1: ['Number too large.']}}"},
    {R"q(tile_size={"a":1})q", "{'tile_size': ['Not a valid list.']}"},
    {"tile_size=256", "{'tile_size': ['Not a valid list.']}"},
    {R"q(tile_size=["1_0","__1"])q", "{'tile_size': {1: ['Not a valid integer.']}}"},
    {"stretch_range=[1,&tile_size=[1,", "{'_schema': ['Could not decode value [1, for stretch_range as JSON']}"},
    {"tile_size=[1,&explicit_color_map={", "{'_schema': ['Could not decode value [1, for tile_size as JSON']}"},
    {"stretch_range=[1]&tile_size=[1]", "{'stretch_range': ['Length must be 2.'], 'tile_size': ['Length must be 2.']}"},
    {"colormap=explicit&explicit_color_map=null", "{'explicit_color_map': ['Field may not be null.']}"},
    {"colormap=explicit&explicit_color_map=", "{'explicit_color_map': ['Not a valid mapping type.']}"},
    {R"q(colormap=explicit&explicit_color_map={"1":[1,2,"x"],"b":[1,2]})q", "{'explicit_color_map': defaultdict(<class 'dict'>, {'b': {'key': ['Not a valid number.'], 'value': ['Length must be between 3 and 4.']}, '1': {'value': {2: ['Not a valid number.']}}})}"},
    {R"q(colormap=explicit&explicit_color_map={"1":[1,2],"b":[1,2,3]})q", "{'explicit_color_map': defaultdict(<class 'dict'>, {'b': {'key': ['Not a valid number.']}, '1': {'value': ['Length must be between 3 and 4.']}})}"},
    {R"q(colormap=explicit&explicit_color_map={"nan":[1,2,3],"1_0":"%23aabbcc"})q", "{'explicit_color_map': defaultdict(<class 'dict'>, {'nan': {'key': ['Special numeric values (nan or infinity) are not permitted.']}})}"},
    {R"q(colormap=explicit&explicit_color_map={"1":"%23%23aabbccdd"})q", ""},
    {R"q(colormap=explicit&explicit_color_map={"1":""})q", "{'_schema': ['Could not decode value  in explicit_color_map as hex string']}"},
    {R"q(colormap=explicit&explicit_color_map={"it's":"aabbcc"})q", R"q({'explicit_color_map': defaultdict(<class 'dict'>, {"it's": {'key': ['Not a valid number.']}})})q"},
    {R"q(colormap=explicit&explicit_color_map={"1":"it's+\"x\""})q", R"q({'_schema': ['Could not decode value it\'s "x" in explicit_color_map as hex string']})q"},
    {R"q(colormap=explicit&explicit_color_map={"a":[1],"1":[2],"b":"ffffff"})q", "{'explicit_color_map': defaultdict(<class 'dict'>, {'a': {'key': ['Not a valid number.'], 'value': ['Length must be between 3 and 4.']}, 'b': {'key': ['Not a valid number.']}, '1': {'value': ['Length must be between 3 and 4.']}})}"},
    {R"q(colormap=jet&explicit_color_map={"a":[1]})q", "{'explicit_color_map': defaultdict(<class 'dict'>, {'a': {'key': ['Not a valid number.'], 'value': ['Length must be between 3 and 4.']}})}"},
    {R"q(colormap=explicit&explicit_color_map={"1":["1","2","3"]})q", ""},
    {R"q(colormap=explicit&explicit_color_map={"1":[null,2,3]})q", "{'explicit_color_map': defaultdict(<class 'dict'>, {'1': {'value': {0: ['Field may not be null.']}}})}"},
    {R"q(colormap=explicit&explicit_color_map={"1":[true,2,3]})q", "{'explicit_color_map': defaultdict(<class 'dict'>, {'1': {'value': {0: ['Not a valid number.']}}})}"},
    {"explicit_color_map={}", ""},
    {"foo=1", ""},
    {"", ""},
};
constexpr Case rgb_cases[] = {
    {"", "{'r': ['Missing data for required field.'], 'g': ['Missing data for required field.'], 'b': ['Missing data for required field.']}"},
    {"r=1", "{'g': ['Missing data for required field.'], 'b': ['Missing data for required field.']}"},
    {"r=&g=&b=", ""},
    {R"q(r=1&g=2&b=3&g_range=[1]&b_range=["q",2])q", "{'g_range': ['Length must be 2.'], 'b_range': {0: ['Percentile format is `p<digits>`']}}"},
    {"r_range=[&g_range=[", "{'_schema': ['Could not decode value for r_range as JSON']}"},
    {"r=1&g=2&b=3&tile_size=x", "{'_schema': ['Could not decode value for tile_size as JSON']}"},
    {"g_range={", "{'_schema': ['Could not decode value for g_range as JSON']}"},
    {"r=1&g=2&r_range=5", "{'b': ['Missing data for required field.'], 'r_range': ['Not a valid list.']}"},
};
constexpr Case compute_cases[] = {
    {"", "{'expression': ['Missing data for required field.'], 'stretch_range': ['Missing data for required field.']}"},
    {"expression=", "{'stretch_range': ['Missing data for required field.']}"},
    {R"q(expression=v1&stretch_range=["1","2e3"])q", ""},
    {R"q(expression=v1&stretch_range=["nan",[1]])q", "{'stretch_range': {0: ['Special numeric values (nan or infinity) are not permitted.'], 1: ['Not a valid number.']}}"},
    {"expression=v1&stretch_range=", "{'stretch_range': ['Not a valid list.']}"},
    {"expression=v1&stretch_range=null", "{'stretch_range': ['Field may not be null.']}"},
    {"stretch_range=[0,1,2]&tile_size=[1]", "{'expression': ['Missing data for required field.'], 'stretch_range': ['Length must be 2.'], 'tile_size': ['Length must be 2.']}"},
    {"expression=v1&stretch_range=[false,{}]", "{'stretch_range': {0: ['Not a valid number.'], 1: ['Not a valid number.']}}"},
    {"expression=v1&stretch_range=[0,1)", "{'_schema': ['Could not decode value [0,1) for stretch_range as JSON']}"},
    {"expression=v1&stretch_range=[NaN,1]", "{'stretch_range': {0: ['Special numeric values (nan or infinity) are not permitted.']}}"},
};
constexpr Case colormap_cases[] = {
    {"stretch_range=[0,1]&num_values=1_0", ""},
    {"stretch_range=[0,1]&num_values=+5+", ""},
    {"stretch_range=[0,1]&num_values=%2B5", ""},
    {"stretch_range=[0,1]&num_values=5.0", "{'num_values': ['Not a valid integer.']}"},
    {"stretch_range=[0,1]&num_values=", "{'num_values': ['Not a valid integer.']}"},
    {"stretch_range=[null,1]", "{'stretch_range': {0: ['Field may not be null.']}}"},
    {"stretch_range=null", "{'stretch_range': ['Field may not be null.']}"},
    {R"q(stretch_range=[Infinity,"inf"])q", "{'stretch_range': {0: ['Special numeric values (nan or infinity) are not permitted.'], 1: ['Special numeric values (nan or infinity) are not permitted.']}}"},
    {"num_values=x", "{'stretch_range': ['Missing data for required field.'], 'num_values': ['Not a valid integer.']}"},
};
constexpr Case metadata_cases[] = {
    {"columns=null", "{'columns': ['Field may not be null.']}"},
    {R"q(columns=[1,"range"])q", "{'columns': {0: ['Not a valid string.']}}"},
    {"columns=", "{'columns': ['Not a valid list.']}"},
    {R"q(columns=["range)q", "{'_schema': ['Could not decode value for columns as JSON']}"},
    {"columns={}", "{'columns': ['Not a valid list.']}"},
    {R"q(columns=["range"]&foo=1)q", "{'foo': ['Unknown field.']}"},
    {"columns=[null]", "{'columns': {0: ['Field may not be null.']}}"},
    {R"q(columns=[["range"]])q", "{'columns': {0: ['Not a valid string.']}}"},
    {"it's=1", R"q({"it's": ['Unknown field.']})q"},
};
constexpr Case datasets_cases[] = {
    {"limit=-1&page=-5", "{'limit': ['Must be greater than or equal to 0.'], 'page': ['Must be greater than or equal to 0.']}"},
    {"limit=x&page=1.5", "{'limit': ['Not a valid integer.'], 'page': ['Not a valid integer.']}"},
    {"limit=", "{'limit': ['Not a valid integer.']}"},
    {"limit=+7+", ""},
    {"limit=1e3", "{'limit': ['Not a valid integer.']}"},
    {"limit=0x10", "{'limit': ['Not a valid integer.']}"},
    {"limit=999999999999999999999999999999", ""},
    {"limit=-", "{'limit': ['Not a valid integer.']}"},
};
constexpr Case body_cases[] = {
    {"{}", "{'keys': ['Missing data for required field.']}"},
    {R"q({"keys":"a"})q", "{'keys': ['Not a valid list.']}"},
    {R"q({"keys":[],"a":1})q", "{'a': ['Unknown field.']}"},
    {R"q({"keys":null})q", "{'keys': ['Field may not be null.']}"},
    {R"q({"keys":[null]})q", "{'keys': {0: ['Field may not be null.']}}"},
    {R"q({"keys":["a"]})q", "{'keys': {0: ['Not a valid list.']}}"},
    {R"q({"keys":[["a",1,null],5,["b"]]})q", "{'keys': {0: {1: ['Not a valid string.'], 2: ['Field may not be null.']}, 1: ['Not a valid list.']}}"},
    {R"q({"keys":[[]]})q", ""},
    {R"q({"keys":[["a"]]})q", ""},
    {R"q({"keys":[[true,{}]]})q", "{'keys': {0: {0: ['Not a valid string.'], 1: ['Not a valid string.']}}}"},
    {R"q({"keys":{}})q", "{'keys': ['Not a valid list.']}"},
};
// clang-format on

Pairs pairs_of(std::string_view text) {
  Request request;
  split_target(fmt::format("/?{}", text), request);
  return request.query;
}

template <class F>
std::string message_of(F&& f) {
  try {
    f();
    return {};
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::invalid_input);
    return e.message();
  }
}

template <class Q>
std::string message_of_query(std::string_view text) {
  return message_of([&] { (void)read_query<Q>(pairs_of(text), limits); });
}

template <class Q>
void check_all(std::span<const Case> cases) {
  for (const auto& [text, message] : cases) {
    CAPTURE(text);
    CHECK(message_of_query<Q>(text) == message);
  }
}

template <class Q>
Q read(std::string_view text) {
  return read_query<Q>(pairs_of(text), limits);
}

}  // namespace

TEST_CASE("parameters of /singleband are refused in marshmallow's words") {
  check_all<SinglebandQuery>(singleband_cases);
}

TEST_CASE("parameters of /rgb are refused in marshmallow's words") {
  check_all<RgbQuery>(rgb_cases);
}

TEST_CASE("parameters of /compute are refused in marshmallow's words") {
  check_all<ComputeQuery>(compute_cases);
}

TEST_CASE("parameters of /colormap are refused in marshmallow's words") {
  check_all<ColormapQuery>(colormap_cases);
}

TEST_CASE("parameters of /metadata are refused in marshmallow's words") {
  check_all<MetadataQuery>(metadata_cases);
}

TEST_CASE("parameters of /datasets are refused in marshmallow's words") {
  check_all<DatasetsQuery>(datasets_cases);
}

TEST_CASE("the body of POST /metadata is refused in marshmallow's words") {
  for (const auto& [text, message] : body_cases) {
    CAPTURE(text);
    const Json body = python_json(text).value();
    CHECK(message_of([&] { (void)read_body<MetadataBody>(body, limits); }) == message);
  }
}

TEST_CASE("what would break Terracotta later is refused in the same form") {
  CHECK(message_of_query<ColormapQuery>("num_values=-1&stretch_range=[0,1]") ==
        "{'num_values': ['Must be greater than or equal to 0 and less than or equal to "
        "65536.']}");
  CHECK(
      message_of_query<SinglebandQuery>("tile_size=[0,5000]") ==
      "{'tile_size': {0: ['Must be greater than or equal to 1 and less than or equal to "
      "4096.'], 1: ['Must be greater than or equal to 1 and less than or equal to "
      "4096.']}}");
  CHECK(message_of_query<ComputeQuery>("expression=v1&stretch_range=[null,1]") ==
        "{'stretch_range': {0: ['Field may not be null.']}}");
  CHECK(message_of_query<MetadataQuery>("columns=[]") ==
        "{'columns': ['Shorter than minimum length 1.']}");
  CHECK(message_of_query<MetadataQuery>(R"(columns=["range","nope"])") ==
        "{'columns': {1: ['Must be one of: bounds, convex_hull, valid_percentage, range, "
        "mean, "
        "stdev, percentiles, metadata.']}}");
  CHECK(
      message_of_query<SinglebandQuery>(
          R"(colormap=explicit&explicit_color_map={"1":5,"2":null})") ==
      "{'explicit_color_map': defaultdict(<class 'dict'>, {'1': {'value': ['Not a valid "
      "list.']}, '2': {'value': ['Field may not be null.']}})}");
}

TEST_CASE("an unknown colour map is answered with the names there are") {
  const std::string names = fmt::format("{}", fmt::join(colormaps.names(), ", "));
  CHECK(message_of_query<ColormapQuery>("stretch_range=[0,1]&colormap=explicit") ==
        fmt::format("{{'colormap': ['Must be one of: {}.']}}", names));
  CHECK(message_of_query<SinglebandQuery>("colormap=Viridis") ==
        fmt::format("{{'colormap': ['Must be one of: explicit, {}.']}}", names));
}

TEST_CASE(
    "the stretch of a picture holds numbers, percentiles and the dataset's own ends") {
  const auto query =
      read<SinglebandQuery>(R"(stretch_range=["p98",null]&colormap=viridis)");
  REQUIRE(query.stretch_range);
  CHECK(std::get<maps::Percentile>((*query.stretch_range)[0]).number == 98);
  CHECK(std::holds_alternative<std::monostate>((*query.stretch_range)[1]));
  CHECK(query.colormap == "viridis");
  const auto numbers = read<SinglebandQuery>("stretch_range=[-1.5e2,7]");
  CHECK(std::get<double>((*numbers.stretch_range)[0]) == -150);
  CHECK(std::get<double>((*numbers.stretch_range)[1]) == 7);
}

TEST_CASE(
    "explicit colours come as hexadecimal text or lists; of equal values the last "
    "counts") {
  const auto query = read<SinglebandQuery>(
      R"(colormap=explicit&explicit_color_map={"1":"1f78b4","2":"%2333a02c","3":[255,255,0],)"
      R"("4":[227,26.9,-5,300],"2.0":[1,2,3]})");
  REQUIRE(query.explicit_color_map);
  const auto& colors = *query.explicit_color_map;
  REQUIRE(colors.size() == 4);
  CHECK(colors[0] == std::pair{1.0, Color{0x1f, 0x78, 0xb4, 255}});
  CHECK(colors[1] == std::pair{2.0, Color{1, 2, 3, 255}});
  CHECK(colors[2] == std::pair{3.0, Color{255, 255, 0, 255}});
  CHECK(colors[3] == std::pair{4.0, Color{227, 26, 251, 44}});
}

TEST_CASE(
    "the first of repeated parameters counts, and sides of tiles lose their fractions") {
  const auto query = read<SinglebandQuery>("tile_size=[100.9,300]&tile_size=[1,1]");
  REQUIRE(query.tile_size);
  CHECK((*query.tile_size)[0].pixels == 100);
  CHECK((*query.tile_size)[1].pixels == 300);
}

TEST_CASE("parameters that nobody declared are kept as filters, ignored or refused") {
  const auto datasets = read<DatasetsQuery>("limit=5&band=B04&sensor=S2&band=x");
  CHECK(datasets.limit == 5);
  CHECK(datasets.rest == Pairs{{"band", "B04"}, {"sensor", "S2"}});
  CHECK(message_of_query<RgbQuery>("r=1&g=2&b=3&foo=1").empty());
  CHECK(message_of_query<MetadataQuery>("foo=1") == "{'foo': ['Unknown field.']}");
}

TEST_CASE("numbers beyond every limit are held, not wrapped") {
  CHECK(read<DatasetsQuery>("page=999999999999999999999999").page > 1'000'000'000'000);
  const auto query =
      read<SinglebandQuery>(R"(stretch_range=["p99999999999999999999999",1])");
  CHECK(std::get<maps::Percentile>((*query.stretch_range)[0]).number > 99);
}

TEST_CASE("places are read as four numbers and checked") {
  const auto query = read<SearchQuery>("bbox=-10,20.5,10,30&q=S2");
  CHECK(query.bbox == Box{-10, 20.5, 10, 30});
  for (const auto text : {"", "1,2,3", "1,2,3,4,5", "a,1,2,3", "0,5,1,4", "0,nan,1,1"})
    CHECK(!message_of_query<SearchQuery>(fmt::format("bbox={}", text)).empty());
  CHECK(
      message_of_query<PointQuery>("lon=200&lat=x") ==
      "{'lon': ['Must be greater than or equal to -180 and less than or equal to 180.'], "
      "'lat': ['Not a valid number.']}");
}

TEST_CASE("parameters are documented with types, limits and choices") {
  const Json parameters = query_parameters<ColormapQuery>(limits);
  REQUIRE(parameters.size() == 3);
  CHECK(parameters[0]["name"] == "stretch_range");
  CHECK(parameters[0]["required"] == true);
  CHECK(parameters[0]["content"]["application/json"]["schema"]["minItems"] == 2);
  CHECK(parameters[1]["schema"]["enum"].size() == colormaps.names().size());
  CHECK(parameters[2]["schema"]["default"] == 255);
  CHECK(parameters[2]["schema"]["maximum"] == 65536);
}
