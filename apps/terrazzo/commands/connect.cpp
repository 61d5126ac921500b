#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.hpp"
#include "fetch.hpp"
#include "listen.hpp"
#include "options.hpp"
#include "stop.hpp"
#include "terrazzo/base/text.hpp"
#include "terrazzo/http/app.hpp"

extern char** environ;

namespace terrazzo::app {
namespace {

struct Request {
  std::string host{};
  bool no_browser = false;
  int port = 0;

  void fields(auto& f) {
    f("host", host, "The server, as maps.example.org or http://maps.example.org:5000.",
      required());
    f("no_browser", no_browser, "Do not open the page in a browser.");
    f("port", port,
      "The port of the page; if not told, the first free one of 5100 to 5199.",
      within(0, 65535));
  }
};

constexpr PortRange ports{5100, 5199};
constexpr std::chrono::seconds probe_timeout{5};

std::string url_of(std::string host) {
  while (host.ends_with('/')) host.pop_back();
  if (host.empty()) throw invalid("'host' cannot be empty");
  return host.find("://") == std::string::npos ? "http://" + host : host;
}

// Versions of the API that the explorer speaks: Terracotta's, and our own.
bool is_compatible(const std::string& version) {
  const auto minor_of = [](const std::string& text) {
    const auto first = text.find('.');
    return text.substr(0, text.find('.', first == std::string::npos ? first : first + 1));
  };
  const auto minor = minor_of(version);
  return minor == minor_of(TERRAZZO_VERSION) || minor == "0.7" || minor == "0.8" ||
         minor == "0.9";
}

// What a status that is not 200 says of a server that should have answered.
ErrorKind kind_of(int status) {
  if (status == 401 || status == 403) return ErrorKind::denied;
  if (status == 408 || status == 429 || status >= 500) return ErrorKind::unavailable;
  return status == 404 ? ErrorKind::not_found : ErrorKind::unsupported;
}

// Throws as fetch(); not_found: nothing there is called /keys. denied: it is not for us.
// unsupported: that is no tile server, or of a version that the explorer does not know.
void probe(const std::string& url) {
  const auto keys = fetch(url + "/keys", probe_timeout);
  const Json answer = Json::parse(keys.body, nullptr, false);
  if (keys.status != 200)
    throw failure(kind_of(keys.status),
                  "{}/keys answers with status {}; a tile server has its keys there",
                  shown(url, 200), keys.status);
  if (!answer.is_object() || !answer.contains("keys"))
    throw failure(ErrorKind::unsupported,
                  "{}/keys does not answer as a tile server does; is the URL that of a "
                  "Terrazzo or Terracotta server?",
                  shown(url, 200));
  const auto about =
      Json::parse(fetch(url + "/swagger.json", probe_timeout).body, nullptr, false);
  const Json::json_pointer where{"/info/version"};
  const auto version =
      about.is_object() && about.contains(where) && about[where].is_string()
          ? about[where].get<std::string>()
          : std::string{};
  if (!is_compatible(version))
    throw failure(ErrorKind::unsupported,
                  "the server has version '{}', which this explorer does not know",
                  shown(version));
}

// Failing to is not worth a word: the URL is printed.
void open_browser(std::string url) {
  std::string program = "xdg-open";
  char* words[] = {program.data(), url.data(), nullptr};
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  sigset_t none;  // it must not inherit that signals are blocked
  sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  pid_t child = 0;
  if (::posix_spawnp(&child, program.c_str(), nullptr, &attributes, words, environ) == 0)
    ::waitpid(child, nullptr, WNOHANG);
  ::posix_spawnattr_destroy(&attributes);
}

int connect(const Request& request, const Session& session) {
  const StopOnSignals stop;
  const auto server_url = url_of(request.host);
  probe(server_url);
  const http::ExplorerApp app{server_url};
  Listen listen{.handler = [&app](const http::Request& asked, const Context& context) {
    return app(asked, context);
  }};
  set_ports(listen.options, request.port, ports);
  listen.greet = [&](const std::string& url) {
    session.result(
        {{"url", url}, {"server", server_url}},
        fmt::format("The map of {} is at {}\nStop with Ctrl-C.", server_url, url));
    if (!request.no_browser) open_browser(url);
  };
  return run_server(listen, stop.token());
}

Run declare(CLI::App& app) {
  const auto options = options_of<Request>(app, "connect", {{"host", "host"}});
  return [options](const Session& session) {
    return connect(options->read<Request>(), session);
  };
}

}  // namespace

extern const CommandKind command_connect;
constinit const CommandKind command_connect{
    "connect", "Show the explorer for a tile server elsewhere.", declare};

}  // namespace terrazzo::app
