#include "terrazzo/http/app.hpp"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>

#include "support/site.hpp"
#include "terrazzo/http/assets.hpp"
#include "terrazzo/http/openapi.hpp"
#include "terrazzo/io/picture_format.hpp"

using namespace terrazzo;
using namespace terrazzo::http;
using namespace terrazzo::http::testing;

namespace {

std::string value(const Response& response, std::string_view name) {
  for (const auto& [header, text] : response.headers)
    if (header == name) return text;
  return {};
}

constexpr std::string_view tile = "/singleband/S2/20240601/a/5/16/15.png";

}  // namespace

TEST_CASE("keys come in order, with their descriptions") {
  const World site;
  CHECK(site.json("/keys").dump() ==
        R"({"keys":[{"key":"sensor"},{"key":"date","description":"when"},)"
        R"({"key":"band","description":"wavelength"}]})");
}

TEST_CASE("datasets are filtered by keys and given by pages") {
  const World site;
  CHECK(
      site.json("/datasets?limit=1&page=1").dump() ==
      R"({"page":1,"limit":1,"datasets":[{"sensor":"S2","date":"20240601","band":"b"}]})");
  CHECK(site.json("/datasets?band=[a,b]").at("datasets").size() == 4);
  CHECK(site.json("/datasets?band=[a,%20b]").at("datasets").size() == 2);
  CHECK(site.json("/datasets?band=A").at("datasets").empty());
  CHECK(site.json("/datasets?limit=0").at("datasets").empty());
  CHECK(site.json("/datasets?limit=100000").at("datasets") ==
        site.json("/datasets").at("datasets"));
  CHECK(site.message("/datasets?limit=100001", 400) ==
        "limit is 100001; the most is 100000: ask page by page");
  CHECK(site.json("/datasets?page=99999999999999999999").at("datasets").empty());
  CHECK(site.message("/datasets?foo=1", 400) ==
        "Encountered unrecognized keys {'foo'} (available keys: ('sensor', 'date', "
        "'band'))");
}

TEST_CASE("metadata is answered for one dataset and for many") {
  const World site;
  const Json all = site.json("/metadata/S2/20240601/a/");
  CHECK(all.at("keys").dump() == R"({"sensor":"S2","date":"20240601","band":"a"})");
  CHECK(all.at("bounds").dump() == "[0.0,0.0,10.0,10.0]");
  CHECK(all.at("convex_hull").at("type") == "Polygon");
  CHECK(all.at("percentiles").size() == 99);
  CHECK(
      site.json(R"(/metadata/S2/20240601/a?columns=["range","mean"])").dump() ==
      R"({"keys":{"sensor":"S2","date":"20240601","band":"a"},"range":[0.0,63.0],"mean":0.0})");
  CHECK(site.message("/metadata/S2/20240601/x", 404) == "No dataset found");
  CHECK(site.message("/metadata/S2", 400) ==
        "Got wrong number of keys (available keys: ('sensor', 'date', 'band'))");

  const Pairs json{{"content-type", "application/json; charset=utf-8"}};
  const Response many =
      site.ask(R"(/metadata?columns=["range"])", json, "POST",
               R"({"keys": [["S2", "20240701", "b"], ["S2", "20240601", "a"]]})");
  REQUIRE(many.status == 200);
  CHECK(Json::parse(many.body.view())[0]["keys"]["date"] == "20240701");
  CHECK(Json::parse(many.body.view())[1]["range"].dump() == "[0.0,63.0]");
}

TEST_CASE("bodies that are no JSON get a page, wrong ones a message") {
  maps::Settings settings;
  settings.max_post_metadata_keys = 1;
  const World site{settings};
  const Pairs json{{"content-type", "application/json"}};
  CHECK(site.ask("/metadata", json, "POST", "xx").type == "text/html; charset=utf-8");
  CHECK(site.ask("/metadata", {}, "POST", R"({"keys":[]})").status == 400);
  CHECK(Json::parse(site.ask("/metadata", json, "POST", "[]").body.view())["message"] ==
        "Request body must be a JSON object");
  CHECK(Json::parse(site.ask("/metadata", json, "POST", R"({"keys":[["a"],["b"]]})")
                        .body.view())["message"] ==
        "Maximum number of keys exceeded (1). This limit can be configured in the server "
        "settings.");
}

