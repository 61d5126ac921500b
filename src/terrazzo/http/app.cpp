#include "terrazzo/http/app.hpp"

#include "terrazzo/base/log.hpp"
#include "terrazzo/http/answer.hpp"
#include "terrazzo/http/call.hpp"
#include "terrazzo/http/cors.hpp"
#include "terrazzo/http/hits.hpp"
#include "terrazzo/http/metrics.hpp"
#include "terrazzo/http/router.hpp"
#include "terrazzo/http/text.hpp"
#include "terrazzo/http/timing.hpp"
#include "terrazzo/http/transfer.hpp"
#include "terrazzo/http/wire.hpp"

namespace terrazzo::http {
namespace {

using Clock = Context::Clock;

constexpr std::string_view unknown_route = "none";

Response options_answer(const Match& match) {
  Response response;
  response.type = html_type;
  set_header(response, "Allow", match.allow);
  return response;
}

std::string query_text(const Request& request) {
  std::string text;
  for (const auto& [name, value] : request.query)
    text += fmt::format("{}{}={}", text.empty() ? "" : "&", name, value);
  return text;
}

// Where the same query goes on.
std::string redirect_target(const Match& match, const Request& request) {
  std::string target = percent_encoded(match.redirect);
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    target += separator + percent_encoded(name, "") + "=" + percent_encoded(value, "");
    separator = '&';
  }
  return target;
}

// Whether it is for whoever runs the server to know, not only for whoever asked.
bool is_of_the_operator(ErrorKind kind) {
  const int status = error_facts(kind).http_status;
  return status >= 500 || kind == ErrorKind::corrupt_data || kind == ErrorKind::denied;
}

void log_failure(const Match& match, const Request& request, std::string_view what) {
  log::error("a request failed", {{"route", match.route->name},
                                  {"path", request.path},
                                  {"query", query_text(request)},
                                  {"error", what}});
}

}  // namespace

ServerOptions server_options(const maps::Settings& settings) {
  ServerOptions options;
  options.max_header_bytes = static_cast<std::size_t>(settings.max_header_bytes);
  options.max_body_bytes = static_cast<std::size_t>(settings.max_body_bytes);
  options.max_connections = static_cast<std::size_t>(settings.max_connections);
  options.idle_timeout = settings.idle_timeout;
  options.request_timeout = settings.request_timeout;
  options.drain_timeout = settings.drain_timeout;
  return options;
}

struct App::State {
  explicit State(const maps::Maps& maps)
      : site{maps, metrics, {}},
        router(route_kinds()),
        metadata_origins(maps.settings().allowed_origins_metadata,
                         "allowed_origins_metadata"),
        tile_origins(maps.settings().allowed_origins_tiles, "allowed_origins_tiles"),
        hits(maps.budget()) {}

  Response answer(const Match& match, const Request& request,
                  const Context& context) const {
    if (!match.redirect.empty()) return redirect_page(redirect_target(match, request));
    if (match.route == nullptr) return status_page(404);
    if (request.method == "OPTIONS") return options_answer(match);
    if (match.endpoint == nullptr) {
      Response response = status_page(405);
      set_header(response, "Allow", match.allow);
      return response;
    }
    return call(match, request, context);
  }

  Response call(const Match& match, const Request& request,
                const Context& context) const {
    try {
      context.check();
      return match.endpoint->answer({request, match.path, site, context});
    } catch (const Error& e) {
      Response response = error_answer(e);
      if (is_of_the_operator(e.kind())) log_failure(match, request, e.what());
      return response;
    } catch (const std::bad_alloc&) {
      log_failure(match, request, "out of memory");
      return error_answer(failure(ErrorKind::unavailable, "the server is out of memory"));
    } catch (const std::exception& e) {
      log_failure(match, request, e.what());
      return message_answer(500, reason(500));
    }
  }

  // Errors of the router (404, 405) are readable by nobody else's page.
  void add_cors(const Match& match, const Request& request, Response& response) const {
    const bool is_answered = match.endpoint != nullptr || request.method == "OPTIONS";
    if (match.route == nullptr || !is_answered) return;
    if (match.route->cors == Cors::metadata) metadata_origins.apply(request, response);
    if (match.route->cors == Cors::tiles) tile_origins.apply(request, response);
  }

  // What HTTP adds to an answer of a route.
  void finish(const Match& match, const Request& request, Response& response) const {
    add_cors(match, request, response);
    transfer(request, response);
    set_header(response, "X-Content-Type-Options", "nosniff");
  }

  // Remembers both answers that the like of this request can get.
  void remember(const Match& match, const Request& request,
                const maps::Picture& picture) const {
    const std::string& caching = site.maps.settings().cache_control;
    Request bare{.method = "GET"};
    if (const auto origin = request.header("origin"); !origin.empty())
      bare.headers.emplace_back("origin", origin);
    Response found = picture_found(picture, caching);
    finish(match, bare, found);
    set_header(found, timing_header, std::string{timing_of_hit});
    Response known = not_modified(picture.etag(), caching);
    finish(match, bare, known);
    const auto name = match.route->name;
    hits.remember(request, {picture.without_plan(), picture.etag(), head_lines(found),
                            head_lines(known), metrics.row(name, found.status),
                            metrics.row(name, known.status)});
  }

  log::Level request_level() const {
    return site.maps.settings().debug ? log::Level::info : log::Level::debug;
  }

  void record(const Match& match, const Request& request, const Response& response,
              Clock::duration total, std::string_view timing) const {
    const auto name = match.route == nullptr ? unknown_route : match.route->name;
    const double seconds = std::chrono::duration<double>(total).count();
    metrics.count(name, response.status, seconds);
    const auto level = request_level();
    if (!log::is_enabled(level)) return;
    const log::Field fields[] = {{"method", request.method},
                                 {"path", request.path},
                                 {"query", query_text(request)},
                                 {"status", response.status},
                                 {"bytes", response.body.size()},
                                 {"ms", seconds * 1000},
                                 {"stages", timing}};
    log::write(level, "a request was answered", fields);
  }

  mutable Metrics metrics;
  Site site;
  Router router;
  OriginRules metadata_origins;
  OriginRules tile_origins;
  mutable Hits hits;
};

App::App(const maps::Maps& maps) : state_(std::make_unique<State>(maps)) {}
App::~App() = default;

void App::watch(std::function<ServerFigures()> figures) {
  state_->site.figures = std::move(figures);
}

Response App::operator()(const Request& request, const Context& context) const {
  const auto start = Clock::now();
  Stages stages;
  Context timed = context;
  if (timed.stages == nullptr) timed.stages = &stages;
  try {
    const Match match = state_->router.find(request.method, request.path);
    Response response = state_->answer(match, request, timed);
    state_->finish(match, request, response);
    const bool is_picture = response.picture && response.status == 200;
    if (response.picture && request.method == "GET")
      state_->remember(match, request, *response.picture);
    const auto total = Clock::now() - start;
    std::string timing = timing_text(*timed.stages, total, is_picture);
    state_->record(match, request, response, total, timing);
    set_header(response, timing_header, std::move(timing));
    return response;
  } catch (const std::exception& e) {
    log::error("an answer could not be finished", {{"error", e.what()}});
    return status_page(500);
  }
}

std::optional<ReadyAnswer> App::at_once(const RequestView& request) const {
  // Requests that are logged take the long way, where that is done.
  if (log::is_enabled(state_->request_level())) return std::nullopt;
  try {
    return state_->hits.find(request);
  } catch (const std::exception&) {  // no memory: somebody else will say so
    return std::nullopt;
  }
}

}  // namespace terrazzo::http
