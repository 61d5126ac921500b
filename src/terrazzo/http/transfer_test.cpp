#include "terrazzo/http/transfer.hpp"

#include <libdeflate.h>

#include <memory>

#include <doctest/doctest.h>

using namespace terrazzo::http;

namespace {

std::string value(const Response& response, std::string_view name) {
  for (const auto& [header, text] : response.headers)
    if (header == name) return text;
  return {};
}

Response sent(Pairs headers, Response response, const std::string& method = "GET") {
  Request request;
  request.method = method;
  request.headers = std::move(headers);
  transfer(request, response);
  return response;
}

Response picture(std::string bytes = "0123456789") {
  Response response;
  response.type = "image/png";
  response.body = std::move(bytes);
  response.headers = {{"ETag", "\"e\""}};
  return response;
}

std::string gunzipped(std::string_view bytes, std::size_t size) {
  std::string out(size, '\0');
  const std::unique_ptr<libdeflate_decompressor, void (*)(libdeflate_decompressor*)>
      codec{libdeflate_alloc_decompressor(), libdeflate_free_decompressor};
  const auto result = libdeflate_gzip_decompress(codec.get(), bytes.data(), bytes.size(),
                                                 out.data(), out.size(), nullptr);
  CHECK(result == LIBDEFLATE_SUCCESS);
  return out;
}

}  // namespace

TEST_CASE("a client that has the ETag is told so") {
  for (const auto known : {"\"e\"", "W/\"e\"", "*", "\"a\", \"e\"", " \"e\" "}) {
    const Response response = sent({{"if-none-match", known}}, picture());
    CHECK(response.status == 304);
    CHECK(response.body.empty());
    CHECK(value(response, "ETag") == "\"e\"");
  }
  CHECK(sent({{"if-none-match", "\"f\""}}, picture()).status == 200);
  CHECK(sent({{"if-none-match", "e"}}, picture()).status == 200);
}

TEST_CASE("one range of bytes is cut out") {
  const auto cut = [](std::string_view range) {
    return sent({{"range", std::string{range}}}, picture());
  };
  CHECK(cut("bytes=2-4").body == "234");
  CHECK(cut("bytes=2-4").status == 206);
  CHECK(value(cut("bytes=2-4"), "Content-Range") == "bytes 2-4/10");
  CHECK(cut("bytes=7-").body == "789");
  CHECK(cut("bytes=-3").body == "789");
  CHECK(cut("bytes=-99").body == "0123456789");
  CHECK(cut("bytes=8-99").body == "89");
  CHECK(cut("bytes=10-").status == 416);
  CHECK(value(cut("bytes=10-"), "Content-Range") == "bytes */10");
  CHECK(cut("bytes=-0").status == 416);
}

TEST_CASE("ranges that cannot be read count as absent") {
  for (const auto range :
       {"bytes=4-2", "bytes=a-b", "bytes=1-2,4-5", "lines=1-2", "bytes=", "bytes=-",
        "bytes=1", "bytes=99999999999999999999-"}) {
    CAPTURE(range);
    const Response response = sent({{"range", range}}, picture());
    CHECK(response.status == 200);
    CHECK(response.body == "0123456789");
  }
  CHECK(sent({{"range", "bytes=1-2"}, {"if-range", "\"old\""}}, picture()).status == 200);
  CHECK(sent({{"range", "bytes=1-2"}, {"if-range", "\"e\""}}, picture()).status == 206);
  CHECK(sent({{"range", "bytes=1-2"}}, picture(), "HEAD").status == 200);
}

TEST_CASE("long JSON is compressed for clients that take it") {
  Response json;
  json.body = std::string(5000, 'x');
  const Response response = sent({{"accept-encoding", "br, GZIP;q=0.5"}}, json);
  CHECK(value(response, "Content-Encoding") == "gzip");
  CHECK(value(response, "Vary") == "Accept-Encoding");
  CHECK(response.body.size() < 200);
  CHECK(gunzipped(response.body.view(), 5000) == json.body);
  for (const auto accepted : {"", "br", "gzip;q=0", "gzip; q=0.0", "identity"})
    CHECK(sent({{"accept-encoding", accepted}}, json).body == json.body);
}

TEST_CASE("short texts, pictures and errors stay as they are") {
  const Pairs gzip{{"accept-encoding", "gzip"}};
  Response json;
  json.body = std::string(1000, 'x');
  CHECK(sent(gzip, json).body == json.body);
  CHECK(sent(gzip, picture(std::string(5000, 'x'))).body.size() == 5000);
  json.body = std::string(5000, 'x');
  json.status = 404;
  CHECK(sent(gzip, json).body.size() == 5000);
}