TEST_CASE("a legend has values with colours") {
  const World site;
  CHECK(site.json("/colormap?stretch_range=[0,1]&num_values=3").dump() ==
        R"({"colormap":[{"value":0.0,"rgba":[1.0,1.0,1.0,255.0]},)"
        R"({"value":0.5,"rgba":[128.0,128.0,128.0,255.0]},)"
        R"({"value":1.0,"rgba":[255.0,255.0,255.0,255.0]}]})");
  CHECK(site.json("/colormap?stretch_range=[0,1]&num_values=0").at("colormap").empty());
}

TEST_CASE("tiles are pictures with an ETag, and known ones are not drawn again") {
  const World site;
  const Response first = site.ask(tile);
  CHECK(first.status == 200);
  CHECK(first.type == "image/png");
  CHECK(first.body.view().starts_with("\x89PNG"));
  CHECK(value(first, "Cache-Control") == "no-cache");
  const std::string etag = value(first, "ETag");
  REQUIRE(!etag.empty());
  const Response second = site.ask(tile, {{"if-none-match", etag}});
  CHECK(second.status == 304);
  CHECK(second.body.empty());
  CHECK(site.ask(std::string{tile} + "?stretch_range=[0,9]", {{"if-none-match", etag}})
            .status == 200);
  CHECK(site.ask(tile, {{"range", "bytes=0-3"}}).body == "\x89PNG");
}

TEST_CASE("a tile with a hole is served, and nobody keeps it") {
  const World site;
  site.add_damaged();
  const Response response = site.ask("/singleband/S2/20240801/damaged/5/16/15.png");
  CHECK(response.status == 200);
  CHECK(response.body.view().starts_with("\x89PNG"));
  CHECK(value(response, "Cache-Control") == "no-store");
  CHECK(value(response, "ETag").empty());
}

TEST_CASE("pictures of every kind are drawn") {
  const World site;
  for (const auto target :
       {"/singleband/S2/20240601/a/preview.png?colormap=viridis&tile_size=[32,16]",
        "/singleband/S2/20240601/a/5/16/"
        "15.png?colormap=explicit&explicit_color_map={\"3\":"
        "\"ff0000\"}",
        "/rgb/S2/20240601/5/16/15.png?r=a&g=b&b=a&r_range=[0,10]&color_transform=gamma "
        "rgb 2",
        "/rgb/S2/20240601/preview.png?r=a&g=b&b=a",
        "/compute/S2/20240601/5/16/15.png?expression=v1*v2&v1=a&v2=b&stretch_range=[0,9]",
        "/compute/S2/20240601/"
        "preview.png?expression=v1&v1=a&stretch_range=[0,9]&colormap=jet",
        "/singleband/S2/20240601/a/999999999999/0/99999999999999999999999.png"}) {
    CAPTURE(target);
    const Response response = site.ask(target);
    CAPTURE(response.body.view());
    CHECK(response.status == 200);
    CHECK(response.type == "image/png");
  }
}

TEST_CASE("a picture is written as its path ends, told apart by type and ETag") {
  const World site;
  std::set<std::string> etags;
  for (const io::PictureFormat* kind : io::picture_format_kinds()) {
    std::vector<std::string> ends{std::string{kind->name}};
    ends.insert(ends.end(), kind->aliases.begin(), kind->aliases.end());
    for (const std::string& end : ends) {
      CAPTURE(end);
      for (const auto* target :
           {"/singleband/S2/20240601/a/5/16/15.{}",
            "/singleband/S2/20240601/a/preview.{}",
            "/rgb/S2/20240601/5/16/15.{}?r=a&g=b&b=a",
            "/compute/S2/20240601/preview.{}?expression=v1/2&v1=a&stretch_range=[0,9]"}) {
        const Response response = site.ask(fmt::format(fmt::runtime(target), end));
        CAPTURE(response.body.view());
        CHECK(response.status == 200);
        CHECK(response.type == kind->type);
      }
    }
    const Response picture =
        site.ask(fmt::format("/singleband/S2/20240601/a/5/16/15.{}", kind->name));
    CHECK(etags.insert(value(picture, "ETag")).second);
  }
  CHECK(site.message("/singleband/S2/20240601/a/5/16/15.gif", 404) ==
        fmt::format("no picture format is called 'gif'; there are: {}",
                    io::picture_format_names()));
}

