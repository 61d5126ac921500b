#pragma once
// Works on what the journal has: claims an event, takes its file through the steps,
// publishes what they made, and keeps account of what went wrong. Makes products of the
// collections that have changed.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "terrazzo/catalog/journal.hpp"
#include "terrazzo/pipeline/pipeline.hpp"

namespace terrazzo::pipeline {

using std::chrono::milliseconds;

struct WorkOptions {
  int workers = 1;             // files worked on at once
  milliseconds lease{60'000};  // how long a worker that died keeps its file from others
  milliseconds poll{500};      // between looks at an empty queue
  int attempts = 12;           // of failures that trying again may help
  milliseconds first_wait{1'000};  // after the first failure; then doubled
  milliseconds longest_wait{3600'000};
  milliseconds keep_trash{3600'000};  // replaced files, for those that still read them
  milliseconds products{1'000};       // between makings of products
  bool until_idle = false;            // work() ends when nothing is left to be done
};

// What became of one claim.
struct Done {
  std::string uri{};
  catalog::State state = catalog::State::queued;
  ErrorKind kind = ErrorKind::internal;  // of failed and dead
  std::string text{};                    // error or reason
  double seconds = 0;
  std::vector<std::string> outputs{};  // uris, of done
};

// How long to wait after attempt number `attempt` (from 1) failed: a random time between
// half and all of first_wait * 2^(attempt-1), at most longest_wait. Empty: there is no
// further attempt. chance: 0..1.
std::optional<milliseconds> wait_after(int attempt, const WorkOptions& options,
                                       double chance);

// Called by one thread at a time.
using OnDone = std::function<void(const Done&)>;

// One process's workers for one pipeline. The references must outlive it.
class Runner {
 public:
  Runner(const Pipeline& pipeline, catalog::Journal& journal,
         const io::RasterOpener& opener, WorkOptions options);

  // Never throws what happens to the file: that goes into the journal.
  // Throws unavailable, corrupt_data, denied: of the journal.
  Done work_on(const catalog::Claim& claim, const Context& context = {});

  // Works on these files until each has ended: done, dead, skipped or deleted, by this
  // process or by others. Throws as work_on(); cancelled: the context ended.
  void work_through(const std::vector<std::string>& uris, const OnDone& on_done,
                    const Context& context = {});

  // Works on whatever comes until the context ends (which is no error); claims are
  // given back then. Throws as work_on(), but waits while the journal is unavailable.
  void work(const OnDone& on_done, const Context& context = {});

 private:
  std::string worker_name(int number) const;
  void in_threads(const std::function<void(int)>& loop) const;
  Item item_of(const catalog::Claim& claim, const Context& context) const;
  std::optional<Done> ended_meanwhile(const catalog::Claim& claim);
  bool run_steps(Item& item, std::vector<catalog::StepRun>& runs, const Context& context);
  Done publish(const catalog::Claim& claim, Item& item,
               const std::vector<catalog::StepRun>& runs, const Context& context);
  Done attempt(const catalog::Claim& claim, const Context& context,
               std::vector<catalog::StepRun>& runs);
  Done fail(const catalog::Claim& claim, const Error& error,
            const std::vector<catalog::StepRun>& runs);
  Done give_back(const catalog::Claim& claim, bool is_lost);
  std::optional<Done> look_at(const std::string& uri) const;
  std::optional<Done> next(int worker, const Context& context);
  void make_products(const Context& context) noexcept;
  void make_product(const PipelineProduct& product, const catalog::Outdated& outdated,
                    const Context& context);
  bool is_idle() const;
  void empty_trash(const Context& context) noexcept;

  const Pipeline& pipeline_;
  catalog::Journal& journal_;
  Tools tools_;
  WorkOptions options_;
  std::mutex making_;  // products: one thread at a time; guards what follows
  std::unique_ptr<catalog::Frames> frames_;
  Context::Clock::time_point next_products_{};
};

// Would the file of this generation be worked on as this? Steps' own attributes are not
// there yet.
Item new_item(const Pipeline& pipeline, const std::string& uri,
              const std::string& generation);

}  // namespace terrazzo::pipeline
