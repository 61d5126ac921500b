#include "terrazzo/io/http_client.hpp"

#include <doctest/doctest.h>

#include <atomic>

#include "support/loopback_server.hpp"
#include "terrazzo/base/time.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::LoopbackServer;
using terrazzo::testing::ScriptedAnswer;
using terrazzo::testing::SeenRequest;

namespace {

std::optional<std::chrono::milliseconds> asked_to_wait(const std::string& text) {
  return retry_after({.status = 503, .headers = {{"retry-after", text}}});
}

class UploadTask final : public HttpTask {
 public:
  UploadTask(std::string url, std::string body)
      : url_(std::move(url)), body_(std::move(body)) {}

  HttpRequest request() override {
    return {.url = url_, .method = "PUT", .upload = body_.size()};
  }
  void give(std::uint64_t offset, std::span<std::byte> to) override {
    if (offset + to.size() > breaks_at)
      throw failure(ErrorKind::not_found, "the file is gone");
    const auto from = std::as_bytes(std::span{body_}).subspan(offset, to.size());
    std::ranges::copy(from, to.begin());
  }
  void begin(const HttpAnswer&) override {}
  bool take(std::span<const std::byte>) override { return true; }
  Verdict end(const HttpAnswer& answer) override {
    CHECK(answer.status == 200);
    return Verdict::done;
  }
  std::string name() const override { return "a"; }

  void run(HttpClient& client) {
    HttpTask* const tasks[] = {this};
    client.run(tasks, {});
  }

  std::size_t breaks_at = SIZE_MAX;

 private:
  const std::string url_;
  const std::string body_;
};

}  // namespace

TEST_CASE("a URL is shown without what is secret") {
  CHECK(shown_url("https://me:pass@host:8080/a/b.tif?sig=x#y") ==
        "https://host:8080/a/b.tif");
  CHECK(shown_url("http://host?token=x") == "http://host");
  CHECK(shown_url("http://me:p@ss@host/a@b") == "http://host/a@b");
  CHECK(shown_url("me:pass@host") == "a URL without a scheme");
}

TEST_CASE("a URL's host") {
  CHECK(host_of("https://me:pass@Host:8080/a") == "host:8080");
  CHECK(host_of("http://[::1]:80/a") == "[::1]:80");
  CHECK(host_of("http:///a").empty());
  CHECK(host_of("nothing").empty());
}

TEST_CASE("how long a server asks to wait") {
  using std::chrono::hours;
  using std::chrono::seconds;
  CHECK(asked_to_wait("7") == seconds{7});
  CHECK(asked_to_wait("0") == seconds{0});
  CHECK(asked_to_wait("99999999999999999999") == hours{24});
  CHECK(asked_to_wait("Sun, 06 Nov 1994 08:49:37 GMT") == seconds{0});
  const auto later = asked_to_wait(http_text(now() + hours{1}));
  REQUIRE(later);
  CHECK(*later <= hours{1});
  CHECK(*later > seconds{0});
  for (const char* wrong : {"", "soon", "-1", "7 s"})
    CHECK_MESSAGE(!asked_to_wait(wrong), wrong);
  CHECK(!retry_after({.status = 503}));
}

TEST_CASE("a request is sent with its method, headers and body") {
  const LoopbackServer server{[](const SeenRequest& request) {
    return ScriptedAnswer{.headers = {{"X-Seen", request.method}}, .body = request.body};
  }};
  HttpClient client;
  const HttpAnswer answer = client.fetch({.url = server.url("/a?b=c"),
                                          .headers = {"X-One: 1", "X-Two: two"},
                                          .method = "POST",
                                          .body = "hello"},
                                         "a", 100, {});
  CHECK(answer.status == 200);
  CHECK(answer.text == "hello");
  REQUIRE(answer.find("x-seen") != nullptr);
  CHECK(*answer.find("x-seen") == "POST");
  CHECK(server.seen().at(0).target == "/a?b=c");
  CHECK(server.seen().at(0).header("x-two") == "two");
}

TEST_CASE("a body is taken from its task as the connection takes it") {
  const std::string content = testing::numbered_bytes(700'000);
  const LoopbackServer server{[](const SeenRequest&) { return ScriptedAnswer{}; }};
  HttpClient client;
  for (const std::string& body : {content, std::string{}}) {
    UploadTask task{server.url("/a"), body};
    task.run(client);
    const SeenRequest seen = server.seen().back();
    CHECK(seen.method == "PUT");
    CHECK((seen.body == body));
    CHECK(seen.header("content-length") == std::to_string(body.size()));
    CHECK(seen.header("transfer-encoding").empty());
    CHECK(seen.header("expect").empty());
    CHECK(seen.header("content-type").empty());
  }
}

TEST_CASE("a body that got lost is sent again from its start") {
  const std::string content = testing::numbered_bytes(300'000);
  std::atomic<int> left{2};
  const LoopbackServer server{[&](const SeenRequest&) {
    return left-- > 0 ? ScriptedAnswer{.hangs_up = true} : ScriptedAnswer{};
  }};
  HttpClient client{{.first_pause = std::chrono::milliseconds{1}}};
  UploadTask task{server.url("/a"), content};
  task.run(client);
  CHECK((server.seen().back().body == content));
}

TEST_CASE("what a task throws in place of a body ends the run") {
  const LoopbackServer server{[](const SeenRequest&) { return ScriptedAnswer{}; }};
  HttpClient client;
  UploadTask task{server.url("/a"), testing::numbered_bytes(700'000)};
  task.breaks_at = 300'000;
  CHECK_THROWS_WITH_AS(task.run(client), doctest::Contains("the file is gone"), Error);
}

TEST_CASE("an answer without content is fetched with the start of its text") {
  const LoopbackServer server{[](const SeenRequest&) {
    return ScriptedAnswer{.status = 404, .body = std::string(10'000, 'x')};
  }};
  HttpClient client;
  const HttpAnswer answer = client.fetch({.url = server.url("/")}, "a", 100, {});
  CHECK(answer.status == 404);
  CHECK(answer.text == std::string(4096, 'x'));
}

TEST_CASE("an answer that is too long is not fetched") {
  const LoopbackServer server{[](const SeenRequest&) {
    return ScriptedAnswer{.body = "x", .states_length = false, .endless = true};
  }};
  HttpClient client;
  CHECK_THROWS_WITH_AS(client.fetch({.url = server.url("/")}, "figures", 100, {}),
                       doctest::Contains("about 'figures' has more than 100 bytes"),
                       Error);
}

TEST_CASE("runs that want places of a full host wait for them") {
  const LoopbackServer server{[](const SeenRequest&) { return ScriptedAnswer{}; }};
  HttpClient client{{.in_flight_per_host = 1}};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) client.fetch({.url = server.url("/")}, "a", 100, {});
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(server.seen().size() == 30);
}

TEST_CASE("a URL that is none is the caller's mistake") {
  HttpClient client;
  for (const char* url : {"ftp://host/a", "http://ho st/", "nothing://"})
    CHECK_THROWS_AS(client.fetch({.url = url}, "a", 100, {}), Error);
}