TEST_CASE("colours are refused by formats that have none") {
  const World site;
  for (const auto* end : {"npy", "png16"}) {
    CHECK(site.message(
                  fmt::format("/singleband/S2/20240601/a/preview.{}?colormap=jet", end),
                  400)
              .starts_with(fmt::format("the format {} has no colour maps", end)));
    CHECK(
        site.message(fmt::format("/singleband/S2/20240601/a/preview.{}?colormap=explicit"
                                 "&explicit_color_map={{\"3\":\"ff0000\"}}",
                                 end),
                     400)
            .starts_with(fmt::format("the format {} has no colour maps", end)));
  }
  CHECK(
      site.message("/singleband/S2/20240601/a/preview.npy?color_transform=gamma 1 2", 400)
          .starts_with("the format npy holds values"));
  CHECK(site.ask("/singleband/S2/20240601/a/preview.png16?color_transform=gamma 1 2")
            .status == 200);
}

TEST_CASE("pictures that cannot be drawn say why") {
  const World site;
  CHECK(site.message("/rgb/S2/5/16/15.png?r=a&g=b&b=a", 400) ==
        "must specify all keys except last one");
  CHECK(site.message("/rgb/5/16/15.png?r=a&g=b&b=a", 400) ==
        "must specify all keys except last one");
  CHECK(site.message("/rgb/S2/20240601/preview.png?r=a&g=b&b=zz", 404) ==
        "No dataset found");
  CHECK(site.message("/compute/S2/20240601/5/16/15.png?expression=v1&v1=a&"
                     "stretch_range=[0,1]&colormap=explicit",
                     400) == "Encountered invalid color map explicit");
  CHECK(
      site.message("/singleband/S2/20240601/a/5/16/15.png?stretch_range=[\"p2\",\"p99\"]",
                   400) == "Invalid percentile, out of range: p99");
  const Response gone = site.ask("/singleband/S2/20240601/gone/preview.png");
  CHECK(gone.status == 503);
  CHECK(gone.body.view().find("tmp") == std::string::npos);
}

TEST_CASE("a picture goes out as the bytes that the cache holds") {
  const World site;
  const Response first = site.ask(tile);
  const Response second = site.ask(tile);
  CHECK(first.body.view().data() == second.body.view().data());
}

TEST_CASE("a plus that the URL made a blank is pointed out") {
  const World site;
  const auto compute = [&](const std::string& expression) {
    return site.message(
        "/compute/S2/20240601/preview.png?v1=a&v2=b&stretch_range=[0,1]&"
        "expression=" +
            expression,
        400);
  };
  CHECK(compute("v1+v2") ==
        "error while executing expression: given string v1 v2 is not a valid expression; "
        "write + as %2B in a URL");
  CHECK(compute("(v1)+(v2)").ends_with("%2B in a URL"));
  CHECK(compute("v1%20-").ends_with("is not a valid expression"));
  const std::string preview = "/rgb/S2/20240601/preview.png?r=a&g=b&b=a&color_transform=";
  CHECK(site.message(preview + "gamma%20rgb%20+2", 400) ==
        "{'color_transform': ['Invalid color transform; write + as %2B in a URL']}");
  CHECK(site.message(preview + "gamma%20rgb%20x", 400) ==
        "{'color_transform': ['Invalid color transform']}");
}

TEST_CASE("pages for what is not there look as they always did") {
  const World site;
  const Response none = site.ask("/nope");
  CHECK(none.status == 404);
  CHECK(none.type == "text/html; charset=utf-8");
  CHECK(
      none.body ==
      "<!doctype html>\n<html lang=en>\n<title>404 Not Found</title>\n<h1>Not "
      "Found</h1>\n"
      "<p>The requested URL was not found on the server. If you entered the URL manually "
      "please check your spelling and try again.</p>\n");
  const Response method = site.ask("/metadata");
  CHECK(method.status == 405);
  CHECK(value(method, "Allow") == "OPTIONS, POST");
  CHECK(method.body ==
        "<!doctype html>\n<html lang=en>\n<title>405 Method Not Allowed</title>\n"
        "<h1>Method Not Allowed</h1>\n<p>The method is not allowed for the requested "
        "URL.</p>\n");
  CHECK(value(site.ask("//rgb//1/2/3.png?r=%22a b%22&g"), "Location") ==
        "/rgb/1/2/3.png?r=%22a%20b%22&g=");
}

