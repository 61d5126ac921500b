#include "terrazzo/io/remote_source.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "support/loopback_server.hpp"
#include "support/thrown.hpp"
#include "terrazzo/io/web_file.hpp"

using namespace terrazzo;
using namespace terrazzo::io;
using terrazzo::testing::error_of;
using terrazzo::testing::file_answer;
using terrazzo::testing::kind_of;
using terrazzo::testing::LoopbackServer;
using terrazzo::testing::numbered_bytes;
using terrazzo::testing::ScriptedAnswer;
using terrazzo::testing::SeenRequest;

namespace {

using std::chrono::milliseconds;

HttpLimits impatient() {
  return {.connect = milliseconds{2000},
          .window = milliseconds{100},
          .first_pause = milliseconds{1},
          .longest_pause = milliseconds{1500}};
}

// Nobody has to hurry here: a slow machine is no fault.
HttpLimits patient() {
  return {.window = std::chrono::seconds{60}, .first_pause = milliseconds{1}};
}

const std::string& content() {
  static const std::string bytes = numbered_bytes(1'000'000);
  return bytes;
}

ScriptedAnswer good(const SeenRequest& request) {
  return file_answer(request, content());
}

// The first request is answered well, the others as told.
LoopbackServer::Script after_opening(LoopbackServer::Script then) {
  return [then = std::move(then), opened = std::make_shared<std::atomic<bool>>(false)](
             const SeenRequest& request) {
    return opened->exchange(true) ? then(request) : good(request);
  };
}

struct Reader {
  explicit Reader(LoopbackServer::Script script, HttpLimits limits = patient())
      : server(std::move(script)), client(limits) {}

  void open(const Context& context = {}, const std::string& path = "/dir/a.tif") {
    source = open_remote(web_file(server.url(path)), client, context);
  }

  std::string read(std::uint64_t offset, std::size_t length,
                   const Context& context = {}) {
    std::string out(length, '.');
    const Piece piece{offset, std::as_writable_bytes(std::span{out})};
    if (!source) open();
    source->read({&piece, 1}, context);
    return out;
  }

  LoopbackServer server;
  HttpClient client;
  std::shared_ptr<const ByteSource> source;
};

ErrorKind kind_of_opening(LoopbackServer::Script script, HttpLimits limits = patient()) {
  Reader reader{std::move(script), limits};
  return kind_of([&] { reader.open(); });
}

ErrorKind kind_of_reading(LoopbackServer::Script then, HttpLimits limits = patient()) {
  Reader reader{after_opening(std::move(then)), limits};
  return kind_of([&] { reader.read(500'000, 100'000); });
}

LoopbackServer::Script always(ScriptedAnswer answer) {
  return [answer = std::move(answer)](const SeenRequest&) { return answer; };
}

// The answer that a good server would give, and what is wrong with it.
LoopbackServer::Script spoilt(const std::function<void(ScriptedAnswer&)>& spoil) {
  return [spoil](const SeenRequest& request) {
    ScriptedAnswer answer = good(request);
    spoil(answer);
    return answer;
  };
}

void replace_header(ScriptedAnswer& answer, const std::string& name,
                    const std::string& value) {
  for (auto& header : answer.headers)
    if (header.first == name) header.second = value;
}

}  // namespace

TEST_CASE("one request opens a file and brings its head") {
  Reader reader{good};
  reader.open();
  CHECK(reader.source->size() == 1'000'000);
  CHECK(reader.source->generation() == "\"v1\"");
  REQUIRE(reader.source->head().size() == 32768);
  CHECK(reader.read(1000, 200) == content().substr(1000, 200));
  REQUIRE(reader.server.seen().size() == 1);
  CHECK(reader.server.seen()[0].header("range") == "bytes=0-32767");
}

