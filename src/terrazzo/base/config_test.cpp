#include "terrazzo/base/config.hpp"

#include <doctest/doctest.h>

#include <map>

using namespace terrazzo;

namespace {

struct Sample {
  std::string driver_path;
  std::optional<std::string> provider;
  bool debug = false;
  std::string loglevel = "warning";
  std::array<int, 2> tile_size{256, 256};
  std::vector<std::string> origins{"*", "http://\"a\"\\"};
  double timeout = 30;
  std::int64_t threads = 0;
  void fields(auto& f) {
    f("driver_path", driver_path, "The catalogue.");
    f("provider", provider, "Its kind.");
    f("debug", debug, "More words.");
    f("loglevel", loglevel, "Least severity.", one_of({"debug", "warning"}));
    f("tile_size", tile_size, "Rows and columns.", within(1, 4096));
    f("origins", origins, "Who may read.");
    f("timeout", timeout, "Seconds.", at_least(0.5));
    f("threads", threads, "How many.");
  }
};

std::string toml_message(std::string_view text) {
  try {
    json_of_toml(text, "my.toml");
  } catch (const Error& e) {
    CHECK(e.kind() == ErrorKind::invalid_input);
    return e.message();
  }
  return "";
}

Json from_environment(const std::map<std::string, std::string>& variables) {
  return environment_values(field_rows<Sample>(), {"TERRAZZO_", "TC_"},
                            [&](const std::string& name) -> std::optional<std::string> {
                              const auto at = variables.find(name);
                              if (at == variables.end()) return std::nullopt;
                              return at->second;
                            });
}

std::string repeated(std::string_view part, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += part;
  return out;
}

}  // namespace

TEST_CASE("a TOML file becomes JSON, the case of its keys aside") {
  const Json json = json_of_toml(R"(
DEFAULT_TILE_SIZE = [128, 128]
debug = true
Cost = 4e9
when = 2018-05-01T12:30:00Z
day = 2018-05-01
name = "ä"
[sub]
Key = -3
)",
                                 "t");
  CHECK(json["default_tile_size"] == Json::array({128, 128}));
  CHECK(json["debug"] == true);
  CHECK(json["cost"] == 4e9);
  CHECK(json["when"] == "2018-05-01T12:30:00Z");
  CHECK(json["day"] == "2018-05-01");
  CHECK(json["name"] == "ä");
  CHECK(json["sub"]["Key"] == -3);
  CHECK(json_of_toml("", "t") == Json::object());
}

TEST_CASE("what is wrong with a TOML file is said with its place") {
  CHECK(toml_message("a = 1\nb = = 2\n").starts_with("my.toml:2:5: "));
  CHECK(toml_message("a = 1\na = 2\n").starts_with("my.toml:2:"));
  CHECK(toml_message("a = 1\nA = 2\n").find("'a' is there twice") != std::string::npos);
  CHECK(toml_message("x = nan").find("my.toml:1:5: this number is not finite") == 0);
  CHECK(toml_message("a = 99999999999999999999").starts_with("my.toml:1:"));
  CHECK(toml_message("a = \"\xFF\"").starts_with("my.toml:1:"));
  CHECK(toml_message(std::string(2 << 20, '#')).find("too many") != std::string::npos);
}

TEST_CASE(
    "a date that ends after its T is a fault of the file, not the end of the program") {
  for (const char* text : {"x = 1799-05-27T-27", "x = 1799-05-27T", "x = 1799-05-27T:"})
    CHECK(toml_message(text).starts_with("my.toml:"));
}

