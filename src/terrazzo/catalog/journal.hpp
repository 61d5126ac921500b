#pragma once
// The journal of pipelines: what arrived, who works on it, what became of it. It lies in
// the catalogue's own database, so that what a pipeline makes is published, and the
// record of its having been made written, by one transaction.
//
// An event is one file of one pipeline. Its states:
//
//   queued   waits for a worker            done     its outputs are published
//   running  a worker has it, on a lease   failed   will be tried again when it is due
//   skipped  needs no work, for a reason   dead     was given up; wants somebody to look
//   deleted  the file is gone, and its outputs are withdrawn
//
// Exactly one worker's outcome counts: each claim raises the event's fence, and whoever
// comes with an older one is refused.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "terrazzo/base/time.hpp"
#include "terrazzo/catalog/catalog.hpp"
#include "terrazzo/catalog/frames.hpp"

namespace terrazzo::catalog {

using std::chrono::milliseconds;

enum class State : std::uint8_t { queued, running, done, failed, dead, skipped, deleted };

std::string_view state_name(State state) noexcept;
std::vector<std::string> state_names();
// Throws invalid_input, with the known names in the message.
State state_from(std::string_view name);

// A file was seen, or seen to be gone.
struct Arrival {
  std::string pipeline;
  std::string uri;
  std::string generation{};  // of its content; see io::ByteSource
  std::string recipe{};      // identifies the pipeline's steps and options
  std::string sequencer{};   // of S3 events: the greater one is newer. Empty: not told,
                             // so this is news
  bool removed = false;
};

enum class Announced : std::uint8_t {
  queued,    // there is something to do
  already,   // the same content under the same recipe: nothing is to be done
  outdated,  // something newer is known
  output,    // this pipeline made the file itself
  removed,   // its outputs were withdrawn
};

struct Claim {
  std::int64_t event = 0;
  std::int64_t fence = 0;
  std::string pipeline{};
  std::string uri{};
  std::string generation{};
  int attempt = 1;  // without those whose worker died
};

struct ClaimRequest {
  std::string pipeline;
  std::string worker;  // for people: "host 4711 2"
  milliseconds lease{60'000};
  std::string uri{};  // this one only
};

// What one event makes visible.
struct Publication {
  std::vector<Record> records{};
  std::vector<Frame> frames{};
  std::vector<std::string> files{};  // uris; reserved before
};

struct StepRun {
  std::string step;
  double seconds = 0;
  std::uint64_t peak_bytes = 0;  // of memory, of the whole process until then
  std::string error{};           // empty: it succeeded
};

// How a claim ends that publishes nothing.
struct Ending {
  State state = State::dead;               // failed, dead or skipped
  std::string kind{};                      // of the error
  std::string text{};                      // the error's message, or the reason
  std::optional<milliseconds> retry_in{};  // of failed
};

struct Event {
  std::int64_t number = 0;
  std::string pipeline{};
  std::string uri{};
  std::string generation{};
  std::string recipe{};
  std::string published{};  // generation whose outputs are to be seen; may be older
  State state = State::queued;
  int attempts = 0;  // claims of this generation
  int lost = 0;      // of those, the ones whose worker died
  std::int64_t fence = 0;
  std::string worker{};
  std::string error_kind{};
  std::string error{};
  Time arrived{};
  Time changed{};
  std::optional<Time>
      due{};  // queued, failed: when to claim it; running: end of the lease
};

struct EventQuery {
  std::string pipeline{};           // empty: of all
  std::vector<State> states{};      // none: any
  std::string like{};               // pattern of whole uris: * and ?; empty: any
  std::vector<std::string> uris{};  // none: any
  std::optional<std::uint64_t> limit{};
};

struct Attempt {
  int number = 0;
  StepRun run{};
  Time at{};
};

struct Output {
  std::string kind;  // "record", "frame", "file"
  std::string name;  // ["key", …] and ["collection", "name"] as JSON; uri
  bool published = false;
};

// A collection whose frames have changed since a product was made of them.
struct Outdated {
  Collection collection;           // without frames: the product is to be removed
  std::vector<std::string> files;  // uris of what was made last
};

// Safe from any thread and beside other processes. Each method is one transaction. Every
// one may throw unavailable and corrupt_data, and what changes something denied: the
// catalogue is read-only.
class Journal {
 public:
  virtual ~Journal() = default;

  virtual Announced announce(const Arrival& arrival) = 0;

  // What is due longest: it is running then. An event whose worker died (its lease is
  // over) is due too; after the 20th time it is dead instead. Empty: nothing is due.
  virtual std::optional<Claim> claim(const ClaimRequest& request) = 0;
  // From now on. False: the claim is lost.
  virtual bool renew(const Claim& claim, milliseconds lease) = 0;
  // To be called before files appear under their final names, so that they are known to
  // be outputs when they are seen. False: the claim is lost.
  // Throws conflict: another event has published one of them.
  virtual bool reserve(const Claim& claim, const std::vector<std::string>& files) = 0;
  // All of it, and nothing that this event made visible before, is to be seen from now
  // on. False: the claim is lost, and nothing has changed.
  // Throws conflict: another event has published the same keys, frame or file.
  // invalid_input: the catalogue cannot take a record.
  virtual bool publish(const Claim& claim, const Publication& publication,
                       const std::vector<StepRun>& steps) = 0;
  // What was published before stays; what was reserved is trash. False: the claim is
  // lost.
  virtual bool end(const Claim& claim, const Ending& ending,
                   const std::vector<StepRun>& steps) = 0;
  // Back into the queue, as if it had not been claimed. False: the claim is lost.
  virtual bool release(const Claim& claim) = 0;

  // Puts events into the queue again, whatever they are but deleted and running. How
  // many.
  virtual std::uint64_t requeue(const EventQuery& query) = 0;
  // Failed and dead ones become skipped. How many.
  virtual std::uint64_t discard(const EventQuery& query) = 0;

  // By the time of their arrival.
  virtual std::vector<Event> events(const EventQuery& query) const = 0;
  virtual std::vector<Attempt> attempts(std::int64_t event) const = 0;
  virtual std::vector<Output> outputs(std::int64_t event) const = 0;

  // Products are files made of whole collections; `product` names one with its options.
  virtual std::vector<Outdated> outdated(const std::string& product) const = 0;
  // Of the collection as outdated() had it.
  virtual void made(const std::string& product, const Collection& collection,
                    const std::vector<std::string>& files) = 0;

  // Files that stand for nothing any more since at least so long.
  virtual std::vector<std::string> trash(milliseconds age, std::size_t most) const = 0;
  // To be called before such a file is removed. False: it is an output again.
  virtual bool forget(const std::string& uri) = 0;
};

struct JournalOptions {
  OpenOptions open{};
  std::function<Time()> clock = now;
};

// Its tables are made if they are not there, unless the catalogue is read-only: then it
// has no events. Throws as open_catalog(); unsupported: this kind of catalogue keeps no
// journal.
std::unique_ptr<Journal> open_journal(const std::string& uri,
                                      const JournalOptions& options = {});

}  // namespace terrazzo::catalog