TEST_CASE(
    "origins may read metadata and tiles as the settings say, in every combination") {
  using Origins = std::vector<std::string>;
  const std::vector<std::pair<Origins, std::string>> choices{
      {{"*"}, "*"},
      {{}, ""},
      {{"https://example.com"}, "https://example.com"},
      {maps::Settings{}.allowed_origins_tiles, ""}};
  for (const auto& [metadata, metadata_header] : choices) {
    for (const auto& [tiles, tiles_header] : choices) {
      maps::Settings settings;
      settings.allowed_origins_metadata = metadata;
      settings.allowed_origins_tiles = tiles;
      const World site{settings};
      constexpr std::string_view header = "Access-Control-Allow-Origin";
      for (const auto target :
           {"/keys", "/datasets", "/metadata/S2/20240601/zz", "/colormap"})
        CHECK(value(site.ask(target), header) == metadata_header);
      CHECK(value(site.ask(tile), header) == tiles_header);
      CHECK(value(site.ask("/swagger.json"), header).empty());
      CHECK(value(site.ask("/metadata"), header).empty());
    }
  }
}

TEST_CASE("OPTIONS tells methods and answers a preflight") {
  const World site;
  const Pairs asked{{"origin", "http://localhost:5100"},
                    {"access-control-request-method", "GET"}};
  const Response response = site.ask(tile, asked, "OPTIONS");
  CHECK(response.status == 200);
  CHECK(response.body.empty());
  CHECK(value(response, "Allow") == "GET, HEAD, OPTIONS");
  CHECK(value(response, "Access-Control-Allow-Origin") == "http://localhost:5100");
  CHECK(!value(response, "Access-Control-Allow-Methods").empty());
}

TEST_CASE("a search finds by words, keys and place, and counts values") {
  const World site;
  const Json found = site.json("/search?q=s2 band:b&limit=1");
  CHECK(found.at("total") == 2);
  REQUIRE(found.at("datasets").size() == 1);
  const Json& first = found.at("datasets")[0];
  CHECK(first.at("keys").at("date") == "20240601");
  CHECK(first.at("bounds").dump() == "[0.0,0.0,10.0,10.0]");
  CHECK(first.at("percentiles").dump() == "[1.0,97.0]");
  CHECK(first.at("footprint").at("type") == "Polygon");
  CHECK(found.at("facets").at("date").size() == 2);
  CHECK(site.json("/search?bbox=20,20,30,30").at("total") == 0);
  CHECK(site.json("/search?date=[20240701,x]").at("total") == 2);
  CHECK(site.message("/search?foo=1", 400)
            .starts_with("Encountered unrecognized keys {'foo'}"));
}

TEST_CASE("a search by time gives the latest first, across pages") {
  const World site;
  std::string order;
  for (int page = 0; page < 3; ++page) {
    const Json found =
        site.json(fmt::format("/search?sort=newest&limit=2&page={}", page));
    for (const Json& dataset : found.at("datasets"))
      order += fmt::format("{}{} ",
                           dataset.at("keys").at("date").get<std::string>().substr(4, 2),
                           dataset.at("keys").at("band").get<std::string>());
  }
  CHECK(order == "07a 07b 06a 06b 06gone ");
}

TEST_CASE("the explorer's questions about one dataset are answered") {
  const World site;
  const Json histogram = site.json("/histogram/S2/20240601/a?bins=4");
  CHECK(histogram.at("counts").size() == 4);
  CHECK(histogram.at("valid") == histogram.at("total"));
  const Json point = site.json("/point/S2/20240601/a?lon=5&lat=5");
  CHECK(point.at("value").is_number());
  CHECK(point.at("native").at("crs") == "EPSG:3857");
  CHECK(site.json("/point/S2/20240601/a?lon=50&lat=5").at("value").is_null());
  CHECK(site.json("/classes/S2/20240601/a").at("classes")[0].at("label") == "Wood");
  const Json colormaps = site.json("/colormaps").at("colormaps");
  CHECK(colormaps.at("viridis").size() == 32);
  CHECK(colormaps.at("viridis")[0] == "#440154");
}

TEST_CASE("the API describes itself, with the keys of this catalogue") {
  const World site;
  const Json document = site.json("/swagger.json");
  CHECK(document.at("openapi") == "3.0.3");
  CHECK(document.at("info").at("version") == "0.9.1");
  const Json& paths = document.at("paths");
  CHECK(paths.at("/metadata").contains("post"));
  CHECK(paths.contains("/singleband/{keys}/{tile_z}/{tile_x}/{tile_y}.{format}"));
  CHECK(document.at("components")
            .at("schemas")
            .at("Keys")
            .at("properties")
            .contains("band"));
  for (const auto& [path, methods] : paths.items()) {
    for (const auto& [method, operation] : methods.items()) {
      CAPTURE(path);
      CHECK(operation.contains("responses"));
      std::size_t in_path = 0;
      for (const Json& parameter : operation.at("parameters")) {
        CHECK((parameter.contains("schema") || parameter.contains("content")));
        in_path += parameter.at("in") == "path" ? 1 : 0;
      }
      CHECK(in_path == static_cast<std::size_t>(std::ranges::count(path, '{')));
    }
  }
  CHECK(document.dump().find("\"band\"") != std::string::npos);
}