TEST_CASE("deep nesting is refused, not followed") {
  CHECK(toml_message("a = " + repeated("[", 100'000)) != "");
  CHECK(toml_message("a" + repeated(".a", 200'000) + " = 1").find("nested") !=
        std::string::npos);
  CHECK(toml_message("[a" + repeated(" . \"a\"", 100'000) + "]").find("nested") !=
        std::string::npos);
  CHECK(toml_message("a = " + repeated("{b = ", 100'000)) != "");
  CHECK(toml_message("a" + repeated(".a", 60) + " = {b" + repeated(".a", 60) + " = 1}")
            .find("nested") != std::string::npos);
}

TEST_CASE("the environment is read under our names before those of Terracotta") {
  CHECK(from_environment({}) == Json::object());
  const Json json = from_environment({{"TC_DRIVER_PATH", "/old"},
                                      {"TERRAZZO_DRIVER_PATH", "/new"},
                                      {"TC_TILE_SIZE", "[128,64]"},
                                      {"TC_DEBUG", "y"},
                                      {"TERRAZZO_TIMEOUT", ""},
                                      {"TC_PROVIDER", ""}});
  CHECK(json == Json{{"driver_path", "/new"}, {"debug", true}, {"tile_size", {128, 64}}});
  CHECK(from_environment({{"TC_DRIVER_PATH", ""}})["driver_path"] == "");
}

TEST_CASE("a wrong variable is named") {
  const auto message = [](const char* name, const char* value) {
    try {
      from_environment({{name, value}});
    } catch (const Error& e) {
      return e.message();
    }
    return std::string{};
  };
  CHECK(message("TC_THREADS", "many") ==
        "TC_THREADS: 'threads' cannot be 'many'; it is an integer");
  CHECK(message("TC_TILE_SIZE", "[1]") ==
        "TC_TILE_SIZE: 'tile_size' cannot be [1]; it is a list of 2 integers");
  CHECK(message("TERRAZZO_TIMEOUT", "0") ==
        "TERRAZZO_TIMEOUT: 'timeout' cannot be 0; it is at least 0.5");
  CHECK(message("TC_LOGLEVEL", "loud").starts_with("TC_LOGLEVEL: 'loglevel' cannot be"));
  CHECK(message("TC_DEBUG", "maybe").starts_with("TC_DEBUG: 'debug' cannot be 'maybe'"));
}

TEST_CASE("the default file says everything and changes nothing") {
  const auto rows = field_rows<Sample>();
  std::string text = toml_of_fields(rows);
  CHECK(text.find(
            "# Least severity. One of: debug, warning.\n# loglevel = \"warning\"\n") !=
        std::string::npos);
  CHECK(json_of_toml(text, "t") == Json::object());

  std::string uncommented;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    const auto line = text.substr(at, end - at);
    if (line.find(" = ") != std::string::npos) uncommented += line.substr(2) + "\n";
    at = end + 1;
  }
  const Json json = json_of_toml(uncommented, "t");
  for (const FieldRow& row : rows)
    if (!row.default_value.is_null()) CHECK(json[row.name] == row.default_value);
  CHECK(json["provider"] == "");
  from_json<Sample>(json, "settings");
}

TEST_CASE("later values win over earlier ones") {
  CHECK(merge({{"a", 1}, {"b", {{"x", 1}, {"y", 2}}}}, {{"b", {{"y", 3}}}, {"c", {1}}}) ==
        Json{{"a", 1}, {"b", {{"x", 1}, {"y", 3}}}, {"c", {1}}});
  CHECK(merge({{"a", 1}}, Json{}) == Json{{"a", 1}});
  CHECK(merge({{"a", {1, 2}}}, {{"a", {3}}}) == Json{{"a", {3}}});
}

TEST_CASE("a key is found on its line, whatever its case") {
  constexpr std::string_view text =
      "# first\nDEBUG = true\n\nthreads = 4\n[table]\na = 1\n";
  CHECK(line_of_key(text, "debug") == 2);
  CHECK(line_of_key(text, "threads") == 4);
  CHECK(line_of_key(text, "table") == 5);
  CHECK(line_of_key(text, "a") == 0);
}

TEST_CASE(
    "letters beyond ASCII are allowed in texts and comments and refused in bare keys") {
  CHECK(json_of_toml("a = \"Gemüse\" # à la carte\n\"größe\" = 1\n", "my.toml") ==
        Json{{"a", "Gemüse"}, {"größe", 1}});
  for (const char* letter :
       {"\u00be", "\u00e9", "\u0499", "\u1680", "\u2030", "\u3001"}) {
    CAPTURE(letter);
    CHECK(toml_message(std::string{"k"} + letter + " = 1").starts_with("my.toml:1:2: "));
  }
}