TEST_CASE("a tile's blocks are merged, and asked for with the ETag of the file") {
  Reader reader{good};
  reader.open();
  std::vector<std::string> blocks(4, std::string(1000, '.'));
  const std::uint64_t offsets[] = {700'000, 100'000, 101'000, 160'000};
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < blocks.size(); ++i)
    pieces.push_back({offsets[i], std::as_writable_bytes(std::span{blocks[i]})});
  reader.source->read(pieces);
  for (std::size_t i = 0; i < blocks.size(); ++i)
    CHECK(blocks[i] == content().substr(offsets[i], 1000));
  std::vector<std::string> ranges;
  for (const SeenRequest& request : reader.server.seen()) {
    ranges.push_back(request.header("range"));
    if (ranges.size() > 1) CHECK(request.header("if-match") == "\"v1\"");
  }
  std::ranges::sort(ranges);
  CHECK(ranges == std::vector<std::string>{"bytes=0-32767", "bytes=100000-160999",
                                           "bytes=700000-700999"});
}

TEST_CASE("connections are kept from call to call and from thread to thread") {
  Reader reader{good};
  reader.open();
  for (int i = 0; i < 5; ++i) reader.read(500'000, 100);
  std::thread{[&] { reader.read(600'000, 100); }}.join();
  CHECK(reader.server.seen().size() == 7);
  CHECK(reader.server.connections() == 1);
}

TEST_CASE("sixteen requests are under way at once, not more") {
  const std::string large = numbered_bytes(5'000'000);
  LoopbackServer* server = nullptr;
  std::atomic<bool> opened{false};
  Reader reader{[&](const SeenRequest& request) {
    if (opened.exchange(true)) server->wait_for(17);  // until all sixteen are there
    return file_answer(request, large);
  }};
  server = &reader.server;
  reader.open();
  std::vector<std::string> blocks(40, std::string(10, '.'));
  std::vector<Piece> pieces;
  for (std::size_t i = 0; i < blocks.size(); ++i)
    pieces.push_back({100'000 * (i + 1), std::as_writable_bytes(std::span{blocks[i]})});
  reader.source->read(pieces);
  for (std::size_t i = 0; i < blocks.size(); ++i)
    CHECK(blocks[i] == large.substr(100'000 * (i + 1), 10));
  CHECK(server->seen().size() == 41);
  CHECK(server->most_at_once() == 16);
  CHECK(server->connections() == 16);
}

TEST_CASE("many threads read one file") {
  Reader reader{good};
  reader.open();
  std::atomic<int> right{0};
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 8; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 10; ++i) {
        const std::size_t offset = 40'000 + (t * 10 + i) * 10'000;
        if (reader.read(offset, 500) == content().substr(offset, 500)) ++right;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(right == 80);
  CHECK(reader.server.seen().size() == 81);
  CHECK(reader.server.connections() <= 9);
}

TEST_CASE("statuses become the errors they are") {
  const std::pair<int, ErrorKind> meanings[] = {
      {401, ErrorKind::denied},      {403, ErrorKind::denied},
      {404, ErrorKind::not_found},   {410, ErrorKind::not_found},
      {400, ErrorKind::denied},      {429, ErrorKind::unavailable},
      {500, ErrorKind::unavailable}, {501, ErrorKind::unavailable},
      {503, ErrorKind::unavailable}, {204, ErrorKind::unavailable},
      {304, ErrorKind::unavailable},
  };
  for (const auto& [status, kind] : meanings) {
    CAPTURE(status);
    CHECK(kind_of_opening(always({.status = status, .body = "no"})) == kind);
    CHECK(kind_of_reading(always({.status = status, .body = "no"})) == kind);
  }
  CHECK(kind_of_reading(always({.status = 412})) == ErrorKind::conflict);
  CHECK(kind_of_reading(always({.status = 416})) == ErrorKind::conflict);
}

TEST_CASE("what passes is tried four times, what lasts once") {
  for (const int status : {429, 500, 502, 503, 504, 403, 404}) {
    CAPTURE(status);
    Reader reader{always({.status = status})};
    kind_of([&] { reader.open(); });
    CHECK(reader.server.seen().size() == (status == 403 || status == 404 ? 1 : 4));
  }
}

TEST_CASE("a fault that passes is not noticed") {
  std::atomic<int> count{0};
  Reader reader{after_opening([&](const SeenRequest& request) -> ScriptedAnswer {
    switch (count++) {
      case 0:
        return {.status = 503, .body = "busy"};
      case 1:
        return {.hangs_up = true};
      case 2: {
        ScriptedAnswer cut = good(request);
        cut.stated_length = cut.body.size();
        cut.body.resize(50'000);
        return cut;
      }
      default:
        return good(request);
    }
  })};
  CHECK(reader.read(500'000, 100'000) == content().substr(500'000, 100'000));
  CHECK(count == 4);
}

TEST_CASE("Retry-After is honoured unless it asks too much") {
  const auto busy = [](const char* seconds) {
    return ScriptedAnswer{.status = 503, .headers = {{"Retry-After", seconds}}};
  };
  std::atomic<int> count{0};
  Reader once{[&](const SeenRequest& request) {
    return count++ == 0 ? busy("0") : good(request);
  }};
  once.open();
  CHECK(once.server.seen().size() == 2);

  Reader too_long{always(busy("3600"))};
  CHECK(kind_of([&] { too_long.open(); }) == ErrorKind::unavailable);
  CHECK(too_long.server.seen().size() == 1);

  Reader past_deadline{always(busy("3600")), {.longest_pause = std::chrono::hours{2}}};
  const Context context{.deadline = Context::Clock::now() + std::chrono::minutes{10}};
  CHECK(kind_of([&] { past_deadline.open(context); }) == ErrorKind::unavailable);
  CHECK(past_deadline.server.seen().size() == 1);
}

TEST_CASE("an object that is replaced is a conflict, by whatever it shows") {
  const auto changed = [](const std::string& name, const std::string& value) {
    return spoilt([=](ScriptedAnswer& answer) { replace_header(answer, name, value); });
  };
  CHECK(kind_of_reading([](const SeenRequest& request) {
          return file_answer(request, content(), "\"v2\"");
        }) == ErrorKind::conflict);
  CHECK(kind_of_reading(changed("ETag", "\"v2\"")) == ErrorKind::conflict);
  CHECK(kind_of_reading(changed("Content-Range", "bytes 500000-599999/999999")) ==
        ErrorKind::conflict);
  CHECK(kind_of_reading(always({.headers = {{"ETag", "\"v1\""}}, .body = "shorter"})) ==
        ErrorKind::conflict);
}

TEST_CASE("without a strong ETag the date tells") {
  std::string modified = "Sun, 06 Nov 1994 08:49:37 GMT";
  std::atomic<bool> replaced{false};
  Reader reader{[&](const SeenRequest& request) {
    ScriptedAnswer answer = good(request);
    answer.headers[0] = {"ETag", "W/\"weak\""};
    answer.headers.emplace_back("Last-Modified", modified);
    if (replaced) replace_header(answer, "ETag", "W/\"other\"");
    return answer;
  }};
  CHECK(reader.read(500'000, 10) == content().substr(500'000, 10));
  CHECK(reader.server.seen()[1].header("if-match").empty());
  CHECK(reader.server.seen()[1].header("if-unmodified-since") == modified);
  replaced = true;
  CHECK(kind_of([&] { reader.read(500'000, 10); }) == ErrorKind::conflict);
}

TEST_CASE("a server that brings other bytes than asked for is not believed") {
  const auto range = [](const std::string& text) {
    return spoilt(
        [=](ScriptedAnswer& answer) { replace_header(answer, "Content-Range", text); });
  };
  CHECK(kind_of_reading(range("bytes 0-99999/1000000")) == ErrorKind::corrupt_data);
  CHECK(kind_of_reading(range("bytes 500000-700000/1000000")) == ErrorKind::corrupt_data);
  CHECK(kind_of_reading(range("nonsense")) == ErrorKind::corrupt_data);
  CHECK(kind_of_opening(range("bytes 1-32768/1000000")) == ErrorKind::corrupt_data);
  CHECK(kind_of_opening(range("bytes 0-32767/*")) == ErrorKind::unsupported);
}

TEST_CASE("a server that answers short is asked again, then given up") {
  const auto shorter = [](std::size_t by, bool honest) {
    return spoilt([=](ScriptedAnswer& answer) {
      if (!honest) answer.stated_length = answer.body.size();
      answer.body.resize(answer.body.size() - by);
    });
  };
  CHECK(kind_of_opening(shorter(1, true)) == ErrorKind::unavailable);
  CHECK(kind_of_opening(shorter(1, false)) == ErrorKind::unavailable);
  CHECK(kind_of_reading(shorter(60'000, true)) == ErrorKind::unavailable);
  CHECK(kind_of_reading(shorter(60'000, false)) == ErrorKind::unavailable);
  CHECK(kind_of_reading(shorter(100'000, true)) == ErrorKind::unavailable);
}

TEST_CASE("a server without ranges is read whole if the file is small") {
  const auto whole = [](const SeenRequest&) {
    return ScriptedAnswer{.headers = {{"ETag", "\"v1\""}}, .body = content()};
  };
  Reader reader{whole};
  CHECK(reader.read(999'990, 10) == content().substr(999'990));
  CHECK(reader.source->size() == 1'000'000);
  CHECK(reader.source->generation() == "\"v1\"");
  CHECK(reader.server.seen().size() == 1);

  Reader later{after_opening(whole)};
  CHECK(later.read(500'000, 1000) == content().substr(500'000, 1000));
  CHECK(later.read(999'000, 1000) == content().substr(999'000));
}

TEST_CASE("a server without ranges is left if the file is large") {
  const ScriptedAnswer endless{.body = "II*", .states_length = false, .endless = true};
  const ScriptedAnswer large{
      .body = "II*", .stated_length = std::size_t{1} << 40U, .endless = true};
  CHECK(kind_of_opening(always(endless)) == ErrorKind::unsupported);
  CHECK(kind_of_opening(always(large)) == ErrorKind::unsupported);
  CHECK(kind_of_reading(always(large)) == ErrorKind::conflict);

  Reader forgetful{[&](const SeenRequest& request) {
    if (request.header("range") != "bytes=0-32767") return large;
    ScriptedAnswer head = good(request);
    replace_header(head, "Content-Range", "bytes 0-32767/1099511627776");
    return head;
  }};
  forgetful.open();
  CHECK(kind_of([&] { forgetful.read(std::uint64_t{1} << 39U, 10); }) ==
        ErrorKind::unsupported);
}

TEST_CASE("more bytes than a part should have are not read") {
  const auto endless = [](const SeenRequest& request) {
    ScriptedAnswer answer = good(request);
    answer.states_length = false;
    answer.endless = true;
    return answer;
  };
  Reader reader{endless};
  CHECK(reader.read(500'000, 1000) == content().substr(500'000, 1000));
  CHECK(
      kind_of_opening(always({.status = 404, .states_length = false, .endless = true})) ==
      ErrorKind::not_found);
}

TEST_CASE("bytes that were compressed for the way are not taken for the file's") {
  const auto squeezed = spoilt([](ScriptedAnswer& answer) {
    answer.headers.emplace_back("Content-Encoding", "gzip");
  });
  CHECK(kind_of_opening(squeezed) == ErrorKind::unsupported);
  CHECK(kind_of_reading(squeezed) == ErrorKind::unsupported);
  const auto plainly = spoilt([](ScriptedAnswer& answer) {
    answer.headers.emplace_back("Content-Encoding", "identity");
  });
  Reader reader{plainly};
  CHECK(reader.read(500'000, 10) == content().substr(500'000, 10));
  CHECK(reader.server.seen()[0].header("accept-encoding") == "identity");
}

TEST_CASE("a pinned file is read without asking for it, as long as it stays") {
  Reader first{good};
  first.open();
  const std::string pin = first.source->pin();
  std::atomic<bool> replaced{false};
  Reader reader{[&](const SeenRequest& request) {
    return file_answer(request, content(), replaced ? "\"v2\"" : "\"v1\"");
  }};
  reader.source =
      reopen_remote(web_file(reader.server.url("/a.tif")), reader.client, pin);
  CHECK(reader.server.seen().empty());
  CHECK(reader.source->size() == content().size());
  CHECK(reader.source->generation() == first.source->generation());
  CHECK(reader.read(100, 50) == content().substr(100, 50));
  CHECK(reader.server.seen().size() == 1);
  replaced = true;
  CHECK(kind_of([&] { reader.read(100, 50); }) == ErrorKind::conflict);
}

TEST_CASE("headers without end are not read") {
  ScriptedAnswer answer{.status = 200};
  for (int i = 0; i < 40; ++i) answer.headers.emplace_back("X", std::string(4000, 'x'));
  CHECK(kind_of_opening(always(answer)) == ErrorKind::unavailable);
}

TEST_CASE("a mute server is a timeout, after two attempts") {
  Reader reader{always({.mute = true}), impatient()};
  CHECK(kind_of([&] { reader.open(); }) == ErrorKind::timeout);
  CHECK(reader.server.seen().size() == 2);
}

TEST_CASE("the deadline ends a wait") {
  Reader reader{after_opening(always({.mute = true}))};
  reader.open();
  const Context context{.deadline = Context::Clock::now() + milliseconds{50}};
  CHECK(kind_of([&] { reader.read(500'000, 10, context); }) == ErrorKind::timeout);
}

TEST_CASE("who no longer wants the bytes does not wait for them") {
  Reader reader{after_opening(always({.mute = true}))};
  reader.open();
  std::stop_source stop;
  std::thread stopper{[&] {
    reader.server.wait_for(2);
    stop.request_stop();
  }};
  const Context context{.stop = stop.get_token()};
  CHECK(kind_of([&] { reader.read(500'000, 10, context); }) == ErrorKind::cancelled);
  stopper.join();
  CHECK(reader.server.seen().size() == 2);
}

TEST_CASE("who waits between attempts can be stopped too") {
  Reader reader{always({.status = 503, .headers = {{"Retry-After", "9"}}})};
  std::stop_source stop;
  std::thread stopper{[&] {
    reader.server.wait_for(1);
    stop.request_stop();
  }};
  CHECK(kind_of([&] { reader.open({.stop = stop.get_token()}); }) ==
        ErrorKind::cancelled);
  stopper.join();
}

TEST_CASE("an empty file is empty") {
  Reader reader{[](const SeenRequest& request) { return file_answer(request, ""); }};
  reader.open();
  CHECK(reader.source->size() == 0);
  CHECK(kind_of([&] { reader.read(0, 1); }) == ErrorKind::corrupt_data);
}

TEST_CASE("a file shorter than its head is read once") {
  Reader reader{[](const SeenRequest& request) { return file_answer(request, "short"); }};
  CHECK(reader.read(1, 4) == "hort");
  CHECK(kind_of([&] { reader.read(1, 5); }) == ErrorKind::corrupt_data);
  CHECK(reader.server.seen().size() == 1);
}

TEST_CASE("redirections are followed") {
  LoopbackServer* server = nullptr;
  Reader reader{[&](const SeenRequest& request) {
    return request.target == "/b"
               ? good(request)
               : ScriptedAnswer{
                     .status = 302, .headers = {{"Location", "/b"}}, .body = "there"};
  }};
  server = &reader.server;
  CHECK(reader.read(500'000, 10) == content().substr(500'000, 10));
  CHECK(server->connections() == 1);
  CHECK(kind_of_opening(always({.status = 302, .headers = {{"Location", "/a"}}})) ==
        ErrorKind::unavailable);
  CHECK(kind_of_opening(
            always({.status = 302, .headers = {{"Location", "file:///etc/passwd"}}})) ==
        ErrorKind::unavailable);
}

TEST_CASE("nobody there is unavailable") {
  std::string url;
  {
    const LoopbackServer gone{good};
    url = gone.url("/a.tif");
  }
  HttpClient client{patient()};
  CHECK(kind_of([&] { open_remote(web_file(url), client, {}); }) ==
        ErrorKind::unavailable);
}

TEST_CASE("errors tell neither passwords nor signatures, and hosts only to the log") {
  Reader reader{always({.status = 403})};
  const std::string url =
      fmt::format("http://me:hush@{}/dir/a b.tif?signature=hush", reader.server.host());
  const Error error = error_of([&] { open_remote(web_file(url), reader.client, {}); });
  const std::string what = error.what();
  CHECK(error.message() == "'a%20b.tif' may not be read: the server answers 403");
  CHECK(what.find(reader.server.host() + "/dir/a%20b.tif") != std::string::npos);
  CHECK(what.find("hush") == std::string::npos);
  CHECK(what.find("me:") == std::string::npos);
  REQUIRE(reader.server.seen().size() == 1);
  CHECK(reader.server.seen()[0].target == "/dir/a%20b.tif?signature=hush");
  CHECK(reader.server.seen()[0].header("authorization").starts_with("Basic "));
}