TEST_CASE("the server tells how it is") {
  World site;
  CHECK(site.json("/healthz").dump() == R"({"status":"ok"})");
  ServerFigures figures;
  figures.draining = true;
  figures.in_flight = 7;
  site.app().watch([&] { return figures; });
  CHECK(site.ask("/healthz").status == 503);
  (void)site.ask("/nope");
  const Response metrics = site.ask("/metrics");
  CHECK(metrics.type.starts_with("text/plain"));
  for (const auto line :
       {"terrazzo_requests_total{route=\"healthz\",status=\"503\"} 1",
        "terrazzo_requests_total{route=\"none\",status=\"404\"} 1",
        "terrazzo_requests_in_flight 7", "terrazzo_cache_bytes",
        "process_resident_memory_bytes",
        "terrazzo_request_duration_seconds_bucket{route=\"healthz\",le=\"0.0005\"}"}) {
    CAPTURE(line);
    CHECK(metrics.body.view().find(line) != std::string::npos);
  }
}

TEST_CASE("pages come with their files and a policy that lets in nothing else") {
  const World site;
  const Response page = site.ask("/apidoc");
  CHECK(page.status == 200);
  CHECK(page.body.view().find("<title>Terrazzo API (Terracotta-compatible)</title>") !=
        std::string::npos);
  CHECK(value(page, "Content-Security-Policy").starts_with("default-src 'self';"));
  CHECK(site.ask("/apidoc/apidoc.js").type == "text/javascript; charset=utf-8");
  CHECK(site.ask("/apidoc/nope").status == 404);
  CHECK(site.ask("/").status == 404);
  CHECK(site.ask("/", {{"accept", "text/html,*/*"}}).status == 200);
  CHECK(site.json("/explorer.json").dump() == R"({"api":""})");
  CHECK(site.ask("/assets/../catalog.sqlite").status == 404);
}

TEST_CASE("the explorer alone talks to the server it is told") {
  const ExplorerApp app{"https://tiles.example:5000/prefix"};
  Request request;
  request.path = "/explorer.json";
  CHECK(app(request, {}).body == "{\"api\":\"https://tiles.example:5000/prefix\"}\n");
  request.path = "/";
  request.headers = {{"accept", "text/html"}};
  const Response page = app(request, {});
  CHECK(value(page, "Content-Security-Policy")
            .find("connect-src 'self' https://tiles.example:5000;") != std::string::npos);
  request.path = "/keys";
  CHECK(app(request, {}).status == 404);
  request.method = "POST";
  CHECK(app(request, {}).status == 405);
}

TEST_CASE("a request whose time is over is not begun") {
  World site;
  Request request;
  split_target(tile, request);
  const Context late{{}, Context::Clock::now() - std::chrono::seconds{1}};
  const Response response = site.app()(request, late);
  CHECK(response.status == 504);
  CHECK(value(response, "Access-Control-Allow-Origin").empty());
}

TEST_CASE("settings become limits of the server") {
  maps::Settings settings;
  settings.max_body_bytes = 5;
  settings.request_timeout = 7;
  const ServerOptions options = server_options(settings);
  CHECK(options.max_body_bytes == 5);
  CHECK(options.request_timeout == 7);
}

TEST_CASE("files are known by their content and kept by their name") {
  CHECK(media_type("a/b.css") == "text/css; charset=utf-8");
  CHECK(media_type("b") == "application/octet-stream");
  const Asset hashed{"assets/index-C0ffee12.js", "\"1\"", "let a;"};
  const Asset plain{"index.html", "\"2\"", "<p>"};
  CHECK(value(asset_answer({}, hashed), "Cache-Control").find("immutable") !=
        std::string::npos);
  CHECK(value(asset_answer({}, plain), "Cache-Control") == "no-cache");
  Request known;
  known.headers = {{"if-none-match", "W/\"2\""}};
  CHECK(asset_answer(known, plain).status == 304);
}
