#include "terrazzo/pipeline/runner.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <deque>
#include <mutex>
#include <random>
#include <set>

#include "terrazzo/base/digest.hpp"
#include "terrazzo/base/log.hpp"
#include "terrazzo/pipeline/arrivals.hpp"
#include "terrazzo/pipeline/lease.hpp"
#include "terrazzo/pipeline/outputs.hpp"

namespace terrazzo::pipeline {
namespace {

namespace fs = std::filesystem;
using catalog::Claim;
using catalog::State;
using catalog::StepRun;
using Clock = std::chrono::steady_clock;

constexpr milliseconds between_looks{50};      // at files that others work on
constexpr milliseconds after_failure{60'000};  // of a product
constexpr std::size_t most_trash = 1000;       // files removed at once

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::uint64_t peak_bytes() {
  struct rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

double random_share() {
  thread_local std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>{0, 1}(generator);
}

bool is_final(State state) {
  return state == State::done || state == State::dead || state == State::skipped ||
         state == State::deleted;
}

ErrorKind kind_named(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(ErrorKind::internal); ++i)
    if (error_facts(static_cast<ErrorKind>(i)).name == name)
      return static_cast<ErrorKind>(i);
  return ErrorKind::internal;
}

// Until the time is over or the context ends.
void wait(milliseconds span, const Context& context) {
  const auto until = Clock::now() + span;
  while (!context.has_ended() && Clock::now() < until)
    std::this_thread::sleep_for(
        std::min<Clock::duration>(until - Clock::now(), milliseconds{50}));
}

}  // namespace

std::optional<milliseconds> wait_after(int attempt, const WorkOptions& options,
                                       double chance) {
  if (attempt >= options.attempts) return std::nullopt;
  const auto first = static_cast<double>(options.first_wait.count());
  const auto longest = static_cast<double>(options.longest_wait.count());
  const double whole = std::min(longest, std::ldexp(first, attempt - 1));
  return milliseconds{static_cast<std::int64_t>(whole * (0.5 + chance / 2))};
}

Item new_item(const Pipeline& pipeline, const std::string& uri,
              const std::string& generation) {
  const auto name = pipeline.name_of(uri);
  const fs::path path{name};
  Item item{.uri = uri, .generation = generation};
  item.current = uri;
  item.location = uri;
  item.attributes = {{"file", path.filename().string()},
                     {"stem", path.stem().string()},
                     {"folder", path.parent_path().string()},
                     {"generation", digest(generation + '\n' + pipeline.recipe)}};
  return item;
}

Runner::Runner(const Pipeline& pipeline, catalog::Journal& journal,
               const io::RasterOpener& opener, WorkOptions options)
    : pipeline_(pipeline),
      journal_(journal),
      tools_{opener, pipeline.outputs},
      options_(std::move(options)) {}

std::string Runner::worker_name(int number) const {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("{} {} {}", host.data(), ::getpid(), number);
}

Item Runner::item_of(const Claim& claim, const Context& context) const {
  auto item = new_item(pipeline_, claim.uri, claim.generation);
  item.scratch = std::make_shared<const Scratch>(pipeline_.outputs);
  if (!is_in_a_store(claim.uri)) return item;
  const auto input = item.scratch->file("input-" + item.attributes["file"]);
  fetch_input(claim.uri, input, context);
  item.current = input.string();
  return item;
}

// Is the file another one by now, or gone? Then the journal is told.
std::optional<Done> Runner::ended_meanwhile(const Claim& claim) {
  const auto arrival = arrival_of(pipeline_, claim.uri);
  if (!arrival.removed && arrival.generation == claim.generation) return std::nullopt;
  journal_.announce(arrival);
  if (arrival.removed)
    return Done{.uri = claim.uri, .state = State::deleted, .text = "it is gone"};
  return Done{.uri = claim.uri, .text = "it has changed meanwhile"};
}

// False: the item is to be skipped.
bool Runner::run_steps(Item& item, std::vector<StepRun>& runs, const Context& context) {
  for (const auto& [name, step] : pipeline_.steps) {
    context.check();
    const auto begin = Clock::now();
    runs.push_back({.step = name});
    StepRun& run = runs.back();
    try {
      step->run(item, tools_, context);
    } catch (const std::exception& error) {
      run.seconds = seconds_since(begin);
      run.peak_bytes = peak_bytes();
      const auto* known = dynamic_cast<const Error*>(&error);
      run.error = known != nullptr ? known->message() : error.what();
      throw;
    }
    run.seconds = seconds_since(begin);
    run.peak_bytes = peak_bytes();
    if (item.skipped) return false;
  }
  return true;
}

Done Runner::publish(const Claim& claim, Item& item, const std::vector<StepRun>& runs,
                     const Context& context) {
  auto& files = item.publication.files;
  for (const OutputFile& output : item.outputs) files.push_back(output.uri);
  if (!journal_.reserve(claim, files)) return give_back(claim, true);
  for (const OutputFile& output : item.outputs) {
    context.check();
    put_output(output.made, output.uri, item.acl, context);
  }
  if (!journal_.publish(claim, item.publication, runs)) return give_back(claim, true);
  return {.uri = claim.uri, .state = State::done, .outputs = files};
}

Done Runner::attempt(const Claim& claim, const Context& context,
                     std::vector<StepRun>& runs) {
  if (auto ended = ended_meanwhile(claim)) return *ended;
  auto item = item_of(claim, context);
  if (!run_steps(item, runs, context)) {
    journal_.end(claim, {State::skipped, "", *item.skipped}, runs);
    return {.uri = claim.uri, .state = State::skipped, .text = *item.skipped};
  }
  if (auto ended = ended_meanwhile(claim)) return *ended;
  return publish(claim, item, runs, context);
}

Done Runner::fail(const Claim& claim, const Error& error,
                  const std::vector<StepRun>& runs) {
  try {
    // What is wrong with a file that is being replaced says nothing of the next one.
    if (auto ended = ended_meanwhile(claim)) return *ended;
  } catch (const Error&) {
    // It cannot be told; the failure counts.
  }
  log::debug("a file failed", {{"file", claim.uri}, {"reason", error.what()}});
  const ErrorFacts& facts = error_facts(error.kind());
  const auto wait =
      facts.retry ? wait_after(claim.attempt, options_, random_share()) : std::nullopt;
  const auto state = wait ? State::failed : State::dead;
  if (!journal_.end(claim, {state, std::string{facts.name}, error.message(), wait}, runs))
    return give_back(claim, true);
  return {
      .uri = claim.uri, .state = state, .kind = error.kind(), .text = error.message()};
}

Done Runner::give_back(const Claim& claim, bool is_lost) {
  if (!is_lost) journal_.release(claim);
  return {
      .uri = claim.uri,
      .text = is_lost ? "another worker has it, or it has changed" : "it was given back"};
}

Done Runner::work_on(const Claim& claim, const Context& context) {
  const auto begin = Clock::now();
  Lease lease{journal_, claim, options_.lease, context.stop};
  std::vector<StepRun> runs;
  const auto done = [&] {
    try {
      return attempt(claim, {.stop = lease.token(), .deadline = context.deadline}, runs);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::cancelled) return give_back(claim, lease.is_lost());
      return fail(claim, error, runs);
    } catch (const std::exception& error) {
      return fail(
          claim, failure(ErrorKind::internal, "something broke: {}", error.what()), runs);
    }
  };
  Done result = done();
  result.seconds = seconds_since(begin);
  return result;
}

// What others have made of the file, if that is its end.
std::optional<Done> Runner::look_at(const std::string& uri) const {
  const auto events = journal_.events({.pipeline = pipeline_.name, .uris = {uri}});
  if (events.empty()) return Done{.uri = uri, .state = State::deleted};
  const auto& event = events.front();
  if (!is_final(event.state)) return std::nullopt;
  Done done{.uri = uri, .state = event.state, .text = event.error};
  done.kind = kind_named(event.error_kind);
  for (const auto& output : journal_.outputs(event.number))
    if (output.kind == "file" && output.published) done.outputs.push_back(output.name);
  return done;
}

void Runner::in_threads(const std::function<void(int)>& loop) const {
  std::mutex mutex;
  std::exception_ptr first;
  const auto run = [&](int number) {
    try {
      loop(number);
    } catch (...) {
      const std::scoped_lock lock{mutex};
      if (!first) first = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 1; i < options_.workers; ++i) threads.emplace_back(run, i);
    run(0);
  }
  if (first) std::rethrow_exception(first);
}

void Runner::work_through(const std::vector<std::string>& uris, const OnDone& on_done,
                          const Context& context) {
  std::deque<std::string> left{uris.begin(), uris.end()};
  std::mutex mutex;
  const auto take = [&]() -> std::optional<std::string> {
    const std::scoped_lock lock{mutex};
    if (left.empty()) return std::nullopt;
    auto uri = std::move(left.front());
    left.pop_front();
    return uri;
  };
  in_threads([&](int number) {
    while (const auto uri = take()) {
      context.check();
      const auto claim =
          journal_.claim({pipeline_.name, worker_name(number), options_.lease, *uri});
      std::optional<Done> done;
      if (claim) done = work_on(*claim, context);
      if (!done) done = look_at(*uri);
      const bool is_over = done && is_final(done->state);
      if (is_over)
        make_products(context);
      else
        wait(between_looks, context);
      const std::scoped_lock lock{mutex};
      if (is_over)
        on_done(*done);
      else
        left.push_back(*uri);
    }
  });
  next_products_ = {};
  make_products(context);
}

bool Runner::is_idle() const {
  return journal_
      .events({.pipeline = pipeline_.name,
               .states = {State::queued, State::running, State::failed},
               .limit = 1})
      .empty();
}

// Empty: there was nothing to do, or nobody to ask for it.
std::optional<Done> Runner::next(int worker, const Context& context) {
  try {
    const auto claim =
        journal_.claim({pipeline_.name, worker_name(worker), options_.lease});
    if (!claim) return std::nullopt;
    return work_on(*claim, context);
  } catch (const Error& error) {
    if (!error_facts(error.kind()).retry) throw;
    log::warning("the journal does not answer", {{"reason", error.what()}});
    return std::nullopt;
  }
}

void Runner::empty_trash(const Context& context) noexcept {
  try {
    for (const std::string& uri : journal_.trash(options_.keep_trash, most_trash)) {
      context.check();
      if (journal_.forget(uri)) remove_output(uri, pipeline_.outputs, context);
    }
  } catch (const std::exception& error) {
    log::debug("replaced files could not be removed", {{"reason", error.what()}});
  }
}

void Runner::make_product(const PipelineProduct& product,
                          const catalog::Outdated& outdated, const Context& context) {
  const auto& collection = outdated.collection;
  std::vector<std::string> files;
  if (collection.frames > 0) {
    const auto frames = frames_->find({.collection = collection.name});
    if (frames.empty()) return;  // gone meanwhile
    const Scratch scratch{pipeline_.outputs};
    const auto outputs =
        product.product->make({collection, frames, scratch, pipeline_.outputs,
                               common_attributes(collection, frames)});
    for (const OutputFile& output : outputs) {
      put_output(output.made, output.uri, io::Acl::unchanged, context);
      files.push_back(output.uri);
    }
  }
  for (const std::string& old : outdated.files)
    if (std::ranges::find(files, old) == files.end())
      remove_output(old, pipeline_.outputs, context);
  journal_.made(product.identity, collection, files);
}

void Runner::make_products(const Context& context) noexcept {
  const std::unique_lock lock{making_, std::try_to_lock};
  if (!lock || pipeline_.products.empty() || Clock::now() < next_products_) return;
  next_products_ = Clock::now() + options_.products;
  const auto tried = [&](std::string_view what, const std::string& name,
                         const auto& work) {
    try {
      work();
    } catch (const std::exception& error) {
      log::warning("products could not be made",
                   {{what, name}, {"reason", error.what()}});
      next_products_ = Clock::now() + after_failure;
    }
  };
  tried("pipeline", pipeline_.name, [&] {
    if (!frames_) frames_ = catalog::open_frames(pipeline_.catalogue);
    for (const PipelineProduct& product : pipeline_.products)
      for (const auto& outdated : journal_.outdated(product.identity)) {
        if (context.has_ended()) return;
        tried("collection", outdated.collection.name,
              [&] { make_product(product, outdated, context); });
      }
  });
}

void Runner::work(const OnDone& on_done, const Context& context) {
  remove_scratch_of_the_dead(pipeline_.outputs);
  std::mutex mutex;
  in_threads([&](int number) {
    while (!context.has_ended()) {
      const auto done = next(number, context);
      make_products(context);
      if (done) {
        const std::scoped_lock lock{mutex};
        on_done(*done);
        continue;
      }
      if (number == 0) empty_trash(context);
      if (options_.until_idle && is_idle()) return;
      wait(options_.poll, context);
    }
  });
  if (!options_.until_idle) return;
  next_products_ = {};
  make_products(context);
}

}  // namespace terrazzo::pipeline
