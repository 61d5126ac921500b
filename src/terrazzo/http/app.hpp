#pragma once
// Everything the program answers over HTTP, as one function from request to answer:
//
//   http::App app{maps};
//   http::Server server{http::server_options(maps.settings()), std::ref(app), pool};
//   app.watch(server.watcher());
//   server.run();

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "terrazzo/http/server.hpp"
#include "terrazzo/maps/maps.hpp"

namespace terrazzo::http {

// Limits and times of the settings; address and ports are the caller's.
ServerOptions server_options(const maps::Settings& settings);

// Routes, errors as answers, CORS, conditional requests, ranges, compression, metrics.
// Safe from any thread. Never throws.
class App {
 public:
  // `maps` must outlive it.
  explicit App(const maps::Maps& maps);
  ~App();

  Response operator()(const Request& request, const Context& context) const;

  // The same for a picture that is kept and was asked for in these words before; nothing
  // if it takes more than that. Never waits: for threads that serve connections.
  std::optional<ReadyAnswer> at_once(const RequestView& request) const;

  // Where /healthz and /metrics learn about the server. Before the first request.
  void watch(std::function<ServerFigures()> figures);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Only the explorer page, talking to another server at `api_url` (no trailing slash).
// Safe from any thread. Never throws.
class ExplorerApp {
 public:
  explicit ExplorerApp(std::string api_url);
  Response operator()(const Request& request, const Context& context) const;

 private:
  std::string api_url_;
};

}  // namespace terrazzo::http
